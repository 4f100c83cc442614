//! Making descriptors, duplicating them, closing them.

use std::rc::Rc;
use std::time::Duration;

use sim_executor::{Instant, Label};

use super::Caller;
use crate::descriptor::{Event, FIRST, File, Object, Result, Timer, pipe};

const CLOSE: Label = Label::new("posix.close");
const EVENT: Label = Label::new("posix.eventfd");
const TIMER: Label = Label::new("posix.timerfd");
const PIPE: Label = Label::new("posix.pipe");

/// The flags that `fcntl` tells of a file.
pub(crate) fn flags_of(file: &File) -> i32 {
    libc::O_RDWR | if file.is_nonblocking.get() { libc::O_NONBLOCK } else { 0 }
}

/// Makes another descriptor, from `least` on, lead to the same.
///
/// # Errors
/// `EBADF`, `EMFILE`
pub(crate) fn duplicate(caller: Caller<'_>, descriptor: i32, least: i32) -> Result<i32> {
    caller.process.call_kernel();
    let file = caller.process.file(descriptor)?;
    caller.process.descriptors.borrow_mut().add(file, least.max(FIRST))
}

impl Caller<'_> {
    fn add(&self, object: Object, is_nonblocking: bool) -> Result<i32> {
        self.process.descriptors.borrow_mut().add(File::new(object, is_nonblocking), FIRST)
    }

    /// `close(2)`
    ///
    /// # Errors
    /// `EBADF`
    pub(crate) fn close(&self, descriptor: i32) -> Result<()> {
        self.enter(CLOSE);
        let file = self.process.descriptors.borrow_mut().remove(descriptor)?;
        drop(file);
        Ok(())
    }

    /// `dup2(2)`
    ///
    /// # Errors
    /// `EBADF` if one of them is none that the run answers.
    pub(crate) fn duplicate_to(&self, descriptor: i32, other: i32) -> Result<i32> {
        self.process.call_kernel();
        let file = self.process.file(descriptor)?;
        if descriptor != other {
            let before = self.process.descriptors.borrow_mut().set(other, file)?;
            drop(before);
        }
        Ok(other)
    }

    /// `eventfd(2)`
    ///
    /// # Errors
    /// `EMFILE`
    pub(crate) fn eventfd(&self, count: u32, flags: i32) -> Result<i32> {
        self.enter(EVENT);
        let event = Event::new(count.into(), flags & libc::EFD_SEMAPHORE != 0);
        self.add(Object::Event(event), flags & libc::EFD_NONBLOCK != 0)
    }

    /// `pipe2(2)`
    ///
    /// # Errors
    /// `EMFILE`
    pub(crate) fn pipe(&self, flags: i32) -> Result<[i32; 2]> {
        self.enter(PIPE);
        let (reader, writer) = pipe();
        let is_nonblocking = flags & libc::O_NONBLOCK != 0;
        let reader = self.add(Object::Pipe(reader), is_nonblocking)?;
        Ok([reader, self.add(Object::Pipe(writer), is_nonblocking)?])
    }

    /// `/dev/urandom`, opened.
    ///
    /// # Errors
    /// `EMFILE`
    pub(crate) fn open_entropy(&self) -> Result<i32> {
        self.process.call_kernel();
        self.add(Object::Entropy, false)
    }

    /// `timerfd_create(2)`
    ///
    /// # Errors
    /// `EMFILE`
    pub(crate) fn timerfd(&self, flags: i32) -> Result<i32> {
        self.enter(TIMER);
        self.process.note_timer();
        self.add(Object::Timer(Timer::default()), flags & libc::TFD_NONBLOCK != 0)
    }

    /// `timerfd_settime(2)` to a time on the monotonic clock, or to none; what was set before, as the rest and the interval.
    ///
    /// # Errors
    /// `EBADF`, `EINVAL` if it is no timer.
    pub(crate) fn set_timer(
        &self,
        descriptor: i32,
        due: Option<Instant>,
        interval: Duration,
    ) -> Result<(Duration, Duration)> {
        self.enter(TIMER);
        let before = self.timer(descriptor)?;
        let file: Rc<File> = self.process.file(descriptor)?;
        if let Object::Timer(timer) = &file.object {
            timer.set(due, interval);
        }
        Ok(before)
    }

    /// `timerfd_gettime(2)`: the rest and the interval.
    ///
    /// # Errors
    /// `EBADF`, `EINVAL` if it is no timer.
    pub(crate) fn timer(&self, descriptor: i32) -> Result<(Duration, Duration)> {
        let file = self.process.file(descriptor)?;
        let Object::Timer(timer) = &file.object else { return Err(libc::EINVAL) };
        let now = self.process.now();
        let rest =
            timer.due().map_or(Duration::ZERO, |due| if due > now { due - now } else { Duration::ZERO });
        Ok((rest, timer.interval()))
    }

    /// Bytes that can be read (`FIONREAD`).
    ///
    /// # Errors
    /// `EBADF`
    pub(crate) fn bytes_to_read(&self, descriptor: i32) -> Result<usize> {
        let file = self.process.file(descriptor)?;
        match &file.object {
            Object::Socket(socket) => Ok(socket.bytes_to_read()),
            _ => Err(libc::ENOTTY),
        }
    }
}

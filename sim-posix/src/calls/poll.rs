//! Waiting at several descriptors at once: poll, epoll.

use std::rc::Rc;
use std::time::Duration;

use sim_executor::{Instant, Label};

use super::Caller;
use crate::descriptor::{Epoll, FIRST, File, Interest, Object, Occurred, Ready, Result, is_of_machine};
use crate::process::Outcome;

const EPOLL: Label = Label::new("posix.epoll");
const POLL: Label = Label::new("posix.poll");

impl Caller<'_> {
    /// `epoll_create1(2)`
    ///
    /// # Errors
    /// `EMFILE`
    pub(crate) fn epoll_create(&self) -> Result<i32> {
        self.enter(EPOLL);
        self.process.descriptors.borrow_mut().add(File::new(Object::Epoll(Epoll::default()), false), FIRST)
    }

    /// `epoll_ctl(2)`; a descriptor of the machine may be looked at, and nothing ever comes there.
    ///
    /// # Errors
    /// As the call.
    pub(crate) fn epoll_control(
        &self,
        epoll: i32,
        operation: i32,
        descriptor: i32,
        interest: Option<Interest>,
    ) -> Result<()> {
        self.enter(EPOLL);
        let file = self.process.file(epoll)?;
        let Object::Epoll(epoll) = &file.object else { return Err(libc::EINVAL) };
        match (operation, interest) {
            (libc::EPOLL_CTL_ADD, Some(interest)) if is_of_machine(descriptor) => {
                epoll.add(descriptor, None, interest)
            }
            (libc::EPOLL_CTL_ADD, Some(interest)) => {
                epoll.add(descriptor, Some(&self.process.file(descriptor)?), interest)
            }
            (libc::EPOLL_CTL_MOD, Some(interest)) => epoll.modify(descriptor, interest),
            (libc::EPOLL_CTL_DEL, _) => epoll.remove(descriptor),
            _ => Err(libc::EINVAL),
        }
    }

    /// `epoll_wait(2)`
    ///
    /// # Errors
    /// As the call.
    pub(crate) fn epoll_wait(
        &self,
        epoll: i32,
        count_max: usize,
        timeout: Option<Duration>,
    ) -> Result<Vec<Occurred>> {
        self.enter(EPOLL);
        let file = self.process.file(epoll)?;
        let Object::Epoll(epoll) = &file.object else { return Err(libc::EINVAL) };
        let deadline = self.deadline(timeout);
        loop {
            let occurred = epoll.take(count_max);
            if !occurred.is_empty() || timeout == Some(Duration::ZERO) {
                return Ok(occurred);
            }
            let who = self.process.with_thread(self.thread, |thread| thread.who);
            epoll.wait(who, &self.process.waker(self.thread));
            let what = || format!("{} descriptors", epoll.count());
            match self.process.wait_for(self.thread, EPOLL, deadline, what) {
                Outcome::Woken => {}
                Outcome::TimedOut => {
                    epoll.wait_no_more(who);
                    return Ok(epoll.take(count_max));
                }
                Outcome::Interrupted { .. } => {
                    epoll.wait_no_more(who);
                    return Err(libc::EINTR);
                }
            }
        }
    }

    /// When a wait of this length is over.
    pub(crate) fn deadline(&self, timeout: Option<Duration>) -> Option<Instant> {
        timeout.map(|timeout| self.process.now() + timeout)
    }

    /// `poll(2)` of these descriptors with what is of interest at each; what there is. Nothing ever comes at a descriptor of the machine.
    ///
    /// # Errors
    /// `EINTR`; a descriptor that leads to nothing is told with `POLLNVAL`.
    pub(crate) fn poll(&self, asked: &[(i32, u32)], timeout: Option<Duration>) -> Result<Vec<u32>> {
        self.enter(POLL);
        let files: Vec<Option<Rc<File>>> =
            asked.iter().map(|(descriptor, _)| self.process.file(*descriptor).ok()).collect();
        let deadline = self.deadline(timeout);
        let look = || -> Vec<u32> {
            let each = asked.iter().zip(&files);
            each.map(|((descriptor, events), file)| match file {
                Some(file) => {
                    let interest = Ready(*events) | Ready::ERROR | Ready::HUNG_UP;
                    (file.ready() & interest).0
                }
                None if !is_of_machine(*descriptor) => libc::POLLNVAL as u32,
                None => 0,
            })
            .collect()
        };
        let who = self.process.with_thread(self.thread, |thread| thread.who);
        loop {
            let found = look();
            if found.iter().any(|&bits| bits != 0) || timeout == Some(Duration::ZERO) {
                return Ok(found);
            }
            let waker = self.process.waker(self.thread);
            for (file, (_, events)) in files.iter().zip(asked) {
                if let Some(file) = file {
                    let writing = Ready(*events).has(Ready::OUT);
                    file.wait(who, &waker, true, writing);
                }
            }
            let what = || format!("{} descriptors", asked.len());
            let outcome = self.process.wait_for(self.thread, POLL, deadline, what);
            files.iter().flatten().for_each(|file| file.wait_no_more(who));
            match outcome {
                Outcome::Woken => {}
                Outcome::TimedOut => return Ok(look()),
                Outcome::Interrupted { .. } => return Err(libc::EINTR),
            }
        }
    }
}

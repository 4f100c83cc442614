//! A descriptor that becomes readable when its time has come: timerfd.

use std::cell::Cell;
use std::io::IoSliceMut;
use std::time::Duration;

use sim_executor::Instant;

use super::waiting::Waiting;
use super::{Ready, Result, give_number};

#[derive(Default)]
pub(crate) struct Timer {
    /// When it is due, on the monotonic clock of the node.
    due: Cell<Option<Instant>>,
    interval: Cell<Duration>,
    expirations: Cell<u64>,
    waiting: Waiting,
}

impl Timer {
    pub(crate) fn waiting(&self) -> &Waiting {
        &self.waiting
    }

    pub(crate) fn due(&self) -> Option<Instant> {
        self.due.get()
    }

    pub(crate) fn interval(&self) -> Duration {
        self.interval.get()
    }

    /// Sets it to a time, or with `None` to none; what it has counted is forgotten.
    pub(crate) fn set(&self, due: Option<Instant>, interval: Duration) {
        self.due.set(due);
        self.interval.set(interval);
        self.expirations.set(0);
    }

    /// Counts each time that has come.
    pub(crate) fn expire(&self, now: Instant) {
        let Some(due) = self.due.get().filter(|&due| due <= now) else { return };
        let interval = self.interval.get();
        let more = match u64::try_from(interval.as_nanos()) {
            Ok(nanos @ 1..) => (now.as_nanos() - due.as_nanos()) / nanos,
            _ => 0,
        };
        let next = due + Duration::from_nanos((interval.as_nanos() as u64).saturating_mul(more + 1));
        self.due.set((!interval.is_zero()).then_some(next));
        self.expirations.set(self.expirations.get() + 1 + more);
        self.waiting.wake();
    }

    pub(crate) fn ready(&self) -> Ready {
        Ready::IN.when(self.expirations.get() > 0)
    }

    pub(crate) fn read(&self, into: &mut [IoSliceMut<'_>]) -> Result<usize> {
        if self.expirations.get() == 0 {
            return Err(libc::EAGAIN);
        }
        let bytes = give_number(into, self.expirations.get())?;
        self.expirations.set(0);
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_counts_the_times_that_were_missed() {
        let timer = Timer::default();
        timer.set(Some(Instant::from_nanos(10)), Duration::from_nanos(5));
        timer.expire(Instant::from_nanos(9));
        assert_eq!(timer.read(&mut [IoSliceMut::new(&mut [0; 8])]), Err(libc::EAGAIN));
        timer.expire(Instant::from_nanos(21));
        let mut room = [0; 8];
        assert_eq!(timer.read(&mut [IoSliceMut::new(&mut room)]), Ok(8));
        assert_eq!(u64::from_ne_bytes(room), 3, "at 10, 15 and 20");
        assert_eq!(timer.due(), Some(Instant::from_nanos(25)));
    }
}

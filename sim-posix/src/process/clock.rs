//! The clocks of a process, and what its calls cost.

use std::time::Duration;

use sim_executor::{Instant, context, time};

use super::Process;
use crate::descriptor::Object;

/// What a call of the kernel costs.
const CALL_NANOS: u64 = 100;
/// What reading a clock costs: a loop that reads it until a time has come must end.
const CLOCK_NANOS: u64 = 20;
/// The same after so many reads in a row, since such a loop does nothing else.
const SPIN: [(u32, u64); 2] = [(10_000, 100_000), (1_000, 1_000)];
/// From so much on the node is charged at the end of a poll; less than that is put off.
const DEBT_NANOS_MIN: u64 = 10_000;
/// With so much it is charged at once.
const DEBT_NANOS_MAX: u64 = 1_000_000;

impl Process {
    /// The monotonic clock of the process: that of its node, ahead by what it has used of the CPU and was not charged for.
    pub(crate) fn now(&self) -> Instant {
        context::read_clocks().0 + Duration::from_nanos(self.debt.get())
    }

    /// The time since 1970.
    pub(crate) fn system_now(&self) -> Duration {
        context::read_clocks().1 + Duration::from_nanos(self.debt.get())
    }

    /// A clock is read, which takes a little time.
    pub(crate) fn read_clock(&self) {
        let reads = self.clock_reads.get().saturating_add(1);
        self.clock_reads.set(reads);
        let spin = SPIN.iter().find(|(least, _)| reads > *least);
        self.use_cpu(spin.map_or(CLOCK_NANOS, |(_, nanos)| *nanos));
    }

    /// The kernel is called, which takes a little time.
    pub(crate) fn call_kernel(&self) {
        self.clock_reads.set(0);
        self.use_cpu(CALL_NANOS);
    }

    pub(crate) fn use_cpu(&self, nanos: u64) {
        let debt = self.debt.get() + nanos;
        self.debt.set(debt);
        if debt >= DEBT_NANOS_MAX {
            self.charge();
        }
    }

    /// Charges the node for the CPU that was used, if it is enough to be worth it.
    pub(super) fn pay(&self) {
        if self.debt.get() >= DEBT_NANOS_MIN {
            self.charge();
        }
    }

    fn charge(&self) {
        time::block_now(Duration::from_nanos(self.debt.replace(0)));
    }

    /// There is a timerfd.
    pub(crate) fn note_timer(&self) {
        self.has_timers.set(true);
    }

    /// When the first timerfd is due.
    pub(super) fn next_timer(&self) -> Option<Instant> {
        if !self.has_timers.get() {
            return None;
        }
        let descriptors = self.descriptors.borrow();
        let due = descriptors.iter().filter_map(|file| match &file.object {
            Object::Timer(timer) => timer.due(),
            _ => None,
        });
        due.min()
    }

    /// Tells each timerfd the time.
    pub(super) fn expire_timers(&self, now: Instant) {
        if !self.has_timers.get() {
            return;
        }
        let is_timer = |file: &&std::rc::Rc<_>| {
            let file: &crate::descriptor::File = file;
            matches!(file.object, Object::Timer(_))
        };
        let timers: Vec<_> = self.descriptors.borrow().iter().filter(is_timer).cloned().collect();
        for file in timers {
            if let Object::Timer(timer) = &file.object {
                timer.expire(now);
            }
        }
        self.collect_wakes();
    }
}

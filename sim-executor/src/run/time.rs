//! The time of a run: the world's, what is due when, and how the clocks of nodes differ.

use std::time::Duration;

use super::alarm::Alarm;
use crate::clock::{DriftingClock, EventId, EventQueue, Instant};
use crate::limits::Limits;
use crate::reuse::Reuse as _;
use crate::task::NodeId;

/// How a node's clocks differ from the world's: see [`Node::set_clock`](crate::Node::set_clock).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clock {
    /// By how many nanoseconds the wall clock is ahead; a negative number says that it is behind. Default: 0.
    pub offset_ns: i64,
    /// How many nanoseconds in a second both clocks, wall and monotonic, are too fast; a negative number says too slow. At
    /// most a tenth, 100 million, either way. Default: 0.
    pub drift_ppb: i32,
}

/// The world's time, the alarms, and the clocks.
#[derive(Debug)]
pub(crate) struct Time {
    /// The world's time; a node may be ahead of it.
    now: Instant,
    /// After this time nothing happens: see [`Limits::virtual_time_max`], and [`Limits::progress_max`].
    end: Instant,
    /// The same, for the first of them.
    end_of_all: Instant,
    /// See [`Limits::progress_max`]; shorter in a run that settles.
    progress_max: Duration,
    /// When the run ends if it does not get on.
    progress_due: Instant,
    /// The end of all, where the run was to stop before and look around.
    end_after_stop: Option<Instant>,
    alarms: EventQueue<Alarm>,
    /// How many alarms were set in the run.
    alarms_set: u64,
    /// Why the time of a node may differ from the world's: `RUN_AHEAD`, `DRIFTS`.
    own_time: u8,
    /// Of the CPUs of nodes and of their workers, in the order of their making.
    cpus: Vec<CpuTime>,
    /// Whether the program has paused its clock, or let it go on, if it has done either.
    is_paused: Option<bool>,
}

/// A run that has set more alarms does not leave the memory for them to the next. How many were pending together is not known;
/// but a run that sets so many has so much to do that allocating again costs nothing beside it.
const ALARMS_SET_MAX: u64 = 4_096;

#[derive(Clone, Copy, Debug, Default)]
struct CpuTime {
    /// The CPU's own time, when it is ahead of the world's: it is held until then.
    ahead: Instant,
    /// The end of the hold of the CPU.
    release: Option<EventId>,
    monotonic: DriftingClock,
    /// By how much the wall clock is ahead of what it would be without steps.
    wall_offset_ns: i64,
}

/// The task that is being polled, or was last, has put its node's time ahead of the world's.
const RUN_AHEAD: u8 = 1;
/// The clock of some node drifts, or did.
const DRIFTS: u8 = 2;

impl Time {
    pub(super) fn new() -> Self {
        Time {
            now: Instant::START,
            end: Instant::START,
            end_of_all: Instant::START,
            progress_max: Duration::ZERO,
            progress_due: Instant::START,
            end_after_stop: None,
            alarms: EventQueue::new(0),
            alarms_set: 0,
            own_time: 0,
            cpus: Vec::new(),
            is_paused: None,
        }
    }

    /// Begins a run.
    pub(super) fn configure(&mut self, limits: &Limits) {
        self.end_of_all = Instant::START + limits.virtual_time_max;
        self.progress_max = limits.progress_max;
        self.progress_due = Instant::START + limits.progress_max;
        self.end = self.end_of_all.min(self.progress_due);
        self.alarms.limit_to(limits.timers_max);
    }

    /// Makes it as new, and keeps memory for the next run, which calls [`Time::configure`].
    pub(super) fn renew(&mut self) {
        let Time {
            now,
            end: _,
            end_of_all: _,
            progress_max: _,
            progress_due: _,
            end_after_stop,
            alarms,
            alarms_set,
            own_time,
            cpus,
            is_paused,
        } = self;
        *now = Instant::START;
        *end_after_stop = None;
        if *alarms_set <= ALARMS_SET_MAX {
            alarms.clear();
        } else {
            *alarms = EventQueue::new(0);
        }
        *alarms_set = 0;
        *own_time = 0;
        cpus.renew();
        *is_paused = None;
    }

    pub(super) fn add_cpu(&mut self) {
        self.cpus.push(CpuTime::default());
    }

    #[inline]
    pub(crate) fn now(&self) -> Instant {
        self.now
    }

    /// Whether that is later than anything that may happen.
    #[inline]
    pub(crate) fn is_over_at(&self, due: Instant) -> bool {
        due > self.end
    }

    /// The program gets on.
    pub(super) fn note_progress(&mut self) {
        self.progress_due = self.now + self.progress_max;
        self.end = self.end_of_all.min(self.progress_due);
    }

    /// From now on the run has to get on within that time, unless it has to within less; whether that is so.
    pub(super) fn set_progress_max(&mut self, progress_max: Duration) -> bool {
        let is_less = progress_max < self.progress_max;
        self.progress_max = self.progress_max.min(progress_max);
        self.note_progress();
        is_less
    }

    /// Nothing happens after that time until [`Time::go_on_after`].
    pub(super) fn stop_at(&mut self, stop: Instant) {
        self.end_after_stop = Some(self.end_of_all);
        self.end_of_all = self.end_of_all.min(stop);
        self.end = self.end_of_all.min(self.progress_due);
    }

    /// Ends that; not if the run had to end before.
    pub(super) fn go_on_after(&mut self, stop: Instant) -> bool {
        if self.progress_due < stop || self.end_of_all < stop {
            return false;
        }
        let Some(end_of_all) = self.end_after_stop.take() else { return false };
        self.end_of_all = end_of_all;
        self.end = self.end_of_all.min(self.progress_due);
        true
    }

    /// Whether the end is there because the program does not get on.
    pub(crate) fn has_no_progress(&self) -> bool {
        self.end < self.end_of_all
    }

    /// Moves the world's time; whether it has changed.
    #[inline]
    pub(super) fn advance_to(&mut self, to: Instant) -> bool {
        assert!(to >= self.now, "time would go back: {} -> {to}", self.now);
        let is_later = to > self.now;
        self.now = to;
        is_later
    }
}

/// What the program says of its clock.
impl Time {
    pub(crate) fn is_paused(&self) -> Option<bool> {
        self.is_paused
    }

    /// Notes what the program says; what it said before.
    pub(crate) fn set_paused(&mut self, is_paused: bool) -> Option<bool> {
        self.is_paused.replace(is_paused)
    }
}

/// Alarms.
impl Time {
    #[inline]
    pub(super) fn set_alarm(&mut self, due: Instant, alarm: Alarm) -> Option<EventId> {
        self.alarms_set += 1;
        self.alarms.push(due, alarm).ok()
    }

    /// Takes an alarm back, if it is pending.
    #[inline]
    pub(crate) fn remove_alarm(&mut self, id: EventId) -> Option<Alarm> {
        self.alarms.remove(id)
    }

    /// Whether there is room for another alarm.
    pub(super) fn has_room_for_alarm(&self) -> bool {
        !self.alarms.is_full()
    }

    /// Whether such an alarm is pending.
    pub(crate) fn has_alarm(&self, is_wanted: impl Fn(&Alarm) -> bool) -> bool {
        self.alarms.any(is_wanted)
    }

    /// Such alarms, in the order in which they are due.
    pub(crate) fn alarms_where(&self, is_wanted: impl Fn(&Alarm) -> bool) -> Vec<EventId> {
        let pending = self.alarms.pending().into_iter();
        pending.filter(|(_, _, alarm)| is_wanted(alarm)).map(|(id, _, _)| id).collect()
    }

    /// Puts another in place of an alarm, which it gives.
    ///
    /// # Errors
    /// With the other, if that alarm is not pending.
    pub(crate) fn replace_alarm(&mut self, id: EventId, alarm: Alarm) -> Result<Alarm, Alarm> {
        match self.alarms.get_mut(id) {
            Some(pending) => Ok(std::mem::replace(pending, alarm)),
            None => Err(alarm),
        }
    }

    #[inline]
    pub(crate) fn next_alarm(&self) -> Option<Instant> {
        self.alarms.next_due()
    }

    /// Whether an alarm is due now.
    #[inline]
    pub(crate) fn is_alarm_due(&self) -> bool {
        self.alarms.is_due(self.now)
    }

    /// Takes the first alarm that is due now.
    #[inline]
    pub(crate) fn pop_alarm(&mut self) -> Option<Alarm> {
        self.alarms.pop_due(self.now).map(|(_, alarm)| alarm)
    }

    /// From now on no alarm is set. Gives those that are, if there are any, to be dropped with nothing borrowed.
    pub(crate) fn end_alarms(&mut self) -> Option<EventQueue<Alarm>> {
        self.alarms.limit_to(0);
        if self.alarms.is_empty() {
            return None;
        }
        Some(std::mem::replace(&mut self.alarms, EventQueue::new(0)))
    }

    /// Keeps the memory of the alarms that were dropped.
    pub(crate) fn keep_memory_of(&mut self, alarms: EventQueue<Alarm>) {
        assert!(alarms.is_empty(), "{} alarms are forgotten", alarms.len());
        self.alarms = alarms;
    }
}

/// CPUs that are ahead of the world.
impl Time {
    /// Whether no node's time differs from the world's, as far as the current task is concerned.
    #[inline]
    pub(crate) fn is_the_worlds(&self) -> bool {
        self.own_time == 0
    }

    /// Begins a poll or what is like one, before which the CPU is never ahead.
    #[inline]
    pub(super) fn begin_poll(&mut self) {
        self.own_time &= !RUN_AHEAD;
    }

    /// Whether the poll has put its CPU ahead.
    #[inline]
    pub(super) fn has_run_ahead(&self) -> bool {
        self.own_time & RUN_AHEAD != 0
    }

    /// Goes back to a poll that was interrupted, and had run ahead or not.
    pub(super) fn go_back_to_poll(&mut self, has_run_ahead: bool) {
        self.own_time = self.own_time & !RUN_AHEAD | if has_run_ahead { RUN_AHEAD } else { 0 };
    }

    /// The time of a CPU, which may be ahead of the world's; of none, the world's.
    pub(super) fn of_cpu(&self, cpu: Option<u32>) -> Instant {
        match cpu {
            Some(cpu) if self.own_time & RUN_AHEAD != 0 => self.now.max(self.cpus[cpu as usize].ahead),
            _ => self.now,
        }
    }

    /// The time of a CPU, whoever is polled.
    pub(super) fn ahead_of(&self, cpu: u32) -> Instant {
        self.now.max(self.cpus[cpu as usize].ahead)
    }

    #[inline]
    pub(super) fn is_ahead(&self, cpu: u32) -> bool {
        self.cpus[cpu as usize].ahead > self.now
    }

    /// Puts a CPU ahead, and gives its time.
    pub(super) fn run_ahead(&mut self, cpu: u32, duration: Duration) -> Instant {
        let until = self.ahead_of(cpu) + duration;
        self.cpus[cpu as usize].ahead = until;
        self.own_time |= RUN_AHEAD;
        until
    }

    /// Sets the alarm for the end of a hold of the CPU; whether there was room for it.
    pub(super) fn set_release(&mut self, cpu: u32) -> bool {
        let release = self.set_alarm(self.cpus[cpu as usize].ahead, Alarm::Release(cpu));
        self.cpus[cpu as usize].release = release;
        release.is_some()
    }

    /// The hold is over.
    pub(super) fn forget_release(&mut self, cpu: u32) {
        self.cpus[cpu as usize].release = None;
    }

    /// Forgets that the CPU was ever held.
    pub(super) fn free_cpu(&mut self, cpu: u32) {
        let state = &mut self.cpus[cpu as usize];
        state.ahead = Instant::START;
        if let Some(release) = state.release.take() {
            self.alarms.remove(release);
        }
    }
}

/// Clocks that drift and jump. Those of a worker are its machine's.
impl Time {
    #[inline]
    pub(super) fn drifts(&self) -> bool {
        self.own_time & DRIFTS != 0
    }

    pub(super) fn monotonic_of(&self, node: NodeId) -> DriftingClock {
        self.cpus[node.index()].monotonic
    }

    pub(super) fn wall_offset_ns(&self, node: NodeId) -> i64 {
        self.cpus[node.index()].wall_offset_ns
    }

    pub(super) fn clock_of(&self, node: NodeId) -> Clock {
        let CpuTime { monotonic, wall_offset_ns, .. } = self.cpus[node.index()];
        Clock { offset_ns: wall_offset_ns, drift_ppb: monotonic.drift_ppb() }
    }

    pub(super) fn set_wall_offset(&mut self, node: NodeId, offset_ns: i64) {
        self.cpus[node.index()].wall_offset_ns = offset_ns;
    }

    /// Lets the clock of a node drift otherwise from a time on, and moves the alarms of those whose `cpu` it says to be the
    /// node's.
    pub(super) fn set_drift(
        &mut self,
        node: NodeId,
        from: Instant,
        drift_ppb: i32,
        is_its_own: impl Fn(&Alarm) -> bool,
    ) {
        let before = self.cpus[node.index()].monotonic;
        let mut after = before;
        after.set_drift(from, drift_ppb);
        self.cpus[node.index()].monotonic = after;
        self.own_time |= DRIFTS;
        let now = self.now;
        self.alarms.reschedule(
            |due, alarm| {
                if is_its_own(alarm) { after.world(before.local(due)).max(now) } else { due }
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set_alarms(time: &mut Time, limits: &Limits, alarms: u64) {
        time.configure(limits);
        for _ in 0..alarms {
            time.set_alarm(Instant::MAX, Alarm::Release(0)).unwrap();
            time.add_cpu();
        }
    }

    fn end(time: &mut Time) {
        let mut alarms = time.end_alarms().expect("some were set");
        assert!(!time.has_room_for_alarm(), "the run is over");
        alarms.clear();
        time.keep_memory_of(alarms);
        time.renew();
    }

    #[test]
    fn the_memory_of_few_alarms_is_kept_and_the_limit_is_that_of_the_run() {
        let limits = Limits::default();
        let mut time = Time::new();
        set_alarms(&mut time, &limits, ALARMS_SET_MAX);
        end(&mut time);
        assert!(time.alarms.is_empty() && time.cpus.is_empty() && time.cpus.capacity() > 0);
        assert!(time.alarms.has_memory());
        set_alarms(&mut time, &Limits { timers_max: 1, ..limits }, 1);
        assert_eq!(time.set_alarm(Instant::MAX, Alarm::Release(0)), None, "its own limit holds");
        end(&mut time);
        set_alarms(&mut time, &limits, 2);
    }

    #[test]
    fn the_memory_of_many_alarms_is_not_kept() {
        let mut time = Time::new();
        set_alarms(&mut time, &Limits::default(), ALARMS_SET_MAX + 1);
        end(&mut time);
        assert!(!time.alarms.has_memory());
        assert_eq!(time.cpus.capacity(), 0);
    }
}

//! The operations of the language.

use std::rc::Rc;
use std::time::Duration;

use crate::wait::ReturnWhen;

/// A list of operations, by its number in the program: lists are inside of operations, to any depth.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ops(pub(super) usize);

/// What is acquired and released, by its name.
#[derive(Clone, Debug)]
pub(super) enum Guard {
    Lock(Rc<str>),
    Semaphore(Rc<str>),
    Bounded(Rc<str>),
    Condition(Rc<str>),
}

impl Guard {
    pub(super) fn name(&self) -> &str {
        match self {
            Guard::Lock(name) | Guard::Semaphore(name) | Guard::Bounded(name) | Guard::Condition(name) => {
                name
            }
        }
    }
}

/// An integer that is put or returned.
#[derive(Clone, Copy, Debug)]
pub(super) enum Item {
    Number(i64),
    /// The variable `last` of the task.
    Last,
}

/// Whole milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Millis(pub(super) u64);

impl Millis {
    pub(super) fn duration(self) -> Duration {
        Duration::from_millis(self.0)
    }
}

#[derive(Clone, Debug)]
pub(super) enum Op {
    /// One that never suspends, which callbacks may have too.
    Sync(SyncOp),
    Sleep(Millis),
    Yield,
    Put {
        queue: Rc<str>,
        item: Item,
    },
    Get {
        queue: Rc<str>,
    },
    Consume {
        queue: Rc<str>,
        until: i64,
        body: Ops,
    },
    QueueJoin {
        queue: Rc<str>,
    },
    Wait {
        event: Rc<str>,
    },
    Acquire(Guard),
    With {
        guard: Guard,
        body: Ops,
    },
    ConditionWait {
        condition: Rc<str>,
        /// What is waited for: this event.
        until_set: Option<Rc<str>>,
    },
    Barrier {
        barrier: Rc<str>,
        verb: BarrierVerb,
    },
    Join {
        slot: Rc<str>,
    },
    GatherProcs {
        procs: Vec<Rc<str>>,
        return_exceptions: bool,
    },
    GatherSlots {
        slots: Vec<Rc<str>>,
        return_exceptions: bool,
    },
    WaitFor {
        slot: Rc<str>,
        limit: Millis,
    },
    WaitTasks {
        slots: Vec<Rc<str>>,
        when: ReturnWhen,
        limit: Option<Millis>,
    },
    Shield {
        slot: Rc<str>,
    },
    Timeout {
        limit: Option<Millis>,
        name: Option<Rc<str>>,
        body: Ops,
    },
    Group {
        group: Rc<str>,
        body: Ops,
    },
    Try(Try),
    Raise(Rc<str>),
    Reraise,
    Return(Item),
    Repeat {
        times: i64,
        body: Ops,
    },
}

#[derive(Clone, Copy, Debug)]
pub(super) enum BarrierVerb {
    Wait,
    Reset,
    Abort,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Try {
    pub(super) body: Ops,
    pub(super) on_error: Option<Ops>,
    pub(super) on_cancel: Option<Ops>,
    pub(super) finally: Option<Ops>,
}

/// Operations that never suspend.
#[derive(Clone, Debug)]
pub(super) enum SyncOp {
    Log(Rc<str>),
    Last,
    Block(Millis),
    Spawn {
        proc: Rc<str>,
        slot: Option<Rc<str>>,
        is_eager: bool,
    },
    Cancel {
        slot: Rc<str>,
        message: Option<Rc<str>>,
    },
    Uncancel {
        slot: Rc<str>,
    },
    Cancelling {
        slot: Rc<str>,
    },
    PutNowait {
        queue: Rc<str>,
        item: Item,
    },
    GetNowait {
        queue: Rc<str>,
    },
    TaskDone {
        queue: Rc<str>,
    },
    Shutdown {
        queue: Rc<str>,
        immediate: bool,
    },
    Set {
        event: Rc<str>,
    },
    Clear {
        event: Rc<str>,
    },
    Release(Guard),
    /// `None`: all.
    Notify {
        condition: Rc<str>,
        count: Option<usize>,
    },
    BarrierState {
        barrier: Rc<str>,
    },
    NewGroup {
        group: Rc<str>,
    },
    GroupSpawn {
        group: Rc<str>,
        proc: Rc<str>,
        slot: Option<Rc<str>>,
    },
    Reschedule {
        name: Rc<str>,
        delay: Option<Millis>,
    },
    TimeoutState {
        name: Rc<str>,
    },
    VarSet {
        var: Rc<str>,
        value: Item,
    },
    VarGet {
        var: Rc<str>,
    },
    VarReset {
        var: Rc<str>,
    },
    CallSoon(Ops),
    CallLater {
        delay: Millis,
        ops: Ops,
    },
    OnDone {
        slot: Rc<str>,
        ops: Ops,
    },
    Stop,
    /// `SIGINT`; callbacks only have it.
    Signal,
}

#[derive(Clone, Debug)]
pub(super) enum Phase {
    Run {
        proc: Rc<str>,
        slot: Option<Rc<str>>,
    },
    Spawn {
        proc: Rc<str>,
        slot: Option<Rc<str>>,
    },
    Block(Millis),
    RunFor(Millis),
    CancelAll,
    /// The whole of `asyncio.run`, after which the loop is closed.
    AsyncioRun {
        proc: Rc<str>,
        slot: Option<Rc<str>>,
    },
}

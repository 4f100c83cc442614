//! The operations of the language.

use std::rc::Rc;
use std::time::Duration;

use crate::wait::ReturnWhen;

/// A list of operations, shared by all who run it.
pub(super) type Ops = Rc<[Op]>;

/// A lock or a semaphore, by its name.
#[derive(Clone, Debug)]
pub(super) enum Guard {
    Lock(Rc<str>),
    Semaphore(Rc<str>),
}

impl Guard {
    pub(super) fn name(&self) -> &str {
        match self {
            Guard::Lock(name) | Guard::Semaphore(name) => name,
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
        limit: Millis,
        body: Ops,
    },
    Try(Box<Try>),
    Raise(Rc<str>),
    Reraise,
    Return(Item),
    Repeat {
        times: i64,
        body: Ops,
    },
}

#[derive(Clone, Debug)]
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
    Spawn { proc: Rc<str>, slot: Option<Rc<str>> },
    Cancel { slot: Rc<str> },
    PutNowait { queue: Rc<str>, item: Item },
    GetNowait { queue: Rc<str> },
    TaskDone { queue: Rc<str> },
    Set { event: Rc<str> },
    Clear { event: Rc<str> },
    Release(Guard),
    CallSoon(Rc<[SyncOp]>),
    CallLater { delay: Millis, ops: Rc<[SyncOp]> },
    OnDone { slot: Rc<str>, ops: Rc<[SyncOp]> },
    Stop,
}

#[derive(Clone, Debug)]
pub(super) enum Phase {
    Run { proc: Rc<str>, slot: Option<Rc<str>> },
    Spawn { proc: Rc<str>, slot: Option<Rc<str>> },
    Block(Millis),
    RunFor(Millis),
    CancelAll,
}

//! Signals of a process: what is set for them, and which thread takes one.
//!
//! As in Linux: a signal goes to the first thread that does not block it, else it waits. A thread that waits in a call is
//! woken, so it takes the signal when it has the baton next; one that runs takes it at its next call of the C library.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::{Mutex, PoisonError};

use sim_executor::{Label, event};

use super::{End, Outcome, Process, State};
use crate::descriptor::{Pending, Sent};
use crate::signal::{Effect, Signal};

/// What a process has set for a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Action {
    /// `SIG_DFL`, `SIG_IGN`, or where the function is.
    pub(crate) handler: usize,
    pub(crate) flags: i32,
    /// What is blocked while the function runs.
    pub(crate) mask: u64,
}

/// A signal that a thread takes, for who calls the program's function.
pub(crate) struct Handling {
    pub(crate) action: Action,
    pub(crate) signal: Signal,
    pub(crate) sent: Sent,
}

/// Calls a function of the program.
pub(crate) type CallHandler = fn(&Handling);

const DEFAULT: Action = Action { handler: libc::SIG_DFL, flags: 0, mask: 0 };
/// How the library signal-hook-registry sets its function, once in the life of the machine's process: what it has set, it keeps in a
/// static.
const ONCE_FLAGS: i32 = libc::SA_RESTART | libc::SA_SIGINFO;
const STOPPED: Label = Label::new("posix.stopped");

/// What programs have set so, by the name of a process and its main function. A process of the same program has it from its
/// beginning: the static of the library, which it shares with those before, says that it is set.
static SET_ONCE: Mutex<BTreeMap<(String, Signal), Action>> = Mutex::new(BTreeMap::new());

pub(crate) struct Signals {
    program: String,
    actions: RefCell<BTreeMap<Signal, Action>>,
    /// Those that all threads block.
    pub(crate) pending: Rc<Pending>,
    /// Whether a thread may have one to take, or has to stop: each call looks at it.
    is_due: Cell<bool>,
    is_stopped: Cell<bool>,
}

impl Signals {
    pub(super) fn new(program: String) -> Self {
        let set_once = SET_ONCE.lock().unwrap_or_else(PoisonError::into_inner);
        let of_program = set_once.iter().filter(|((name, _), _)| *name == program);
        let mut actions: BTreeMap<_, _> =
            of_program.map(|((_, signal), action)| (*signal, *action)).collect();
        actions.insert(Signal::PIPE, Action { handler: libc::SIG_IGN, ..DEFAULT });
        Signals {
            program,
            actions: RefCell::new(actions),
            pending: Rc::default(),
            is_due: Cell::new(false),
            is_stopped: Cell::new(false),
        }
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.is_stopped.get()
    }

    pub(crate) fn action(&self, signal: Signal) -> Action {
        self.actions.borrow().get(&signal).copied().unwrap_or(DEFAULT)
    }

    /// Sets what is done at a signal.
    pub(crate) fn set_action(&self, signal: Signal, action: Action) {
        self.actions.borrow_mut().insert(signal, action);
        let is_function = !matches!(action.handler, libc::SIG_DFL | libc::SIG_IGN);
        if is_function && action.flags == ONCE_FLAGS && action.mask == 0 {
            let mut set_once = SET_ONCE.lock().unwrap_or_else(PoisonError::into_inner);
            set_once.insert((self.program.clone(), signal), action);
        }
    }

    fn effect(&self, signal: Signal) -> Option<Effect> {
        match self.action(signal).handler {
            libc::SIG_DFL => Some(signal.effect()),
            libc::SIG_IGN => Some(Effect::Ignore),
            _ => None,
        }
    }

    /// Whether it is of no interest to the process.
    pub(crate) fn is_ignored(&self, signal: Signal) -> bool {
        self.effect(signal) == Some(Effect::Ignore)
    }
}

impl Process {
    /// Whether a thread has to look at signals before it goes on.
    pub(crate) fn has_signals(&self) -> bool {
        self.signals.is_due.get()
    }

    /// A signal comes, for the process or for one of its threads.
    pub(crate) fn send(&self, signal: Signal, sent: Sent, to: Option<u32>) {
        if self.how_ended().is_some() {
            return;
        }
        if signal == Signal::CONT && self.signals.is_stopped.replace(false) {
            event!("{signal}: {} goes on", self.name);
            self.wakes.wake_task();
        }
        let taker = match to {
            Some(thread) if self.with_thread(thread, |it| it.blocked & signal.bit() == 0) => Some(thread),
            Some(_) => None,
            None => self.first_without(signal),
        };
        let Some(taker) = taker.or(signal.is_forced().then_some(0)) else {
            event!("{signal} for {}, which blocks it", self.name);
            match to {
                Some(thread) => self.with_thread(thread, |it| it.signals.insert(signal, sent)),
                None => {
                    self.signals.pending.add(signal, sent);
                    None
                }
            };
            return;
        };
        match self.signals.effect(signal) {
            Some(Effect::Ignore) => event!("{signal} for {}, which ignores it", self.name),
            Some(Effect::Continue) => {}
            Some(Effect::End) => {
                event!("{signal} ends {}", self.name);
                self.end(End::Signalled(signal.number()));
                self.signals.is_due.set(true);
                self.wakes.wake_task();
            }
            Some(Effect::Stop) => {
                event!("{signal} stops {}", self.name);
                self.signals.is_stopped.set(true);
                self.signals.is_due.set(true);
            }
            None => {
                event!("{signal} for {}/{}", self.name, self.with_thread(taker, |it| it.name.clone()));
                self.with_thread(taker, |it| {
                    it.signals.entry(signal).or_insert(sent);
                });
                self.signals.is_due.set(true);
                self.wake_thread(taker, Outcome::Interrupted { restarts: true });
                self.wakes.wake_task();
            }
        }
    }

    /// The first thread that does not block a signal.
    fn first_without(&self, signal: Signal) -> Option<u32> {
        let mut first = None;
        self.for_each_living(|number, thread| {
            if thread.blocked & signal.bit() == 0 {
                first = first.or(Some(number));
            }
        });
        first
    }

    /// Sets which signals a thread blocks; gives those before.
    pub(crate) fn block(&self, thread: u32, set: u64) -> u64 {
        let set = set & !(Signal::KILL.bit() | Signal::STOP.bit());
        let before = self.with_thread(thread, |it| std::mem::replace(&mut it.blocked, set));
        self.hand_on(thread, set & !before);
        // What nobody took, this one may.
        while let Some((signal, sent)) = self.signals.pending.take(!set) {
            self.send(signal, sent, None);
        }
        if self.with_thread(thread, |it| !it.signals.is_empty()) {
            self.signals.is_due.set(true);
        }
        before
    }

    /// Signals of this set that a thread was to take, and takes no more, are for another one.
    pub(super) fn hand_on(&self, thread: u32, set: u64) {
        let mut given_back = BTreeMap::new();
        self.with_thread(thread, |it| {
            it.signals.retain(|signal, sent| {
                let stays = sent.is_for_thread || signal.bit() & set == 0;
                if !stays {
                    given_back.insert(*signal, *sent);
                }
                stays
            });
        });
        given_back.into_iter().for_each(|(signal, sent)| self.send(signal, sent, None));
    }

    /// What a thread does before it goes on in the program: it stops if the process has to, and takes its signals.
    pub(crate) fn attend(&self, thread: u32) {
        if self.how_ended().is_some() {
            // What has ended it was said first, and counts.
            self.leave(thread, End::Returned);
        }
        while self.signals.is_stopped.get() {
            self.go_last(thread, STOPPED);
        }
        self.take_signals(thread);
    }

    /// Has the program's functions called for the signals that a thread is to take. `None` if there were none; else whether a call that
    /// they have interrupted may begin again.
    pub(super) fn take_signals(&self, thread: u32) -> Option<bool> {
        let mut may_restart = None;
        loop {
            let next = self.with_thread(thread, |it| {
                let first = *it.signals.keys().find(|signal| signal.bit() & it.blocked == 0)?;
                it.signals.remove_entry(&first)
            });
            let Some((signal, sent)) = next else { break };
            let action = self.signals.action(signal);
            if self.signals.effect(signal).is_some() {
                // It was set otherwise since then.
                self.send(signal, sent, Some(thread));
                if self.how_ended().is_some() {
                    self.leave(thread, End::Returned);
                }
                continue;
            }
            event!("takes {signal}");
            let blocked = self.with_thread(thread, |it| it.blocked);
            let own = if action.flags & libc::SA_NODEFER == 0 { signal.bit() } else { 0 };
            self.with_thread(thread, |it| it.blocked |= action.mask | own);
            if action.flags & libc::SA_RESETHAND != 0 {
                self.signals.actions.borrow_mut().insert(signal, DEFAULT);
            }
            (self.upcalls.call_handler)(&Handling { action, signal, sent });
            self.block(thread, blocked);
            let restarts = action.flags & libc::SA_RESTART != 0;
            may_restart = Some(may_restart.unwrap_or(true) && restarts);
        }
        self.look_whether_due();
        may_restart
    }

    fn look_whether_due(&self) {
        let mut is_due = self.signals.is_stopped.get() || self.how_ended().is_some();
        self.for_each_living(|_, thread| {
            is_due |= thread.signals.keys().any(|signal| signal.bit() & thread.blocked == 0);
        });
        self.signals.is_due.set(is_due);
    }

    /// Signals that wait for a thread or for the process, as a set.
    pub(crate) fn waiting_signals(&self, thread: u32) -> u64 {
        let own = self.with_thread(thread, |it| it.signals.keys().fold(0, |set, signal| set | signal.bit()));
        own | self.signals.pending.set()
    }

    /// Takes a signal of this set that waits, without calling a function.
    pub(crate) fn accept_signal(&self, thread: u32, set: u64) -> Option<(Signal, Sent)> {
        let own = self.with_thread(thread, |it| {
            let first = *it.signals.keys().find(|signal| signal.bit() & set != 0)?;
            it.signals.remove_entry(&first)
        });
        own.or_else(|| self.signals.pending.take(set))
    }

    /// Whether a thread of this number has not ended.
    pub(crate) fn is_living(&self, thread: u32) -> bool {
        self.with_thread(thread, |it| it.state != State::Done)
    }
}

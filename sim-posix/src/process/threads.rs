//! The threads of a process, and which of them can go on.

use std::collections::BTreeMap;
use std::ffi::c_void;
use std::sync::Arc;
use std::task::Waker;

use sim_executor::{Instant, Label, LineageId, context};
use sim_net::syscall::WaiterId;

use super::Process;
use crate::descriptor::Sent;
use crate::real::{self, Gate};
use crate::signal::Signal;

/// A thread of a process.
pub(crate) struct Thread {
    pub(crate) gate: Arc<Gate>,
    pub(crate) real: libc::pthread_t,
    /// The number that the machine knows it by, once it has begun.
    pub(super) machine_id: i32,
    pub(crate) state: State,
    /// How many waits it has made.
    wait: u64,
    /// When its wait is over in any case.
    deadline: Option<Instant>,
    outcome: Outcome,
    /// At which operation it last passed the baton on, and when.
    pub(super) operation: Label,
    pub(super) since: Instant,
    pub(super) what: String,
    /// The signals that it blocks, as a set.
    pub(crate) blocked: u64,
    /// The signals that it is to take.
    pub(super) signals: BTreeMap<Signal, Sent>,
    /// How it waits at sockets.
    pub(crate) who: WaiterId,
    /// What it has returned, once it is done.
    pub(crate) result: usize,
    pub(crate) is_joined: bool,
    pub(crate) is_detached: bool,
    pub(super) name: String,
    /// Names its decisions.
    pub(super) actor: LineageId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It can go on, and waits for the baton.
    Runnable,
    Running,
    Waiting,
    Done,
}

/// Why a wait is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Woken,
    TimedOut,
    /// A function of the program was called for a signal; if it `restarts`, a call for which that is usual begins again.
    Interrupted {
        restarts: bool,
    },
}

/// What a thread of the machine gets that is to run one of a process.
pub(crate) struct Start {
    pub(crate) process: *const Process,
    pub(crate) thread: u32,
    pub(crate) gate: Arc<Gate>,
    pub(crate) run: Run,
}

/// What a thread runs.
pub(crate) enum Run {
    Main(Box<dyn FnOnce() + Send>),
    /// A function of the program, with its argument.
    Function(real::Entry, *mut c_void),
}

pub(super) const BEGIN: Label = Label::new("posix.begin");
/// Threads that a process has at most at a time.
const THREADS_MAX: usize = 4_096;

impl Process {
    /// Starts a thread, which waits for the baton, with these signals blocked; gives its number and the machine's name for it.
    ///
    /// # Errors
    /// `EAGAIN` if there are too many.
    pub(crate) fn start_thread(
        &self,
        attributes: *const libc::pthread_attr_t,
        blocked: u64,
        run: Run,
    ) -> Result<(u32, libc::pthread_t), i32> {
        self.reap();
        let thread = self.threads.borrow().len();
        if self.threads.borrow().iter().filter(|it| it.state != State::Done).count() >= THREADS_MAX {
            return Err(libc::EAGAIN);
        }
        let gate = Arc::new(Gate::new(self.config.passing()));
        let start = Box::new(Start { process: self, thread: thread as u32, gate: Arc::clone(&gate), run });
        let start = Box::into_raw(start);
        let real = real::create(attributes, self.upcalls.trampoline, start.cast())?;
        let name = if thread == 0 { "main".to_string() } else { format!("thread#{thread}") };
        self.threads.borrow_mut().push(Thread {
            gate,
            real,
            machine_id: 0,
            state: State::Runnable,
            wait: 0,
            deadline: None,
            outcome: Outcome::Woken,
            operation: BEGIN,
            since: self.now(),
            what: String::new(),
            blocked,
            signals: BTreeMap::new(),
            who: WaiterId::new(),
            result: 0,
            is_joined: false,
            is_detached: false,
            name,
            actor: context::actor_below(self.actor, if thread == 0 { "main" } else { "thread" }),
        });
        self.runnable.borrow_mut().push_back(thread as u32);
        Ok((thread as u32, real))
    }

    /// Takes back the threads of the machine that have ended, and for which nobody can wait.
    fn reap(&self) {
        let mut ended = Vec::new();
        for thread in self.threads.borrow_mut().iter_mut() {
            if thread.state == State::Done && thread.is_detached && !thread.is_joined {
                thread.is_joined = true;
                ended.push(thread.real);
            }
        }
        ended.into_iter().for_each(real::join);
    }

    /// Calls with a thread.
    pub(crate) fn with_thread<R>(&self, thread: u32, call: impl FnOnce(&mut Thread) -> R) -> R {
        call(&mut self.threads.borrow_mut()[thread as usize])
    }

    /// The thread that the machine knows by this name.
    pub(crate) fn thread_by_name(&self, real: libc::pthread_t) -> Option<u32> {
        let threads = self.threads.borrow();
        // From the last on: the machine may give a name again.
        (0..threads.len() as u32).rev().find(|&thread| threads[thread as usize].real == real)
    }

    /// A thread gets a name, for reports.
    pub(crate) fn name_thread(&self, thread: u32, name: &str) {
        self.with_thread(thread, |it| it.name = format!("{name}#{thread}"));
    }

    /// A waker for the next wait of a thread.
    pub(crate) fn waker(&self, thread: u32) -> Waker {
        let wait = self.threads.borrow()[thread as usize].wait;
        self.wakes.waker(thread, wait)
    }

    /// Lets other threads go on until this one is woken, or until its deadline.
    pub(crate) fn wait(&self, thread: u32, operation: Label, deadline: Option<Instant>) -> Outcome {
        self.wait_for(thread, operation, deadline, String::new)
    }

    /// The same, with what is waited for.
    pub(crate) fn wait_for(
        &self,
        thread: u32,
        operation: Label,
        deadline: Option<Instant>,
        what: impl FnOnce() -> String,
    ) -> Outcome {
        let now = self.now();
        if deadline.is_some_and(|deadline| deadline <= now) {
            self.with_thread(thread, |it| it.wait += 1);
            return Outcome::TimedOut;
        }
        if let Some(restarts) = self.has_signals().then(|| self.take_signals(thread)).flatten() {
            self.with_thread(thread, |it| it.wait += 1);
            return Outcome::Interrupted { restarts };
        }
        self.with_thread(thread, |it| {
            (it.state, it.deadline, it.operation, it.since) = (State::Waiting, deadline, operation, now);
            it.what = what();
        });
        self.pass_baton(thread);
        let outcome = self.with_thread(thread, |it| {
            it.wait += 1;
            it.outcome
        });
        match outcome {
            // If what was set for the signal has changed meanwhile, it was woken for nothing.
            Outcome::Interrupted { .. } => {
                self.take_signals(thread).map_or(Outcome::Woken, |restarts| Outcome::Interrupted { restarts })
            }
            other => other,
        }
    }

    /// Lets another thread go first, if there is one that can go on.
    pub(crate) fn go_last(&self, thread: u32, operation: Label) {
        let now = self.now();
        self.with_thread(thread, |it| {
            (it.state, it.operation, it.since) = (State::Runnable, operation, now);
        });
        self.runnable.borrow_mut().push_back(thread);
        self.pass_baton(thread);
    }

    /// A thread that waits can go on.
    pub(crate) fn wake_thread(&self, thread: u32, outcome: Outcome) {
        let is_woken = self.with_thread(thread, |it| {
            let is_waiting = it.state == State::Waiting;
            if is_waiting {
                (it.state, it.outcome, it.deadline) = (State::Runnable, outcome, None);
            }
            is_waiting
        });
        if is_woken {
            self.futexes.borrow_mut().remove(thread);
            self.runnable.borrow_mut().push_back(thread);
        }
    }

    /// Makes runnable whom a waker has woken, and whose time is over.
    pub(super) fn collect_wakes(&self) {
        if !self.wakes.is_empty() {
            for (thread, wait) in self.wakes.take() {
                let is_current = self.threads.borrow().get(thread as usize).is_some_and(|it| it.wait == wait);
                if is_current {
                    self.wake_thread(thread, Outcome::Woken);
                }
            }
        }
    }

    /// Makes runnable whose time is over.
    pub(super) fn expire(&self) {
        let now = self.now();
        let is_over = |thread: &Thread| {
            thread.state == State::Waiting && thread.deadline.is_some_and(|deadline| deadline <= now)
        };
        let over: Vec<u32> = {
            let threads = self.threads.borrow();
            (0..threads.len() as u32).filter(|&thread| is_over(&threads[thread as usize])).collect()
        };
        over.into_iter().for_each(|thread| self.wake_thread(thread, Outcome::TimedOut));
        self.expire_timers(now);
    }

    /// When something is over next by itself.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        let threads = self.threads.borrow();
        let waits = threads.iter().filter(|thread| thread.state == State::Waiting);
        let first = waits.filter_map(|thread| thread.deadline).min();
        first.into_iter().chain(self.next_timer()).min()
    }

    /// Calls with each thread that has not ended, and its number.
    pub(super) fn for_each_living(&self, mut call: impl FnMut(u32, &Thread)) {
        let threads = self.threads.borrow();
        let living = (0..).zip(threads.iter()).filter(|(_, thread)| thread.state != State::Done);
        living.for_each(|(number, thread)| call(number, thread));
    }

    /// The name of the thread for whose end another waits, if it does.
    pub(super) fn joined_by(&self, thread: u32) -> Option<String> {
        let joined = self.joins.borrow().iter().find(|(_, waiting)| *waiting == thread)?.0;
        Some(self.threads.borrow()[joined as usize].name.clone())
    }
}

impl Thread {
    /// When its wait is over in any case.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }
}

impl Process {
    /// Waits for the end of a thread.
    pub(crate) fn join_at(&self, thread: u32, other: u32, operation: Label) {
        self.joins.borrow_mut().push((other, thread));
        self.wait(thread, operation, None);
        self.joins.borrow_mut().retain(|join| *join != (other, thread));
    }

    /// A thread has ended: who waits for that goes on.
    pub(super) fn wake_joiners(&self, ended: u32) {
        let mut woken = Vec::new();
        self.joins.borrow_mut().retain(|&(other, thread)| {
            if other == ended {
                woken.push(thread);
            }
            other != ended
        });
        woken.into_iter().for_each(|thread| self.wake_thread(thread, Outcome::Woken));
    }

    /// The name of a thread's decisions.
    pub(crate) fn actor_of(&self, thread: u32) -> LineageId {
        self.with_thread(thread, |it| it.actor)
    }

    /// Whether there is a thread that can go on besides the one that runs.
    pub(crate) fn others_can_go_on(&self) -> bool {
        self.collect_wakes();
        !self.runnable.borrow().is_empty()
    }

    /// Lets another thread go first, if the run says so.
    pub(crate) fn let_others_go_first(&self, thread: u32, operation: Label) {
        let now = self.now();
        self.with_thread(thread, |it| {
            (it.state, it.operation, it.since) = (State::Runnable, operation, now);
        });
        // It is the gentlest answer: that it goes on.
        self.runnable.borrow_mut().push_front(thread);
        self.pass_baton(thread);
    }
}

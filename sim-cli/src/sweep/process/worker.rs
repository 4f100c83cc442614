//! A process that makes runs for its parent, from its own side.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use super::UNSENT_MAX;
use super::child::PARENT;
use super::frame::{self, Begun, Inbox, Order, Told};
use crate::interrupt::Interrupt;
use crate::sweep::todo::Todo;
use crate::wall_time::Stopwatch;

/// What is to be made is told to this.
pub(crate) trait Make: Sync {
    /// How many programs there are, and how many units each has.
    fn size(&self) -> (usize, u64);
    /// Makes all that is to be made, by several threads.
    fn make_all(&self, todo: &Todo, outbox: &Outbox, is_over: &(dyn Fn() -> bool + Sync));
    /// Makes these runs of a unit, and tells of each before it begins; returns what they showed.
    fn make_one(
        &self,
        unit: u64,
        runs: &[u64],
        outbox: &Outbox,
        is_over: &(dyn Fn() -> bool + Sync),
    ) -> Vec<u8>;
}

/// Whether this process is to make runs for its parent.
#[expect(clippy::disallowed_methods, reason = "the command line stands outside of runs")]
pub(crate) fn is_asked() -> bool {
    // A program that starts another sweep inherits the variable too.
    let parent = std::os::unix::process::parent_id().to_string();
    std::env::var(PARENT).is_ok_and(|of| of == parent)
}

/// What goes to the parent: for a while it is kept together.
pub(crate) struct Outbox {
    waiting: Mutex<Waiting>,
    /// Whether the parent wants to know how far it is.
    is_shown: OnceLock<bool>,
}

struct Waiting {
    socket: UnixStream,
    bytes: Vec<u8>,
    units: usize,
    runs: u64,
    sent: Stopwatch,
}

/// Nothing waits longer than this for the next message, if there is one.
const WAIT_MAX: Duration = Duration::from_millis(5);
/// The progress is told so often.
const SHOWN_EACH: Duration = Duration::from_millis(100);

impl Outbox {
    fn new(socket: UnixStream) -> Self {
        let waiting = Waiting { socket, bytes: Vec::new(), units: 0, runs: 0, sent: Stopwatch::start() };
        Outbox { waiting: Mutex::new(waiting), is_shown: OnceLock::new() }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells what a unit showed, which this function writes.
    pub(crate) fn unit(&self, unit: u64, result: impl FnOnce(&mut Vec<u8>)) {
        let mut waiting = self.waiting();
        frame::append_unit(&mut waiting.bytes, unit, result);
        waiting.units += 1;
        if waiting.units >= UNSENT_MAX || waiting.sent.elapsed() >= WAIT_MAX {
            waiting.send();
        }
    }

    /// Sends what was kept together.
    pub(crate) fn send(&self) {
        self.waiting().send();
    }

    /// Counts a run.
    pub(crate) fn run(&self) {
        if self.is_shown.get() != Some(&true) {
            return;
        }
        let mut waiting = self.waiting();
        waiting.runs += 1;
        if waiting.sent.elapsed() >= SHOWN_EACH {
            waiting.send();
        }
    }

    /// Says which run begins.
    pub(crate) fn begins(&self, place: u64, recipe: Option<String>) {
        self.tell(&Told::Run(Begun { place, recipe }));
    }

    fn tell(&self, told: &Told) {
        let mut waiting = self.waiting();
        frame::append(&mut waiting.bytes, told);
        waiting.send();
    }
}

impl Waiting {
    fn send(&mut self) {
        if self.runs > 0 {
            frame::append(&mut self.bytes, &Told::Runs(std::mem::take(&mut self.runs)));
        }
        if self.socket.write_all(&self.bytes).is_err() {
            // Whoever wanted to know is gone.
            std::process::exit(0);
        }
        self.bytes.clear();
        (self.units, self.sent) = (0, Stopwatch::start());
    }
}

/// Does what the parent asks for, until it wants nothing more; then the process ends.
pub(crate) fn obey(make: &dyn Make) -> io::Result<std::convert::Infallible> {
    let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    // A program that reads its input finds none, and not what the parent says.
    rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
    // It is the parent that is told by the user to end.
    let _ = ctrlc::set_handler(|| {});
    // And it is the parent that says which run has ended this process.
    seedbed::watchdog::say_nothing_of_signals();
    let (programs, of_program) = make.size();
    let (interrupt, todo) = (Interrupt::default(), OnceLock::new());
    let outbox = Outbox::new(socket.try_clone()?);
    outbox.tell(&Told::Begins { units: (programs as u64).saturating_mul(of_program) });
    let (give, orders) = channel();
    #[expect(clippy::disallowed_methods, reason = "it hears what the parent says")]
    std::thread::scope(|scope| {
        scope.spawn(|| hear(socket, &give, &interrupt, &todo));
        work(make, &orders, &outbox, &interrupt, &todo);
    });
    unreachable!("the process ends when the parent wants nothing more")
}

fn work(
    make: &dyn Make,
    orders: &Receiver<Order>,
    outbox: &Outbox,
    interrupt: &Interrupt,
    todo: &OnceLock<Todo>,
) {
    for order in orders {
        match order {
            Order::Sweep { made, left, millis_max, is_shown } => {
                let (programs, of_program) = make.size();
                let todo = todo.get_or_init(|| Todo::new(programs, of_program).without(made));
                left.into_iter().for_each(|program| todo.leave(program));
                let _ = outbox.is_shown.set(is_shown);
                let (stopwatch, time) = (Stopwatch::start(), millis_max.map(Duration::from_millis));
                let is_late = || time.is_some_and(|time| stopwatch.elapsed() >= time);
                make.make_all(todo, outbox, &|| interrupt.is_asked() || is_late());
                outbox.tell(&Told::Done);
            }
            Order::Carefully { unit, runs } => {
                let result = make.make_one(unit, &runs, outbox, &|| interrupt.is_asked());
                outbox.unit(unit, |bytes| bytes.extend_from_slice(&result));
                outbox.tell(&Told::Done);
            }
            Order::Leave { .. } | Order::Stop => {}
        }
    }
}

/// Hears what the parent says, until it is gone or wants nothing more. That ends the process, whatever its runs are doing.
fn hear(mut socket: UnixStream, give: &Sender<Order>, interrupt: &Interrupt, todo: &OnceLock<Todo>) {
    let mut inbox = Inbox::default();
    let mut bytes = [0; 4 * 1_024];
    loop {
        match inbox.order() {
            Ok(Some(Order::Stop)) => {
                interrupt.ask();
            }
            Ok(Some(Order::Leave { program })) => todo.get().into_iter().for_each(|todo| todo.leave(program)),
            Ok(Some(order)) => {
                // The other side lives as long as this process.
                let _ = give.send(order);
            }
            Ok(None) => match socket.read(&mut bytes) {
                Ok(count @ 1..) => inbox.add(&bytes[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                _ => std::process::exit(0),
            },
            Err(_) => std::process::exit(0),
        }
    }
}

//! The log of a run, shown while the run goes on.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::rc::Rc;

use anstream::AutoStream;
use anstyle::{AnsiColor, Style};
use sim_executor::{Executor, Instant, Record, Trace, TraceLevel};

use crate::console::Console;
use crate::filter::{self, Filter};
use crate::pipe::Pipe;
use crate::virtual_time::VirtualTime;

/// Which part of a log is shown.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct LogArgs {
    /// Shows only such lines of the log: `task=PATH`, `node=NAME` or `kind=KIND`, with several values after commas; may be repeated.
    ///
    /// In a path or name `*` stands for any text: `task=server/conn*`. Kinds are event, spawned, polled, woke, done, cancelled, panicked,
    /// blocked, node, clock and net; those that are named are traced, also without --trace. Of one field a line needs one of the values, and
    /// of several fields one of each.
    #[arg(long, value_name = "FIELD=VALUE")]
    pub(crate) filter: Vec<Filter>,
    /// Shows the log from this virtual time on: seconds, as the log shows them, or a number with `ms`, `us` or `ns`.
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<VirtualTime>,
    /// Shows the log up to this virtual time.
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<VirtualTime>,
}

/// Nothing of a log can be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("--from {from} is after --to {to}; exchange them")]
pub(crate) struct EmptySpan {
    from: Instant,
    to: Instant,
}

impl LogArgs {
    /// Says whether there can be a line between the two times.
    pub(crate) fn check(&self) -> Result<(), EmptySpan> {
        match (self.from, self.to) {
            (Some(VirtualTime(from)), Some(VirtualTime(to))) if from > to => Err(EmptySpan { from, to }),
            _ => Ok(()),
        }
    }

    /// How much is to be traced, at least so much.
    pub(crate) fn level(&self, least: TraceLevel) -> TraceLevel {
        self.filter.iter().map(Filter::level).max().unwrap_or_default().max(least)
    }

    fn shows(&self, record: &Record) -> bool {
        self.from.is_none_or(|from| record.at >= from.0)
            && self.to.is_none_or(|to| record.at <= to.0)
            && filter::all_match(&self.filter, record)
    }

    fn is_all(&self) -> bool {
        self.filter.is_empty() && self.from.is_none() && self.to.is_none()
    }
}

/// The colours of nodes, in the order in which they are first heard of. Red is for what goes wrong.
const COLOURS: [AnsiColor; 10] = [
    AnsiColor::Cyan,
    AnsiColor::Yellow,
    AnsiColor::Green,
    AnsiColor::Magenta,
    AnsiColor::Blue,
    AnsiColor::BrightCyan,
    AnsiColor::BrightYellow,
    AnsiColor::BrightGreen,
    AnsiColor::BrightMagenta,
    AnsiColor::BrightBlue,
];

/// The log of a run that goes on.
pub(crate) struct LiveLog {
    state: Rc<RefCell<State>>,
}

struct State {
    args: LogArgs,
    nodes: BTreeMap<String, usize>,
    /// How many records there were, and how many lines.
    records: u64,
    lines: u64,
    to: To,
    /// Why no more can be written.
    error: Option<io::Error>,
}

/// Where the lines go.
enum To {
    /// To standard output, each at once: so it is there also when the run hangs, or ends the process.
    Process(Pipe<AutoStream<io::Stdout>>),
    /// To the console, when the run is over.
    Console(Vec<u8>),
    /// Nowhere.
    Nobody,
}

impl LiveLog {
    /// A log of which this is shown, if it is shown at all.
    ///
    /// # Errors
    /// If what the console has already cannot be written.
    pub(crate) fn new(args: &LogArgs, is_shown: bool, console: &mut Console<'_>) -> io::Result<LiveLog> {
        let to = match (is_shown, console.is_process) {
            (false, _) => To::Nobody,
            (true, false) => To::Console(Vec::new()),
            (true, true) => {
                console.out.flush()?;
                To::Process(Pipe(AutoStream::auto(io::stdout())))
            }
        };
        let nodes = BTreeMap::new();
        let state = State { args: args.clone(), nodes, records: 0, lines: 0, to, error: None };
        Ok(LiveLog { state: Rc::new(RefCell::new(state)) })
    }

    /// Shows what happens in this run from now on.
    pub(crate) fn follow(&self, executor: &mut Executor) {
        let state = Rc::clone(&self.state);
        executor.follow(move |record| state.borrow_mut().show(record));
    }

    /// Shows the log of a run that is over.
    pub(crate) fn show(&self, trace: &Trace) {
        trace.records.iter().for_each(|record| self.state.borrow_mut().show(record));
    }

    /// Says what there is to say when the run is over.
    ///
    /// # Errors
    /// If the log could not be written.
    pub(crate) fn finish(self, console: &mut Console<'_>) -> io::Result<()> {
        let mut state = self.state.borrow_mut();
        if let Some(error) = state.error.take() {
            return Err(error);
        }
        if let To::Console(bytes) = &mut state.to {
            console.out.write_all(&std::mem::take(bytes))?;
        }
        if state.lines == 0 && state.records > 0 && !state.args.is_all() && !matches!(state.to, To::Nobody) {
            let nodes: Vec<&str> = state.nodes.keys().map(String::as_str).collect();
            let (records, nodes) = (state.records, nodes.join(", "));
            writeln!(
                console.err,
                "none of the {records} lines of the log is one that was asked for; they are of {nodes}"
            )?;
        }
        Ok(())
    }
}

impl State {
    fn show(&mut self, record: &Record) {
        let colour = self.colour(record.node());
        self.records += 1;
        if !self.args.shows(record) {
            return;
        }
        self.lines += 1;
        let Record { at, lineage, event } = record;
        let line = format!("{at} {colour}{lineage}{colour:#} {event}\n");
        let written = match &mut self.to {
            To::Process(out) if self.error.is_none() => {
                out.write_all(line.as_bytes()).and_then(|()| out.flush())
            }
            To::Console(bytes) => bytes.write_all(line.as_bytes()),
            To::Process(_) | To::Nobody => Ok(()),
        };
        self.error = self.error.take().or(written.err());
    }

    fn colour(&mut self, node: &str) -> Style {
        let number = match self.nodes.get(node) {
            Some(number) => *number,
            None => {
                let number = self.nodes.len();
                self.nodes.insert(node.to_string(), number);
                number
            }
        };
        COLOURS[number % COLOURS.len()].on_default()
    }
}

//! Runs that are made in another process, so that a run that ends its process does not end the sweep.
//!
//! The process of the command does not make any runs: it starts this program once more, with the same command line, and puts together
//! what that one tells. When it dies, the units that it had not told of are made again one by one in another process, which says of each
//! run that it begins: so the run is found that ends its process. It has failed, and a fresh process makes the rest.

use std::error::Error;
use std::io;
use std::ops::Range;
use std::time::Duration;

use indicatif::ProgressBar;

use crate::console::Console;
use crate::interrupt::Interrupt;
use crate::show::WRONG;
use crate::sweep::stop::StopRules;
use crate::wall_time::Stopwatch;

mod child;
mod death;
mod frame;
mod worker;

use child::{Heard, Process};
use death::Death;
use frame::{Message, Order, Told};

pub(crate) use frame::Begun;
pub(crate) use worker::{Make, Outbox, is_asked, obey};

/// So many units at most a process keeps together before it tells of them.
pub(crate) const UNSENT_MAX: usize = 16;

/// After so many processes that ended, and no run is found that ends one, the sweep ends.
pub(crate) const UNEXPLAINED_MAX: usize = 8;

/// What is put together of what the processes tell.
pub(crate) trait Gather {
    /// How many units there are.
    fn units(&self) -> u64;
    /// The first so many units that are still to be made.
    fn open(&self, max: usize) -> Vec<u64>;
    fn is_wanted(&self, unit: u64) -> bool;
    fn made(&self) -> Vec<Range<u64>>;
    fn left(&self) -> Vec<usize>;
    /// How many units a process may not have told of, if it was not about to.
    fn unsent_max(&self) -> usize;
    /// Takes what a unit showed; says of which program nothing more is wanted, if it is so. `None` if these bytes are no result.
    fn take(&mut self, unit: u64, result: &[u8]) -> Option<Option<usize>>;
    /// The runs of a unit that are still to be made, by their places.
    fn runs(&self, unit: u64) -> Vec<u64>;
    /// This run of the unit has ended its process; returns how the run is called.
    fn died(&mut self, unit: u64, run: &Begun, message: &str) -> String;
}

/// How the processes are led.
pub(crate) struct Lead<'a> {
    pub(crate) jobs: usize,
    pub(crate) interrupt: &'a Interrupt,
    pub(crate) rules: StopRules,
    pub(crate) stopwatch: Stopwatch,
    pub(crate) bar: &'a ProgressBar,
}

/// What there is to say of the processes of a sweep.
#[derive(Clone, Debug, Default)]
pub(crate) struct Processes {
    /// How those ended that no run was found to end, and whether that can have come from outside.
    pub(crate) unexplained: Vec<(String, bool)>,
}

impl Processes {
    /// Whether a process has ended, and neither a run nor somebody else can have done it.
    pub(crate) fn are_suspect(&self) -> bool {
        self.unexplained.iter().any(|(_, is_killed)| !is_killed) || self.have_given_up()
    }

    /// Whether the sweep has ended since too many processes did.
    pub(crate) fn have_given_up(&self) -> bool {
        self.unexplained.len() >= UNEXPLAINED_MAX
    }
}

/// A sweep cannot be made in other processes.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProcessError {
    #[error("cannot start a process for the runs: {0}; with --one-process they are made in this one")]
    Start(io::Error),
    #[error("no run was made: before the first one {0}; with --one-process they are made in this one")]
    Early(String),
    #[error("a process that makes runs cannot be understood; with --one-process they are made in this one")]
    Nonsense,
}

/// Has everything made, in one process after the other. When no further one can be started, the sweep ends with what it has.
pub(crate) fn lead(
    gather: &mut dyn Gather,
    lead: &Lead<'_>,
    console: &mut Console<'_>,
) -> Result<Processes, Box<dyn Error>> {
    let mut processes = Processes::default();
    let mut died = sweep(gather, lead)?;
    while let Some(death) = died {
        if lead.is_over() {
            break;
        }
        let how = &death.how;
        note(
            lead,
            console,
            format_args!("the process that made the runs {how}; now the run is found that did it"),
        )?;
        let gone_on = find(gather, lead, console).and_then(|is_found| {
            if !is_found {
                let text = format_args!("no run was found that ends a process; the process before {how}");
                note(lead, console, text)?;
                processes.unexplained.push((death.message(), death.is_killed));
            }
            let is_enough = lead.is_over() || processes.have_given_up();
            Ok(if is_enough { None } else { sweep(gather, lead)? })
        });
        died = gone_on.unwrap_or_else(|error| {
            processes.unexplained.push((error.to_string(), false));
            None
        });
    }
    Ok(processes)
}

impl Lead<'_> {
    fn is_over(&self) -> bool {
        self.interrupt.is_asked() || self.rules.is_out_of_time(self.stopwatch.elapsed())
    }
}

fn note(lead: &Lead<'_>, console: &mut Console<'_>, text: std::fmt::Arguments<'_>) -> io::Result<()> {
    lead.bar.suspend(|| writeln!(console.err, "{WRONG}seedbed{WRONG:#}: {text}"))
}

/// Has all units made that are left; how the process has died, if it has.
fn sweep(gather: &mut dyn Gather, lead: &Lead<'_>) -> Result<Option<Death>, ProcessError> {
    let mut process = Process::start(Some(lead.bar)).map_err(ProcessError::Start)?;
    let left = lead.rules.time_left(lead.stopwatch.elapsed());
    process.order(&Order::Sweep {
        made: gather.made(),
        left: gather.left(),
        millis_max: left.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
        is_shown: !lead.bar.is_hidden(),
    });
    listen(process, gather.units(), lead, &mut |unit, result| gather.take(unit, result))
}

/// Takes what a unit showed: see [`Gather::take`].
type Take<'a> = dyn FnMut(u64, &[u8]) -> Option<Option<usize>> + 'a;

/// Hears a process until it has done what it was asked for, or has died.
fn listen(
    mut process: Process,
    expected: u64,
    lead: &Lead<'_>,
    take: &mut Take<'_>,
) -> Result<Option<Death>, ProcessError> {
    let (mut is_stopped, mut has_begun) = (false, false);
    loop {
        if lead.interrupt.is_asked() && !std::mem::replace(&mut is_stopped, true) {
            process.order(&Order::Stop);
        }
        match process.hear().map_err(|_| ProcessError::Nonsense)? {
            Heard::Message(Message::Unit { unit, result }) => {
                let left = take(unit, &result).ok_or(ProcessError::Nonsense)?;
                left.into_iter().for_each(|program| process.order(&Order::Leave { program }));
            }
            Heard::Message(Message::Told(told)) => match told {
                Told::Begins { units } if units != expected => return Err(ProcessError::Nonsense),
                Told::Begins { .. } => has_begun = true,
                Told::Run(_) => {}
                Told::Runs(runs) => lead.bar.inc(runs),
                Told::Done => {
                    process.end().map_err(ProcessError::Start)?;
                    return Ok(None);
                }
            },
            Heard::Nothing => {}
            Heard::Gone => {
                let death = process.death().map_err(ProcessError::Start)?;
                // Ctrl-C of a terminal goes to all processes, also to one that does not know yet that it is not meant.
                let is_understood = has_begun || (death.is_by_user && lead.interrupt.is_asked_by_now());
                return if is_understood {
                    Ok(Some(death))
                } else {
                    Err(ProcessError::Early(death.message()))
                };
            }
        }
    }
}

/// Makes units again of which a process has not told, run by run, until one is made in which a run ends its process. Says whether there was one.
fn find(gather: &mut dyn Gather, lead: &Lead<'_>, console: &mut Console<'_>) -> Result<bool, Box<dyn Error>> {
    let mut is_found = false;
    let stopwatch = Stopwatch::start();
    for (number, unit) in gather.open(lead.jobs + gather.unsent_max()).into_iter().enumerate() {
        // Only units that take no time were made and not told.
        let is_too_late = number >= lead.jobs && stopwatch.elapsed() > UNSENT_TIME_MAX;
        if is_found || is_too_late {
            break;
        }
        while gather.is_wanted(unit) && !lead.is_over() {
            let runs = gather.runs(unit);
            let Some(death) = carefully(gather, unit, runs, lead)? else { break };
            if lead.interrupt.is_asked() && death.begun.is_none() {
                break;
            }
            is_found = true;
            let message = death.message();
            let Some(run) = &death.begun else { return Err(ProcessError::Early(message).into()) };
            let name = gather.died(unit, run, &message);
            note(
                lead,
                console,
                format_args!("{name} has ended its process: {}", message.lines().next().unwrap_or_default()),
            )?;
        }
    }
    Ok(is_found)
}

/// As long a process may have taken for what it has not told.
const UNSENT_TIME_MAX: Duration = Duration::from_secs(2);

/// Has these runs of a unit made in a process of their own, which tells of each before it begins.
fn carefully(
    gather: &mut dyn Gather,
    unit: u64,
    runs: Vec<u64>,
    lead: &Lead<'_>,
) -> Result<Option<Death>, ProcessError> {
    let mut process = Process::start(None).map_err(ProcessError::Start)?;
    process.order(&Order::Carefully { unit, runs });
    listen(process, gather.units(), lead, &mut |unit, result| gather.take(unit, result))
}

/// What one run of a unit shows in a new process: the bytes of its result, or what is told of the death of the process.
pub(crate) fn one(
    units: u64,
    unit: u64,
    run: u64,
    lead: &Lead<'_>,
) -> Result<Result<Vec<u8>, String>, ProcessError> {
    let mut process = Process::start(None).map_err(ProcessError::Start)?;
    process.order(&Order::Carefully { unit, runs: vec![run] });
    let mut shown = Vec::new();
    let death = listen(process, units, lead, &mut |_, result| {
        shown = result.to_vec();
        Some(None)
    })?;
    Ok(death.map_or(Ok(shown), |death| Err(death.message())))
}

//! What a command line may say.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Parser, Subcommand};
use sim_asyncio::TieOrder;
use sim_explorer::RunSeed;

use crate::colour::Colour;
use crate::live_log::LogArgs;
use crate::seed;

mod one_run;
mod sweep;

pub(crate) use one_run::OneRunArgs;
pub(crate) use sweep::{MergeArgs, StopArgs, SweepArgs};

/// Runs async programs on a virtual clock, in every order that a seed can name.
///
/// The same seed gives the same run, byte for byte, on every machine.
#[derive(Debug, Parser)]
#[command(name = "seedbed", version, max_term_width = 100, arg_required_else_help = true)]
pub(crate) struct Args {
    /// Whether there are colours: `auto` is on a terminal, unless the variable NO_COLOR is set.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Colour,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Shows which scenarios there are.
    List(ListArgs),
    /// Makes one run, and shows its event log while it goes on.
    ///
    /// The run is in production order, what an undisturbed machine would most likely do, or that of a seed. The last line
    /// is `hash <16 hex digits> outcome <word>`; equal runs have equal hashes.
    ///
    /// Exit status: 0 if the run ended as it should, 1 if it failed, 2 for a mistake on the command line.
    Run(RunArgs),
    /// Runs scenarios under many seeds, and shows which of them fail.
    ///
    /// Every scenario is run in production order first, then under each seed. The result does not depend on the
    /// number of threads.
    ///
    /// Exit status: 0 if a failure was found in every variant that is known to break, and in no other; 1 if not; 2 for a
    /// mistake on the command line; 130 if Ctrl-C or SIGTERM ended it, with what it had.
    Sweep(SweepArgs),
    /// Joins the results of several shards of a sweep into one.
    ///
    /// Any of the shards will do: it says which are missing.
    ///
    /// Exit status: 0 if all shards are there, and together they show what a sweep is to show; 1 if not; 2 for files that are no results, or
    /// not of one sweep.
    Merge(MergeArgs),
    /// Makes a run of a sweep again, and once more from the recording of its decisions; or the run of a failure file.
    ///
    /// Shows the event log and what went wrong, and checks that the replay gives the same hash. Of a failure file it says what became of
    /// the failure: see `simfail --help`.
    ///
    /// Exit status: 0 if the run ended as it should, 1 if it failed or the replay went another way, 2 for a mistake on
    /// the command line or a file that cannot be used.
    Replay(ReplayArgs),
    /// Makes the smallest run that fails as a run of a sweep does, and tells why it fails.
    ///
    /// Shows what happened around the decisions that matter, with a lane for each task; the two polls whose order decides; which faults,
    /// turns and values are needed, which was tried for each; and what is free to vary.
    ///
    /// Exit status: 1, as a failure is shown; 2 for a mistake on the command line, or if the run does not fail.
    Shrink(ShrinkArgs),
    /// Looks after failure files: what they say, and what became of their failures.
    ///
    /// `EXACT`: the same run fails. `REPRODUCED`: it is another run, but the same failure. `REPAIRED(N)`: the same failure, once N entries were
    /// looked for up to two places away. `PASSED`: the run came to all that the file lists, and nothing failed. `STALE(N)`: it did not come
    /// to N entries, so the file says nothing any more. `OTHER`: the run fails in another way.
    ///
    /// Exit status: 0 if all is well, 1 if a file fails that should not, is stale and must not be, or fails in another way; 2 for
    /// a mistake on the command line or a file that cannot be used.
    Simfail(SimfailArgs),
    /// Makes one run, and writes it as a page for a browser, or for another tool.
    ///
    /// The page needs nothing besides itself: lanes of all tasks by node, arrows for wakes, packets and spawns, faults, what waited, and
    /// all decisions. With `--beside` another run stands below it, with the step from which they differ.
    ///
    /// Exit status: 0 if the run ended as it should, 1 if it failed, 2 for a mistake on the command line.
    Report(ReportArgs),
    /// Runs asyncio programs of the difftest language, and prints their event logs.
    ///
    /// The logs are those of CPython 3.11, byte for byte. Of several files, each log comes after a line `== <id>`.
    ///
    /// Exit status: 0 if all were programs, 2 if one could not be read; the others are run nevertheless.
    Asyncio(AsyncioArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct ListArgs {
    /// As JSON, with the invariant and the parameters of each.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RunArgs {
    /// `scenario`, for its first variant, or `scenario/variant`.
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) one: OneRunArgs,
    /// Shows what every task and every packet does, not only what the program reports.
    #[arg(long)]
    pub(crate) trace: bool,
    #[command(flatten)]
    pub(crate) log: LogArgs,
    /// Shows how often each task ran, and how long it waited for that although it was ready.
    ///
    /// The waits are in polls of other tasks, which went first, and in virtual seconds, for which the CPU of its node was
    /// held. The longest gap is the longest time between two of its polls, or before the first, whatever it waited for. Tasks are in the order of
    /// their ends.
    #[arg(long)]
    pub(crate) stats: bool,
    /// Shows how long each task waited while it was ready, as a distribution: in 50, 90 and 99 of 100 waits it was no longer.
    #[arg(long)]
    pub(crate) waits: bool,
    /// Writes the run to this file, as JSON; `-` is standard output, which then has nothing else.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Writes the packets of the run to this file, as pcapng, which Wireshark opens; `-` is standard output.
    ///
    /// Each host is an interface of the file. A packet that arrives is in it twice, once for each end: to have Wireshark look
    /// for retransmissions, keep one interface, as with `tshark -r FILE -Y 'frame.interface_name == "server"' -w ONE`.
    #[arg(long, value_name = "FILE")]
    pub(crate) pcap: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("files").required(true).multiple(true).args(["html", "perfetto", "shiviz", "mermaid", "jsonl"]))]
pub(crate) struct ReportArgs {
    /// `scenario`, for its first variant, or `scenario/variant`.
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) one: OneRunArgs,
    /// Another run to show beside it, such as one that does not fail: a seed, or the word `production`.
    #[arg(long, value_name = "N", value_parser = seed::parse, allow_hyphen_values = true)]
    pub(crate) beside: Option<RunSeed>,
    /// Shrinks the run, which has to fail, and shows the smallest that fails so, with the nearest run that passes beside it.
    #[arg(long, conflicts_with = "beside")]
    pub(crate) neighbour: bool,
    /// Writes a page for a browser to this file; for each of these, `-` is standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Writes the trace events of Chrome, which ui.perfetto.dev opens.
    #[arg(long, value_name = "FILE")]
    pub(crate) perfetto: Option<PathBuf>,
    /// Writes a log with vector clocks, which ShiViz draws.
    #[arg(long, value_name = "FILE")]
    pub(crate) shiviz: Option<PathBuf>,
    /// Writes a sequence diagram of Mermaid, with the last 80 events, for the text of a pull request.
    #[arg(long, value_name = "FILE")]
    pub(crate) mermaid: Option<PathBuf>,
    /// Writes everything as JSON lines, the first of which has a version.
    #[arg(long, value_name = "FILE")]
    pub(crate) jsonl: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SimfailArgs {
    #[command(subcommand)]
    pub(crate) command: SimfailCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SimfailCommand {
    /// Replays failure files of scenarios, and says of each what became of it.
    Check(CheckArgs),
    /// Shows failure files as they are written today, of whatever test they are.
    Show(FilesArgs),
    /// Shrinks the failures of files of scenarios, and writes those anew that became smaller.
    Shrink(FilesArgs),
    /// Replays failure files of scenarios, and writes those anew whose failure is there in another run.
    Upgrade(FilesArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct CheckArgs {
    /// The failure files.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// A file that is stale is an error.
    #[arg(long)]
    pub(crate) deny_stale: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct FilesArgs {
    /// The failure files.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ReplayArgs {
    /// `scenario`, for its first variant, or `scenario/variant`, with --seed; or a file that ends with `.simfail`.
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) one: OneRunArgs,
    #[command(flatten)]
    pub(crate) log: LogArgs,
    /// A failure file that is stale is an error.
    #[arg(long)]
    pub(crate) deny_stale: bool,
    /// Writes the failure of this run to this file, if it fails; `-` is standard output, which then has nothing else.
    #[arg(long, value_name = "FILE")]
    pub(crate) simfail: Option<PathBuf>,
    /// Writes the run to this file, as JSON; `-` is standard output, which then has nothing else.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ShrinkArgs {
    /// `scenario`, for its first variant, or `scenario/variant`.
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) one: OneRunArgs,
    /// After so many runs the smallest so far is shown.
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(2..))]
    pub(crate) runs: u64,
    /// After so many seconds the smallest so far is shown.
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) seconds: u64,
    /// Writes the shrunk failure to this file; `-` is standard output, which then has nothing else.
    #[arg(long, value_name = "FILE")]
    pub(crate) simfail: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct AsyncioArgs {
    /// Programs, as JSON.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// In which order timers with equal deadlines fire: `heapq`, as in CPython, or `creation`.
    #[arg(long, value_name = "ORDER", default_value = "heapq")]
    pub(crate) ties: Ties,
}

/// The order of timers with equal deadlines.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ties(pub(crate) TieOrder);

impl FromStr for Ties {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "heapq" => Ok(Ties(TieOrder::Heapq)),
            "creation" => Ok(Ties(TieOrder::Creation)),
            other => Err(format!("{other:?} is neither `heapq` nor `creation`")),
        }
    }
}

//! What may be said of a sweep, or of its shards.

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;

use sim_explorer::Shard;

use crate::checks::Checks;
use crate::record::RecordFiles;
use crate::search::Search;
use crate::seed_range::SeedRange;
use crate::setting::Setting;

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["names", "all"]))]
pub(crate) struct SweepArgs {
    /// `scenario`, for all its variants, or `scenario/variant`.
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// All scenarios.
    #[arg(long, conflicts_with = "names")]
    pub(crate) all: bool,
    /// The seeds from A to B - 1.
    #[arg(long, value_name = "A..B", allow_hyphen_values = true)]
    pub(crate) seeds: Option<SeedRange>,
    /// Which order ready tasks are polled in, by default `random`.
    ///
    /// `random`: each time that a task becomes ready it gets a random priority, and the highest runs. `walk`: at each
    /// step every ready task is equally probable. `urw`: in proportion to how many steps a task still has before it.
    /// `surw`: the same for the steps that touch one resource, which is drawn; the others are at random. `pos`: as
    /// `random`, but what races with the step that was made gets a new priority. `pct:changes=N`: tasks keep their
    /// priorities, but at N random steps at most the one that would run becomes the last. `delay:delays=N`: as in
    /// production, but at N random steps at most a task is put behind. `restless`: as `walk`, and a task that waits is
    /// polled once more now and then, though nobody has woken it. `portfolio`: all of them in turn.
    ///
    /// `each` uses no seeds: it makes every run that differs from the default order in exactly one decision (another task first, a fault
    /// that happens, the extremes of a number), `each:2` in at most two. `each:depth=2,kinds=order+flag+value,runs=1000000` says from which
    /// kinds of decisions runs deviate, and after how many runs a program is left. A fault that is named, as in `each:kinds=loss+crash`, is tried
    /// also where it never happens by itself.
    ///
    /// `exhaustive` uses no seeds either: it makes every schedule with no preemption, then every one with one, and so on up to two,
    /// `exhaustive:preemptions=3,runs=1000000` up to three. A preemption is a switch away from a task that could go on.
    ///
    /// `guided` keeps the runs that have reached something new, and makes others from them: `guided:runs=10000,corpus=FOLDER` keeps them also
    /// until the next time.
    #[arg(long, value_name = "S")]
    pub(crate) strategy: Option<Search>,
    /// Fails when a `sometimes!` of a program held in none of its runs.
    #[arg(long)]
    pub(crate) require_sometimes: bool,
    #[command(flatten)]
    pub(crate) checks: Checks,
    #[command(flatten)]
    pub(crate) stop: StopArgs,
    /// How many threads run; by default as many as there are cores.
    #[arg(long, value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,
    /// Makes only one share of the runs: `2/4` is the second of four. Shares are disjoint, and all of them together are the whole.
    ///
    /// By default as the variables say that GitLab (CI_NODE_INDEX, CI_NODE_TOTAL), Buildkite (BUILDKITE_PARALLEL_JOB), CircleCI
    /// (CIRCLE_NODE_INDEX) and Slurm arrays (SLURM_ARRAY_TASK_ID) set; with SEEDBED_SHARDS, the number of shares, also indexed jobs of
    /// Kubernetes (JOB_COMPLETION_INDEX) and GNU parallel (PARALLEL_SEQ). `1/1` is all runs. A share that does not find a known mistake
    /// is as expected: `merge` knows whether another has found it.
    #[arg(long, value_name = "I/N")]
    pub(crate) shard: Option<Shard>,
    /// Makes the runs in this process, as a debugger wants it.
    ///
    /// Else they are made in another process, so that a run that ends it does not end the sweep: that run has failed, and a fresh process makes
    /// the rest. A program is left after twenty such runs.
    #[arg(long)]
    pub(crate) one_process: bool,
    #[command(flatten)]
    pub(crate) to: RecordFiles,
    /// Runs everything over each profile of the network in this folder: its files `*.toml`.
    ///
    /// The parts of a profile, such as [link], replace those that a scenario sets; what the scenario changes while it runs, it
    /// changes. A variant that is known to break need not break over every profile: one is enough.
    #[arg(long, value_name = "DIR")]
    pub(crate) profiles: Option<PathBuf>,
    /// Sets a parameter, in all scenarios that have it; may be repeated.
    #[arg(long, value_name = "NAME=NUMBER")]
    pub(crate) set: Vec<Setting>,
}

#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct StopArgs {
    /// Leaves a program when so many distinct failures of it were found; 1 is the first failure.
    #[arg(long, value_name = "N")]
    pub(crate) stop_after: Option<NonZeroU64>,
    /// Ends the sweep after so many seconds.
    #[arg(long, value_name = "SECONDS")]
    pub(crate) max_time: Option<NonZeroU64>,
    /// Leaves a program when so many runs after each other were equal to earlier ones.
    ///
    /// It is looked at after each sixteen seeds, in their order.
    #[arg(long, value_name = "N")]
    pub(crate) until_nothing_new: Option<NonZeroU64>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct MergeArgs {
    /// What shards of one sweep have written with `--json` or `--json-lines`.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) to: RecordFiles,
}

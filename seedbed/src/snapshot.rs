//! Snapshots of runs: the log of a run, and who starved, as a text that is kept and compared by insta.

use regex_lite::Regex;
use sim_executor::{Record, Report, StatsTable, TraceLevel, World};
use sim_explorer::{FailureText, Recipe};
use std::fmt::Write as _;
use std::sync::Arc;

use crate::panic_hook::{PanicsInside, install_panic_hook};
use crate::reproduce::Under;
use crate::sweep::Sweep;
use crate::test_output::TestOutput;

#[doc(hidden)]
pub use insta;

/// Which run a snapshot is of, and what it shows of it.
///
/// A log is in part what the program means, and in part what an unrelated edit changes: times, addresses, tasks that nobody asked about.
/// A snapshot leaves out what it is told to, so that it fails when the program means something else.
///
/// ```
/// use seedbed::{Snapshot, event, spawn_named, time};
/// use std::time::Duration;
///
/// let snapshot = Snapshot::default().without_times().only("main/clerk").redact(r"number \d+", "number [n]");
/// let text = snapshot.take(|| async {
///     spawn_named("clerk", async { event!("takes order number {}", 17) }).await.unwrap();
///     time::sleep(Duration::from_secs(1)).await;
///     event!("closes");
/// });
/// assert_eq!(text, "main/clerk takes order number [n]\n");
/// ```
#[derive(Clone, Debug)]
pub struct Snapshot {
    run: Recipe,
    sweep: Sweep,
    has_times: bool,
    has_starvation: bool,
    tasks: Vec<String>,
    redactions: Vec<(Regex, String)>,
}

impl Default for Snapshot {
    /// The events of the run in production order, with their times.
    fn default() -> Self {
        Snapshot {
            run: Recipe::Production,
            sweep: Sweep::default(),
            has_times: true,
            has_starvation: false,
            tasks: Vec::new(),
            redactions: Vec::new(),
        }
    }
}

impl Snapshot {
    /// Of the run with this seed, in place of production order.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Snapshot { run: Recipe::of_seed(seed), ..self }
    }

    /// How the run is made, and how much its log tells: `limits`, `network`, `trace` and so on. How many seeds it has means nothing.
    #[must_use]
    pub fn sweep(self, sweep: Sweep) -> Self {
        Snapshot { sweep, ..self }
    }

    /// Without the time before each line.
    #[must_use]
    pub fn without_times(self) -> Self {
        Snapshot { has_times: false, ..self }
    }

    /// Also the table of how often each task was polled, and how long it waited for that although it was ready.
    #[must_use]
    pub fn with_starvation(self) -> Self {
        Snapshot { has_starvation: true, ..self }
    }

    /// Only lines of the task with this path, and of those below it; of a node, by its name. Called again, of these too.
    #[must_use]
    pub fn only(mut self, path: &str) -> Self {
        self.tasks.push(path.to_string());
        self
    }

    /// Replaces what matches this regular expression (that of the crate `regex-lite`), in each line. In the replacement, `$1` is the first
    /// group.
    ///
    /// # Panics
    /// If the expression is none.
    #[must_use]
    pub fn redact(mut self, pattern: &str, replacement: &str) -> Self {
        let pattern =
            Regex::new(pattern).unwrap_or_else(|error| panic!("{pattern:?} cannot be redacted: {error}"));
        self.redactions.push((pattern, replacement.to_string()));
        self
    }

    /// Makes the run, twice, and shows it. A run that fails is shown with what went wrong.
    ///
    /// # Panics
    /// If the two runs are not equal; inside a run.
    #[must_use]
    #[track_caller]
    pub fn take<B, F>(&self, body: B) -> String
    where
        B: Fn() -> F + 'static,
        F: Future<Output: TestOutput> + 'static,
    {
        install_panic_hook(PanicsInside::Quiet);
        let sweep = Sweep { stats: self.has_starvation, ..self.sweep.clone() };
        let body = Arc::new(body);
        // No closure, whose own place would be told for that of the test.
        let run = sweep.planned(self.run.clone(), &body);
        let again = sweep.make_run(&mut World::default(), &run, TraceLevel::Off, &body);
        let report = sweep.make_run(&mut World::default(), &run, sweep.trace, &body);
        assert!(
            again.hash == report.hash,
            "there is no snapshot of a run that differs from itself {}: made twice, its hashes are {:016x} and {:016x}",
            Under(&self.run),
            again.hash,
            report.hash
        );
        self.show(&report)
    }

    fn show(&self, report: &Report) -> String {
        let mut text = String::new();
        for record in report.trace.records.iter().filter(|record| self.shows(&record.lineage)) {
            let line = if self.has_times { record.to_string() } else { without_time(record) };
            writeln!(text, "{line}").expect("a string takes all");
        }
        if !report.outcome.is_done() {
            write!(text, "{}", FailureText(report)).expect("a string takes all");
        }
        if self.has_starvation {
            let stats: Vec<_> =
                report.stats.iter().filter(|task| self.shows(&task.lineage)).cloned().collect();
            write!(text, "\n{}", StatsTable(&stats)).expect("a string takes all");
        }
        let redact = |text: String, (pattern, replacement): &(Regex, String)| {
            pattern.replace_all(&text, replacement.as_str()).into_owned()
        };
        self.redactions.iter().fold(text, redact)
    }

    fn shows(&self, lineage: &str) -> bool {
        let is_below = |path: &String| {
            lineage.strip_prefix(path.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.tasks.is_empty() || self.tasks.iter().any(is_below)
    }
}

fn without_time(record: &Record) -> String {
    format!("{} {}", record.lineage, record.event)
}

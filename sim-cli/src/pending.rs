//! What a script or a page is told of tasks that had not ended.

use serde::Serialize;
use sim_executor::PendingTask;

/// A task that had not ended when the run did.
#[derive(Serialize)]
pub(crate) struct Pending<'a> {
    pub(crate) task: &'a str,
    node: &'a str,
    /// What it is at: `waits at task.join main/a`.
    is: String,
    spawned_at: String,
    since_nanos: Option<u64>,
    awaits: Vec<Site<'a>>,
}

/// A place in the program at which it awaits.
#[derive(Serialize)]
struct Site<'a> {
    text: String,
    /// The program's own functions, the innermost first.
    own: Vec<Frame<'a>>,
    library: Option<&'a str>,
}

#[derive(Serialize)]
struct Frame<'a> {
    function: &'a str,
    file: Option<&'a str>,
    line: Option<u32>,
}

/// So many tasks are told, since those of a run may be very many.
const TASKS_MAX: usize = 1_000;

/// The tasks in the order of their spawns.
pub(crate) fn pending(tasks: &[PendingTask]) -> Vec<Pending<'_>> {
    tasks.iter().take(TASKS_MAX).map(of_task).collect()
}

fn of_task(task: &PendingTask) -> Pending<'_> {
    let sites = task.awaits.iter().map(|site| {
        let own = site.own.iter().map(|frame| {
            let (file, line) = frame.place.as_ref().map(|(file, line)| (&**file, *line)).unzip();
            Frame { function: &frame.function, file, line }
        });
        Site { text: site.to_string(), own: own.collect(), library: site.library.as_deref() }
    });
    Pending {
        task: &task.lineage,
        node: &task.node,
        is: task.doing(),
        spawned_at: format!("{}:{}", task.spawned_at.file(), task.spawned_at.line()),
        since_nanos: task.polled_at.map(|at| at.as_nanos()),
        awaits: sites.collect(),
    }
}

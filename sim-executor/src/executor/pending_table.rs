//! The table of the tasks that had not ended, short enough to be read.

use std::fmt;

use crate::run::PendingTask;

/// So many lines are shown.
const LINES_MAX: usize = 40;

/// So many tasks that are at the same thing have a line each.
const ALIKE_MAX: usize = 3;

/// So many places at which one task awaits are shown.
const SITES_MAX: usize = 4;

/// So many characters of a name are shown.
const NAME_CHARS_MAX: usize = 120;

/// Tasks that had not ended, in the order of their spawns, for a person: tasks that are alike share a line, and of more lines than
/// fit on a page only the number is told.
///
/// Tasks are alike if their names differ in digits only, and they wait at the same thing, at the same lines, since the same time. If that leaves too
/// many lines, it is enough that they wait at the same operation.
#[derive(Clone, Copy, Debug)]
pub struct PendingTable<'a> {
    pending: &'a [PendingTask],
    in_columns: bool,
}

/// A line of the table.
struct Line<'a> {
    task: &'a PendingTask,
    /// How many others are like it.
    others: usize,
}

impl<'a> PendingTable<'a> {
    /// Each line as [`PendingTask`] has it.
    #[must_use]
    pub fn new(pending: &'a [PendingTask]) -> Self {
        PendingTable { pending, in_columns: false }
    }

    /// In columns.
    pub(super) fn in_columns(pending: &'a [PendingTask]) -> Self {
        PendingTable { pending, in_columns: true }
    }

    /// The lines, and how many tasks are in none.
    fn lines(&self) -> (Vec<Line<'a>>, usize) {
        let mut lines = fold(self.pending, ALIKE_MAX, |task| {
            let place = task.spawned_at;
            (
                form(&task.lineage),
                form(&task.node),
                task.is_frozen,
                task.doing(),
                &task.awaits,
                task.polled_at,
                place.file(),
                place.line(),
            )
        });
        if lines.len() > LINES_MAX {
            lines = fold(self.pending, 1, |task| {
                let place = task.spawned_at;
                (
                    form(&task.lineage),
                    form(&task.node),
                    task.is_frozen,
                    task.operations(),
                    place.file(),
                    place.line(),
                )
            });
        }
        let hidden = lines.iter().skip(LINES_MAX).map(|line| 1 + line.others).sum();
        lines.truncate(LINES_MAX);
        (lines, hidden)
    }
}

/// A line for each task, but one for all that are alike if there are more than `alike_max` of them.
fn fold<'a, K: Ord>(
    pending: &'a [PendingTask],
    alike_max: usize,
    key: impl Fn(&'a PendingTask) -> K,
) -> Vec<Line<'a>> {
    let mut alike = std::collections::BTreeMap::<K, Vec<usize>>::new();
    for (place, task) in pending.iter().enumerate() {
        alike.entry(key(task)).or_default().push(place);
    }
    let mut lines: Vec<(usize, usize)> = Vec::new();
    for places in alike.into_values() {
        if places.len() > alike_max {
            lines.push((places[0], places.len() - 1));
        } else {
            lines.extend(places.into_iter().map(|place| (place, 0)));
        }
    }
    lines.sort_unstable();
    lines.into_iter().map(|(place, others)| Line { task: &pending[place], others }).collect()
}

/// A name with one sign for each number in it.
fn form(name: &str) -> String {
    let mut form = String::with_capacity(name.len().min(NAME_CHARS_MAX));
    for c in name.chars() {
        match c {
            '0'..='9' if form.ends_with('0') => {}
            '0'..='9' => form.push('0'),
            // The first of them bears no number: `worker`, `worker#2`.
            '#' => {}
            c => form.push(c),
        }
    }
    let is_numbered = name.rsplit_once('#').is_some_and(|(_, end)| end.bytes().all(|c| c.is_ascii_digit()));
    if is_numbered {
        form.pop();
    }
    form
}

/// The end of a name that is too long: it says more than the beginning.
fn short(name: &str) -> String {
    let count = name.chars().count();
    if count <= NAME_CHARS_MAX {
        return name.to_string();
    }
    let end: String = name.chars().skip(count - NAME_CHARS_MAX + 1).collect();
    format!("…{end}")
}

impl fmt::Display for PendingTable<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (lines, hidden) = self.lines();
        let rows: Vec<[String; 5]> = lines.iter().map(row).collect();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let [name, place, doing] = if self.in_columns { [0, 1, 2].map(width) } else { [0; 3] };
        let gap = if self.in_columns { "  " } else { " " };
        for (line, [lineage, node, activity, since, end]) in lines.iter().zip(rows) {
            write!(out, "\n  {lineage:name$}{gap}on {node:place$}{gap}{activity:doing$}")?;
            match (self.in_columns, since.as_str()) {
                (true, "") => write!(out, "  {end}")?,
                (true, since) => write!(out, "  {since}, {end}")?,
                (false, "") => write!(out, " ({end})")?,
                (false, since) => write!(out, " {since} ({end})")?,
            }
            let sites = &line.task.awaits;
            for site in sites.iter().take(SITES_MAX) {
                write!(out, "\n      awaits {site}")?;
            }
            if sites.len() > SITES_MAX {
                write!(out, "\n      … and {} more", sites.len() - SITES_MAX)?;
            }
        }
        if hidden > 0 {
            write!(out, "\n  … and {hidden} more tasks")?;
        }
        Ok(())
    }
}

/// Who, where, at what, since when, from where.
fn row(line: &Line<'_>) -> [String; 5] {
    let Line { task, others } = line;
    let frozen = if task.is_frozen { " (frozen)" } else { "" };
    let since = task.polled_at.map_or_else(String::new, |at| format!("since {at}"));
    let mut end = format!("spawned at {}:{}", task.spawned_at.file(), task.spawned_at.line());
    if *others > 0 {
        end.push_str(&format!("; and {others} more like it"));
    }
    [short(&task.lineage), format!("{}{frozen}", short(&task.node)), task.doing(), since, end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Executor, ProductionOrder, spawn, spawn_named, time};
    use std::time::Duration;

    fn pending(body: impl Future<Output = ()> + 'static) -> Vec<PendingTask> {
        let mut executor = Executor::new(ProductionOrder);
        executor.block_on(body).unwrap();
        executor.pending()
    }

    fn text(body: impl Future<Output = ()> + 'static) -> String {
        PendingTable::in_columns(&pending(body)).to_string()
    }

    #[test]
    fn tasks_that_are_alike_share_a_line() {
        let text = text(async {
            for worker in 0..250 {
                drop(spawn_named("worker", std::future::pending::<()>()));
                drop(spawn_named(format!("client-{worker}"), std::future::pending::<()>()));
            }
            time::sleep(Duration::from_secs(1)).await;
        });
        assert_eq!(text.lines().filter(|line| !line.is_empty()).count(), 2, "{text}");
        assert_eq!(text.matches("; and 249 more like it").count(), 2, "{text}");
    }

    #[test]
    fn a_few_tasks_have_a_line_each() {
        let text = text(async {
            for _ in 0..3 {
                drop(spawn_named("worker", std::future::pending::<()>()));
            }
            time::sleep(Duration::from_secs(1)).await;
        });
        assert_eq!(text.matches("main/worker").count(), 3, "{text}");
        assert!(!text.contains("more"), "{text}");
    }

    #[test]
    fn what_differs_in_more_than_a_number_has_its_own_line() {
        let text = text(async {
            for second in 0..20 {
                drop(spawn(time::sleep(Duration::from_secs(second % 2 + 100))));
            }
            time::sleep(Duration::from_secs(1)).await;
        });
        assert_eq!(text.matches("; and 9 more like it").count(), 2, "{text}");
    }

    #[test]
    fn where_too_much_differs_the_operation_is_enough() {
        let text = text(async {
            for second in 0..5_000 {
                drop(spawn(time::sleep(Duration::from_secs(second + 100))));
            }
            time::sleep(Duration::from_secs(1)).await;
        });
        assert_eq!(text.matches("; and 4999 more like it").count(), 1, "{text}");
    }

    #[test]
    fn more_lines_than_a_page_are_counted() {
        let text = text(async {
            for length in 1..=100 {
                drop(spawn_named("x".repeat(length), std::future::pending::<()>()));
            }
            time::sleep(Duration::from_secs(1)).await;
        });
        assert!(text.ends_with("\n  … and 60 more tasks"), "{text}");
        assert_eq!(text.lines().filter(|line| line.contains("waits")).count(), LINES_MAX, "{text}");
    }

    #[test]
    fn of_a_long_name_the_end_is_shown() {
        let text = text(async {
            drop(spawn_named(format!("{}end", "x".repeat(5_000)), std::future::pending::<()>()));
            time::sleep(Duration::from_secs(1)).await;
        });
        assert!(text.contains("xend"), "{text}");
        assert!(text.len() < 400, "{text}");
    }

    #[test]
    fn without_columns_each_line_is_that_of_the_task() {
        let pending = pending(async {
            drop(spawn_named("worker", std::future::pending::<()>()));
            time::sleep(Duration::from_secs(1)).await;
        });
        assert_eq!(PendingTable::new(&pending).to_string(), format!("\n  {}", pending[0]));
    }
}

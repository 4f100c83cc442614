//! What makes two failures the same bug.

use std::fmt;

use sim_executor::{Activity, Deadlock, Outcome, PendingTask, Report, RunError};

/// What stays the same of a failure when its run changes: how it failed, which property did not hold, and where it panicked. No line
/// numbers, addresses or counts are in it.
///
/// Its text is one line: `panic "N were lost" @ bank::transfer`.
///
/// ```
/// use sim_executor::{Executor, Outcome, ProductionOrder};
/// use sim_explorer::Signature;
///
/// let failed = |message: &str| {
///     Signature::of(&Executor::new(ProductionOrder).finish(Outcome::Failed { message: message.to_string() })).unwrap()
/// };
/// assert_eq!(failed("10 of 17 were lost"), failed("3 of 8 were lost"));
/// assert_ne!(failed("10 of 17 were lost"), failed("10 of 17 came twice"));
/// assert_eq!(failed("10 of 17 were lost").to_string(), "failed \"N of N were lost\"");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Signature {
    /// How it failed: `failed`, `panic`, `property`, `deadlock`, `dead waker`, `leak`, `limit polls_max`, `stopped`, `died`.
    pub class: String,
    /// The first line of the message with each number as `N`; for a property its kind and name; for a deadlock who waits where. Empty if there is none.
    pub property: String,
    /// The function that panicked.
    pub site: Site,
}

/// Where a run panicked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Site {
    /// It did not panic, or nobody looked.
    Unknown,
    /// In this file, where the program has no symbols.
    File(String),
    /// In this function.
    Function(String),
}

/// The class of a run that has ended its process.
pub(crate) const DIED: &str = "died";

/// A longer property is cut.
const PROPERTY_CHARS_MAX: usize = 160;

impl Signature {
    /// The signature of a failed run; `None` if it ended as it should.
    #[must_use]
    pub fn of(report: &Report) -> Option<Signature> {
        let word = report.outcome.word();
        let (class, property, location) = match &report.outcome {
            Outcome::Done => return None,
            Outcome::Failed { message } => (word.to_string(), normalised(message), None),
            Outcome::Error(RunError::Panicked(panic)) => {
                (word.to_string(), normalised(&panic.message), panic.location.as_deref())
            }
            Outcome::Error(RunError::PanickedOutside(panic)) => {
                (word.to_string(), normalised(&panic.message), panic.location.as_deref())
            }
            Outcome::Error(RunError::Deadlock(deadlock)) => (word.to_string(), waits(deadlock), None),
            Outcome::Error(RunError::Violated(violated)) => {
                (word.to_string(), format!("{} {}", violated.kind, violated.name), None)
            }
            Outcome::Error(RunError::DeadWaker { task, .. }) => {
                (word.to_string(), normalised(&format!("{} {}", task.node, task.activity)), None)
            }
            Outcome::Error(RunError::Leaked(leaked)) => {
                (word.to_string(), normalised(&leaked.to_string()), None)
            }
            Outcome::Error(RunError::Limit { limit, .. }) => {
                (format!("{word} {}", limit.name), String::new(), None)
            }
            _ => (word.to_string(), String::new(), None),
        };
        let site = location.map_or(Site::Unknown, |location| Site::of(report, location));
        Some(Signature { class, property, site })
    }

    /// The signature of a run that has ended its process, of which this is told.
    pub(crate) fn of_death(message: &str) -> Signature {
        Signature { class: DIED.to_string(), property: normalised(message), site: Site::Unknown }
    }

    /// Whether the other is the same failure, perhaps of a build without symbols or without a panic hook: then what is known of
    /// both decides.
    #[must_use]
    pub fn matches(&self, other: &Signature) -> bool {
        (&self.class, &self.property) == (&other.class, &other.property) && self.site.matches(&other.site)
    }
}

impl Site {
    fn of(report: &Report, location: &str) -> Site {
        match report.panicked_in.get(location) {
            Some(function) => Site::Function(function.clone()),
            None => Site::File(location.rsplitn(3, ':').last().unwrap_or(location).to_string()),
        }
    }

    fn matches(&self, other: &Site) -> bool {
        match (self, other) {
            (Site::File(one), Site::File(other)) => one == other,
            // Of a function that was inlined some builds know only the last name.
            (Site::Function(one), Site::Function(other)) => {
                let is_end =
                    |whole: &str, end: &str| whole.strip_suffix(end).is_some_and(|rest| rest.ends_with("::"));
                one == other || is_end(one, other) || is_end(other, one)
            }
            _ => true,
        }
    }
}

/// The first line with each number as `N`, and not too long.
fn normalised(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default().trim();
    let mut text = String::new();
    let mut characters = line.chars().peekable();
    let mut before = ' ';
    while let Some(character) = characters.next() {
        // Digits within a word, as in `n2`, are part of a name.
        if !character.is_ascii_digit() || before.is_alphanumeric() || before == '_' {
            text.push(character);
            before = character;
            continue;
        }
        // Also 0x1f, 1_000 and 1.5.
        let is_part = |next: &char| next.is_ascii_hexdigit() || matches!(next, '_' | 'x');
        let mut is_number = true;
        while is_number {
            while characters.next_if(is_part).is_some() {}
            let mut ahead = characters.clone();
            is_number = ahead.next() == Some('.') && ahead.next().is_some_and(|next| next.is_ascii_digit());
            if is_number {
                characters.next();
            }
        }
        text.push('N');
        before = 'N';
    }
    text.chars().take(PROPERTY_CHARS_MAX).collect()
}

/// For whom the first task waits, in the end, and where that one waits: `main/worker at lock`.
fn waits(deadlock: &Deadlock) -> String {
    const JOIN: &str = "task.join";
    let mut waits = None;
    let mut next = deadlock.pending.first();
    // As long as each waits for the next one's end, and once around if they wait for each other.
    for _ in 0..=deadlock.pending.len() {
        let Some(task) = next else { break };
        waits = Some(task);
        next = match &task.activity {
            Activity::Waiting { at, what } if *at == JOIN => {
                deadlock.pending.iter().find(|other| *other.lineage == **what)
            }
            _ => None,
        };
    }
    waits.map_or_else(String::new, |task| format!("{} at {}", without_ordinals(&task.lineage), place(task)))
}

fn place(task: &PendingTask) -> &'static str {
    match &task.activity {
        Activity::Waiting { at, .. } => at,
        _ => "poll",
    }
}

/// The path without the numbers that tell tasks of one name apart.
fn without_ordinals(path: &str) -> String {
    let mut text = String::new();
    let mut characters = path.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' => text.extend([Some(character), characters.next()].into_iter().flatten()),
            '#' => while characters.next_if(char::is_ascii_digit).is_some() {},
            _ => text.push(character),
        }
    }
    text
}

impl fmt::Display for Signature {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Signature { class, property, site } = self;
        out.write_str(class)?;
        if !property.is_empty() {
            write!(out, " {property:?}")?;
        }
        match site {
            Site::Unknown => Ok(()),
            Site::File(place) | Site::Function(place) => write!(out, " @ {place}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_executor::{Executor, ProductionOrder, spawn_named};

    #[test]
    fn numbers_in_messages_are_no_part_of_a_signature() {
        for (message, normal) in [
            ("10 were lost", "N were lost"),
            ("at 0x7ffe_01ab: gone", "at N: gone"),
            ("after 1.500s, -3 of 1_000", "after Ns, -N of N"),
            ("node n2 and task_3 stay", "node n2 and task_3 stay"),
            ("assertion `left == right` failed\n  left: 3\n right: 4", "assertion `left == right` failed"),
            ("ends with 3.", "ends with N."),
            ("", ""),
        ] {
            assert_eq!(normalised(message), normal);
        }
        assert_eq!(normalised(&"é".repeat(1_000)).chars().count(), PROPERTY_CHARS_MAX);
    }

    #[test]
    fn a_property_is_known_by_its_kind_and_name_and_not_by_its_task() {
        let broken = |task: &'static str, name: &'static str| {
            let mut executor = Executor::new(ProductionOrder);
            let ended = executor.block_on(async move {
                let task = spawn_named(task, async move { sim_executor::always!(false, name, "{task}") });
                task.await.unwrap();
            });
            Signature::of(&executor.finish(ended.unwrap_err().into())).unwrap()
        };
        assert_eq!(broken("one", "no money is lost"), broken("other", "no money is lost"));
        assert_ne!(broken("one", "no money is lost"), broken("one", "no money is made"));
        assert_eq!(broken("one", "no money is lost").to_string(), "property \"always no money is lost\"");
    }

    fn deadlock(name: &'static str, others: usize) -> Signature {
        let mut executor = Executor::new(ProductionOrder);
        let ended = executor.block_on(async move {
            for _ in 0..others {
                drop(spawn_named("other", std::future::pending::<()>()));
            }
            for _ in 0..3 {
                let task = spawn_named(name, std::future::pending::<()>());
                if others != 1 {
                    task.await.unwrap();
                }
            }
            spawn_named(name, std::future::pending::<()>()).await.unwrap();
        });
        Signature::of(&executor.finish(ended.unwrap_err().into())).unwrap()
    }

    #[test]
    fn a_deadlock_is_who_waits_where_at_the_end_of_the_chain() {
        assert_eq!(deadlock("one", 0).to_string(), "deadlock \"main/one at poll\"");
        assert_eq!(deadlock("one", 0), deadlock("one", 5), "whatever else there is");
        assert_eq!(deadlock("one", 0), deadlock("one", 1), "and whichever of that name it is");
        assert_ne!(deadlock("one", 0), deadlock("two", 0));
    }

    #[test]
    fn a_run_without_a_failure_has_no_signature() {
        assert_eq!(Signature::of(&Executor::new(ProductionOrder).finish(Outcome::Done)), None);
    }

    #[test]
    fn a_panic_is_told_by_its_file_where_no_function_is_known() {
        let report = |location: &str, function: Option<&str>| {
            let mut executor = Executor::new(ProductionOrder);
            let error = executor.block_on(async { panic!("7 is too much") }).map(|(): ()| ()).unwrap_err();
            let mut report = executor.finish(error.into());
            if let Outcome::Error(RunError::Panicked(panic)) = &mut report.outcome {
                panic.location = Some(location.to_string());
            }
            let functions = function.map(|function| (location.to_string(), function.to_string()));
            report.panicked_in = functions.into_iter().collect();
            Signature::of(&report).unwrap()
        };
        let by_file = report("src/bank.rs:7:13", None);
        assert_eq!(by_file.to_string(), "panic \"N is too much\" @ src/bank.rs");
        assert_eq!(by_file, report("src/bank.rs:900:1", None), "the line may change");
        let by_function = report("src/bank.rs:7:13", Some("bank::take"));
        assert_eq!(by_function.to_string(), "panic \"N is too much\" @ bank::take");
        assert_ne!(by_function, report("src/bank.rs:7:13", Some("bank::give")));
        assert!(!by_function.matches(&report("src/bank.rs:7:13", Some("bank::give"))));
        let inlined = report("src/bank.rs:7:13", Some("take"));
        assert!(by_function.matches(&inlined) && inlined.matches(&by_function));
        assert!(!by_function.matches(&report("src/bank.rs:7:13", Some("ake"))));
        assert!(by_function.matches(&by_file), "a build without symbols knows less");
        assert!(!by_file.matches(&report("src/other.rs:1:1", None)));
    }
}

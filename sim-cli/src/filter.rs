//! Which records of a log are shown.

use std::fmt;
use std::str::FromStr;

use sim_executor::{Event, Record, TraceLevel};

/// A filter: `task=server/conn*`, `node=server,client`, `kind=done,panicked`. Of its values one is enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Filter {
    /// Paths of tasks, in which `*` stands for any text.
    Task(Vec<String>),
    /// Names of nodes, in which `*` stands for any text.
    Node(Vec<String>),
    Kind(Vec<Kind>),
}

/// What a record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Event,
    Spawned,
    Polled,
    Woke,
    Done,
    Cancelled,
    Panicked,
    Blocked,
    Node,
    Clock,
    Net,
}

/// This is no filter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FilterError {
    #[error(
        "{text:?} is no filter: write task=PATH, node=NAME or kind=KIND, each with several values if need be: task=server/conn*,client"
    )]
    Form { text: String },
    #[error("a filter has a value: write {field}=…")]
    Empty { field: &'static str },
    #[error("there is no kind {kind:?} of records; there are {}", Kind::names().join(", "))]
    Kind { kind: String },
}

impl Kind {
    const ALL: [Kind; 11] = [
        Kind::Event,
        Kind::Spawned,
        Kind::Polled,
        Kind::Woke,
        Kind::Done,
        Kind::Cancelled,
        Kind::Panicked,
        Kind::Blocked,
        Kind::Node,
        Kind::Clock,
        Kind::Net,
    ];

    const fn name(self) -> &'static str {
        match self {
            Kind::Event => "event",
            Kind::Spawned => "spawned",
            Kind::Polled => "polled",
            Kind::Woke => "woke",
            Kind::Done => "done",
            Kind::Cancelled => "cancelled",
            Kind::Panicked => "panicked",
            Kind::Blocked => "blocked",
            Kind::Node => "node",
            Kind::Clock => "clock",
            Kind::Net => "net",
        }
    }

    fn names() -> Vec<&'static str> {
        Kind::ALL.into_iter().map(Kind::name).collect()
    }

    fn of(event: &Event) -> Kind {
        match event {
            Event::Spawned { .. } => Kind::Spawned,
            Event::Polled => Kind::Polled,
            Event::Woke { .. } => Kind::Woke,
            Event::Done => Kind::Done,
            Event::Cancelled => Kind::Cancelled,
            Event::Panicked { .. } => Kind::Panicked,
            Event::Blocked { .. } => Kind::Blocked,
            Event::NodeDown { .. } | Event::NodeFrozen | Event::NodeStarted | Event::NodeThawed => Kind::Node,
            Event::ClockSet { .. } | Event::ClockStepped { .. } => Kind::Clock,
            Event::Device { .. } => Kind::Net,
            _ => Kind::Event,
        }
    }

    /// How much is to be traced so that there are records of this kind.
    const fn level(self) -> TraceLevel {
        match self {
            Kind::Event | Kind::Node | Kind::Clock => TraceLevel::Events,
            Kind::Woke => TraceLevel::Wakes,
            _ => TraceLevel::All,
        }
    }
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        let form = || FilterError::Form { text: text.to_string() };
        let (field, values) = text.split_once('=').ok_or_else(form)?;
        let field = ["task", "node", "kind"].into_iter().find(|known| *known == field).ok_or_else(form)?;
        let values: Vec<String> = values.split(',').map(|value| value.trim().to_string()).collect();
        if values.iter().any(String::is_empty) {
            return Err(FilterError::Empty { field });
        }
        Ok(match field {
            "task" => Filter::Task(values),
            "node" => Filter::Node(values),
            _ => {
                let kind = |name: String| {
                    let known = Kind::ALL.into_iter().find(|kind| kind.name() == name);
                    known.ok_or(FilterError::Kind { kind: name })
                };
                Filter::Kind(values.into_iter().map(kind).collect::<Result<_, _>>()?)
            }
        })
    }
}

impl fmt::Display for Filter {
    /// As it is written.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Filter::Task(paths) => write!(out, "task={}", paths.join(",")),
            Filter::Node(names) => write!(out, "node={}", names.join(",")),
            Filter::Kind(kinds) => {
                let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
                write!(out, "kind={}", names.join(","))
            }
        }
    }
}

impl Filter {
    fn matches(&self, record: &Record) -> bool {
        match self {
            Filter::Task(paths) => paths.iter().any(|path| matches_text(path, &record.lineage)),
            Filter::Node(names) => names.iter().any(|name| matches_text(name, record.node())),
            Filter::Kind(kinds) => kinds.contains(&Kind::of(&record.event)),
        }
    }

    const fn field(&self) -> u8 {
        match self {
            Filter::Task(_) => 0,
            Filter::Node(_) => 1,
            Filter::Kind(_) => 2,
        }
    }

    /// How much is to be traced so that there is something for it.
    pub(crate) fn level(&self) -> TraceLevel {
        match self {
            Filter::Task(_) | Filter::Node(_) => TraceLevel::Off,
            Filter::Kind(kinds) => kinds.iter().map(|kind| kind.level()).max().unwrap_or_default(),
        }
    }
}

/// Whether a record is one of these: of filters with the same field one is enough, of different fields all are needed.
pub(crate) fn all_match(filters: &[Filter], record: &Record) -> bool {
    filters.iter().all(|filter| {
        let same = filters.iter().filter(|other| other.field() == filter.field());
        same.into_iter().any(|other| other.matches(record))
    })
}

/// Whether a text is of a pattern, in which `*` stands for any text.
fn matches_text(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(place) => rest = &rest[place + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_executor::Instant;

    fn record(path: &str, event: Event) -> Record {
        Record { at: Instant::START, lineage: path.into(), event }
    }

    fn are_matched(filters: &[&str], path: &str, event: Event) -> bool {
        let filters: Vec<Filter> = filters.iter().map(|filter| filter.parse().unwrap()).collect();
        all_match(&filters, &record(path, event))
    }

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, text) in [
            ("main", "main"),
            ("*", ""),
            ("ser*", "server"),
            ("*/conn*", "server/conn#2"),
            ("a*b*c", "a-b-b-c"),
        ] {
            assert!(matches_text(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("main", "main/a"), ("ser", "server"), ("a*a", "a"), ("*b*c", "b"), ("", "a")]
        {
            assert!(!matches_text(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn one_value_of_a_field_is_enough_and_all_fields_are_needed() {
        let matched = |filters: &[&str]| are_matched(filters, "server/conn#2", Event::Done);
        assert!(matched(&[]) && matched(&["task=main,server/*"]) && matched(&["task=main", "task=server/*"]));
        assert!(matched(&["node=server", "kind=done,polled"]));
        assert!(!matched(&["node=server", "kind=polled"]) && !matched(&["node=serve", "kind=done"]));
        assert!(!matched(&["node=server/conn#2"]));
    }

    #[test]
    fn each_kind_has_its_name_and_asks_for_as_much_of_a_trace_as_it_needs() {
        for kind in Kind::ALL {
            let filter: Filter = format!("kind={}", kind.name()).parse().unwrap();
            assert_eq!((&filter, filter.level()), (&Filter::Kind(vec![kind]), kind.level()));
            assert_eq!(filter.to_string(), format!("kind={}", kind.name()));
        }
        let level = |text: &str| text.parse::<Filter>().unwrap().level();
        assert_eq!(level("kind=event,woke"), TraceLevel::Wakes);
        assert_eq!(level("node=a"), TraceLevel::Off);
    }

    #[test]
    fn what_is_no_filter_is_refused_with_what_to_write() {
        let refused = |text: &str| text.parse::<Filter>().unwrap_err().to_string();
        for text in ["server", "nodes=server", "=a", ""] {
            assert!(
                refused(text).contains("write task=PATH, node=NAME or kind=KIND"),
                "{text}: {}",
                refused(text)
            );
        }
        assert_eq!(refused("node="), "a filter has a value: write node=…");
        assert_eq!(refused("task=a,,b"), "a filter has a value: write task=…");
        let kinds = refused("kind=packets");
        assert!(
            kinds.starts_with("there is no kind \"packets\" of records; there are event, spawned, "),
            "{kinds}"
        );
    }
}

//! Exceptions as the entries of a failure file: streams and lineages become names.

use std::collections::BTreeMap;
use std::rc::Rc;

use sim_executor::{Key, Names, Value, hash_str, resolve};

use super::{BaseOrder, DecisionName, FileValue, Moment, Simfail, TurnName};
use crate::exceptions::{AnswerKind, Exceptions, Turn, TurnException, ValueException};

/// The label of a stream that has no name. Its lineage is then the stream itself, written as the hash of a long path is.
const UNNAMED: &str = "?";

/// An exception, as it stands in the file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Entry {
    Turn(Moment, TurnName),
    Value(DecisionName),
}

impl Simfail {
    /// Takes over these exceptions in place of those that it has.
    pub(super) fn set_exceptions(&mut self, exceptions: &Exceptions) {
        let Exceptions { batches, holds_max, decision_points, asked_anyway, .. } = *exceptions;
        self.order = BaseOrder::Default { batches, holds_max, decision_points, asked_anyway };
        self.schedule = exceptions.schedule.iter().map(|turn| named_turn(exceptions, turn)).collect();
        self.faults.clear();
        self.values.clear();
        for value in &exceptions.values {
            let name = named_value(&exceptions.names, value.key);
            match value.value {
                Value::Flag(true) if exceptions.kind(value) == AnswerKind::Fault => {
                    self.faults.insert(name);
                }
                Value::Flag(flag) => drop(self.values.insert(name, FileValue::Flag(flag))),
                Value::Int(number) => drop(self.values.insert(name, FileValue::Number(number))),
                Value::Pick { .. } => panic!("a value exception is no pick of a task"),
            }
        }
    }

    /// What it lists, as keys; and for each key where that stands. A name that no task and no operation can have gets a key that no
    /// run comes to.
    pub(super) fn keyed(&self) -> (Exceptions, BTreeMap<Key, Entry>) {
        let mut exceptions = Exceptions::default();
        if let BaseOrder::Default { batches, holds_max, decision_points, asked_anyway } = self.order {
            exceptions = Exceptions { batches, holds_max, decision_points, asked_anyway, ..exceptions };
        }
        let mut entries = BTreeMap::new();
        for (moment, task) in &self.schedule {
            let after = match moment {
                Moment::Start => Key::START,
                Moment::After(name) => key(name, resolve::point_stream),
            };
            let run = Turn { lineage: lineage(&task.task), nth: task.nth };
            exceptions.schedule.push(TurnException { after, run });
            exceptions.tasks.insert(run.lineage, task.task.as_str().into());
            entries.insert(after, Entry::Turn(moment.clone(), task.clone()));
        }
        let faults = self.faults.iter().map(|name| (name, Value::Flag(true)));
        let values = self.values.iter().map(|(name, value)| match value {
            FileValue::Flag(flag) => (name, Value::Flag(*flag)),
            FileValue::Number(number) => (name, Value::Int(*number)),
        });
        for (name, value) in faults.chain(values) {
            let key = key(name, resolve::value_stream);
            exceptions.values.push(ValueException { key, value });
            entries.insert(key, Entry::Value(name.clone()));
        }
        (exceptions, entries)
    }

    /// What it lists, as a source follows it.
    #[must_use]
    pub fn exceptions(&self) -> Exceptions {
        self.keyed().0
    }
}

fn named_turn(exceptions: &Exceptions, turn: &TurnException) -> (Moment, TurnName) {
    let TurnException { after, run } = turn;
    let moment = if *after == Key::START {
        Moment::Start
    } else {
        let is_point = |name: &DecisionName| key(name, resolve::point_stream).stream == after.stream;
        let named = exceptions.names.get(&after.stream).map(|name| {
            let label = name.label.strip_prefix("after ").unwrap_or(&name.label);
            DecisionName::new(&name.lineage, label, after.ordinal)
        });
        Moment::After(named.filter(is_point).unwrap_or_else(|| unnamed(*after)))
    };
    let path = exceptions.tasks.get(&run.lineage).filter(|path| resolve::lineage(path) == Some(run.lineage));
    let task = path.map_or_else(|| as_path(run.lineage), Rc::to_string);
    (moment, TurnName { task, nth: run.nth })
}

fn named_value(names: &Names, of: Key) -> DecisionName {
    let named = names.get(&of.stream).map(|name| DecisionName::new(&name.lineage, &name.label, of.ordinal));
    let is_value = |name: &DecisionName| key(name, resolve::value_stream).stream == of.stream;
    named.filter(is_value).unwrap_or_else(|| unnamed(of))
}

fn unnamed(key: Key) -> DecisionName {
    DecisionName::new(&as_path(key.stream), UNNAMED, key.ordinal)
}

fn as_path(hash: u64) -> String {
    format!("…~{hash:016x}")
}

fn key(name: &DecisionName, stream: fn(&str, &str) -> Option<u64>) -> Key {
    let DecisionName { lineage, label, ordinal } = name;
    let is_unnamed = label == UNNAMED && lineage.starts_with("…~") && !lineage.contains('/');
    let stream = if is_unnamed { resolve::lineage(lineage) } else { stream(lineage, label) };
    Key { stream: stream.unwrap_or_else(|| hash_str(&name.to_string())), ordinal: *ordinal }
}

fn lineage(path: &str) -> u64 {
    resolve::lineage(path).unwrap_or_else(|| hash_str(path))
}

impl DecisionName {
    fn new(lineage: &str, label: &str, ordinal: u32) -> Self {
        DecisionName { lineage: lineage.to_string(), label: label.to_string(), ordinal }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_executor::{Label, Lineages, Name};

    /// Two turns, a fault and two values; without names where they are not wanted.
    fn exceptions(named: bool) -> Exceptions {
        let mut lineages = Lineages::default();
        let (one, other) = (lineages.root("a/b"), lineages.root("other task"));
        let label = Label::new("lock @ x");
        let after = Key { stream: Key::after(lineages.hash(one), label), ordinal: 3 };
        let turn = |after, lineage, nth| TurnException { after, run: Turn { lineage, nth } };
        let value = |label: &'static str, value| {
            let key = Key { stream: Key::stream(lineages.hash(other), Label::new(label)), ordinal: 1 };
            ValueException { key, value }
        };
        let values = vec![
            value("link.loss", Value::Flag(true)),
            value("user:flip", Value::Flag(true)),
            value("link.latency", Value::Int(7)),
        ];
        let schedule = vec![turn(Key::START, lineages.hash(other), 1), turn(after, lineages.hash(other), 0)];
        let mut exceptions =
            Exceptions { batches: true, holds_max: 9, schedule, values, ..Exceptions::default() };
        if named {
            let mut name = |stream, lineage, label: &str| {
                exceptions.names.insert(stream, Name { lineage, label: label.into() })
            };
            name(after.stream, lineages.path(one), "after lock @ x");
            for (place, label) in ["link.loss", "user:flip", "link.latency"].into_iter().enumerate() {
                name(exceptions.values[place].key.stream, lineages.path(other), label);
            }
            exceptions.tasks.insert(lineages.hash(other), lineages.path(other));
        }
        exceptions
    }

    fn file(exceptions: &Exceptions) -> Simfail {
        let mut file = Simfail::default();
        file.set_exceptions(exceptions);
        file
    }

    #[test]
    fn exceptions_are_written_by_their_names() {
        let text = file(&exceptions(true)).to_string();
        let body: Vec<&str> = text.lines().skip_while(|line| !line.starts_with("order")).collect();
        let expected = [
            "order      default batches holds=9",
            "",
            "[faults]",
            "\"other task\" @ link.loss #1  on",
            "",
            "[schedule]",
            "start   run \"other task\" ~2",
            r#"after a\/b @ "lock @ x" #3   run "other task""#,
            "",
            "[values]",
            "\"other task\" @ link.latency #1  = 7",
            "\"other task\" @ user:flip #1  = true",
        ];
        assert_eq!(body[..expected.len()], expected);
    }

    #[test]
    fn what_is_read_again_is_followed_as_what_was_written() {
        for named in [true, false] {
            let written = exceptions(named);
            let read = Simfail::parse(file(&written).to_string().as_bytes()).unwrap().exceptions();
            assert_eq!((read.batches, read.holds_max), (true, 9));
            assert_eq!(read.schedule, written.schedule, "named: {named}");
            let sorted = |exceptions: &Exceptions| {
                let mut values: Vec<_> = exceptions.values.clone();
                values.sort_by_key(|value| value.key);
                values
            };
            assert_eq!(sorted(&read), sorted(&written), "named: {named}");
        }
    }

    #[test]
    fn a_name_that_nothing_can_have_is_one_that_no_run_comes_to() {
        let mut file = Simfail::default();
        let moment = Moment::After(DecisionName::new("a#1", "x", 0));
        file.schedule.insert(moment, TurnName { task: r"b\".to_string(), nth: 0 });
        assert_eq!(file.exceptions().schedule.len(), 1);
    }
}

//! A smaller run that may show the same failure.

use sim_executor::{Source, Value, hash_str, mix};

use super::names::Names;
use crate::exceptions::{Exceptions, Follow, Turn, TurnException, ValueException};

/// What a run is to be like.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) order: Order,
    pub(super) values: Vec<ValueException>,
}

/// Whose turn it is at the contended steps.
#[derive(Clone, Debug)]
pub(super) enum Order {
    /// The default's, but for these.
    Exceptions(Vec<TurnException>),
    /// These one after the other, as far as they are ready; then the default's.
    Names(Vec<Turn>),
}

impl Plan {
    /// The source that makes the run, in the circumstances of the run that failed.
    pub(super) fn source(&self, found: &Exceptions) -> Box<dyn Source> {
        let exceptions = |schedule| Exceptions { schedule, values: self.values.clone(), ..found.none() };
        match &self.order {
            Order::Exceptions(schedule) => Box::new(Follow::new(&exceptions(schedule.clone())).0),
            Order::Names(names) => Box::new(Names::new(names.clone(), &exceptions(Vec::new()))),
        }
    }

    /// A number that is another for another plan.
    pub(super) fn digest(&self) -> u64 {
        const SCHEDULE: u64 = hash_str("schedule");
        const NAMES: u64 = hash_str("names");
        let key = |digest, key: sim_executor::Key| mix(mix(digest, key.stream), u64::from(key.ordinal));
        let turn = |digest, turn: Turn| mix(mix(digest, turn.lineage), u64::from(turn.nth));
        let order = match &self.order {
            Order::Exceptions(schedule) => schedule
                .iter()
                .fold(SCHEDULE, |digest, exception| turn(key(digest, exception.after), exception.run)),
            Order::Names(names) => names.iter().fold(NAMES, |digest, name| turn(digest, *name)),
        };
        self.values.iter().fold(order, |digest, exception| {
            let value = match exception.value {
                Value::Int(number) => number,
                Value::Flag(flag) => u64::from(flag),
                Value::Pick { .. } => 0,
            };
            mix(key(digest, exception.key), value)
        })
    }
}

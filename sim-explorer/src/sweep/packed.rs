//! What runs showed, as bytes that one process hands to another.

use std::collections::{BTreeMap, BTreeSet};

use sim_executor::PropertyKind;

use super::properties::{Count, PropertyTally};
use super::tally::{DistinctFailures, FailedSeed, RunResult, StrategyTally, Tally};
use crate::run_seed::RunSeed;
use crate::signature::{Signature, Site};

/// Reads what other processes of the same program have packed with [`Tally::pack`].
///
/// A name that it reads for the first time is kept until the process ends, as names of properties live so long: there are as many as
/// the program has.
///
/// ```
/// use sim_explorer::{Tally, Unpacker};
///
/// let mut bytes = Vec::new();
/// Tally { runs: 3, ..Tally::default() }.pack(&mut bytes);
/// assert_eq!(Unpacker::default().tally(&bytes).unwrap().runs, 3);
/// assert_eq!(Unpacker::default().tally(&bytes[1..]), None);
/// ```
#[derive(Debug, Default)]
pub struct Unpacker {
    names: BTreeSet<&'static str>,
}

impl Tally {
    /// Appends it to these bytes, which only the same build of this crate understands.
    pub fn pack(&self, bytes: &mut Vec<u8>) {
        let Tally {
            runs,
            failures,
            first_failure,
            production,
            properties,
            strategies,
            distinct,
            orders,
            digest,
        } = self;
        number(bytes, *runs);
        number(bytes, *failures);
        number(bytes, u64::from(first_failure.is_some()));
        if let Some(FailedSeed { seed, result }) = first_failure {
            number(bytes, *seed);
            pack_result(result, bytes);
        }
        number(bytes, u64::from(production.is_some()));
        if let Some(result) = production {
            pack_result(result, bytes);
        }
        let (properties, of_runs) = properties.parts();
        number(bytes, of_runs);
        number(bytes, properties.len() as u64);
        for ((kind, name), count) in properties {
            text(bytes, kind.name());
            text(bytes, name);
            [count.held, count.looked_at, count.runs_held].into_iter().for_each(|count| number(bytes, count));
        }
        number(bytes, strategies.len() as u64);
        for (name, strategy) in strategies {
            text(bytes, name);
            [strategy.runs, strategy.failures].into_iter().for_each(|count| number(bytes, count));
        }
        number(bytes, distinct.len() as u64);
        for (signature, failures) in distinct {
            pack_signature(signature, bytes);
            number(bytes, failures.runs);
            pack_run(failures.first, bytes);
        }
        number(bytes, orders.len() as u64);
        orders.iter().for_each(|order| number(bytes, *order));
        number(bytes, *digest);
    }
}

fn number(bytes: &mut Vec<u8>, number: u64) {
    bytes.extend_from_slice(&number.to_le_bytes());
}

fn text(bytes: &mut Vec<u8>, text: &str) {
    number(bytes, text.len() as u64);
    bytes.extend_from_slice(text.as_bytes());
}

fn pack_result(result: &RunResult, bytes: &mut Vec<u8>) {
    text(bytes, result.outcome);
    number(bytes, u64::from(result.message.is_some()));
    result.message.iter().for_each(|message| text(bytes, message));
    number(bytes, result.hash);
}

fn pack_run(run: RunSeed, bytes: &mut Vec<u8>) {
    match run {
        RunSeed::Production => number(bytes, 0),
        RunSeed::Seed(seed) => [1, seed].into_iter().for_each(|word| number(bytes, word)),
    }
}

fn pack_signature(signature: &Signature, bytes: &mut Vec<u8>) {
    text(bytes, &signature.class);
    text(bytes, &signature.property);
    match &signature.site {
        Site::Unknown => number(bytes, 0),
        Site::File(place) => {
            number(bytes, 1);
            text(bytes, place);
        }
        Site::Function(place) => {
            number(bytes, 2);
            text(bytes, place);
        }
    }
}

impl Unpacker {
    /// What these bytes hold; `None` if they are no tally.
    pub fn tally(&mut self, bytes: &[u8]) -> Option<Tally> {
        let mut reader = Reader { bytes, names: &mut self.names };
        let tally = reader.tally()?;
        reader.bytes.is_empty().then_some(tally)
    }
}

/// What is left to read.
struct Reader<'a> {
    bytes: &'a [u8],
    names: &'a mut BTreeSet<&'static str>,
}

impl Reader<'_> {
    fn number(&mut self) -> Option<u64> {
        let (number, rest) = self.bytes.split_first_chunk()?;
        self.bytes = rest;
        Some(u64::from_le_bytes(*number))
    }

    fn text(&mut self) -> Option<&str> {
        let length = usize::try_from(self.number()?).ok()?;
        let (text, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        std::str::from_utf8(text).ok()
    }

    fn owned(&mut self) -> Option<String> {
        self.text().map(str::to_string)
    }

    fn name(&mut self) -> Option<&'static str> {
        let name = self.owned()?;
        if let Some(known) = self.names.get(name.as_str()) {
            return Some(known);
        }
        let name: &'static str = name.leak();
        self.names.insert(name);
        Some(name)
    }

    /// What is there, or not.
    fn maybe<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        match self.number()? {
            0 => Some(None),
            _ => read(self).map(Some),
        }
    }

    fn many<T>(&mut self, read: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        (0..self.number()?).map(|_| read(self)).collect()
    }

    fn result(&mut self) -> Option<RunResult> {
        let outcome = self.name()?;
        Some(RunResult { outcome, message: self.maybe(Self::owned)?, hash: self.number()? })
    }

    fn failed_seed(&mut self) -> Option<FailedSeed> {
        Some(FailedSeed { seed: self.number()?, result: self.result()? })
    }

    fn property(&mut self) -> Option<((PropertyKind, &'static str), Count)> {
        let kind = self.name()?;
        let kind = PropertyKind::ALL.into_iter().find(|known| known.name() == kind)?;
        let name = self.name()?;
        let [held, looked_at, runs_held] = [self.number()?, self.number()?, self.number()?];
        Some(((kind, name), Count { held, looked_at, runs_held }))
    }

    fn strategy(&mut self) -> Option<(&'static str, StrategyTally)> {
        Some((self.name()?, StrategyTally { runs: self.number()?, failures: self.number()? }))
    }

    fn run(&mut self) -> Option<RunSeed> {
        match self.number()? {
            0 => Some(RunSeed::Production),
            _ => Some(RunSeed::Seed(self.number()?)),
        }
    }

    fn distinct(&mut self) -> Option<(Signature, DistinctFailures)> {
        let (class, property) = (self.owned()?, self.owned()?);
        let site = match self.number()? {
            0 => Site::Unknown,
            1 => Site::File(self.owned()?),
            _ => Site::Function(self.owned()?),
        };
        let failures = DistinctFailures { runs: self.number()?, first: self.run()? };
        Some((Signature { class, property, site }, failures))
    }

    fn tally(&mut self) -> Option<Tally> {
        let (runs, failures) = (self.number()?, self.number()?);
        let first_failure = self.maybe(Self::failed_seed)?;
        let production = self.maybe(Self::result)?;
        let of_runs = self.number()?;
        let properties = BTreeMap::from_iter(self.many(Self::property)?);
        let strategies = BTreeMap::from_iter(self.many(Self::strategy)?);
        let distinct = BTreeMap::from_iter(self.many(Self::distinct)?);
        let orders = BTreeSet::from_iter(self.many(Self::number)?);
        let properties = PropertyTally::of_parts(properties, of_runs);
        let digest = self.number()?;
        Some(Tally {
            runs,
            failures,
            first_failure,
            production,
            properties,
            strategies,
            distinct,
            orders,
            digest,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy::Strategy;
    use sim_executor::{Executor, KeyedRandom, Outcome, choose, sometimes};

    /// With failures of several kinds, properties, and strategies.
    fn tally() -> Tally {
        let mut tally = Tally::default();
        let runs = std::iter::once(RunSeed::Production).chain((0..40).map(RunSeed::Seed));
        for run in runs {
            let mut executor =
                Executor::new(KeyedRandom::new(if let RunSeed::Seed(seed) = run { seed } else { 7 }));
            let ended = executor.block_on(async {
                let drawn = choose(8);
                sometimes!(drawn > 6, "a seven");
                assert_ne!(drawn, 3, "a three");
                drawn
            });
            let outcome = match ended {
                Ok(5) => Outcome::Failed { message: "a five\nof 8".to_string() },
                Ok(_) => Outcome::Done,
                Err(error) => error.into(),
            };
            tally.add(run, Strategy::Portfolio, &executor.finish(outcome));
        }
        tally.add_death(RunSeed::Seed(40), Strategy::Portfolio, "the process has ended");
        tally
    }

    #[test]
    fn what_was_packed_is_unpacked_again() {
        let tally = tally();
        assert!(tally.distinct.len() == 3 && tally.strategies.len() > 3 && !tally.properties.is_empty());
        for tally in [tally, Tally::default()] {
            let mut bytes = Vec::new();
            tally.pack(&mut bytes);
            assert_eq!(Unpacker::default().tally(&bytes), Some(tally));
        }
    }

    #[test]
    fn bytes_that_are_cut_or_go_on_are_no_tally() {
        let mut bytes = Vec::new();
        tally().pack(&mut bytes);
        let mut unpacker = Unpacker::default();
        for cut in 0..bytes.len() {
            assert_eq!(unpacker.tally(&bytes[..cut]), None, "{cut} of {} bytes", bytes.len());
        }
        bytes.push(0);
        assert_eq!(unpacker.tally(&bytes), None);
        assert_eq!(unpacker.tally(&[0xff; 64]), None);
    }
}

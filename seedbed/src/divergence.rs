//! A program that does not do the same twice.

use std::fmt;

use sim_explorer::Recipe;

use crate::causes::Causes;
use crate::reproduce::{TestCommand, Under};

/// Two runs with the same choices went different ways, so something that is no choice of the run decides in the program.
/// Its text is what the test shows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", Text(self))]
pub struct Divergence {
    /// The name of the test, as `cargo test` takes it.
    pub name: String,
    /// How it was made.
    pub run: Recipe,
    /// The hashes of the two.
    pub hashes: [u64; 2],
    /// Where they part, if it could be seen.
    pub difference: Option<Difference>,
    /// What runs the test again.
    pub command: TestCommand,
}

/// The first records that differ in two traces, as text; `None` where one had ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// How many records are the same before.
    pub same: usize,
    /// What happened next in the one, and in the other.
    pub records: [Option<String>; 2],
}

impl Difference {
    pub(crate) fn between(one: &[String], other: &[String]) -> Option<Difference> {
        let same = one.iter().zip(other).take_while(|(one, other)| one == other).count();
        let records = [one, other].map(|lines| lines.get(same).cloned());
        records.iter().any(Option::is_some).then_some(Difference { same, records })
    }
}

struct Text<'a>(&'a Divergence);

impl fmt::Display for Text<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Divergence { name, run, hashes: [first, second], difference, command } = self.0;
        writeln!(
            out,
            "{name} is not deterministic: two runs {} went different ways (hash {first:016x}, then {second:016x})",
            Under(run)
        )?;
        match difference {
            Some(Difference { same, records }) => {
                writeln!(out, "the first {same} records of their traces are the same, then came")?;
                for (which, record) in ["in one run:  ", "in the other:"].iter().zip(records) {
                    match record {
                        Some(record) => writeln!(out, "  {which} {record}")?,
                        None => writeln!(out, "  {which} the end")?,
                    }
                }
            }
            None => {
                writeln!(out, "later runs have the same trace: perhaps a static is set up in the first one")?
            }
        }
        writeln!(out, "{}", Causes::of_this_program())?;
        write!(out, "reproduce: {command}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| format!("0.000 main {text}")).collect()
    }

    #[test]
    fn equal_traces_do_not_differ() {
        assert_eq!(Difference::between(&trace(&["a", "b"]), &trace(&["a", "b"])), None);
    }

    #[test]
    fn the_first_difference_is_found_also_at_an_end() {
        let difference = Difference::between(&trace(&["a", "b"]), &trace(&["a", "c", "d"])).unwrap();
        assert_eq!(difference.same, 1);
        assert_eq!(difference.records[1].as_deref(), Some("0.000 main c"));
        let difference = Difference::between(&trace(&["a"]), &trace(&["a", "b"])).unwrap();
        assert_eq!((difference.same, &difference.records[0]), (1, &None));
    }
}

//! Which kinds of decisions a search deviates from.

use std::fmt;
use std::str::FromStr;

use sim_executor::{Domain, Fault, Faults, Point};

/// Which kinds of decisions deviate. Its text is their names with a plus between them: `order+value`, `loss+crash`.
///
/// `order`, `flag` and `value` are all questions of a form, as far as they are asked. The name of a [`Fault`] is the questions about that,
/// and these are then asked also where its probability is zero: with `loss` each packet of a perfect link is lost once.
///
/// ```
/// use sim_executor::{Fault, Faults};
/// use sim_explorer::Kinds;
///
/// assert_eq!("order+value".parse(), Ok(Kinds { flag: false, ..Kinds::ALL }));
/// assert_eq!("loss+crash".parse(), Ok(Kinds::of(Faults::of(Fault::Loss) | Faults::of(Fault::Crash))));
/// assert!("order+packets".parse::<Kinds>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kinds {
    /// Which of several ready tasks is polled next.
    pub order: bool,
    /// Whether something happens that need not: a packet is lost, a flip of the program says yes.
    pub flag: bool,
    /// Numbers: latencies, lengths of reads, what the program draws.
    pub value: bool,
    /// What is asked about these, also where their probability is zero.
    pub faults: Faults,
}

/// This text names no kinds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no kind of decision {name:?}; there are {}, with a + between them", known())]
pub struct ParseKindsError {
    /// What was asked for.
    pub name: String,
}

fn known() -> String {
    let faults: Vec<&str> = Fault::ALL.into_iter().map(Fault::name).collect();
    format!("order, flag, value, {}", faults.join(", "))
}

impl Kinds {
    /// All that are asked by themselves.
    pub const ALL: Kinds = Kinds { order: true, flag: true, value: true, faults: Faults::NONE };

    const NONE: Kinds = Kinds::of(Faults::NONE);

    /// These faults alone.
    #[must_use]
    pub const fn of(faults: Faults) -> Self {
        Kinds { order: false, flag: false, value: false, faults }
    }

    /// Whether this question deviates.
    pub(super) fn has(self, point: &Point<'_>) -> bool {
        let is_of_form = match point.domain {
            Domain::Among(_) => return self.order,
            Domain::Flag { .. } => self.flag,
            Domain::Int { .. } => self.value,
        };
        is_of_form
            || (!self.faults.is_empty()
                && Fault::of(point.label.name()).is_some_and(|fault| self.faults.has(fault)))
    }
}

impl Default for Kinds {
    fn default() -> Self {
        Kinds::ALL
    }
}

impl fmt::Display for Kinds {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let forms = [(self.order, "order"), (self.flag, "flag"), (self.value, "value")];
        let forms = forms.into_iter().filter_map(|(is_on, name)| is_on.then_some(name));
        let names: Vec<&str> = forms.chain(self.faults.iter().map(Fault::name)).collect();
        out.pad(&names.join("+"))
    }
}

impl FromStr for Kinds {
    type Err = ParseKindsError;

    fn from_str(text: &str) -> Result<Self, ParseKindsError> {
        let mut kinds = Kinds::NONE;
        for name in text.split('+') {
            match name {
                "order" => kinds.order = true,
                "flag" => kinds.flag = true,
                "value" => kinds.value = true,
                _ => {
                    let fault = Fault::named(name);
                    let fault = fault.ok_or_else(|| ParseKindsError { name: name.to_string() })?;
                    kinds.faults = kinds.faults | Faults::of(fault);
                }
            }
        }
        Ok(kinds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_kinds_is_understood() {
        let mut all =
            vec![Kinds::ALL, Kinds { order: false, ..Kinds::ALL }, Kinds { value: true, ..Kinds::NONE }];
        all.extend(Fault::ALL.map(|fault| Kinds { order: true, ..Kinds::of(Faults::of(fault)) }));
        for kinds in all {
            assert_eq!(kinds.to_string().parse(), Ok(kinds));
        }
        assert_eq!("".parse::<Kinds>(), Err(ParseKindsError { name: String::new() }));
        let error = "packets".parse::<Kinds>().unwrap_err().to_string();
        assert!(error.contains("there are order, flag, value, loss, "), "{error}");
    }
}

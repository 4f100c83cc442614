//! Which kinds of decisions a search deviates from.

use std::fmt;
use std::str::FromStr;

use sim_executor::Domain;

/// Which kinds of decisions deviate. Its text is their names with a plus between them: `order+flag+value`.
///
/// ```
/// use sim_explorer::Kinds;
///
/// assert_eq!("order+value".parse(), Ok(Kinds { flag: false, ..Kinds::ALL }));
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
}

/// This text names no kinds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no kind of decision {name:?}; there are order, flag and value, with a + between them")]
pub struct ParseKindsError {
    /// What was asked for.
    pub name: String,
}

impl Kinds {
    /// All there are.
    pub const ALL: Kinds = Kinds { order: true, flag: true, value: true };

    const NONE: Kinds = Kinds { order: false, flag: false, value: false };

    /// Whether decisions of this domain deviate.
    pub(super) const fn has(self, domain: &Domain<'_>) -> bool {
        match domain {
            Domain::Among(_) => self.order,
            Domain::Flag { .. } => self.flag,
            Domain::Int { .. } => self.value,
        }
    }
}

impl Default for Kinds {
    fn default() -> Self {
        Kinds::ALL
    }
}

impl fmt::Display for Kinds {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = [(self.order, "order"), (self.flag, "flag"), (self.value, "value")];
        let names: Vec<&str> = named.into_iter().filter_map(|(is_on, name)| is_on.then_some(name)).collect();
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
                _ => return Err(ParseKindsError { name: name.to_string() }),
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
        for kinds in [Kinds::ALL, Kinds { order: false, ..Kinds::ALL }, Kinds { value: true, ..Kinds::NONE }]
        {
            assert_eq!(kinds.to_string().parse(), Ok(kinds));
        }
        assert_eq!("".parse::<Kinds>(), Err(ParseKindsError { name: String::new() }));
    }
}

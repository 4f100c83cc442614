//! One share of many runs.

use std::fmt;
use std::str::FromStr;

/// One share of what is shared out in turn: of three shares the first has number 0, 3, 6 and so on. So shares are disjoint, and all
/// of them together are the whole, however many there are.
///
/// ```
/// use sim_explorer::Shard;
///
/// let shard: Shard = "2/3".parse().unwrap();
/// assert_eq!((0..7).filter(|&number| shard.has(number)).collect::<Vec<_>>(), [1, 4]);
/// assert_eq!(shard.share_of(7), 2);
/// assert_eq!(shard.to_string(), "2/3");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shard {
    /// From 0 on.
    index: u32,
    /// Above the index.
    count: u32,
}

/// This names no share.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no shard: write I/N, such as 1/4 to 4/4 for the four quarters")]
pub struct ParseShardError {
    /// What was given.
    pub text: String,
}

impl Shard {
    /// All of it.
    pub const WHOLE: Shard = Shard { index: 0, count: 1 };

    /// The share of that number, counted from 0, of so many; `None` if there are fewer.
    #[must_use]
    pub const fn new(index: u32, count: u32) -> Option<Self> {
        if index < count { Some(Shard { index, count }) } else { None }
    }

    /// Its number, counted from 0.
    #[must_use]
    pub const fn index(self) -> u32 {
        self.index
    }

    /// How many shares there are.
    #[must_use]
    pub const fn count(self) -> u32 {
        self.count
    }

    /// Whether it is the first.
    #[must_use]
    pub const fn is_first(self) -> bool {
        self.index == 0
    }

    /// Whether what has this number, counted from 0, belongs to it.
    #[must_use]
    pub const fn has(self, number: u64) -> bool {
        number % self.count as u64 == self.index as u64
    }

    /// How many of so many belong to it.
    #[must_use]
    pub const fn share_of(self, total: u64) -> u64 {
        let (index, count) = (self.index as u64, self.count as u64);
        total / count + (index < total % count) as u64
    }

    /// The number of its thing of that number: the second of the third share of four is number 6.
    #[must_use]
    pub const fn nth(self, number: u64) -> u64 {
        number * self.count as u64 + self.index as u64
    }
}

impl fmt::Display for Shard {
    /// As [`FromStr`] takes it: counted from 1.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", u64::from(self.index) + 1, self.count)
    }
}

impl FromStr for Shard {
    type Err = ParseShardError;

    fn from_str(text: &str) -> Result<Self, ParseShardError> {
        let parsed = text.split_once('/').and_then(|(number, count)| {
            let number: u32 = number.parse().ok()?;
            Shard::new(number.checked_sub(1)?, count.parse().ok()?)
        });
        parsed.ok_or_else(|| ParseShardError { text: text.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_names_no_shard_is_refused() {
        for text in ["", "1", "0/3", "4/3", "1/0", "-1/2", "1/2/3", "a/b"] {
            assert_eq!(text.parse::<Shard>(), Err(ParseShardError { text: text.to_string() }));
        }
        assert_eq!("1/1".parse(), Ok(Shard::WHOLE));
        assert_eq!(Shard::new(3, 3), None);
    }

    proptest! {
        #[test]
        fn shards_are_disjoint_and_complete(total in 0_u64..200, count in 1_u32..40) {
            let shards: Vec<Shard> = (0..count).map(|index| Shard::new(index, count).unwrap()).collect();
            for number in 0..total {
                prop_assert_eq!(shards.iter().filter(|shard| shard.has(number)).count(), 1);
            }
            for shard in shards {
                let own: Vec<u64> = (0..total).filter(|&number| shard.has(number)).collect();
                prop_assert_eq!(own.len() as u64, shard.share_of(total));
                prop_assert!(own.into_iter().eq((0..shard.share_of(total)).map(|number| shard.nth(number))));
                prop_assert_eq!(shard.to_string().parse(), Ok(shard));
            }
        }
    }
}

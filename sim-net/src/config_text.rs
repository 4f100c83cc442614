//! The text of a configuration: times, probabilities.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de::Error};
use sim_executor::Ratio;

/// The units of time, in nanoseconds.
const UNITS: [(&str, u64); 6] = [
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("min", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// A time such as `"25 ms"`.
///
/// # Errors
/// If it is none.
pub(crate) fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_duration(&text).ok_or_else(|| {
        D::Error::custom(format!(
            "{text:?} is no time: write a whole number with its unit, such as \"25 ms\" (ns, us, ms, s, min, h)"
        ))
    })
}

/// A probability such as `"1/100"`.
///
/// # Errors
/// If it is none.
pub(crate) fn ratio<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Ratio, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_ratio(&text).ok_or_else(|| {
        D::Error::custom(format!(
            "{text:?} is no probability: write a fraction of at most one, such as \"1/100\", or \"never\" or \"always\""
        ))
    })
}

fn parse_duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit() && c != '_')?);
    let number: u64 = number.replace('_', "").parse().ok()?;
    let &(_, ns) = UNITS.iter().find(|(name, _)| *name == unit.trim())?;
    Some(Duration::from_nanos(number.checked_mul(ns)?))
}

fn parse_ratio(text: &str) -> Option<Ratio> {
    match text.trim() {
        "never" => Some(Ratio::NEVER),
        "always" => Some(Ratio::new(1, 1)),
        fraction => {
            let (numerator, denominator) = fraction.split_once('/')?;
            let numerator: u32 = numerator.trim().parse().ok()?;
            let denominator: u32 = denominator.trim().parse().ok()?;
            (denominator > 0 && numerator <= denominator).then(|| Ratio::new(numerator, denominator))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_number_with_its_unit() {
        for (text, ns) in
            [("0 ns", 0), ("25ms", 25_000_000), (" 1_000 us ", 1_000_000), ("2 min", 120_000_000_000)]
        {
            assert_eq!(parse_duration(text), Some(Duration::from_nanos(ns)), "{text}");
        }
        for text in ["", "ms", "25", "1.5 s", "-1 ms", "25 msec", "99999999999 h", "1 ms 2", "_ ms"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }

    #[test]
    fn a_probability_is_a_fraction_or_a_word() {
        for (text, ratio) in
            [("never", Ratio::NEVER), ("always", Ratio::new(1, 1)), ("3 / 200", Ratio::new(3, 200))]
        {
            assert_eq!(parse_ratio(text), Some(ratio), "{text}");
        }
        for text in ["", "1", "1/0", "2/1", "0.01", "1 %", "-1/2", "1/2/3", "sometimes"] {
            assert_eq!(parse_ratio(text), None, "{text}");
        }
    }
}

//! A virtual time on the command line.

use std::str::FromStr;

use sim_executor::Instant;

/// A virtual time since the run began: `1.5` and `1.5s` are seconds, as a log shows them; there are also `ms`, `us` and `ns`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct VirtualTime(pub(crate) Instant);

/// This names no virtual time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is no virtual time: write seconds as the log shows them, such as 0.053 or 12, or a number with ms, us or ns"
)]
pub(crate) struct VirtualTimeError {
    text: String,
}

/// The units, with how many of their decimals are nanoseconds.
const UNITS: [(&str, u32); 5] = [("ns", 0), ("us", 3), ("ms", 6), ("s", 9), ("", 9)];

impl FromStr for VirtualTime {
    type Err = VirtualTimeError;

    fn from_str(text: &str) -> Result<Self, VirtualTimeError> {
        let nanos = || {
            let (number, decimals) =
                UNITS.iter().find_map(|(unit, decimals)| Some((text.strip_suffix(unit)?, *decimals)))?;
            let (whole, part) = number.split_once('.').unwrap_or((number, ""));
            let is_number = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_digit());
            if whole.is_empty() || !is_number(whole) || !is_number(part) || part.len() > decimals as usize {
                return None;
            }
            let part: u64 = format!("{part:0<width$}", width = decimals as usize).parse().unwrap_or(0);
            whole.parse::<u64>().ok()?.checked_mul(10_u64.pow(decimals))?.checked_add(part)
        };
        let nanos = nanos().ok_or_else(|| VirtualTimeError { text: text.to_string() })?;
        Ok(VirtualTime(Instant::from_nanos(nanos)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_seconds_or_has_a_unit() {
        for (text, nanos) in [
            ("0", 0),
            ("0.053076060", 53_076_060),
            ("12", 12_000_000_000),
            ("1.5s", 1_500_000_000),
            ("1.5ms", 1_500_000),
            ("20us", 20_000),
            ("7ns", 7),
        ] {
            assert_eq!(text.parse(), Ok(VirtualTime(Instant::from_nanos(nanos))), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused_with_what_to_write() {
        for text in
            ["", "s", ".5", "1.5ns", "0.0000000001", "-1", "1h", "1,5", "soon", "99999999999999999999"]
        {
            let error = text.parse::<VirtualTime>().unwrap_err().to_string();
            assert!(error.contains("seconds as the log shows them"), "{text}: {error}");
        }
    }
}

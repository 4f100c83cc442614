//! A seed on the command line.

use sim_explorer::RunSeed;

/// A seed, or the word `production`.
///
/// # Errors
/// What is wrong with it, and what to write.
pub(crate) fn parse(text: &str) -> Result<RunSeed, String> {
    let digits = text.replace('_', "");
    match (text, digits.parse()) {
        ("production", _) => Ok(RunSeed::Production),
        (_, Ok(seed)) => Ok(RunSeed::Seed(seed)),
        _ => Err(advice(text)),
    }
}

/// What to write in place of what is no seed.
pub(crate) fn advice(text: &str) -> String {
    let hexadecimal = text.strip_prefix("0x").and_then(|digits| u64::from_str_radix(digits, 16).ok());
    let range = format!("a seed is a whole number from 0 to {}", u64::MAX);
    match (text.strip_prefix('-'), hexadecimal) {
        (_, Some(seed)) => format!("{range}, without 0x: write {seed}"),
        (Some(digits), _) if digits.parse::<u64>().is_ok() => {
            format!("{range}, and none is below 0: write {digits}")
        }
        _ if text.contains("..") => {
            format!("{range}, and one run has one: for a range of them use `sweep --seeds {text}`")
        }
        _ if text.starts_with('-') => format!("{range}, and one must stand here, before {text}"),
        _ => format!("{range}, or the word production"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_number_or_production() {
        assert_eq!(parse("17"), Ok(RunSeed::Seed(17)));
        assert_eq!(parse("1_000"), Ok(RunSeed::Seed(1_000)));
        assert_eq!(parse("production"), Ok(RunSeed::Production));
    }

    #[test]
    fn what_is_no_seed_is_refused_with_what_to_write() {
        for (wrong, advice) in [
            ("-1", "none is below 0: write 1"),
            ("0x1f", "without 0x: write 31"),
            ("0..5", "use `sweep --seeds 0..5`"),
            ("--trace", "one must stand here, before --trace"),
            ("many", "or the word production"),
            ("18446744073709551616", "from 0 to 18446744073709551615"),
            ("", "or the word production"),
        ] {
            let error = parse(wrong).unwrap_err();
            assert!(error.contains(advice), "{wrong}: {error}");
        }
    }
}

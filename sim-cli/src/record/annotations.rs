//! What GitHub shows beside a run of its Actions: a line for each variant that did not behave as it should.

use super::sweep_record::SweepRecord;

/// The lines, as GitHub's runner takes them from standard output.
pub(crate) fn annotations(record: &SweepRecord) -> String {
    let surprises = record.variants.iter().filter(|variant| variant.ok == Some(false));
    surprises
        .map(|variant| {
            let told = if variant.expect == "breaks" {
                "is known to break, and no run has shown it"
            } else {
                variant.first_line()
            };
            let again = variant.replay().map_or_else(String::new, |line| format!("\n{line}"));
            let title = property(&format!("seedbed: {variant}"));
            format!("::error title={title}::{}\n", message(&format!("{told}{again}")))
        })
        .collect()
}

fn message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{SeedsRecord, VariantRecord};

    #[test]
    fn a_surprise_is_one_line() {
        let variant = VariantRecord {
            full: "bank/fixed".to_string(),
            expect: "holds".to_string(),
            message: Some("50 % is lost\nand more".to_string()),
            recipe: Some("each:run=3.0".to_string()),
            ok: Some(false),
            ..VariantRecord::default()
        };
        let fine = VariantRecord { ok: Some(true), ..variant.clone() };
        let record = SweepRecord {
            version: SweepRecord::VERSION,
            seeds: SeedsRecord { start: 0, end: 0 },
            strategy: "each".to_string(),
            shard: None,
            interrupted: false,
            variants: vec![fine, variant],
        };
        assert_eq!(
            annotations(&record),
            "::error title=seedbed%3A bank/fixed::50 %25 is lost%0Areplay bank/fixed --strategy each:run=3.0\n"
        );
    }
}

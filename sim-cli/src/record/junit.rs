//! A sweep as JUnit XML, which most systems for continuous integration show.

use std::fmt::Write as _;

use super::sweep_record::{SweepRecord, VariantRecord};

/// One test case for each variant: failed if the variant did not behave as its author says, skipped if that is open.
pub(crate) fn junit(record: &SweepRecord) -> String {
    let count = |ok: Option<bool>| record.variants.iter().filter(|variant| variant.ok == ok).count();
    let millis: u64 = record.variants.iter().map(|variant| variant.busy_millis).sum();
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let counts = format!(
        "tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" time=\"{}\"",
        record.variants.len(),
        count(Some(false)),
        count(None),
        seconds(millis)
    );
    // Writing into a string cannot fail.
    let _ = writeln!(text, "<testsuites {counts}>\n  <testsuite name=\"seedbed sweep\" {counts}>");
    record.variants.iter().for_each(|variant| case(variant, &mut text));
    text + "  </testsuite>\n</testsuites>\n"
}

fn case(variant: &VariantRecord, text: &mut String) {
    let (class, name) = variant.full.split_once('/').unwrap_or((&variant.full, "default"));
    let over = variant.profile.as_ref().map_or_else(String::new, |profile| format!(" over {profile}"));
    let _ = write!(
        text,
        "    <testcase classname=\"{}\" name=\"{}\" time=\"{}\"",
        escaped(class),
        escaped(&format!("{name}{over}")),
        seconds(variant.busy_millis)
    );
    let _ = match variant.ok {
        Some(true) => writeln!(text, "/>"),
        None => writeln!(text, ">\n      <skipped message=\"not all runs were made\"/>\n    </testcase>"),
        Some(false) => {
            let again = variant.replay().map_or_else(String::new, |line| format!("\n{line}"));
            let told = if variant.expect == "breaks" {
                "it is known to break, and no run has shown it".to_string()
            } else {
                format!("{}{again}", variant.message.as_deref().unwrap_or_default())
            };
            let kind = variant.outcome.as_deref().unwrap_or("failed");
            let first = told.lines().next().unwrap_or_default();
            writeln!(
                text,
                ">\n      <failure type=\"{}\" message=\"{}\">{}</failure>\n    </testcase>",
                escaped(kind),
                escaped(first),
                escaped(&told)
            )
        }
    };
}

fn seconds(millis: u64) -> String {
    format!("{}.{:03}", millis / 1_000, millis % 1_000)
}

/// As XML takes it, in text and in attributes. Characters that XML cannot have are left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push_str("&#9;"),
            control if control.is_control() || matches!(control, '\u{fffe}' | '\u{ffff}') => {}
            plain => escaped.push(plain),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::SeedsRecord;

    #[test]
    fn each_variant_is_a_case_and_what_xml_cannot_have_is_escaped() {
        let variant = |full: &str, ok| VariantRecord {
            full: full.to_string(),
            ok,
            busy_millis: 1_204,
            ..VariantRecord::default()
        };
        let failed = VariantRecord {
            expect: "holds".to_string(),
            outcome: Some("failed".to_string()),
            message: Some("a < b & \"c\"\u{1b}\nmore".to_string()),
            recipe: Some("walk seed=3".to_string()),
            ..variant("two/fixed", Some(false))
        };
        let record = SweepRecord {
            version: SweepRecord::VERSION,
            seeds: SeedsRecord { start: 0, end: 9 },
            strategy: "walk".to_string(),
            shard: None,
            interrupted: false,
            variants: vec![variant("one", Some(true)), failed, variant("three", None)],
        };
        let text = junit(&record);
        assert!(text.contains("<testsuite name=\"seedbed sweep\" tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\" time=\"3.612\">"), "{text}");
        assert!(text.contains("<testcase classname=\"one\" name=\"default\" time=\"1.204\"/>"), "{text}");
        assert!(
            text.contains(
                "<failure type=\"failed\" message=\"a &lt; b &amp; &quot;c&quot;\">a &lt; b &amp; &quot;c&quot;&#10;more&#10;replay \
                 two/fixed --seed 3 --strategy walk</failure>"
            ),
            "{text}"
        );
        assert!(text.contains("<skipped message=\"not all runs were made\"/>"), "{text}");
    }
}

//! The format of failure files: what is written comes back, and what is damaged is refused with words.

use std::collections::BTreeMap;

use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample;
use sim_executor::Fault;
use sim_explorer::{
    BaseOrder, DecisionName, Expected, FileValue, LineError, Moment, Simfail, SimfailError, TurnName,
};

const SMALL: &str = "\
simfail 1
test       bank::money_is_kept
signature  panic \"10 were lost\" @ bank::transfer
found      pct:changes=5 seed=17
shrunk     preemptions 84->1 exceptions 91->2 faults 7->1 decisions 412->6 runs=70
note       the lock is given back before the second account is written

[settings]
clients = 3

[drawn]
net.buffer = 4096 bytes

[faults]
net/link:a->b @ link.loss #2  on

[schedule]
after \"bank/first teller\" @ lock(log) #1   run bank/auditor#2

[values]
bank/client @ user:key #4  = 7

[expect]
decisions 6
marks 000102030405
trace 9f2c0123456789ab
";

fn parse(text: &str) -> Result<Simfail, SimfailError> {
    Simfail::parse(text.as_bytes())
}

fn refusal(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

/// The small file with one line replaced.
fn with(line: &str, other: &str) -> String {
    assert!(SMALL.contains(line), "{line}");
    SMALL.replacen(line, other, 1)
}

fn names() -> impl Strategy<Value = DecisionName> {
    (any::<String>(), any::<String>(), any::<u32>()).prop_map(|(lineage, label, ordinal)| DecisionName {
        lineage,
        label,
        ordinal,
    })
}

fn moments() -> impl Strategy<Value = Moment> {
    option::weighted(0.9, names()).prop_map(|name| name.map_or(Moment::Start, Moment::After))
}

fn turns() -> impl Strategy<Value = TurnName> {
    (any::<String>(), prop_oneof![Just(0), any::<u32>()]).prop_map(|(task, nth)| TurnName { task, nth })
}

fn values() -> impl Strategy<Value = FileValue> {
    prop_oneof![any::<bool>().prop_map(FileValue::Flag), any::<u64>().prop_map(FileValue::Number)]
}

fn orders() -> impl Strategy<Value = BaseOrder> {
    let holds = prop_oneof![Just(4), Just(u32::MAX), any::<u32>()];
    let faults =
        vec(sample::select(Fault::ALL.to_vec()), 0..3).prop_map(|faults| faults.into_iter().collect());
    let default = (any::<bool>(), holds, any::<bool>(), faults);
    let default = default.prop_map(|(batches, holds_max, decision_points, asked_anyway)| {
        BaseOrder::Default { batches, holds_max, decision_points, asked_anyway }
    });
    prop_oneof![Just(BaseOrder::Production), Just(BaseOrder::Found), default]
}

fn texts() -> impl Strategy<Value = BTreeMap<String, String>> {
    btree_map(any::<String>(), any::<String>(), 0..4)
}

prop_compose! {
    fn expected()(decisions in 0_u64..3_000, trace in any::<u64>(), has_marks in any::<bool>()) -> Expected {
        // By the text, as the marks of a run are not for others to make.
        let marks = if decisions > 2_048 { decisions / 4 } else if decisions > 1_024 { decisions / 2 } else { decisions };
        let digits: String = (0..marks).map(|mark| format!("{:02x}", (mark * 37 + trace) & 0xff)).collect();
        let marks = if has_marks && !digits.is_empty() { format!("marks {digits}\n") } else { String::new() };
        let head = "simfail 1\ntest t\nsignature s\nfound f\n[expect]";
        let text = format!("{head}\ndecisions {decisions}\n{marks}trace {trace:016x}");
        parse(&text).unwrap().expect
    }
}

prop_compose! {
    fn files()(
        texts in vec(any::<String>(), 4),
        notes in vec(any::<String>(), 0..3),
        order in orders(),
        settings in texts(),
        drawn in texts(),
        faults in btree_set(names(), 0..4),
        schedule in btree_map(moments(), turns(), 0..4),
        values in btree_map(names(), values(), 0..4),
        expect in expected(),
    ) -> Simfail {
        let has_exceptions = matches!(order, BaseOrder::Default { .. });
        let (faults, schedule, values) = if has_exceptions { (faults, schedule, values) } else { Default::default() };
        let [test, signature, found, shrunk] = texts.try_into().unwrap();
        Simfail { test, signature, found, shrunk, notes, order, settings, drawn, faults, schedule, values, expect }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(file in files()) {
        let text = file.to_string();
        prop_assert_eq!(parse(&text), Ok(file.clone()), "{}", text);
        prop_assert_eq!(parse(&text.replace('\n', "\r\n")), Ok(file), "with the line ends of Windows");
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..400)) {
        let _ = Simfail::parse(&bytes);
        let _ = Simfail::parse(&[b"simfail 1\n".as_slice(), &bytes].concat());
    }

    #[test]
    fn any_line_in_any_place_is_read_or_refused(line in "[a-z@#=\"\\\\ 0-9\\[\\]u{}]{0,30}", place in 0_usize..30) {
        let mut lines: Vec<&str> = SMALL.lines().collect();
        lines.insert(place.min(lines.len()), &line);
        if let Ok(file) = parse(&lines.join("\n")) {
            prop_assert_eq!(parse(&file.to_string()), Ok(file));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn every_part_of_a_file_is_refused(file in files()) {
        let text = file.to_string();
        let whole = text.trim_end();
        for end in 0..whole.len() {
            let part = &whole.as_bytes()[..end];
            prop_assert!(Simfail::parse(part).is_err(), "{}", String::from_utf8_lossy(part));
        }
    }
}

#[test]
fn every_flipped_bit_is_read_or_refused() {
    for bit in 0..SMALL.len() * 8 {
        let mut bytes = SMALL.as_bytes().to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        if let Ok(file) = Simfail::parse(&bytes) {
            assert_eq!(parse(&file.to_string()), Ok(file), "bit {bit}");
        }
    }
}

#[test]
fn the_text_of_a_file_is_as_it_was_written() {
    assert_eq!(parse(SMALL).unwrap().to_string(), SMALL);
}

#[test]
fn entries_are_sorted_whatever_order_they_are_read_in() {
    let one = "bank/client @ user:key #4  = 7\n";
    let unsorted =
        with(one, &format!("{one}bank/client @ user:key #10  = 1\nbank/client @ user:key #5  = 1\n"));
    let text = parse(&unsorted).unwrap().to_string();
    let ordinals: Vec<_> = text.lines().filter(|line| line.contains("user:key")).collect();
    assert_eq!(
        ordinals,
        [one.trim_end(), "bank/client @ user:key #5  = 1", "bank/client @ user:key #10  = 1"]
    );
}

#[test]
fn a_newer_file_is_refused_with_what_to_do() {
    assert_eq!(
        refusal(&with("simfail 1", "simfail 2")),
        "line 1: it is of format 2, and this Seedbed knows formats up to 1; update Seedbed, or record the failure again"
    );
    // Whatever else a newer file has in its first line.
    assert!(refusal(&with("simfail 1", "simfail 17 compact")).contains("of format 17"));
}

#[test]
fn what_is_something_else_is_refused() {
    let other = "line 1: it does not begin with `simfail 1`, so it is no failure file";
    for text in [
        "",
        "\n",
        "simfail",
        "simfail 0",
        "simfail x",
        "simfail 1.0",
        "simfail -1",
        "#!/bin/sh",
        "simfail 1 2",
    ] {
        assert_eq!(refusal(text), other, "{text:?}");
    }
    let binary = Simfail::parse(b"simfail 1\ntest a\n\xff\xfe").unwrap_err();
    assert_eq!(binary, SimfailError::NotText { line: 3 });
    assert_eq!(Simfail::parse(b"\x7fELF\0\0"), Err(SimfailError::NotSimfail));
    assert!(parse(&format!("\u{feff}{SMALL}")).is_ok(), "as an editor on Windows may save it");
}

#[test]
fn a_huge_file_is_refused() {
    let huge = format!("{SMALL}{}", "\n".repeat(8 * 1_024 * 1_024));
    assert_eq!(parse(&huge), Err(SimfailError::TooLong));
    assert!(refusal(&huge).contains("more than 8388608 bytes"));
}

#[test]
fn what_is_missing_is_named() {
    for (line, missing) in [
        ("test       bank::money_is_kept\n", "test"),
        ("decisions 6\nmarks 000102030405\n", "decisions"),
        ("trace 9f2c0123456789ab\n", "trace"),
    ] {
        let text = refusal(&with(line, ""));
        assert!(text.starts_with(&format!("it ends without its line `{missing}`; it was cut off")), "{text}");
    }
    assert_eq!(parse(&with("0405\n", "\n")), Err(SimfailError::CutOff { missing: "marks" }));
}

#[test]
fn a_line_that_cannot_be_understood_is_named_with_what_to_do() {
    let after = "after \"bank/first teller\" @ lock(log) #1   run bank/auditor#2";
    let all = [
        (
            with("[drawn]", "[drawings]"),
            "line 11: \"[drawings]\" is no entry of the sections; there are [settings], ",
        ),
        (
            with("[values]", "[faults]"),
            "line 20: the sections are in this order, each at most once: [settings] ",
        ),
        (with("found ", "fuond "), "line 4: \"fuond\" is no entry of the header; there are test, "),
        (with("clients = 3", "clients 3"), "line 9: = is missing here"),
        (with("  on", "  on for 40ms"), "line 15: \"for\" stands behind the end of the entry"),
        (with("  on", "  off"), "line 15: on is missing here"),
        (with(after, "after bank/first teller @ x #1 run y"), "line 18: @ is missing here"),
        (with(after, "after a @ b #1 run"), "line 18: the name of a task is missing here"),
        (with(after, "after a @ b 1 run c"), "line 18: #NUMBER is missing here"),
        (with(after, "after a @ b #-1 run c"), "line 18: \"-1\" is no whole number from 0 to 4294967295"),
        (with(after, "after a @ b #4294967296 run c"), "line 18: \"4294967296\" is no whole number"),
        (with(after, "after \"a @ b #1 run c"), "line 18: a quote is opened and not closed in this line"),
        (with(after, "after a\u{200b} @ b #1 run c"), "line 18: an invisible character stands here"),
        (with(" = 7", " = 7.5"), "line 21: \"7.5\" is no whole number from 0 to 18446744073709551615"),
        (with("0405\n", "040506\n"), "line 25: these are no marks: each is two of the digits"),
        (with("0405\n", "040X\n"), "line 25: these are no marks"),
        (
            with("9f2c0123456789ab", "9F2c0123456789ab"),
            "line 26: \"9F2c0123456789ab\" is no hash: it has 16 ",
        ),
        (with("9f2c0123456789ab", "9f2c"), "line 26: \"9f2c\" is no hash"),
        (
            with(after, &format!("{after}\n{after}")),
            "line 19: this entry is there before, in line 18; keep one",
        ),
        (
            with(after, &format!("<<<<<<< ours\n{after}")),
            "line 18: this is a mark of a merge that was not resolved",
        ),
    ];
    for (text, expected) in all {
        assert!(refusal(&text).starts_with(expected), "{}\nis not\n{expected}", refusal(&text));
    }
}

#[test]
fn a_name_in_quotes_is_a_name_whatever_it_looks_like() {
    let after = "after \"bank/first teller\" @ lock(log) #1   run bank/auditor#2";
    let file = parse(&with(after, r##"after "@" @ "#1" #1 run "run""##)).unwrap();
    let name = DecisionName { lineage: "@".to_string(), label: "#1".to_string(), ordinal: 1 };
    assert_eq!(file.schedule[&Moment::After(name)].task, "run");
    let quoted_sign = parse(&with(after, r#"after a "@" b #1 run c"#)).unwrap_err();
    assert_eq!(quoted_sign, SimfailError::Line { line: 18, error: LineError::Expected("@") });
}

#[test]
fn the_corpus_of_the_fuzz_target_is_what_its_names_say() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/corpus/simfail");
    let mut seen = 0;
    for entry in std::fs::read_dir(corpus).unwrap() {
        let path = entry.unwrap().path();
        let result = Simfail::parse(&std::fs::read(&path).unwrap());
        match path.file_stem().unwrap().to_str().unwrap() {
            "newer" => assert_eq!(result, Err(SimfailError::Newer { version: 2 })),
            "not-merged" => {
                assert_eq!(result, Err(SimfailError::Line { line: 3, error: LineError::Conflict }))
            }
            _ => assert!(result.is_ok(), "{}: {result:?}", path.display()),
        }
        seen += 1;
    }
    assert!(seen >= 6, "{seen} files");
}

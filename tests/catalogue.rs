//! The catalogue of patterns in docs/asyncio.md, which is generated from the scenarios.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use sim_explorer::Pattern;

/// Every row of the catalogue.
const ROWS: [&str; 4] = [
    "A1 A2 A2b A2c A3 A4 A5 A6 A7 A8 A9 A10 A11 A12 A13 A14 A15 A16",
    "B1 B2 B3 B4 B5 B6 B7 B7b B8 B9 B10 B11 B11b B12 B13 B14 B14b B15 B16 B16b B17 B18 B19 B20 B21 B22 B23 B24 B25 B26 \
     B27 B28 B29 B30 B31",
    "C1 C2 C3 C4 C5 C6 C7 C8 C9 C10 C11 C12 C13 C14 C15 C15b C16 C17 C18 C19 C20 C21 C22 C23 C24 C24b C25 C26 C27 C28 \
     C29 C30 C31 C32 C33 C34 C35 C36 C37 C38 C39 C40",
    "D1 D2 D3 D4 D5 D6 D7 D8 D9 D10",
];

const BEGIN: &str = "<!-- generated: the catalogue -->\n";
const END: &str = "<!-- end -->\n";

/// A text of the catalogue has so many characters at most.
const TEXT_CHARS_MAX: usize = 160;

fn ids() -> impl Iterator<Item = &'static str> {
    ROWS.iter().flat_map(|rows| rows.split_whitespace())
}

/// The patterns by their ids, each with the scenarios that name it.
fn patterns() -> BTreeMap<&'static str, (&'static Pattern, Vec<&'static str>)> {
    let mut patterns = BTreeMap::new();
    for scenario in scenarios::all() {
        let named: BTreeSet<&str> = scenario.patterns.iter().map(|pattern| pattern.id).collect();
        assert_eq!(named.len(), scenario.patterns.len(), "{} names a pattern twice", scenario.name);
        for &pattern in scenario.patterns {
            let (first, shown_by) = patterns.entry(pattern.id).or_insert((pattern, Vec::new()));
            assert_eq!(*first, pattern, "two patterns are called {}", pattern.id);
            shown_by.push(scenario.name);
        }
    }
    patterns
}

fn table() -> String {
    let patterns = patterns();
    let mut table =
        "| | pattern | here | in plain Rust | shown by |\n| --- | --- | --- | --- | --- |\n".to_string();
    for id in ids() {
        let Some((Pattern { about, here, rust, .. }, shown_by)) = patterns.get(id) else { continue };
        let shown_by = shown_by.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        writeln!(table, "| {id} | {about} | {here} | {rust} | {shown_by} |").unwrap();
    }
    table
}

fn document() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/asyncio.md")
}

/// What stands before the table, and what the table is.
fn parts(text: &str) -> (&str, &str) {
    let (before, rest) =
        text.split_once(BEGIN).expect("docs/asyncio.md has the line that begins the catalogue");
    let (table, after) = rest.split_once(END).expect("docs/asyncio.md has the line that ends the catalogue");
    assert_eq!(after, "", "nothing follows the catalogue");
    (before, table)
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is a test, and it asks whether it is to write a file of the repository"
)]
fn is_to_update() -> bool {
    std::env::var("UPDATE_DOCS").is_ok_and(|value| value == "1")
}

#[test]
fn the_document_has_the_catalogue_of_the_scenarios() {
    let text = fs::read_to_string(document()).unwrap();
    let (before, found) = parts(&text);
    let table = table();
    if found == table {
        return;
    }
    if is_to_update() {
        fs::write(document(), format!("{before}{BEGIN}{table}{END}")).unwrap();
        return;
    }
    let differs = table.lines().find(|line| !found.lines().any(|other| other == *line));
    panic!(
        "the catalogue in docs/asyncio.md is not that of the scenarios; write it anew with\n  \
         UPDATE_DOCS=1 cargo test -p tests --test catalogue\nfor instance it lacks\n  {}",
        differs.unwrap_or("nothing, but has a line too many")
    );
}

#[test]
fn each_row_is_shown_by_a_scenario() {
    assert_eq!(ids().count(), 105);
    let patterns = patterns();
    let missing: Vec<&str> = ids().filter(|id| !patterns.contains_key(id)).collect();
    assert!(missing.is_empty(), "no scenario names {}", missing.join(", "));
    let known: BTreeSet<&str> = ids().collect();
    let unknown: Vec<&&str> = patterns.keys().filter(|id| !known.contains(*id)).collect();
    assert!(unknown.is_empty(), "the catalogue has no row {unknown:?}");
}

#[test]
fn each_row_says_what_to_do_here_and_in_plain_rust() {
    for (id, (Pattern { about, here, rust, .. }, _)) in patterns() {
        for text in [about, here, rust] {
            assert!(!text.is_empty(), "{id} has an empty text");
            assert!(text.chars().count() <= TEXT_CHARS_MAX, "{id}: {text} is too long");
            assert!(!text.contains(['|', '\n']), "{id}: {text} breaks the table");
        }
    }
}

#[test]
fn at_most_five_rows_have_no_meaning_in_rust() {
    let patterns = patterns();
    let without = patterns.iter().filter(|(_, (pattern, _))| pattern.rust.starts_with("No meaning: "));
    let without: Vec<&&str> = without.map(|(id, _)| id).collect();
    assert!(without.len() <= 5, "{without:?}");
}

/// Each `run NAME` of the introduction.
#[test]
fn each_program_that_the_introduction_runs_is_there() {
    let text = fs::read_to_string(document()).unwrap();
    let (before, _) = parts(&text);
    let mut count = 0;
    for command in before.split("cargo run -- run ").skip(1) {
        let name = command.split([' ', '`', '\n']).next().unwrap_or_default();
        let (scenario, variant) = name.split_once('/').expect("a scenario with its variant");
        let found = scenarios::all().iter().find(|known| known.name == scenario);
        let found = found.and_then(|scenario| scenario.variant(variant));
        assert!(found.is_some(), "there is no {name}");
        count += 1;
    }
    assert!(count >= 3, "only {count} examples");
}

/// The programs as they were published, with their variants, each with the variant that it became here; or why it is none.
const PUBLISHED: &str = include_str!("asyncio/published.txt");

#[test]
fn each_variant_of_each_published_program_is_a_variant_here() {
    let mut programs = BTreeSet::new();
    let mut missing = Vec::new();
    for line in PUBLISHED.lines() {
        let (published, ours) = line.split_once(' ').expect("a line names a program and a variant");
        let (program, _) = published.split_once('.').expect("a program has a variant");
        programs.insert(program);
        if ours.starts_with("- ") {
            missing.push(published);
            continue;
        }
        let (scenario, variant) = ours.split_once('/').expect("a scenario has a variant");
        let found = scenarios::all().iter().find(|known| known.name == scenario);
        assert!(found.and_then(|found| found.variant(variant)).is_some(), "{published}: there is no {ours}");
    }
    assert_eq!((programs.len(), PUBLISHED.lines().count()), (34, 165));
    assert_eq!(missing, ["p11_ways_to_schedule.broken_wait_coroutines"]);
}

/// Two have only lines that compile, and `asyncio_programs` holds them.
#[test]
fn each_published_log_is_stored() {
    let partly = ["ways_to_schedule/ensure_future_vs_create_task", "wrong_kind_of_object/broken"];
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut stored = 0;
    for line in PUBLISHED.lines() {
        let (published, ours) = line.split_once(' ').expect("a line names a program and a variant");
        if ours.starts_with("- ") || partly.contains(&ours) {
            continue;
        }
        let folders = ["asyncio/programs", "websocket"];
        let logs = folders.map(|folder| tests.join(folder).join(format!("{ours}.txt")));
        assert!(logs.iter().any(|log| log.exists()), "{published}: there is no log of {ours}");
        stored += 1;
    }
    assert_eq!(stored, 162);
}

#[test]
fn the_readme_says_how_many_scenarios_there_are() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let text = fs::read_to_string(readme).unwrap();
    let count = format!("# {} scenarios, ", scenarios::all().len());
    assert!(text.contains(&count), "the README should say {count:?}");
}

//! The `seedbed` binary, called as a person or a script calls it.

use std::process::{Command, Output, Stdio};

fn seedbed(arguments: &[&str]) -> Output {
    let binary = env!("CARGO_BIN_EXE_seedbed");
    Command::new(binary).args(arguments).stdin(Stdio::null()).output().expect("the binary starts")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("the output is text")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("the output is text")
}

fn last_line(output: &Output) -> String {
    stdout(output).lines().last().unwrap_or_default().to_string()
}

#[test]
fn a_run_prints_the_same_bytes_in_ten_processes_and_others_for_another_seed() {
    let run = |seed| stdout(&seedbed(&["run", "ws_producer_consumer", "--seed", seed, "--trace"]));
    let first = run("7");
    for _ in 1..10 {
        assert_eq!(run("7"), first);
    }
    assert_ne!(run("8"), first);
}

#[test]
fn a_run_ends_with_its_hash_and_its_outcome_and_says_by_its_status_whether_it_failed() {
    let good = seedbed(&["run", "queue_sentinel_last", "--seed", "1"]);
    assert_eq!(good.status.code(), Some(0));
    assert!(last_line(&good).starts_with("hash ") && last_line(&good).ends_with(" outcome done"), "{good:?}");
    let bad = seedbed(&["run", "queue_sentinel_first/broken"]);
    assert_eq!(bad.status.code(), Some(1));
    assert!(last_line(&bad).ends_with(" outcome failed"), "{bad:?}");
}

#[test]
fn a_failure_of_the_portfolio_is_replayed_by_the_strategy_that_the_table_names() {
    let name = "ws_lost_update/broken";
    let sweep = stdout(&seedbed(&["sweep", name, "--strategy", "portfolio", "--seeds", "0..200"]));
    let row = sweep.lines().find(|line| line.starts_with(name)).expect("a row of the table");
    let mut columns = row.split_whitespace().skip(4);
    let [seed, strategy] = [columns.next(), columns.next()].map(|column| column.expect("a failing seed"));
    let replay = |strategy| seedbed(&["replay", name, "--seed", seed, "--strategy", strategy]);
    let replayed = replay(strategy);
    assert_eq!(replayed.status.code(), Some(1), "{sweep}{}", stdout(&replayed));
    assert!(stdout(&replayed).contains("decisions gave the same hash"), "{}", stdout(&replayed));
    let others = ["random", "walk", "delay"].map(|other| last_line(&replay(other)));
    assert!(others.iter().any(|other| *other != last_line(&replayed)), "{others:?}");
    let run = seedbed(&["run", name, "--seed", seed, "--strategy", strategy]);
    assert_eq!(last_line(&run), last_line(&replayed));
}

#[test]
fn each_finds_the_one_decision_that_breaks_a_program_and_exhausts_a_sound_one() {
    let sweep = seedbed(&["sweep", "ws_lost_update", "--strategy", "each", "--jobs", "1"]);
    let (text, rows) = (stdout(&sweep), |name: &str| {
        let row = stdout(&sweep).lines().find(|line| line.starts_with(name)).map(str::to_string);
        row.unwrap_or_else(|| panic!("no row {name} in {}", stdout(&sweep)))
    });
    assert_eq!(sweep.status.code(), Some(0), "{text}");
    assert!(rows("ws_lost_update/broken").contains(" 1  found "), "{text}");
    let fixed = rows("ws_lost_update/fixed");
    assert!(
        fixed.contains(" holds ")
            && fixed.contains(" runs, no single deviation from the default order breaks it")
    );
    let two_threads = stdout(&seedbed(&["sweep", "ws_lost_update", "--strategy", "each", "--jobs", "2"]));
    assert!(two_threads.contains(fixed.split_whitespace().last().expect("a verdict")), "{two_threads}");
}

#[test]
fn exhaustive_says_that_it_has_made_all_schedules_among_which_a_bug_of_values_is_not() {
    let search = "exhaustive:preemptions=0,runs=300";
    let text = stdout(&seedbed(&["sweep", "ws_lost_update", "--strategy", search, "--jobs", "1"]));
    let row = |name: &str| text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    for (name, verdict) in [("ws_lost_update/fixed", " holds "), ("ws_lost_update/broken", " MISSED ")] {
        let is_exhausted = row(name).contains(" schedules, all there are");
        assert!(is_exhausted && row(name).contains(verdict), "{text}");
    }
}

#[test]
fn a_failure_of_a_search_is_made_again_by_the_line_that_it_prints() {
    for (name, search) in [
        ("ws_lost_update/broken", "each"),
        ("ws_lost_update/broken", "guided:runs=2000"),
        ("queue_many_producers/broken_last_started", "exhaustive"),
    ] {
        let sweep = stdout(&seedbed(&["sweep", name, "--strategy", search, "--jobs", "1"]));
        let line = sweep.lines().find_map(|line| line.strip_prefix("  replay "));
        let line = line.unwrap_or_else(|| panic!("no line repeats the failure of {search}: {sweep}"));
        let arguments: Vec<&str> = ["replay"].into_iter().chain(line.split_whitespace()).collect();
        let replayed = seedbed(&arguments);
        assert_eq!(replayed.status.code(), Some(1), "{line}: {}{}", stdout(&replayed), stderr(&replayed));
        assert!(last_line(&replayed).ends_with(" outcome failed"), "{line}: {}", stdout(&replayed));
        let run: Vec<&str> = ["run"].into_iter().chain(line.split_whitespace()).collect();
        assert_eq!(last_line(&seedbed(&run)), last_line(&replayed));
    }
}

#[test]
fn guided_keeps_runs_in_a_folder_and_goes_on_from_them() {
    let folder = std::env::temp_dir().join(format!("seedbed-guided-{}", std::process::id()));
    let search = format!("guided:runs=60,corpus={}", folder.display());
    let sweep = || seedbed(&["sweep", "ws_lost_update/fixed", "--strategy", &search, "--jobs", "1"]);
    let first = stdout(&sweep());
    assert!(first.contains(" cut off after 60 runs, of which "), "{first}");
    let kept = || std::fs::read_dir(folder.join("ws_lost_update.fixed")).expect("there is a folder").count();
    let kept_first = kept();
    assert!(kept_first > 0, "{first}");
    let second = stdout(&sweep());
    assert!(second.contains(" cut off after 60 runs, of which "), "{second}");
    assert!(kept() >= kept_first);
    std::fs::write(folder.join("ws_lost_update.fixed").join("x.simfail"), "simfail 99\n")
        .expect("it is written");
    let refused = sweep();
    assert_ne!(refused.status.code(), Some(0));
    let error = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(error.contains("x.simfail") && error.contains("delete the file"), "{error}");
    std::fs::remove_dir_all(&folder).expect("the folder can be removed");
}

#[test]
fn a_sweep_finds_every_broken_variant_and_each_is_replayed_from_its_seed() {
    let file = std::env::temp_dir().join(format!("seedbed-sweep-{}.json", std::process::id()));
    let path = file.to_str().expect("the path is text");
    let sweep = seedbed(&["sweep", "--all", "--seeds", "0..60", "--jobs", "2", "--json", path]);
    assert_eq!(sweep.status.code(), Some(0), "{}", stdout(&sweep));
    let json = std::fs::read_to_string(&file).expect("the file was written");
    std::fs::remove_file(&file).expect("the file can be removed");
    let mut replayed = 0;
    for variant in json.split("\"full\":").skip(1) {
        let field = |name: &str| -> Option<&str> {
            let rest = variant.split(&format!("\"{name}\":")).nth(1)?;
            Some(rest.trim_start().split([',', '\n', '}']).next()?.trim_matches(['"', ' ']))
        };
        let name = variant.trim_start().split('"').nth(1).expect("a name");
        let Some(seed) = field("first_failing_seed").filter(|seed| *seed != "null") else { continue };
        let hash = field("first_failing_hash").expect("a failure has a hash");
        let replay = seedbed(&["replay", name, "--seed", seed]);
        assert_eq!(replay.status.code(), Some(1), "{name}: {}", stdout(&replay));
        assert!(
            last_line(&replay).starts_with(&format!("hash {hash} outcome ")),
            "{name} {seed} {hash}: {replay:?}"
        );
        replayed += 1;
    }
    assert!(replayed >= 6, "only {replayed} were replayed:\n{json}");
}

#[test]
fn a_sweep_says_of_each_broken_variant_what_went_wrong_first() {
    let sweep = seedbed(&["sweep", "ws_lost_update", "--seeds", "0..10"]);
    let line = |variant: &str| {
        let text = stdout(&sweep);
        let line = text.lines().find(|line| line.starts_with(variant)).map(str::to_string);
        line.unwrap_or_else(|| panic!("no {variant} in {text}"))
    };
    let broken = line("ws_lost_update/broken ");
    assert!(broken.ends_with("2  found    the balance is 30 after payments of 60"), "{broken}");
    let fixed = line("ws_lost_update/fixed ");
    assert!(fixed.ends_with("-  holds"), "{fixed}");
}

#[test]
fn bad_usage_says_what_to_do_and_exits_with_two() {
    let says = |arguments: &[&str], what: &str| {
        let output = seedbed(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains(what), "{arguments:?}: {}", stderr(&output));
    };
    says(&["run", "ws_ecko"], "ws_echo");
    says(&["run", "ws_lost_update/brokn"], "broken");
    says(&["run", "ws_echo", "--strategy", "lucky"], "random");
    says(&["run", "ws_echo", "--strategy", "pct:depth=3", "--seed", "1"], "it has changes=NUMBER");
    says(&["run", "ws_echo", "--strategy", "pct"], "--strategy pct:changes=5 needs a seed");
    says(&["sweep", "ws_echo", "--strategy", "lucky", "--seeds", "0..1"], "portfolio, each");
    says(&["sweep", "ws_echo", "--strategy", "each", "--seeds", "0..1"], "leave --seeds away");
    says(&["sweep", "ws_echo", "--strategy", "exhaustive", "--shard", "1/2"], "cannot be shared out");
    says(&["sweep", "ws_echo", "--strategy", "each:kinds=luck"], "there are order, flag, value, loss");
    says(&["sweep", "ws_echo"], "add --seeds 0..200");
    says(&["run", "ws_echo", "--set", "nothing=1"], "nothing");
    says(&["sweep", "--all", "--seeds", "5..5"], "5..5");
    says(&["sweep", "--all", "--seeds", "many"], "many");
    says(&["sweep", "--seeds", "0..5"], "--all");
    says(&["replay", "ws_echo", "--seed", "-1"], "-1");
    says(&[], "Usage");
}

#[test]
fn help_of_each_command_shows_examples() {
    for command in ["list", "run", "sweep", "replay"] {
        let help = seedbed(&[command, "--help"]);
        assert_eq!(help.status.code(), Some(0));
        assert!(stdout(&help).contains(&format!("seedbed {command}")), "{}", stdout(&help));
    }
}

//! Failure files on the command line: written, replayed, checked, upgraded; and every file that cannot be used.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use anstream::StripStream;
use sim_cli::{Console, Exit, call};
use sim_executor::{Executor, spawn_named, yield_now};
use sim_explorer::{Expect, Parameter, Scenario, Settings, Variant, Violation, ensure};

/// The program as it was, with a task more, and mended.
static SCENARIOS: [Scenario; 1] = [Scenario {
    name: "counter",
    about: "Two tasks count.",
    invariant: "No increment is lost.",
    patterns: &[],
    parameters: &[Parameter { name: "tasks", about: "how many tasks count", default: 2, min: 1, max: 9 }],
    variants: &[
        Variant { name: "broken", about: "", expect: Expect::Breaks, body: |e, s| count(e, s, 0, false) },
        Variant { name: "edited", about: "", expect: Expect::Holds, body: |e, s| count(e, s, 3, false) },
        Variant { name: "mended", about: "", expect: Expect::Holds, body: |e, s| count(e, s, 0, true) },
        Variant {
            name: "other",
            about: "",
            expect: Expect::Breaks,
            body: |_, _| Err(Violation::new("other")),
        },
        Variant { name: "empty", about: "", expect: Expect::Holds, body: |_, _| Ok(()) },
    ],
}];

fn count(executor: &mut Executor, settings: &Settings, idle: usize, mended: bool) -> Result<(), Violation> {
    let tasks = settings.get("tasks");
    let sum = executor.block_on(async move {
        let sum = Rc::new(Cell::new(0));
        let idle = (0..idle).map(|_| spawn_named("idle", async { yield_now().await }));
        let counting = (0..tasks).map(|_| {
            let sum = Rc::clone(&sum);
            spawn_named("count", async move {
                yield_now().await;
                let before = sum.get();
                yield_now().await;
                sum.set(if mended { sum.get() } else { before } + 1);
            })
        });
        for task in idle.chain(counting).collect::<Vec<_>>() {
            task.await.unwrap();
        }
        sum.get()
    })?;
    ensure!(sum == tasks, "{} of {tasks} were lost", tasks - sum);
    Ok(())
}

/// What a command wrote, and its status.
struct Called {
    out: String,
    err: String,
    exit: Exit,
}

fn seedbed(arguments: &[&str]) -> Called {
    let (mut out, mut err) = (StripStream::new(Vec::new()), StripStream::new(Vec::new()));
    let mut console = Console { out: &mut out, err: &mut err, is_process: false };
    let exit = call(&SCENARIOS, ["seedbed"].iter().chain(arguments), &mut console);
    let text = |stream: StripStream<Vec<u8>>| String::from_utf8(stream.into_inner()).unwrap();
    Called { out: text(out), err: text(err), exit }
}

/// A folder of its own, with the failure file of a seed in it.
fn folder(name: &str) -> (PathBuf, String) {
    let folder = std::env::temp_dir().join(format!("seedbed-simfail-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir(&folder).unwrap();
    let path = folder.join("lost.simfail").display().to_string();
    let seed = (0..200).map(|seed: u32| seed.to_string()).find(|seed| {
        let run = ["replay", "counter/broken", "--seed", seed, "--set", "tasks=3", "--simfail", &path];
        seedbed(&run);
        Path::new(&path).exists()
    });
    seed.expect("one of 200 seeds loses an update");
    (folder, path)
}

/// The file with some text replaced, beside the first.
fn changed(path: &str, name: &str, change: impl FnOnce(String) -> String) -> String {
    let other = Path::new(path).with_file_name(format!("{name}.simfail")).display().to_string();
    fs::write(&other, change(fs::read_to_string(path).unwrap())).unwrap();
    other
}

fn of_variant(path: &str, variant: &str) -> String {
    changed(path, variant, |text| text.replace("counter/broken", &format!("counter/{variant}")))
}

#[test]
fn a_failure_is_handed_on_as_a_file_and_replayed_as_the_same_run() {
    let (folder, path) = folder("handed-on");
    let text = fs::read_to_string(&path).unwrap();
    assert!(
        text.starts_with("simfail 1\ntest       counter/broken\nsignature  failed \"N of N were lost\"\n"),
        "{text}"
    );
    assert!(text.contains("\n[settings]\ntasks = 3\n"), "{text}");
    let replayed = seedbed(&["replay", &path]);
    assert_eq!(replayed.exit, Exit::Failure, "{}", replayed.err);
    assert!(
        replayed.out.contains(&format!("EXACT        {path}  failed \"N of N were lost\"\n")),
        "{}",
        replayed.out
    );
    let hash = text.lines().last().unwrap().strip_prefix("trace ").unwrap();
    assert!(replayed.out.ends_with(&format!("hash {hash} outcome failed\n")), "{}", replayed.out);
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn each_status_has_its_word_and_its_exit_status() {
    let (folder, path) = folder("statuses");
    let stale = changed(&path, "stale", |text| text.replace("counter/broken", "counter/empty"));
    let cases = [
        (path.clone(), "EXACT", Exit::Expected),
        (of_variant(&path, "edited"), "REPRODUCED", Exit::Failure),
        (of_variant(&path, "mended"), "PASSED", Exit::Expected),
        (of_variant(&path, "other"), "OTHER", Exit::Failure),
        (stale.clone(), "STALE", Exit::Expected),
    ];
    for (file, status, exit) in &cases {
        let checked = seedbed(&["simfail", "check", file]);
        assert!(checked.out.starts_with(status), "{file}: {}{}", checked.out, checked.err);
        assert_eq!(checked.exit, *exit, "{file}: {}", checked.out);
    }
    let edited = seedbed(&["replay", &cases[1].0]);
    assert!(edited.out.contains(" is another: now "), "it says which decision differs: {}", edited.out);
    let denied = seedbed(&["simfail", "check", &path, &stale, "--deny-stale"]);
    assert_eq!(denied.exit, Exit::Failure, "a stale file is an error where that is asked for");
    assert!(
        denied.out.contains("  not met: after ") && denied.out.contains("it says nothing any more"),
        "{}",
        denied.out
    );
    assert_eq!(seedbed(&["replay", &stale]).exit, Exit::Expected);
    assert_eq!(seedbed(&["replay", &stale, "--deny-stale"]).exit, Exit::Failure);
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_file_of_an_edited_program_is_upgraded_to_the_same_run() {
    let (folder, path) = folder("upgrade");
    let edited = of_variant(&path, "edited");
    let upgraded = seedbed(&["simfail", "upgrade", &edited]);
    assert_eq!(
        (upgraded.exit, upgraded.out.ends_with("  written anew\n")),
        (Exit::Expected, true),
        "{}",
        upgraded.out
    );
    assert!(seedbed(&["simfail", "check", &edited]).out.starts_with("EXACT "));
    let again = seedbed(&["simfail", "upgrade", &edited]);
    assert!(!again.out.contains("written"), "there is nothing left to do: {}", again.out);
    // What a person changed of its form is set right.
    let ragged = changed(&path, "ragged", |text| text.replace('\n', "\r\n"));
    assert!(seedbed(&["simfail", "upgrade", &ragged]).out.ends_with("  written anew\n"));
    assert_eq!(fs::read(&ragged).unwrap(), fs::read(&path).unwrap());
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_file_is_shrunk_once_and_then_as_small_as_it_gets() {
    let (folder, path) = folder("shrink");
    let ran = seedbed(&["simfail", "shrink", &path]);
    assert_eq!(ran.exit, Exit::Expected, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("\n  written anew: preemptions "), "{}", ran.out);
    let again = seedbed(&["simfail", "shrink", &path]);
    assert!(again.out.ends_with("  it is as small as it gets\n"), "{}{}", ran.out, again.out);
    assert!(again.out.starts_with("EXACT "), "{}", again.out);
    let mended = of_variant(&path, "other");
    assert_eq!(seedbed(&["simfail", "shrink", &mended]).exit, Exit::Failure, "its failure is not there");
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_file_is_shown_of_whatever_test_it_is() {
    let (folder, path) = folder("show");
    let of_test = changed(&path, "of-test", |text| text.replace("counter/broken", "my_crate::bank::kept"));
    let shown = seedbed(&["simfail", "show", &of_test, &path]);
    assert_eq!(shown.exit, Exit::Expected);
    assert!(
        shown.out.contains("\ntest       my_crate::bank::kept\n") && shown.out.contains("== "),
        "{}",
        shown.out
    );
    let alone = seedbed(&["simfail", "show", &path]);
    assert_eq!(alone.out, fs::read_to_string(&path).unwrap());
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_file_that_cannot_be_used_is_refused_with_what_to_do_and_the_others_are_checked() {
    let (folder, path) = folder("refused");
    let huge = folder.join("huge.simfail").display().to_string();
    fs::write(&huge, vec![b'\n'; 9 * 1_024 * 1_024]).unwrap();
    let binary = folder.join("binary.simfail").display().to_string();
    fs::write(&binary, b"simfail 1\n\xff\xfe\0").unwrap();
    let is_folder = folder.display().to_string();
    let with =
        |name, from: &'static str, to: &'static str| changed(&path, name, |text| text.replace(from, to));
    let cases = [
        (folder.join("none.simfail").display().to_string(), "cannot read "),
        (is_folder, "cannot read "),
        (changed(&path, "cut", |text| text[..text.len() / 2].to_string()), "line "),
        (
            changed(&path, "short", |text| text[..text.len() - "trace 0123456789abcdef\n".len()].to_string()),
            "it ends without its line `trace`",
        ),
        (huge, "it has more than 8388608 bytes"),
        (binary, "line 2: this is no UTF-8"),
        (
            with("newer", "simfail 1", "simfail 9"),
            "it is of format 9, and this Seedbed knows formats up to 1",
        ),
        (
            with("unknown", "counter/broken", "countre/broken"),
            "there is no scenario countre (did you mean counter?)",
        ),
        (
            with("variant", "counter/broken", "counter/borken"),
            "counter has no variant borken; it has broken, ",
        ),
        (
            with("of-test", "counter/broken", "bank::kept"),
            "it is of bank::kept, a test and no scenario; `SEEDBED_REPLAY=",
        ),
        (
            with("setting", "tasks = 3", "tasks = 99"),
            "its setting tasks = 99: tasks must be from 1 to 9, not 99",
        ),
        (
            with("settings", "tasks = 3", "task = 3"),
            "its setting task = 3: counter has no parameter task; it has tasks",
        ),
        (with("profile", "tasks = 3", "--profile = nowhere.toml"), "cannot read nowhere.toml"),
    ];
    for (file, expected) in &cases {
        for command in [&["replay", file][..], &["simfail", "check", file], &["simfail", "upgrade", file]] {
            if !file.ends_with(".simfail") && command[0] == "replay" {
                continue;
            }
            let refused = seedbed(command);
            assert_eq!(refused.exit, Exit::Usage, "{command:?}: {}", refused.out);
            assert!(
                refused.err.starts_with("error: ") && refused.err.contains(expected),
                "{command:?}: {}",
                refused.err
            );
        }
    }
    let mixed = seedbed(&["simfail", "check", &cases[0].0, &path]);
    assert_eq!(mixed.exit, Exit::Usage);
    assert!(mixed.out.starts_with("EXACT "), "the other is checked: {}", mixed.out);
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_file_that_cannot_be_written_is_said_before_anything_is_run() {
    let nowhere = "/nowhere/lost.simfail";
    let refused = seedbed(&["replay", "counter/broken", "--seed", "1", "--simfail", nowhere]);
    assert_eq!((refused.exit, refused.out.as_str()), (Exit::Usage, ""));
    assert!(refused.err.contains("cannot write /nowhere/lost.simfail"), "{}", refused.err);
    let (folder, path) = folder("not-failed");
    fs::remove_file(&path).unwrap();
    let passed = seedbed(&["replay", "counter/mended", "--seed", "production", "--simfail", &path]);
    assert_eq!(passed.exit, Exit::Expected);
    assert!(
        passed.err.contains("is not written: the run did not fail") && !Path::new(&path).exists(),
        "{}",
        passed.err
    );
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_does_not_go_together_is_refused() {
    let no_seed = seedbed(&["replay", "counter/broken"]);
    assert_eq!(no_seed.exit, Exit::Usage);
    assert!(
        no_seed
            .err
            .contains("Say so with --seed N, --seed production or --strategy each:run=12.1, or name a file"),
        "{}",
        no_seed.err
    );
    let two = seedbed(&["replay", "lost.simfail", "--seed", "1"]);
    assert_eq!(two.exit, Exit::Usage);
    assert!(two.err.contains("lost.simfail says itself which run it is; leave --seed out"), "{}", two.err);
}

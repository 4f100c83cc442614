//! The failure files of a test: written when a run fails, replayed first from then on.
//!
//! Each test runs in processes of its own, which are this program again, with the package in a folder of its own.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;

use seedbed::{TestSite, choose, run_test, spawn_named, yield_now};

/// The folder of the package of the process that runs the test.
const PACKAGE: &str = "FAILURE_FILES_PACKAGE";
/// What the program does: `broken`, `mended`, `edited`, `other`, `renamed`, `drawn`.
const PROGRAM: &str = "FAILURE_FILES_PROGRAM";

/// The test that the processes run, as the attribute would write it.
#[test]
fn counts() {
    let Some(package) = std::env::var_os(PACKAGE) else { return };
    let program = std::env::var_os(PROGRAM).unwrap().to_string_lossy().into_owned();
    let package: &'static str = package.to_string_lossy().into_owned().leak();
    let site = TestSite {
        path: "failure_files::counts",
        package: Some("bank"),
        crate_name: Some("failure_files"),
        binary: None,
        manifest_dir: Some(package),
        is_integration: true,
        features: "",
    };
    let is = |name| program == name;
    let (mended, edited, other, renamed) = (is("mended"), is("edited"), is("other"), is("renamed"));
    let (switched_off, unshrunk) = (is("switched_off"), is("unshrunk"));
    let set = move |sweep: &mut seedbed::Sweep| {
        // So that there is something to shrink.
        sweep.strategy = Some(seedbed::SweepBy::Strategy(seedbed::Strategy::Random));
        sweep.simfail = !switched_off;
        sweep.shrink = !unshrunk;
    };
    run_test(site, set, move || async move {
        if edited {
            drop(spawn_named("idle", async { yield_now().await }));
        }
        let ready = Rc::new(Cell::new(false));
        let seen = Rc::clone(&ready);
        let writer = spawn_named("writes", async move { ready.set(true) });
        let reader = spawn_named(if renamed { "looks" } else { "reads" }, async move {
            // A number that has nothing to do with it.
            let _ = choose(100);
            assert!(!other, "another mistake");
            assert!(seen.get() || mended || renamed, "it was read before it was written");
        });
        writer.await.unwrap();
        reader.await.unwrap();
    });
}

/// A package without anything.
struct Package(PathBuf);

struct Ran {
    text: String,
    passed: bool,
}

impl Package {
    fn new(name: &str) -> Package {
        let folder = std::env::temp_dir().join(format!("seedbed-bank-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).unwrap();
        Package(folder)
    }

    /// Runs the test with this program.
    fn run(&self, program: &str, environment: &[(&str, &str)]) -> Ran {
        self.run_by(Command::new(std::env::current_exe().unwrap()), program, environment)
    }

    /// The same by a command to which arguments can be added.
    fn run_by(&self, mut process: Command, program: &str, environment: &[(&str, &str)]) -> Ran {
        process.args(["counts", "--exact", "--nocapture", "--test-threads=1"]).current_dir(&self.0);
        process
            .env(PACKAGE, &self.0)
            .env(PROGRAM, program)
            .env("SEEDBED_SIMFAIL", "on")
            .env("RUST_BACKTRACE", "0");
        for variable in ["SEEDBED_SEED", "SEEDBED_REPLAY", "SEEDBED_DENY_STALE"] {
            process.env_remove(variable);
        }
        let output = process.envs(environment.iter().copied()).output().unwrap();
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        Ran { text: text.concat(), passed: output.status.success() }
    }

    fn files(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.0.join("tests/simfail")) else { return Vec::new() };
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// The only file's path.
    fn file(&self) -> PathBuf {
        let files = self.files();
        assert_eq!(files.len(), 1, "{files:?}");
        self.0.join("tests/simfail").join(&files[0])
    }

    fn text(&self) -> String {
        fs::read_to_string(self.file()).unwrap()
    }
}

impl Drop for Package {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn shown(path: &Path) -> String {
    format!("tests/simfail/{}", path.file_name().unwrap().to_string_lossy())
}

#[test]
fn a_failure_is_written_and_replayed_first_from_then_on() {
    let package = Package::new("first");
    let found = package.run("broken", &[]);
    assert!(!found.passed, "{}", found.text);
    let path = shown(&package.file());
    assert!(path.starts_with("tests/simfail/counts-"), "{path}");
    assert!(found.text.contains(&format!("failure file: {path} (shrunk: preemptions ")), "{}", found.text);
    let line = format!(
        "reproduce: SEEDBED_REPLAY={path} cargo test counts -p bank --test 'failure?files' -- --exact\n"
    );
    assert!(found.text.contains(&line), "{}", found.text);
    let file = package.text();
    assert!(file.contains("\n[schedule]\nafter main @ task.join #0   run main/reads\n"), "{file}");
    assert!(file.starts_with("simfail 1\ntest       failure_files::counts\nsignature  panic \""), "{file}");
    assert!(!file.contains("[values]"), "the number that means nothing was shrunk away: {file}");

    let again = package.run("broken", &[]);
    assert!(!again.passed, "{}", again.text);
    let headline = format!("counts fails as its failure file says: EXACT {path} (panic)\n");
    assert!(again.text.contains(&headline), "{}", again.text);
    assert!(again.text.contains(&line[..line.len() - 1]), "{}", again.text);
    assert_eq!(package.text(), file, "it stays as it is, and there is no other");
}

#[test]
fn the_line_that_reproduces_makes_that_run_alone() {
    let package = Package::new("reproduce");
    package.run("broken", &[]);
    let path = shown(&package.file());
    let ran = package.run("broken", &[("SEEDBED_REPLAY", &path)]);
    let trace = package.text().lines().last().unwrap().strip_prefix("trace ").unwrap().to_string();
    assert!(
        !ran.passed && ran.text.contains(&format!("EXACT {path}\nhash {trace} outcome panic\n")),
        "{}",
        ran.text
    );
    let mended = package.run("mended", &[("SEEDBED_REPLAY", &path)]);
    assert!(mended.passed && mended.text.contains(&format!("PASSED {path}\nhash ")), "{}", mended.text);
    let none = package.run("broken", &[("SEEDBED_REPLAY", "nowhere.simfail")]);
    assert!(
        !none.passed && none.text.contains("SEEDBED_REPLAY=nowhere.simfail: it cannot be read"),
        "{}",
        none.text
    );
    fs::write(package.0.join("foreign.simfail"), package.text().replace("::counts", "::pays")).unwrap();
    let foreign = package.run("broken", &[("SEEDBED_REPLAY", "foreign.simfail")]);
    let told = "SEEDBED_REPLAY=foreign.simfail is of failure_files::pays, and this is failure_files::counts";
    assert!(!foreign.passed && foreign.text.contains(told), "{}", foreign.text);
}

#[test]
fn a_mended_test_is_quiet_and_an_edited_one_fails_as_before() {
    let package = Package::new("edited");
    package.run("broken", &[]);
    let (path, text) = (shown(&package.file()), package.text());
    let mended = package.run("mended", &[]);
    assert!(mended.passed && !mended.text.contains("simfail"), "{}", mended.text);
    let edited = package.run("edited", &[]);
    assert!(
        !edited.passed && edited.text.contains(&format!("says: REPRODUCED {path} (panic)")),
        "{}",
        edited.text
    );
    assert!(edited.text.contains(" is another: now "), "{}", edited.text);
    assert_eq!(package.text(), text, "it is not written anew unless that is asked for");
    package.run("edited", &[("SEEDBED_SIMFAIL", "upgrade")]);
    assert_ne!(package.text(), text);
    assert!(package.run("edited", &[]).text.contains(&format!("says: EXACT {path}")));
    let other = package.run("other", &[]);
    let headline = format!("counts fails in another way than its failure file says: OTHER {path}");
    assert!(!other.passed && other.text.contains(&headline), "{}", other.text);
}

#[test]
fn a_stale_file_is_a_warning_or_an_error_and_never_silent() {
    let package = Package::new("stale");
    package.run("broken", &[]);
    let path = shown(&package.file());
    let stale = package.run("renamed", &[]);
    let told = format!("warning: counts: STALE(1) {path}: the test does not come to after ");
    assert!(stale.passed && stale.text.contains(&told), "{}{}", package.text(), stale.text);
    let denied = package.run("renamed", &[("SEEDBED_DENY_STALE", "1")]);
    let headline = format!("counts does not fail as its failure file says: STALE(1) {path}");
    assert!(!denied.passed && denied.text.contains(&headline), "{}", denied.text);
    assert!(denied.text.contains("not met: after "), "{}", denied.text);
}

#[test]
fn what_cannot_be_written_is_said_and_nothing_is_lost() {
    let package = Package::new("unwritable");
    fs::write(package.0.join("tests"), "this is no folder").unwrap();
    let ran = package.run("broken", &[]);
    assert!(!ran.passed && ran.text.contains("the failure file cannot be written: "), "{}", ran.text);
    assert!(
        ran.text.contains("\nsimfail 1\ntest       failure_files::counts\n"),
        "the file is shown: {}",
        ran.text
    );
    assert!(ran.text.contains("\nreproduce: SEEDBED_SEED="), "{}", ran.text);
}

/// A folder that takes no file, whoever asks.
#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_is_read_only_is_said_and_nothing_is_lost() {
    let package = Package::new("read-only");
    fs::create_dir(package.0.join("tests")).unwrap();
    std::os::unix::fs::symlink("/proc/self", package.0.join("tests/simfail")).unwrap();
    let ran = package.run("broken", &[]);
    assert!(!ran.passed && ran.text.contains("the failure file cannot be written: "), "{}", ran.text);
    assert!(ran.text.contains("\nsimfail 1\ntest       failure_files::counts\n"), "{}", ran.text);
    assert!(ran.text.contains("\nreproduce: SEEDBED_SEED="), "{}", ran.text);
    assert!(package.run("mended", &[]).passed, "a test that passes need not write");
}

/// As on a file system that is full: a file may be made, and no byte be written.
#[cfg(unix)]
#[test]
fn a_folder_without_room_is_said_and_what_was_there_is_kept() {
    let package = Package::new("full");
    package.run("broken", &[]);
    let (path, text) = (package.file(), package.text());
    let full = |program: &str, mode| {
        let mut process = Command::new("sh");
        process.args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\""]);
        process.arg(std::env::current_exe().unwrap());
        package.run_by(process, program, &[("SEEDBED_SIMFAIL", mode)])
    };
    let upgraded = full("edited", "upgrade");
    assert!(!upgraded.passed && upgraded.text.contains("cannot write tests/simfail/"), "{}", upgraded.text);
    assert_eq!(package.text(), text, "and nothing is left beside it");
    fs::remove_file(path).unwrap();
    let ran = full("broken", "on");
    assert!(!ran.passed && ran.text.contains("the failure file cannot be written: "), "{}", ran.text);
    assert!(ran.text.contains("\nsimfail 1\ntest       failure_files::counts\n"), "{}", ran.text);
    assert_eq!(package.files(), [""; 0]);
}

/// Else the failures that it holds would be left out, and the test be green.
#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_read_fails_the_test() {
    let package = Package::new("unreadable");
    fs::create_dir(package.0.join("tests")).unwrap();
    std::os::unix::fs::symlink("simfail", package.0.join("tests/simfail")).unwrap();
    let ran = package.run("mended", &[]);
    assert!(!ran.passed && ran.text.contains("counts: tests/simfail cannot be read: "), "{}", ran.text);
}

/// Another path, another copy of the program.
#[test]
fn a_file_that_is_handed_on_makes_the_same_run_in_another_checkout() {
    let (here, there) = (Package::new("here"), Package::new("there"));
    here.run("broken", &[]);
    let file = here.file();
    let program = there.0.join("copy of the tests");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    fs::create_dir_all(there.0.join("tests/simfail")).unwrap();
    let path = there.0.join("tests/simfail").join(file.file_name().unwrap());
    fs::copy(&file, &path).unwrap();
    let ran = there.run_by(Command::new(&program), "broken", &[]);
    let headline = format!("counts fails as its failure file says: EXACT {} (panic)\n", shown(&path));
    assert!(!ran.passed && ran.text.contains(&headline), "{}", ran.text);
    let trace = here.text().lines().last().unwrap().strip_prefix("trace ").unwrap().to_string();
    assert!(ran.text.contains(&format!("\nhash {trace}\n")), "{}", ran.text);
    let edited = there.run_by(Command::new(&program), "edited", &[("SEEDBED_REPLAY", &shown(&path))]);
    assert!(
        edited.text.contains("decision ") && edited.text.contains(" is another: now "),
        "{}",
        edited.text
    );
}

#[test]
fn a_damaged_file_is_an_error_of_its_test() {
    let package = Package::new("damaged");
    package.run("broken", &[]);
    let (path, text) = (package.file(), package.text());
    fs::write(&path, &text[..text.len() / 2]).unwrap();
    let ran = package.run("mended", &[]);
    assert!(!ran.passed && ran.text.contains(&format!("counts: {}: ", shown(&path))), "{}", ran.text);
    fs::write(&path, text.replace("simfail 1", "simfail 2")).unwrap();
    let newer = package.run("mended", &[]);
    assert!(!newer.passed && newer.text.contains("it is of format 2"), "{}", newer.text);
}

#[test]
fn failure_files_and_shrinking_can_be_switched_off() {
    let package = Package::new("off");
    for (program, mode) in [("broken", "off"), ("switched_off", "on")] {
        let ran = package.run(program, &[("SEEDBED_SIMFAIL", mode)]);
        assert!(!ran.passed && ran.text.contains("\nreproduce: SEEDBED_SEED="), "{}", ran.text);
        assert_eq!(package.files(), [""; 0]);
    }
    let wrong = package.run("broken", &[("SEEDBED_SIMFAIL", "maybe")]);
    assert!(!wrong.passed && wrong.text.contains("SEEDBED_SIMFAIL=\"maybe\" is none of on, off and upgrade"));
    let only = package.run("broken", &[("SEEDBED_SEED", "production")]);
    assert!(
        !only.text.contains("failure file"),
        "a run that was asked for alone leaves nothing: {}",
        only.text
    );
    assert_eq!(package.files(), [""; 0]);
    let unshrunk = package.run("unshrunk", &[]);
    assert!(
        unshrunk.text.contains("; it is replayed first from now on") && !unshrunk.text.contains("(shrunk: ")
    );
    assert!(!package.text().contains("shrunk"), "{}", package.text());
}

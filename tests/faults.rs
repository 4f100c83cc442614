//! The list of what can go wrong around a command: what it then says, with which status it ends, and that nothing is lost that was written.
//!
//! Each command is a process of its own. What a *run* can do to its process is in `process_ends.rs`.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;

const BINARY: &str = env!("CARGO_BIN_EXE_deadly");
/// What cannot be done.
const USAGE: i32 = 2;
/// Ctrl-C or SIGTERM.
const INTERRUPTED: i32 = 130;

/// A folder of its own, in which commands are called.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("seedbed-faults-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).unwrap();
        Folder(folder)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.0).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn call(&self, arguments: &str) -> Output {
        self.command(BINARY).args(arguments.split_whitespace()).output().unwrap()
    }

    /// In a shell, in which `seedbed` is the command line.
    fn shell(&self, script: &str) -> Output {
        self.command("sh")
            .args(["-c", &format!("seedbed() {{ {BINARY} \"$@\"; }}; {script}")])
            .output()
            .unwrap()
    }

    fn start(&self, arguments: &str) -> Child {
        let mut command = self.command(BINARY);
        command.args(arguments.split_whitespace()).process_group(0).spawn().unwrap()
    }

    fn write(&self, file: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.0.join(file), bytes).unwrap();
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.0.join(file)).unwrap()
    }

    fn json(&self, file: &str) -> Value {
        serde_json::from_str(&self.read(file)).unwrap()
    }

    fn files(&self) -> Vec<String> {
        let name = |file: std::io::Result<fs::DirEntry>| file.unwrap().file_name().into_string().unwrap();
        let mut names: Vec<String> = fs::read_dir(&self.0).unwrap().map(name).collect();
        names.sort();
        names
    }

    /// The command is refused with this advice, and writes nothing on standard output.
    fn refuses(&self, fault: &str, arguments: &str, advice: &str) {
        let output = self.call(arguments);
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(USAGE), "{fault}: {arguments}: {out}{err}");
        assert!(err.contains(advice), "{fault}: {arguments}: {err}");
        assert_eq!(out, "", "{fault}: {arguments}");
    }

    /// A failure file, as a run of this program leaves it.
    fn simfail(&self) -> String {
        let has_failed = |seed: &u32| {
            self.call(&format!("replay ends/fails --seed {seed} --simfail lost.simfail"));
            self.0.join("lost.simfail").exists()
        };
        (0..100).find(has_failed).expect("one of a hundred seeds fails");
        self.read("lost.simfail")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[expect(
    clippy::disallowed_methods,
    reason = "another process is given time, and nothing depends on how much"
)]
fn wait(millis: u64) {
    std::thread::sleep(Duration::from_millis(millis));
}

fn signal(signal: &str, process: &str) {
    assert!(
        Command::new("kill").args([signal, "--", process]).status().unwrap().success(),
        "{signal} {process}"
    );
}

#[test]
fn a_failure_file_that_is_no_good() {
    let folder = Folder::new("simfail");
    let good = folder.simfail();
    let lines = good.lines().count();
    folder.write("truncated.simfail", &good[..good.len() - 30]);
    folder.write("half.simfail", &good[..good.len() / 2]);
    folder.write("empty.simfail", "");
    folder.write("huge.simfail", vec![b'\n'; 9 << 20]);
    folder.write("binary.simfail", [good.as_bytes(), b"\xff\xfe\0\n"].concat());
    folder.write("newer.simfail", good.replace("simfail 1", "simfail 2"));
    folder.write("of-a-test.simfail", good.replace("ends/fails", "bank::tests::nothing_is_lost"));
    folder.write("unknown.simfail", good.replace("ends/fails", "end/fails"));
    folder.write("variant.simfail", good.replace("ends/fails", "ends/faults"));
    fs::create_dir(folder.0.join("folder.simfail")).unwrap();
    let list = [
        ("truncated", "it ends without its line `trace`"),
        ("half", "line "),
        ("empty", "line 1"),
        ("huge", "it has more than 8388608 bytes"),
        ("binary", &format!("line {}: this is no UTF-8", lines + 1)),
        ("newer", "it is of format 2, and this Seedbed knows formats up to 1"),
        ("of-a-test", "a test and no scenario; `SEEDBED_REPLAY="),
        ("unknown", "there is no scenario end (did you mean ends?)"),
        ("variant", "ends has no variant faults; it has fails, "),
        ("folder", "cannot read folder.simfail"),
        ("none", "cannot read none.simfail"),
    ];
    for (fault, advice) in list {
        for command in ["replay", "simfail check", "simfail upgrade", "simfail shrink"] {
            folder.refuses(fault, &format!("{command} {fault}.simfail"), advice);
        }
    }
    folder.refuses("endless", "simfail check /dev/zero", "it has more than 16777216 bytes");
    assert_eq!(folder.read("lost.simfail"), good);
}

#[test]
fn a_name_or_a_number_that_is_none() {
    let folder = Folder::new("names");
    let list = [
        ("unknown scenario", "run end", "there is no scenario end (did you mean ends?); `list` shows all"),
        (
            "unknown variant",
            "sweep ends/abort --seeds 0..5",
            "ends has no variant abort; it has fails, aborts, ",
        ),
        ("impossible shard", "sweep sound --seeds 0..5 --shard 3/2", "--shard"),
        ("shard zero", "sweep sound --seeds 0..5 --shard 0/2", "--shard"),
        ("no shard", "sweep sound --seeds 0..5 --shard half", "--shard"),
        ("seeds without end", "sweep sound --seeds 5..", "5.."),
        ("no seeds", "sweep sound --seeds 5..5", "no seed is from 5 to below 5"),
        (
            "a seed that is too great",
            "run sound --seed 18446744073709551616",
            "from 0 to 18446744073709551615",
        ),
        ("no threads", "sweep sound --seeds 0..5 --jobs 0", "--jobs"),
        ("a filter without a field", "run sound --filter main", "write task=PATH, node=NAME or kind=KIND"),
        ("a time that is none", "run sound --from noon", "write seconds as the log shows them"),
        ("a colour that is none", "list --color red", "[possible values: auto, always, never]"),
    ];
    for (fault, command, advice) in list {
        folder.refuses(fault, command, advice);
    }
}

#[test]
fn an_input_that_has_no_end_is_a_folder_or_is_none() {
    let folder = Folder::new("inputs");
    let good = "sweep sound/only --seeds 0..5 --json good.json";
    assert_eq!(folder.call(good).status.code(), Some(0));
    folder.write("cut.json", &folder.read("good.json")[..100]);
    folder.write("binary.json", b"\xff\xfe");
    folder.write("newer.json", folder.read("good.json").replace("\"version\": 1", "\"version\": 2"));
    let list = [
        ("endless", "merge /dev/zero", "more than 16777216 bytes"),
        ("endless", "asyncio /dev/zero", "more than 16777216 bytes"),
        ("endless", "run sound --profile /dev/zero", "more than 16777216 bytes"),
        ("a folder", "merge .", "cannot read ."),
        ("a folder", "asyncio .", "Is a directory"),
        ("a folder", "run sound --profile .", "Is a directory"),
        ("not there", "merge none.json", "cannot read none.json"),
        ("a file", "sweep sound --seeds 0..5 --profiles good.json", "good.json"),
        ("cut", "merge good.json cut.json", "cut.json is no result of a sweep"),
        ("binary", "merge good.json binary.json", "this is no UTF-8"),
        (
            "newer",
            "merge newer.json",
            "is of version 2, and this program knows version 1 only; use a newer one",
        ),
        ("twice", "merge good.json good.json", "give each shard once"),
    ];
    for (fault, command, advice) in list {
        folder.refuses(fault, command, advice);
    }
}

#[test]
fn an_output_that_cannot_be_written_is_said_before_anything_runs() {
    let folder = Folder::new("outputs");
    let sealed = folder.0.join("sealed");
    fs::create_dir(&sealed).unwrap();
    fs::set_permissions(&sealed, fs::Permissions::from_mode(0o555)).unwrap();
    // Who may do everything is stopped by the kernel's own folders only.
    let may_do_all = fs::write(sealed.join("probe"), "").is_ok();
    let sealed = if may_do_all { "/proc" } else { "sealed" };
    let commands =
        ["run sound --json", "replay ends/fails --seed 1 --simfail", "sweep sound --seeds 0..5 --junit"];
    for command in commands {
        for (fault, path) in [("read-only", sealed), ("not there", "nowhere")] {
            folder.refuses(fault, &format!("{command} {path}/out"), &format!("cannot write {path}/out: "));
        }
        folder.refuses("a folder", &format!("{command} ."), "cannot write .: ");
    }
}

#[test]
fn a_disk_that_is_full_when_a_sweep_ends() {
    let folder = Folder::new("full");
    folder.write("old.json", "the result of yesterday");
    // No file may have any bytes.
    let full = "trap '' XFSZ; ulimit -f 0";
    let swept = folder.shell(&format!("{full}; seedbed sweep sound/only --seeds 0..50 --json old.json"));
    assert_eq!(swept.status.code(), Some(USAGE), "{}", text(&swept.stderr));
    assert!(
        text(&swept.stderr).contains("error: cannot write old.json: File too large"),
        "{}",
        text(&swept.stderr)
    );
    assert!(text(&swept.stdout).contains("sound/only"), "the table is there: {}", text(&swept.stdout));
    assert_eq!(folder.read("old.json"), "the result of yesterday");
    assert_eq!(folder.files(), ["old.json"], "nothing is left beside it");
    let swept = folder.call("sweep sound/only --seeds 0..50 --json /dev/full --junit good.xml");
    assert_eq!(swept.status.code(), Some(USAGE));
    assert!(
        text(&swept.stderr).contains("cannot write /dev/full: No space left on device"),
        "{}",
        text(&swept.stderr)
    );
    assert!(folder.read("good.xml").contains("testcase"), "the others are written");
    for command in [
        "list",
        "run sound",
        "run sound --trace",
        "replay sound/only --seed 1",
        "sweep sound/only --seeds 0..5 --json kept.json",
    ] {
        let output = folder.shell(&format!("seedbed {command} > /dev/full"));
        assert_eq!(output.status.code(), Some(USAGE), "{command}: {}", text(&output.stderr));
        assert!(
            text(&output.stderr).contains("No space left on device"),
            "{command}: {}",
            text(&output.stderr)
        );
    }
    assert_eq!(
        folder.json("kept.json")["variants"][0]["runs"],
        5,
        "a file is written also where nobody can be shown anything"
    );
}

#[test]
fn a_reader_that_has_gone() {
    let folder = Folder::new("pipe");
    let list = [
        ("list", 0),
        ("run sound --trace", 0),
        ("replay sound/only --seed 1", 0),
        ("sweep ends/fails sound/only --seeds 0..100 --json a.json", 0),
        ("sweep sound --seeds 0..60", 1),
    ];
    for (command, status) in list {
        let output = folder.shell(&format!("{{ seedbed {command}; echo $? > status; }} 2> said | true"));
        assert!(output.status.success());
        assert_eq!(folder.read("status"), format!("{status}\n"), "{command}: {}", folder.read("said"));
    }
    assert_eq!(folder.json("a.json")["variants"][1]["runs"], 100);
}

/// A sweep that goes on for ever, and the process that makes its runs.
fn endless_sweep(folder: &Folder, programs: &str) -> (Child, String) {
    let sweep = folder.start(&format!(
        "sweep {programs} --seeds 0..1000000000000 --jobs 2 --json a.json --json-lines a.jsonl --junit a.xml"
    ));
    let children = format!("/proc/{0}/task/{0}/children", sweep.id());
    let worker = (0..200).find_map(|_| {
        wait(50);
        let workers = fs::read_to_string(&children).unwrap_or_default();
        workers.split_whitespace().next().map(str::to_string)
    });
    wait(300);
    (sweep, worker.expect("a process makes its runs"))
}

fn has_gone(process: &str) -> bool {
    (0..200).any(|_| {
        wait(50);
        !Path::new("/proc").join(process).exists()
    })
}

#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_and_sigterm_in_a_sweep() {
    let folder = Folder::new("signals");
    folder.write("a.json", "the result of yesterday");
    // Ctrl-C of a terminal goes to all processes of the group.
    for (name, is_of_group) in
        [("-INT", true), ("-INT", false), ("-TERM", false), ("-TERM", true), ("-HUP", false)]
    {
        let (sweep, worker) = endless_sweep(&folder, "sound/only ends/fails");
        let process = format!("{}{}", if is_of_group { "-" } else { "" }, sweep.id());
        signal(name, &process);
        let output = sweep.wait_with_output().unwrap();
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert_eq!((output.status.code(), err.as_str()), (Some(INTERRUPTED), ""), "{name}: {out}");
        assert!(
            out.contains("\nsound/only ") && out.contains("interrupted: not all runs were made\n"),
            "{name}: {out}"
        );
        let record = folder.json("a.json");
        assert_eq!(record["interrupted"], true);
        assert!(record["variants"][0]["runs"].as_u64().unwrap() > 0, "what it had is written: {record}");
        assert_eq!(folder.read("a.jsonl").lines().count(), 2);
        assert!(folder.read("a.xml").ends_with("</testsuites>\n"));
        assert!(has_gone(&worker), "{name}: its process has ended too");
    }
    let (sweep, _) = endless_sweep(&folder, "unsound sound/only");
    signal("-INT", &sweep.id().to_string());
    let out = text(&sweep.wait_with_output().unwrap().stdout);
    assert!(out.contains("unsound FAILED: ") && !out.contains("NOT REPRODUCED"), "{out}");
}

#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_while_the_process_of_a_sweep_starts() {
    let folder = Folder::new("early");
    for _ in 0..20 {
        let sweep = folder.start("sweep sound/only --seeds 0..1000000000000 --jobs 2");
        let children = format!("/proc/{0}/task/{0}/children", sweep.id());
        // At once when it is there: it may not have asked yet not to be ended by that.
        while fs::read_to_string(&children).unwrap().is_empty() {
            std::thread::yield_now();
        }
        signal("-INT", &format!("-{}", sweep.id()));
        let output = sweep.wait_with_output().unwrap();
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert_eq!((output.status.code(), err.as_str()), (Some(INTERRUPTED), ""), "{out}");
        assert!(out.contains("interrupted: not all runs were made\n"), "{out}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_sweep_that_is_killed_leaves_nothing_behind() {
    let folder = Folder::new("killed");
    folder.write("a.json", "the result of yesterday");
    let (mut sweep, worker) = endless_sweep(&folder, "sound/only ends/fails");
    signal("-KILL", &sweep.id().to_string());
    sweep.wait().unwrap();
    assert!(has_gone(&worker), "nobody makes runs for nobody");
    assert_eq!(
        (folder.read("a.json"), folder.files()),
        ("the result of yesterday".to_string(), vec!["a.json".to_string()])
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_second_ctrl_c_ends_a_sweep_whose_run_stands_still() {
    let folder = Folder::new("twice");
    let mut command = folder.command(BINARY);
    let arguments = ["sweep", "ends/stands_still", "--seeds", "0..1000", "--json", "a.json"];
    let mut sweep = command.args(arguments).env("SEEDBED_WATCHDOG", "off").spawn().unwrap();
    wait(1_500);
    let process = sweep.id().to_string();
    signal("-INT", &process);
    wait(300);
    assert_eq!(sweep.try_wait().unwrap(), None, "the first one waits for the run");
    signal("-INT", &process);
    assert_eq!(sweep.wait().unwrap().code(), Some(INTERRUPTED));
}

#[test]
fn a_log_is_there_up_to_where_its_process_ended() {
    let folder = Folder::new("log");
    let seed =
        (0..100).find(|seed| folder.call(&format!("run ends/fails --seed {seed}")).status.code() == Some(1));
    let seed = seed.expect("one of a hundred seeds draws it");
    for way in ["aborts", "overflows", "is_killed"] {
        for command in ["run", "replay"] {
            let output = folder.call(&format!("{command} ends/{way} --seed {seed} --filter task=*/drawing"));
            assert_eq!(output.status.code(), None, "{way}: it ends its process");
            assert_eq!(text(&output.stdout), "0.000 main/drawing draws 11\n", "{command} {way}");
        }
    }
    let mut still = folder.start(&format!("run ends/stands_still --seed {seed}"));
    let mut out = std::io::BufReader::new(still.stdout.take().unwrap());
    let mut line = String::new();
    std::io::BufRead::read_line(&mut out, &mut line).unwrap();
    assert_eq!(line, "0.000 main/drawing draws 11\n", "it is shown while the run goes on");
    assert_eq!(still.try_wait().unwrap(), None);
    signal("-KILL", &still.id().to_string());
    still.wait().unwrap();
}

#[test]
fn colours_are_for_terminals_unless_somebody_says_so() {
    let folder = Folder::new("colours");
    let has_colours = |options: &str, no_color: Option<&str>| {
        let mut command = folder.command(BINARY);
        command.args(["run", "sound"]).args(options.split_whitespace()).env_remove("NO_COLOR");
        no_color.iter().for_each(|value| {
            command.env("NO_COLOR", value);
        });
        text(&command.args(["--trace"]).output().unwrap().stdout).contains('\u{1b}')
    };
    assert!(!has_colours("", None), "a pipe is no terminal");
    assert!(has_colours("--color always", None) && has_colours("--color always", Some("1")));
    assert!(!has_colours("--color never", None) && !has_colours("--color auto", Some("1")));
}

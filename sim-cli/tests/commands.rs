//! The commands, over a scenario that loses an increment under some schedules, and its repair.

use std::cell::Cell;
use std::io::Write;
use std::rc::Rc;

use anstream::StripStream;
use sim_cli::{Console, Exit, call};
use sim_executor::{Executor, event, spawn_named, yield_now};
use sim_explorer::{Expect, Parameter, Pattern, Scenario, Settings, Variant, Violation};

static LOST_UPDATE: Pattern =
    Pattern { id: "A1", about: "A lost update", here: "choose", rust: "a lock over the whole update" };

static SCENARIOS: [Scenario; 2] = [
    Scenario {
        name: "counter",
        about: "Two tasks count.",
        invariant: "No increment is lost.",
        patterns: &[&LOST_UPDATE],
        parameters: &[Parameter { name: "tasks", about: "how many tasks count", default: 2, min: 1, max: 9 }],
        variants: &[
            Variant { name: "fixed", about: "Adds at once.", expect: Expect::Holds, body: fixed },
            Variant { name: "broken", about: "Lets others go first.", expect: Expect::Breaks, body: broken },
        ],
    },
    Scenario {
        name: "silent",
        about: "Nothing happens.",
        invariant: "None.",
        patterns: &[],
        parameters: &[],
        variants: &[Variant {
            name: "only",
            about: "Has no choices.",
            expect: Expect::Holds,
            body: |_, _| Ok(()),
        }],
    },
];

static TALKERS: [Scenario; 1] = [Scenario {
    name: "talk",
    about: "A datagram is sent.",
    invariant: "None.",
    patterns: &[],
    parameters: &[],
    variants: &[Variant { name: "only", about: "Over a slow link.", expect: Expect::Holds, body: talk }],
}];

static MEETS: [Scenario; 1] = [Scenario {
    name: "meets",
    about: "A draw.",
    invariant: "None.",
    patterns: &[],
    parameters: &[],
    variants: &[Variant { name: "only", about: "Draws once.", expect: Expect::Holds, body: meet }],
}];

fn meet(executor: &mut Executor, _settings: &Settings) -> Result<(), Violation> {
    executor.block_on(async {
        let drawn = seedbed::choose(4);
        seedbed::sometimes!(drawn == 3, "a three");
        seedbed::sometimes!(drawn == 4, "a four");
    })?;
    Ok(())
}

/// With a network of its own, which is installed when the run has begun.
fn talk(executor: &mut Executor, _settings: &Settings) -> Result<(), Violation> {
    executor.enter(|| seedbed::net::install(seedbed::net::NetworkConfig::default()));
    executor.block_on(async {
        let receiver = seedbed::node("server").spawn(async {
            let socket = seedbed::net::UdpSocket::bind("0.0.0.0:7").await.unwrap();
            socket.recv(&mut [0; 9]).await.unwrap()
        });
        yield_now().await;
        let socket = seedbed::net::UdpSocket::bind("0.0.0.0:0").await.unwrap();
        socket.send_to(b"hello", "server:7").await.unwrap();
        receiver.await.unwrap();
    })?;
    Ok(())
}

fn fixed(executor: &mut Executor, settings: &Settings) -> Result<(), Violation> {
    count(executor, settings.get("tasks"), false)
}

fn broken(executor: &mut Executor, settings: &Settings) -> Result<(), Violation> {
    count(executor, settings.get("tasks"), true)
}

/// In production order nobody yields, so every task finds the count as the one before has left it.
fn count(executor: &mut Executor, tasks: u64, yields: bool) -> Result<(), Violation> {
    let counted = executor.block_on(async move {
        let count = Rc::new(Cell::new(0));
        let mut handles = Vec::new();
        for _ in 0..tasks {
            let count = Rc::clone(&count);
            handles.push(spawn_named("worker", async move {
                let before = count.get();
                if yields && seedbed::choose(2) == 1 {
                    yield_now().await;
                }
                count.set(before + 1);
                event!("wrote {}", before + 1);
            }));
        }
        for handle in handles {
            handle.await.unwrap();
        }
        count.get()
    })?;
    sim_explorer::ensure!(counted == tasks, "{} of {tasks} increments were lost", tasks - counted);
    Ok(())
}

/// The status of a command, and what it wrote.
#[derive(Debug, PartialEq)]
struct Called {
    exit: Exit,
    out: String,
    err: String,
}

fn seedbed(arguments: &str) -> Called {
    seedbed_of(&SCENARIOS, arguments)
}

fn seedbed_of(scenarios: &'static [Scenario], arguments: &str) -> Called {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = {
        let (mut out, mut err) = (StripStream::new(&mut out), StripStream::new(&mut err));
        let mut console = Console { out: &mut out, err: &mut err, is_process: false };
        call(scenarios, ["seedbed"].into_iter().chain(arguments.split_whitespace()), &mut console)
    };
    let [out, err] = [out, err].map(|bytes| String::from_utf8(bytes).unwrap());
    Called { exit, out, err }
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

/// The result of a sweep as it is in its file.
fn swept(name: &str, arguments: &str) -> (Called, serde_json::Value) {
    let path = std::env::temp_dir().join(format!("seedbed-{}-{name}.json", std::process::id()));
    let called = seedbed(&format!("{arguments} --json {}", path.display()));
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    (called, json(&text))
}

#[test]
fn list_shows_every_variant() {
    let Called { exit, out, .. } = seedbed("list");
    assert_eq!(exit, Exit::Expected);
    let expected = "\
name            expected  about
counter/fixed   holds     Adds at once.
counter/broken  breaks    Lets others go first.
silent          holds     Has no choices.
";
    assert_eq!(out, expected);
}

#[test]
fn list_tells_scripts_all_there_is_to_know() {
    let entries = json(&seedbed("list --json").out);
    assert_eq!(entries.as_array().unwrap().len(), 3);
    assert_eq!(entries[1]["full"], "counter/broken");
    assert_eq!(entries[1]["expect"], "breaks");
    assert_eq!(entries[1]["invariant"], "No increment is lost.");
    assert_eq!(entries[1]["parameters"][0]["default"], 2);
    assert_eq!(entries[1]["patterns"][0]["id"], "A1");
    assert_eq!(entries[1]["patterns"][0]["rust"], "a lock over the whole update");
    assert_eq!(entries[2]["full"], "silent");
    assert_eq!(entries[2]["variant"], "only");
}

#[test]
fn run_prints_the_log_and_the_hash() {
    let Called { exit, out, .. } = seedbed("run counter");
    assert_eq!(exit, Exit::Expected);
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines[..2], ["0.000 main/worker wrote 1", "0.000 main/worker#2 wrote 2"]);
    let words: Vec<&str> = lines[2].split(' ').collect();
    assert_eq!((words[0], words[1].len(), words[2], words[3]), ("hash", 16, "outcome", "done"));
    assert_eq!(lines.len(), 3);
}

#[test]
fn run_does_the_same_every_time_and_something_else_under_another_seed() {
    let runs: Vec<String> = (0..20).map(|seed| seedbed(&format!("run counter --seed {seed}")).out).collect();
    assert_eq!(seedbed("run counter --seed 7").out, runs[7]);
    assert_ne!(seedbed("run counter").out, runs[7]);
    assert!(runs.iter().any(|run| *run != runs[7]));
}

#[test]
fn run_takes_a_strategy_a_variant_and_parameters() {
    let production = seedbed("run counter/broken --set tasks=4").out;
    assert_eq!(
        seedbed("run counter --variant broken --strategy production --seed 3 --set tasks=4").out,
        production
    );
    assert_eq!(production.lines().count(), 5);
    let random = seedbed("run counter --seed 3").out;
    assert_eq!(seedbed("run counter --seed 3 --strategy random").out, random);
}

#[test]
fn run_with_trace_shows_every_step() {
    let out = seedbed("run counter --trace").out;
    assert!(out.contains("0.000 main spawned main/worker#2\n"), "{out}");
    let hash = |out: &str| out.lines().last().map(str::to_string);
    assert_eq!(hash(&out), hash(&seedbed("run counter").out));
}

#[test]
fn run_with_stats_shows_how_often_each_task_ran() {
    let out = seedbed("run counter --stats").out;
    let lines: Vec<&str> = out.lines().skip(2).collect();
    let expected = [
        "",
        "task           polls  waited: polls  waited: time  longest gap",
        "main/worker        1              0         0.000        0.000",
        "main/worker#2      1              1         0.000        0.000",
        "main               2              1         0.000        0.000",
        "",
    ];
    assert_eq!(lines[..6], expected);
    assert_eq!(lines[6], seedbed("run counter").out.lines().nth(2).unwrap(), "the run is the same");
}

#[test]
fn sweep_finds_the_broken_variant_and_no_other() {
    let Called { exit, out, err } = seedbed("sweep --all --seeds 0..100");
    assert_eq!((exit, err.as_str()), (Exit::Expected, ""));
    let lines: Vec<Vec<&str>> = out.lines().map(|line| line.split_whitespace().collect()).collect();
    let head = "name runs runs/s failures first failing seed verdict what went wrong first";
    assert_eq!(lines[0].join(" "), head);
    assert_eq!((lines[1][0], lines[1][1], lines[1][5]), ("counter/fixed", "100", "holds"));
    assert_eq!((lines[2][0], lines[2][1], lines[2][5]), ("counter/broken", "100", "found"));
    assert_eq!(lines[1].len(), 6, "nothing went wrong");
    assert_eq!(lines[2][6..].join(" "), "1 of 2 increments were lost");
    assert_eq!((lines[3][0], lines[3][4]), ("silent", "-"));
    assert!(out.ends_with("as expected: every broken variant was found, every other one holds\n"), "{out}");
}

#[test]
fn a_sweep_says_what_it_means_that_nothing_failed_and_which_strategies_found_something() {
    let sweep = seedbed("sweep counter --strategy portfolio --seeds 0..40 --jobs 2");
    assert!(sweep.out.contains("of them were different runs\nfailures by strategy: "), "{}", sweep.out);
    let bound =
        "where nothing failed, fewer than 3 in 40 runs under such seeds do, with a confidence of 95 %\n";
    assert!(sweep.out.contains(bound), "{}", sweep.out);
    let few = seedbed("sweep counter --seeds 0..20");
    assert!(!few.out.contains("confidence") && !few.out.contains("failures by strategy"), "{}", few.out);
}

#[test]
fn a_sweep_stops_as_it_was_told_to() {
    let (stopped, record) =
        swept("stop", "sweep counter --seeds 0..100000 --stop-after 1 --until-nothing-new 100");
    assert_eq!(stopped.exit, Exit::Expected, "{}", stopped.out);
    assert!(stopped.out.contains("left early, as asked: 2 of 2\n"), "{}", stopped.out);
    for variant in record["variants"].as_array().unwrap() {
        assert!(variant["runs"].as_u64().unwrap() < 2_000, "{variant}");
    }
    let late = seedbed("sweep silent --seeds 0..1000000000000 --max-time 1");
    assert_eq!(late.exit, Exit::Expected, "{}", late.out);
    assert!(late.out.contains("left early, as asked: 1 of 1\n"), "{}", late.out);
    let refused = seedbed("sweep counter --strategy each --stop-after 1");
    assert!(refused.err.contains("leave the options away that stop a sweep"), "{}", refused.err);
}

#[test]
fn a_sweep_shows_what_its_runs_have_met_and_fails_where_that_is_required() {
    let Called { exit, out, .. } = seedbed_of(&MEETS, "sweep meets --seeds 0..50 --jobs 2");
    assert_eq!(exit, Exit::Expected);
    let met = out.split_once(" met:\n").unwrap().1;
    assert!(met.starts_with("sometimes a four: never, of 51 times in 51 runs\nsometimes a three: "), "{out}");
    let Called { exit, out, .. } = seedbed_of(&MEETS, "sweep meets --seeds 0..50 --require-sometimes");
    assert_eq!(exit, Exit::Failure);
    let last = "never met: 1 of the properties above; give more seeds, or mend the program\n";
    assert!(out.ends_with(last), "{out}");
    let refused = seedbed_of(&MEETS, "sweep meets --strategy each --require-sometimes");
    assert_eq!((refused.exit, refused.out.as_str()), (Exit::Usage, ""));
    assert!(refused.err.contains("--strategy each counts no properties"), "{}", refused.err);
    assert!(!seedbed("sweep counter/fixed --seeds 0..5").out.contains(" met:"));
}

#[test]
fn the_result_of_a_sweep_does_not_depend_on_the_number_of_jobs() {
    let [one, four] =
        ["1", "4"].map(|jobs| swept(jobs, &format!("sweep --all --seeds 0..100 --jobs {jobs}")).1);
    assert_eq!(one, four);
    assert_eq!(one["interrupted"], false);
    assert_eq!(one["variants"][0]["production"]["outcome"], "done");
    assert_eq!(one["variants"][0]["first_failing_seed"], serde_json::Value::Null);
    assert_eq!(one["variants"][1]["outcome"], "failed");
    assert_eq!(one["variants"][1]["message"], "1 of 2 increments were lost");
    assert_eq!(one["variants"][1]["ok"], true);
}

#[test]
fn replay_shows_the_failure_that_the_sweep_found() {
    let (_, sweep) = swept("replay", "sweep counter --seeds 0..100");
    let found = &sweep["variants"][1];
    let seed = found["first_failing_seed"].as_u64().unwrap();
    let Called { exit, out, .. } = seedbed(&format!("replay counter/broken --seed {seed}"));
    assert_eq!(exit, Exit::Failure);
    let mut lines = out.lines().rev();
    let hash = found["first_failing_hash"].as_str().unwrap();
    assert_eq!(lines.next().unwrap(), format!("hash {hash} outcome failed"));
    assert!(lines.next().unwrap().ends_with("decisions gave the same hash"), "{out}");
    assert_eq!(lines.next(), Some("1 of 2 increments were lost"));
    let last = lines.next().unwrap();
    assert!(last.starts_with("0.000 main/worker") && last.ends_with(" wrote 1"), "{out}");
}

#[test]
fn replay_takes_production_order() {
    let Called { exit, out, .. } = seedbed("replay counter/broken --seed production --set tasks=5");
    assert_eq!(exit, Exit::Expected);
    let run = seedbed("run counter/broken --set tasks=5").out;
    assert_eq!(out.lines().last(), run.lines().last());
}

#[test]
fn a_sweep_that_shows_what_is_not_expected_fails() {
    let (called, sweep) = swept("missed", "sweep counter/broken --seeds 0..100 --set tasks=1");
    assert_eq!(called.exit, Exit::Failure);
    assert!(called.out.contains("counter/broken was MISSED"), "{}", called.out);
    assert_eq!(sweep["variants"][0]["ok"], false);
    assert_eq!(sweep["variants"][0]["failures"], 0);
}

#[test]
fn a_capture_is_written_and_changes_nothing() {
    let path = std::env::temp_dir().join(format!("seedbed-cli-{}.pcapng", std::process::id()));
    let with = seedbed_of(&TALKERS, &format!("run talk --seed 7 --pcap {}", path.display()));
    assert_eq!(with.exit, Exit::Expected, "{}", with.err);
    assert_eq!(with, seedbed_of(&TALKERS, "run talk --seed 7"));
    let file = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(file[..4], [0x0a, 0x0d, 0x0d, 0x0a], "the block with which a section begins");
    let count = |what: &[u8]| file.windows(what.len()).filter(|bytes| *bytes == what).count();
    assert_eq!(count(b"hello"), 2, "at its sender, at its receiver");
    assert_eq!((count(b"main"), count(b"server")), (1, 1), "an interface for each host");
}

#[test]
fn bad_usage_is_told_apart_from_a_failure() {
    for (arguments, reason) in [
        ("run countr", "there is no scenario countr (did you mean counter?); `list` shows all"),
        ("run counter/brok", "counter has no variant brok; it has fixed, broken"),
        ("run counter --set jobs=3", "counter has no parameter jobs; it has tasks"),
        ("run counter --set tasks=10", "tasks must be from 1 to 9, not 10"),
        ("run counter --strategy random", "--strategy random needs a seed"),
        ("run counter --strategy fastest", "there is no strategy fastest"),
        ("run counter --seed seven", "or the word production"),
        ("sweep --all --seeds 5..5", "no seed is from 5 to below 5"),
        ("sweep --all --seeds 5", "write it as A..B"),
        ("sweep --seeds 0..5", "required"),
        ("sweep counter --all --seeds 0..5", "cannot be used with"),
        ("sweep counter --seeds 0..5 --jobs 0", "--jobs"),
        ("sweep silent --seeds 0..5 --set tasks=3", "none of these scenarios has a parameter tasks"),
        ("sweep counter --seeds 0..5 --json /nowhere/out.json", "cannot write /nowhere/out.json"),
        ("run counter --pcap /nowhere/out.pcapng", "cannot write /nowhere/out.pcapng"),
        ("replay counter --seed soon", "or the word production"),
        ("replay counter", "--seed"),
        ("", "Usage"),
        ("walk", "unrecognized subcommand"),
    ] {
        let Called { exit, err, .. } = seedbed(arguments);
        assert_eq!(exit, Exit::Usage, "{arguments}");
        assert!(err.contains(reason), "{arguments}: {err}");
    }
}

#[test]
fn help_has_examples_that_work() {
    for command in ["", "list ", "run ", "sweep ", "replay "] {
        let Called { exit, out, .. } = seedbed(&format!("{command}--help"));
        assert_eq!(exit, Exit::Expected);
        let examples = out.split("Examples:\n").nth(1).unwrap();
        // Those that need a file, or make one.
        let has_file = |line: &&str| {
            ["--json out.json", "--pcap", "--profiles", ".simfail"].iter().any(|file| line.contains(file))
        };
        for example in examples.lines().filter(|line| !has_file(line)) {
            let arguments = example.trim().strip_prefix("seedbed ").unwrap();
            assert_ne!(seedbed(arguments).exit, Exit::Usage, "{arguments}");
        }
    }
}

#[test]
fn output_that_cannot_be_written_is_an_error() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _bytes: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut err = Vec::new();
    let mut console = Console { out: &mut Full, err: &mut err, is_process: false };
    assert_eq!(call(&SCENARIOS, ["seedbed", "list"], &mut console), Exit::Usage);
    assert!(!err.is_empty());
}

#[test]
fn a_run_as_json_has_its_log_and_is_all_of_standard_output() {
    let Called { exit, out, .. } = seedbed("run counter/broken --seed 7 --json -");
    let run = json(&out);
    assert_eq!(
        (&run["version"], &run["full"], &run["seed"]),
        (&1.into(), &"counter/broken".into(), &"7".into())
    );
    assert_eq!(run["hash"].as_str().unwrap().len(), 16);
    assert_eq!(run["outcome"] == "done", exit == Exit::Expected);
    assert!(seedbed("run counter/broken --seed 7").out.contains(run["hash"].as_str().unwrap()));
    let replayed = json(&seedbed("replay counter/broken --seed 7 --json -").out);
    assert_eq!((&replayed["hash"], &replayed["is_replayed"]), (&run["hash"], &true.into()));
    assert_eq!(replayed["log"], run["log"]);
}

#[test]
fn a_file_that_cannot_be_written_is_refused_before_anything_runs() {
    for command in ["run counter", "replay counter --seed 1", "sweep counter --seeds 0..5"] {
        let Called { exit, out, err } = seedbed(&format!("{command} --json /nowhere/out.json"));
        assert_eq!((exit, out.as_str()), (Exit::Usage, ""), "{command}");
        assert!(err.contains("cannot write /nowhere/out.json: "), "{command}: {err}");
    }
}

#[test]
fn what_is_no_seed_is_refused_with_what_to_write() {
    for (wrong, advice) in [
        ("run counter --seed -1", "none is below 0: write 1"),
        ("replay counter --seed 0x1f", "without 0x: write 31"),
        ("run counter --seed 0..5", "use `sweep --seeds 0..5`"),
        ("sweep counter --seeds -1..5", "none is below 0: write 1"),
        ("run counter --seed --trace", "one must stand here, before --trace"),
    ] {
        let Called { exit, err, .. } = seedbed(wrong);
        assert_eq!(exit, Exit::Usage, "{wrong}");
        assert!(err.contains(advice), "{wrong}: {err}");
    }
    assert_eq!(seedbed("run counter --seed production").out, seedbed("run counter").out);
}

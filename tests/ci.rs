//! Sweeps on many machines: shards, their merge, and the examples of `docs/ci`.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use yaml_rust2::{Yaml, YamlLoader};

const BINARY: &str = env!("CARGO_BIN_EXE_seedbed");

/// A folder of a test, which is empty.
fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("seedbed-ci-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/ci")
}

/// Without what the system says that runs this test.
fn command(program: impl AsRef<std::ffi::OsStr>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder);
    for variable in [
        "CI_NODE_INDEX",
        "BUILDKITE_PARALLEL_JOB",
        "CIRCLE_NODE_INDEX",
        "SLURM_ARRAY_TASK_ID",
        "JOB_COMPLETION_INDEX",
        "PARALLEL_SEQ",
        "SEEDBED_SHARDS",
        "GITHUB_ACTIONS",
    ] {
        command.env_remove(variable);
    }
    command
}

fn seedbed(arguments: &str, folder: &Path) -> Output {
    command(BINARY, folder).args(arguments.split(' ')).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The lines of a document that do not tell times.
fn without_times(folder: &Path, file: &str) -> Vec<String> {
    let text = std::fs::read_to_string(folder.join(file)).unwrap();
    text.lines().filter(|line| !line.contains("busy_millis")).map(str::to_string).collect()
}

#[test]
fn the_shards_of_a_sweep_merge_to_what_the_sweep_shows() {
    let folder = folder("merge");
    let sweep = "sweep ws_lost_update queue_many_consumers --strategy portfolio --seeds 3..60";
    let whole = seedbed(&format!("{sweep} --json whole.json"), &folder);
    assert_eq!(whole.status.code(), Some(0), "{}", stdout(&whole));
    for shard in 1..=3 {
        let made = seedbed(&format!("{sweep} --shard {shard}/3 --json-lines shard-{shard}.jsonl"), &folder);
        assert_eq!(made.status.code(), Some(0), "{}", stdout(&made));
    }
    let merged = seedbed("merge shard-2.jsonl shard-3.jsonl shard-1.jsonl --json merged.json", &folder);
    assert_eq!(merged.status.code(), Some(0), "{}", stdout(&merged));
    let told = |file| {
        let lines = without_times(&folder, file);
        // How many orders there are in all no shard knows.
        lines.into_iter().filter(|line| !line.contains("\"orders\"")).collect::<Vec<_>>()
    };
    let (mut merged, mut whole) = (told("merged.json"), told("whole.json"));
    // Failures come in the order of the shards.
    merged.sort();
    whole.sort();
    assert_eq!(merged, whole);
    let some = seedbed("merge shard-1.jsonl shard-3.jsonl", &folder);
    assert_eq!(some.status.code(), Some(1));
    assert!(stdout(&some).contains("missing: of 3 shards 2\n"), "{}", stdout(&some));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn the_shards_of_each_are_disjoint_and_merge() {
    let folder = folder("each");
    let sweep = "sweep ws_lost_update --strategy each";
    let whole = seedbed(&format!("{sweep} --json -"), &folder);
    let runs = |text: &str| -> u64 {
        let values = text.split("\"runs\":").skip(1).map(|rest| rest.trim_start().split([',', '\n']).next());
        values.map(|value| value.unwrap().parse::<u64>().unwrap()).sum()
    };
    let mut sum = 0;
    for shard in 1..=2 {
        let made = seedbed(&format!("{sweep} --shard {shard}/2 --json -"), &folder);
        assert_eq!(made.status.code(), Some(0), "{}", stdout(&made));
        sum += runs(&stdout(&made));
        std::fs::write(folder.join(format!("{shard}.json")), stdout(&made)).unwrap();
    }
    // Runs that are equal in two shards are counted by both, and the shards stop at a failure of their own.
    assert!(sum >= runs(&stdout(&whole)), "{sum}");
    let merged = seedbed("merge 1.json 2.json", &folder);
    assert_eq!(merged.status.code(), Some(0), "{}", stdout(&merged));
    assert!(stdout(&merged).contains("each:run="), "{}", stdout(&merged));
    std::fs::remove_dir_all(folder).unwrap();
}

#[cfg(unix)]
#[test]
fn the_script_for_gnu_parallel_runs() {
    let folder = folder("parallel");
    let mut script = command("sh", &folder);
    script.arg(docs().join("parallel.sh")).arg("3");
    script.envs([("SEEDBED", BINARY), ("NAMES", "ws_lost_update"), ("SEEDS", "0..60")]);
    let output = script.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(stdout(&output).contains("as expected"), "{}", stdout(&output));
    let junit = std::fs::read_to_string(folder.join("sweep.xml")).unwrap();
    assert!(junit.contains("<testsuite name=\"seedbed sweep\" tests=\"2\" failures=\"0\""), "{junit}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[cfg(unix)]
#[test]
fn the_script_for_a_slurm_array_makes_the_share_of_its_task() {
    let folder = folder("slurm");
    for task in ["5", "7"] {
        let mut script = command("sh", &folder);
        script.arg(docs().join("slurm.sh"));
        script.envs([("SEEDBED", BINARY), ("NAMES", "ws_lost_update"), ("SEEDS", "0..40")]);
        script.envs([("SLURM_ARRAY_TASK_ID", task), ("SLURM_ARRAY_TASK_MIN", "5")]);
        script.envs([("SLURM_ARRAY_TASK_COUNT", "2"), ("SLURM_ARRAY_TASK_STEP", "2")]);
        let output = script.output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("/2, as SLURM_ARRAY_TASK_ID says"), "{said}");
    }
    let merged = seedbed("merge shard-5.jsonl shard-7.jsonl", &folder);
    assert_eq!(merged.status.code(), Some(0), "{}", stdout(&merged));
    std::fs::remove_dir_all(folder).unwrap();
}

fn yaml(file: &str) -> Yaml {
    let text = std::fs::read_to_string(docs().join(file)).unwrap();
    YamlLoader::load_from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}")).remove(0)
}

#[test]
fn the_examples_for_other_systems_are_yaml_of_the_form_that_they_take() {
    let job = yaml("kubernetes-job.yaml");
    assert_eq!(job["spec"]["completionMode"].as_str(), Some("Indexed"));
    let container = &job["spec"]["template"]["spec"]["containers"][0];
    let shards = container["env"][0]["value"].as_str().unwrap().parse::<i64>().unwrap();
    assert_eq!(Some(shards), job["spec"]["completions"].as_i64());
    let arguments: Vec<&str> = container["args"].as_vec().unwrap().iter().filter_map(Yaml::as_str).collect();
    assert_eq!(arguments[0], "sweep");
    let github = yaml("github-actions.yml");
    let matrix = github["jobs"]["shard"]["strategy"]["matrix"]["shard"].as_vec().unwrap();
    let steps = github["jobs"]["shard"]["steps"].as_vec().unwrap();
    let runs: Vec<&str> = steps.iter().filter_map(|step| step["run"].as_str()).collect();
    assert!(
        runs.iter().any(|run| run.contains(&format!("--shard ${{{{ matrix.shard }}}}/{}", matrix.len()))),
        "{runs:?}"
    );
    let gitlab = yaml("gitlab-ci.yml");
    assert_eq!(gitlab["sweep"]["parallel"].as_i64(), Some(4));
    assert!(gitlab["merge"]["script"][0].as_str().unwrap().contains("merge shard-*.jsonl --junit sweep.xml"));
}

#[test]
fn a_surprise_is_annotated_for_github_and_a_count_that_is_missing_is_asked_for() {
    let folder = folder("github");
    let made = command(BINARY, &folder)
        .args(["sweep", "ws_lost_update/broken", "--seeds", "0..1"])
        .env("GITHUB_ACTIONS", "true")
        .env("JOB_COMPLETION_INDEX", "1")
        .output()
        .unwrap();
    assert_eq!(made.status.code(), Some(1));
    assert!(
        stdout(&made).contains("::error title=seedbed%3A ws_lost_update/broken::is known to break"),
        "{}",
        stdout(&made)
    );
    assert!(String::from_utf8(made.stderr).unwrap().contains("set SEEDBED_SHARDS to the number of shards"));
    std::fs::remove_dir_all(folder).unwrap();
}

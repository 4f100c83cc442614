//! Scenarios over profiles of the network, that are named on the command line.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anstream::StripStream;
use seedbed::net::{LinkConfig, NetworkConfig, UdpSocket, install};
use sim_cli::{Console, Exit, call};
use sim_executor::{Executor, Node, context, event};
use sim_explorer::{Expect, Parameter, Scenario, Settings, Variant, Violation};

static SCENARIOS: [Scenario; 1] = [Scenario {
    name: "ping",
    about: "A datagram there and back.",
    invariant: "It takes no longer than the client waits.",
    patterns: &[],
    parameters: &[Parameter {
        name: "patience",
        about: "how long the patient client waits, in ms",
        default: 2_000,
        min: 1,
        max: 10_000,
    }],
    variants: &[
        Variant { name: "patient", about: "Waits.", expect: Expect::Holds, body: patient },
        Variant { name: "impatient", about: "Waits for 100 ms.", expect: Expect::Breaks, body: impatient },
    ],
}];

fn patient(executor: &mut Executor, settings: &Settings) -> Result<(), Violation> {
    // Its own network: a profile replaces the link, and only that.
    let link = LinkConfig::fixed(Duration::from_millis(7));
    executor.enter(|| install(NetworkConfig { link, ..NetworkConfig::default() }));
    ping(executor, Duration::from_millis(settings.get("patience")))
}

fn impatient(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    ping(executor, Duration::from_millis(100))
}

fn ping(executor: &mut Executor, patience: Duration) -> Result<(), Violation> {
    let took = executor.block_on(async {
        let server = Node::named("server").spawn(UdpSocket::bind("0.0.0.0:7")).await.unwrap().unwrap();
        Node::named("server").spawn(async move {
            let (bytes, client) = server.recv_from(&mut [0; 8]).await.unwrap();
            server.send_to(&vec![0; bytes], client).await.unwrap();
        });
        let client = UdpSocket::bind("0.0.0.0:0").await.unwrap();
        client.send_to(b"ping", "server:7").await.unwrap();
        client.recv(&mut [0; 8]).await.unwrap();
        event!("there and back");
        context::now() - sim_executor::Instant::START
    })?;
    sim_explorer::ensure!(took <= patience, "it took {} ms", took.as_millis());
    Ok(())
}

/// The status of a command, and what it wrote.
fn seedbed(arguments: &str) -> (Exit, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = {
        let (mut out, mut err) = (StripStream::new(&mut out), StripStream::new(&mut err));
        let mut console = Console { out: &mut out, err: &mut err, is_process: false };
        call(&SCENARIOS, ["seedbed"].into_iter().chain(arguments.split_whitespace()), &mut console)
    };
    let [out, err] = [out, err].map(|bytes| String::from_utf8(bytes).unwrap());
    (exit, out, err)
}

/// A folder that is removed when it is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let path = std::env::temp_dir().join(format!("seedbed-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        for (file, text) in files {
            fs::write(path.join(file), text).unwrap();
        }
        Folder(path)
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

const FAST: &str = "[link]\nlatency = { fixed = \"3 ms\" }\n";
const SLOW: &str = "[link]\nlatency = { uniform = { min = \"600 ms\", max = \"1100 ms\" } }\n";

#[test]
fn a_run_takes_the_profile_even_if_it_makes_its_own_network() {
    let folder = Folder::new("run", &[("fast.toml", FAST)]);
    let (_, out, _) = seedbed("run ping/patient");
    assert!(out.starts_with("0.014 main there and back\n"), "{out}");
    let option = format!("--profile {}", folder.path().join("fast.toml").display());
    for name in ["ping/patient", "ping/impatient"] {
        let (exit, out, _) = seedbed(&format!("run {name} {option}"));
        assert_eq!(exit, Exit::Expected);
        assert!(out.starts_with("0.006 main there and back\n"), "{out}");
    }
}

#[test]
fn a_sweep_is_made_over_each_profile_of_a_folder() {
    let files = [("slow.toml", SLOW), ("fast.toml", FAST), ("notes.txt", "no profile")];
    let folder = Folder::new("sweep", &files);
    let json = folder.path().join("out.json");
    let (folder, json) = (folder.path().display(), json.display());
    let (exit, out, _) =
        seedbed(&format!("sweep --all --seeds 0..50 --set patience=1900 --profiles {folder} --json {json}"));
    assert_eq!(exit, Exit::Failure, "{out}");
    let names: Vec<String> =
        out.lines().skip(1).take(4).map(|line| line.split("  ").next().unwrap().to_string()).collect();
    assert_eq!(
        names,
        [
            "ping/patient over fast",
            "ping/patient over slow",
            "ping/impatient over fast",
            "ping/impatient over slow",
        ]
    );
    let line = |name: &str| out.lines().find(|line| line.starts_with(name)).unwrap();
    assert!(line("ping/patient over fast").contains("holds"));
    assert!(line("ping/patient over slow").contains("FAILED"));
    assert!(line("ping/impatient over fast").contains("not here"), "one profile is enough to show a mistake");
    assert!(line("ping/impatient over slow").contains("found"));
    assert!(out.contains("not as expected: 1 of 4"), "{out}");
    // The line that makes the run again names what was set and the profile, and does.
    let again = out.lines().find(|line| line.trim().starts_with("replay ping/patient")).unwrap().trim();
    let options = format!("--set patience=1900 --profile {folder}/slow.toml");
    assert!(again.ends_with(&options), "{again}");
    let (exit, replayed, _) = seedbed(again);
    assert_eq!(exit, Exit::Failure);
    assert!(replayed.contains("decisions gave the same hash"), "{replayed}");
    let sweep: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(json.to_string()).unwrap()).unwrap();
    assert_eq!(sweep["variants"][1]["profile"], format!("{folder}/slow.toml"));
    let hash = sweep["variants"][1]["first_failing_hash"].as_str().unwrap();
    assert!(replayed.ends_with(&format!("hash {hash} outcome failed\n")), "{replayed}");
}

#[test]
fn a_mistake_that_no_profile_shows_is_missed() {
    let folder = Folder::new("missed", &[("fast.toml", FAST)]);
    let (exit, out, _) = seedbed(&format!("sweep ping --seeds 0..5 --profiles {}", folder.path().display()));
    assert_eq!(exit, Exit::Failure);
    assert!(out.contains("ping/impatient over fast was MISSED"), "{out}");
}

#[test]
fn the_profiles_of_the_repository_can_be_swept() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../sim-net/profiles");
    let (_, out, err) = seedbed(&format!("sweep --all --seeds 0..20 --profiles {folder}"));
    assert_eq!(err, "");
    for name in ["lan", "cross_region", "lossy_mobile", "satellite"] {
        assert!(out.contains(&format!("ping/patient over {name}")), "{out}");
    }
}

#[test]
fn a_profile_that_cannot_be_read_is_a_mistake_on_the_command_line() {
    let bad = [("bad.toml", "[link]\nlatency = \"soon\"\n"), ("worse.toml", "[link]\nmtu_bytes = 3\n")];
    let folder = Folder::new("bad", &bad);
    let empty = Folder::new("empty", &[]);
    let (bad, empty) = (folder.path().display(), empty.path().display());
    for (arguments, reason) in [
        (format!("sweep --all --seeds 0..5 --profiles {bad}"), format!("{bad}/bad.toml:2: ")),
        (
            format!("run ping --profile {bad}/worse.toml"),
            format!("{bad}/worse.toml:2: link.mtu_bytes is 3: it must be at least 68"),
        ),
        (format!("replay ping --seed 1 --profile {bad}/none.toml"), format!("cannot read {bad}/none.toml")),
        (format!("sweep --all --seeds 0..5 --profiles {empty}"), format!("{empty} has no profile")),
        ("sweep --all --seeds 0..5 --profiles /nowhere".to_string(), "cannot read /nowhere".to_string()),
    ] {
        let (exit, _, err) = seedbed(&arguments);
        assert_eq!(exit, Exit::Usage, "{arguments}");
        assert!(err.contains(&reason), "{arguments}: {err}");
    }
}

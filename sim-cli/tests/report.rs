//! What `report` writes: a page for a browser, files for other tools.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{env, fs, process};

use anstream::StripStream;
use seedbed::net::{TcpListener, TcpStream, fault};
use seedbed::{event, node, spawn_named, time};
use serde_json::Value;
use sim_cli::{Console, Exit, call};
use sim_executor::{Executor, choose};
use sim_explorer::{Expect, Scenario, Settings, Variant, Violation};

static SCENARIOS: [Scenario; 3] = [SHOP, STUCK, LATE];

const LATE: Scenario = Scenario {
    name: "late",
    about: "A task that draws a great number waits for ever.",
    invariant: "None.",
    patterns: &[],
    parameters: &[],
    variants: &[Variant { name: "only", about: "Draws.", expect: Expect::Breaks, body: late }],
};

fn late(executor: &mut Executor, _settings: &Settings) -> Result<(), Violation> {
    executor.block_on(async {
        if choose(3) == 2 {
            std::future::pending::<()>().await;
        }
    })?;
    Ok(())
}

const STUCK: Scenario = Scenario {
    name: "stuck",
    about: "A task keeps a sender and waits for its receiver.",
    invariant: "None.",
    patterns: &[],
    parameters: &[],
    variants: &[Variant { name: "only", about: "For ever.", expect: Expect::Breaks, body: stuck }],
};

fn stuck(executor: &mut Executor, _settings: &Settings) -> Result<(), Violation> {
    executor.block_on(async {
        let waiter = spawn_named("waiter", async {
            let (_sender, receiver) = futures::channel::oneshot::channel::<()>();
            receiver.await.unwrap(); // where it is stuck
        });
        waiter.await.unwrap();
    })?;
    Ok(())
}

const SHOP: Scenario = Scenario {
    name: "shop",
    about: "A customer asks a shop, and the network is cut for a while.",
    invariant: "None.",
    patterns: &[],
    parameters: &[],
    variants: &[Variant { name: "only", about: "Over a network.", expect: Expect::Holds, body: shop }],
};

fn shop(executor: &mut Executor, _settings: &Settings) -> Result<(), Violation> {
    executor.block_on(async {
        node("shop").spawn_named("clerk", async {
            let listener = TcpListener::bind("0.0.0.0:7").await.unwrap();
            let (stream, _) = listener.accept().await.unwrap();
            event!("is asked </script><b>& \"quoted\"</b>");
            time::block(Duration::from_millis(3)).await;
            drop(stream);
        });
        time::sleep(Duration::from_millis(1 + choose(3))).await;
        let cut = fault::partition("main", "shop");
        let connecting = spawn_named("customer", async { TcpStream::connect("shop:7").await.unwrap() });
        time::sleep(Duration::from_secs(2)).await;
        drop(cut);
        drop(connecting.await.unwrap());
        time::sleep(Duration::from_secs(1)).await;
    })?;
    Ok(())
}

/// A file in the folder for temporary ones, which is removed when this is dropped.
struct File(PathBuf);

impl File {
    fn new(name: &str) -> Self {
        File(env::temp_dir().join(format!("seedbed-{}-{name}", process::id())))
    }

    fn text(&self) -> String {
        fs::read_to_string(&self.0).unwrap()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        fs::remove_file(&self.0).ok();
    }
}

/// What is printed, on both streams.
fn report(arguments: &[&str]) -> (Exit, String) {
    let (mut out, mut err) = (StripStream::new(Vec::new()), StripStream::new(Vec::new()));
    let mut console = Console { out: &mut out, err: &mut err, is_process: false };
    let whole = ["seedbed", "report"].iter().chain(arguments);
    let exit = call(&SCENARIOS, whole, &mut console);
    (exit, String::from_utf8([out.into_inner(), err.into_inner()].concat()).unwrap())
}

fn written(format: &str, more: &[&str]) -> (File, String) {
    let file = File::new(&format!("{}-{}", &format[2..], more.len()));
    let path = file.0.display().to_string();
    let (exit, said) = report(&[&["shop", format, &path], more].concat());
    assert_eq!(exit, Exit::Expected, "{said}");
    assert!(said.starts_with("hash ") && said.ends_with(" outcome done\n"), "{said}");
    let text = file.text();
    (file, text)
}

/// What the page is told.
fn data_of(page: &str) -> Value {
    let (_, rest) = page.split_once("<script id=\"data\" type=\"application/json\">").unwrap();
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

#[test]
fn the_page_needs_nothing_besides_itself() {
    let (_file, page) = written("--html", &["--seed", "3", "--beside", "production"]);
    for outside in
        ["src=", "href=", "@import", "url(", "http://", "https://", "fetch(", "/*DATA*/", "/*STYLE*/"]
    {
        assert!(!page.contains(outside), "{outside}");
    }
    assert_eq!(page.matches("</script>").count(), 2, "the log does not end the script");
    let data = data_of(&page);
    assert_eq!(data["version"], 1);
    assert_eq!(data["title"], "shop under seed 3");
    let names: Vec<&str> =
        data["runs"].as_array().unwrap().iter().map(|run| run["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["under seed 3", "in production order"]);
    let bands = data["runs"][0]["bands"].as_array().unwrap();
    let bands: Vec<&str> = bands.iter().map(|band| band[0].as_str().unwrap()).collect();
    assert_eq!(bands, ["cut main -> shop", "cut shop -> main", "shop/clerk holds the CPU"]);
    let decisions = data["runs"][0]["decisions"].as_array().unwrap();
    assert!(
        decisions
            .iter()
            .any(|decision| decision[1].as_str().unwrap().starts_with("main @ user:choose #0 -> "))
    );
    let texts = data["runs"][0]["texts"].as_array().unwrap();
    assert!(texts.contains(&"is asked </script><b>& \"quoted\"</b>".into()));
}

#[test]
fn perfetto_gets_nodes_as_processes_and_arrows_as_flows() {
    let (_file, text) = written("--perfetto", &["--seed", "3"]);
    let trace: Value = serde_json::from_str(&text).unwrap();
    let events = trace["traceEvents"].as_array().unwrap();
    let named = |what: &str| -> Vec<&str> {
        let names = events.iter().filter(|event| event["name"] == what);
        names.map(|event| event["args"]["name"].as_str().unwrap()).collect()
    };
    assert_eq!(named("process_name"), ["main", "shop", "net"]);
    assert!(named("thread_name").contains(&"main/customer"));
    let mut flows: BTreeMap<u64, Vec<(&str, f64)>> = BTreeMap::new();
    for event in events.iter().filter(|event| event["cat"] == "flow" && event["ph"] != "X") {
        let flow = (event["ph"].as_str().unwrap(), event["ts"].as_f64().unwrap());
        flows.entry(event["id"].as_u64().unwrap()).or_default().push(flow);
    }
    assert!(!flows.is_empty());
    for flow in flows.values() {
        let [("s", start), ("f", end)] = flow[..] else { panic!("{flow:?}") };
        assert!(start <= end, "{flow:?}");
    }
    assert!(events.iter().any(|event| event["name"] == "lost packet"));
}

#[test]
fn shiviz_gets_clocks_that_know_what_was_sent_before_it_arrived() {
    let (_file, text) = written("--shiviz", &["--seed", "3"]);
    let lines: Vec<&str> = text.lines().collect();
    let mut own: BTreeMap<&str, u64> = BTreeMap::new();
    let mut accepted = None;
    for event in lines.chunks(2) {
        let (host, clock) = event[0].split_once(' ').unwrap();
        let clock: BTreeMap<String, u64> = serde_json::from_str(clock).unwrap();
        let before = own.insert(host, clock[host]).unwrap_or(0);
        assert_eq!(clock[host], before + 1, "{event:?}");
        for (other, count) in &clock {
            assert!(
                *count <= own.get(other.as_str()).copied().unwrap_or(0),
                "{event:?} knows the future of {other}"
            );
        }
        if event[1].starts_with("is asked") {
            accepted = Some(clock);
        }
    }
    let accepted = accepted.expect("the clerk was asked");
    assert!(accepted.contains_key("main/customer"), "it knows of who asked: {accepted:?}");
}

#[test]
fn mermaid_gets_packets_and_what_was_reported() {
    let (_file, text) = written("--mermaid", &[]);
    assert!(text.starts_with("```mermaid\nsequenceDiagram\n    %% shop in production order\n"), "{text}");
    assert!(text.contains("    participant n1 as shop\n"), "{text}");
    assert!(text.contains("    n0-xn1: SYN\n") && text.contains("    n0->>n1: SYN\n"), "{text}");
    assert!(text.contains("clerk is asked"), "{text}");
    assert!(text.ends_with("```\n"));
}

#[test]
fn json_lines_begin_with_their_version() {
    let (_file, text) = written("--jsonl", &["--seed", "3"]);
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&lines[0]["type"], &lines[0]["version"]), (&"run".into(), &1.into()));
    for what in ["lane", "mark", "wait", "arrow", "band", "decision"] {
        assert!(lines.iter().any(|line| line["type"] == what), "{what}");
    }
    let steps = lines[0]["steps"].as_u64().unwrap();
    assert!(lines.iter().filter_map(|line| line["step"].as_u64()).all(|step| step < steps));
}

#[test]
fn standard_output_has_nothing_but_what_was_asked_for() {
    let (exit, said) = report(&["shop", "--jsonl", "-"]);
    assert_eq!(exit, Exit::Expected);
    assert!(said.lines().all(|line| line.starts_with('{')), "{said}");
}

#[test]
fn what_cannot_be_written_or_was_not_asked_for_is_said() {
    let (exit, said) = report(&["shop"]);
    assert_eq!(exit, Exit::Usage);
    assert!(said.contains("--html <FILE>"), "{said}");
    let (exit, said) = report(&["shop", "--html", "/nowhere/run.html"]);
    assert_eq!(exit, Exit::Usage);
    assert!(said.contains("/nowhere"), "{said}");
    let (exit, said) = report(&["shpo", "--html", "-"]);
    assert_eq!(exit, Exit::Usage);
    assert!(said.contains("shop"), "{said}");
}

/// The line of this file with that comment, as a report names it.
fn line_with(comment: &str) -> String {
    let line = include_str!("report.rs").lines().position(|line| line.ends_with(comment)).unwrap() + 1;
    format!("sim-cli/tests/report.rs:{line}")
}

#[test]
fn a_page_and_json_lines_say_at_which_line_each_task_waits() {
    let file = File::new("stuck");
    let path = file.0.display().to_string();
    let place = line_with("// where it is stuck");
    let told = |task: &Value| {
        let [site] = &task["awaits"].as_array().unwrap()[..] else { panic!("{task}") };
        assert!(site["text"].as_str().unwrap().contains(&place), "{task}");
        assert!(site["library"].as_str().unwrap().contains("oneshot"), "{task}");
        let frame = &site["own"][0];
        let file = frame["file"].as_str().unwrap();
        assert_eq!(format!("{file}:{}", frame["line"]), place);
    };
    assert_eq!(report(&["stuck", "--html", &path]).0, Exit::Failure);
    let data = data_of(&file.text());
    let pending = data["runs"][0]["pending"].as_array().unwrap();
    told(pending.iter().find(|task| task["task"] == "main/waiter").unwrap());
    assert!(data["outcome"].as_str().unwrap().contains(&place), "{data}");
    let (exit, said) = report(&["stuck", "--jsonl", "-"]);
    assert_eq!(exit, Exit::Failure);
    let lines: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let is_waiter = |line: &&Value| line["type"] == "pending" && line["task"] == "main/waiter";
    told(lines.iter().find(is_waiter).unwrap());
}

#[test]
fn the_nearest_run_that_passes_stands_beside_the_smallest_that_fails() {
    let file = File::new("neighbour");
    let path = file.0.display().to_string();
    let seed = (0..50)
        .map(|seed| seed.to_string())
        .find(|seed| report(&["late", "--seed", seed, "--html", &path]).0 == Exit::Failure);
    let seed = seed.expect("one of them fails");
    let (exit, said) = report(&["late", "--seed", &seed, "--neighbour", "--html", &path]);
    assert_eq!(exit, Exit::Failure, "{said}");
    let data = data_of(&file.text());
    let names: Vec<&str> =
        data["runs"].as_array().unwrap().iter().map(|run| run["name"].as_str().unwrap()).collect();
    assert_eq!(names[0], "shrunk, fails");
    assert!(names[1].starts_with("passes without: "), "{names:?}");
    // The one stands still, the other does not.
    let pending = |run: usize| data["runs"][run]["pending"].as_array().unwrap().len();
    assert_eq!((pending(0), pending(1)), (1, 0));
    let (exit, said) = report(&["shop", "--neighbour", "--html", &path]);
    assert_eq!(exit, Exit::Usage);
    assert!(said.contains("has no passing neighbour"), "{said}");
}

#[test]
fn the_page_has_a_row_for_each_task_that_had_not_ended() {
    let Some(browser) = chromium() else {
        eprintln!("there is no chromium: the page was not opened");
        return;
    };
    let file = File::new("stuck-page.html");
    assert_eq!(report(&["stuck", "--html", &file.0.display().to_string()]).0, Exit::Failure);
    let script = r#"
        const rows = [...document.querySelectorAll('#pending tbody tr')];
        rows[1].click();
        return [rows.length, rows[1].innerText.replaceAll('\t', ' | '), document.querySelector('#chosen').innerText.includes('in the end: waits')];
    "#;
    let said = after(browser, &file.0, script);
    assert!(said.starts_with("[2,\"main/waiter | waits for a wake | at "), "{said}");
    assert!(said.contains(&line_with("// where it is stuck")) && said.ends_with(",true]"), "{said}");
}

/// Chromium, where there is one.
fn chromium() -> Option<&'static str> {
    ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(|name| Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success()))
}

/// The page after a script of the test has used it: what it says in the attribute `data-said` of its body.
fn after(browser: &str, page: &Path, script: &str) -> String {
    let text = fs::read_to_string(page).unwrap();
    let stem = page.file_stem().unwrap().display();
    let driven = File::new(&format!("{stem}-driven.html"));
    let script = format!(
        "<script>document.body.dataset.said = JSON.stringify((() => {{ {script} }})());</script></body>"
    );
    fs::write(&driven.0, text.replace("</body>", &script)).unwrap();
    let mut command = Command::new(browser);
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--window-size=1200,800", "--dump-dom"]);
    let output = command.arg(format!("file://{}", driven.0.display())).output().unwrap();
    let dom = String::from_utf8(output.stdout).unwrap();
    let (_, said) = dom.split_once("data-said=\"").unwrap_or_else(|| panic!("the script did not end: {dom}"));
    said.split_once('"').unwrap().0.replace("&quot;", "\"").replace("&gt;", ">").replace("&amp;", "&")
}

#[test]
fn the_page_works_in_a_browser() {
    let Some(browser) = chromium() else {
        eprintln!("there is no chromium: the page was not opened");
        return;
    };
    let (file, _) = written("--html", &["--seed", "3", "--beside", "production", "--strategy", "walk"]);
    let script = r#"
        const key = (key) => document.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
        const s = window.seedbed, chosen = () => document.querySelector('#chosen').innerText;
        const lit = () => { s.paint(); const c = document.querySelector('canvas'); const d = c.getContext('2d').getImageData(240, 30, 600, 200).data; return new Set(d).size; };
        const colours = lit(), scale = s.view.scale;
        key('+'); const nearer = s.view.scale > scale; key('f');
        s.search('is asked'); const found = document.querySelector('#matches').textContent;
        key('n'); const match = chosen(); key('k'); const before = chosen();
        key('t'); const byTime = s.view.byTime;
        const light = document.documentElement.className; key('d'); const dark = document.documentElement.className;
        key('?'); const help = document.querySelector('#keys').open;
        const decisions = document.querySelectorAll('#decisions li').length;
        const waiters = document.querySelectorAll('#waits tbody tr').length;
        return { canvases: document.querySelectorAll('canvas').length, isDrawn: colours > 8, nearer, found, match: match.includes('is asked'),
            before: before !== match, byTime, themes: light !== dark, help, decisions: decisions > 0, waiters: waiters > 0 };
    "#;
    assert_eq!(
        after(browser, &file.0, script),
        r#"{"canvases":2,"isDrawn":true,"nearer":true,"found":"2 found","match":true,"before":true,"byTime":true,"themes":true,"help":true,"decisions":true,"waiters":true}"#
    );
}

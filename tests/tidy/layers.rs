//! The layers: which crates a crate may use, which modules a module.

use std::collections::BTreeSet;
use std::fs;

use crate::modules::{Modules, top};
use crate::sources::{assert_none, root, sources};

/// The crates, lowest first, with the workspace's crates that each may depend on.
pub(crate) const CRATES: &[(&str, &[&str])] = &[
    ("seedbed/macros", &[]),
    ("sim-executor", &["seedbed-macros"]),
    ("sim-asyncio", &["sim-executor"]),
    ("sim-net", &["sim-executor"]),
    ("sim-posix", &["sim-executor", "sim-net"]),
    ("sim-explorer", &["sim-executor"]),
    ("seedbed", &["sim-executor", "sim-net", "sim-posix", "sim-explorer", "seedbed-macros"]),
    ("sim-cli", &["seedbed", "sim-explorer", "sim-asyncio", "sim-executor"]),
    ("scenarios", &["seedbed", "sim-explorer", "sim-asyncio", "sim-cli"]),
];

type Rows = &'static [&'static [&'static str]];

/// The modules at the top of each crate, lowest first; those of one row may use each other, unless that is a circle.
pub(crate) const MODULES: &[(&str, Rows)] = &[
    (
        "seedbed/macros",
        &[
            &["features", "refusal"],
            &["value"],
            &["join", "runtime", "select", "test_fn"],
            &["options"],
            &["expand"],
            &["lib"],
        ],
    ),
    (
        "sim-executor",
        &[
            &["around", "await_site", "clock", "reuse", "varied"],
            &["choice"],
            &["trace"],
            &["leaks", "limits", "property"],
            &["task"],
            &["config", "device"],
            &["run"],
            &["context"],
            &[
                "assertions",
                "background",
                "coop",
                "decision_point",
                "draw",
                "join",
                "macros",
                "select",
                "settle",
                "signal",
                "span",
                "spawn_blocking",
                "starvation",
                "time",
                "tracing_capture",
                "yield_now",
            ],
            &["block_in_place", "cancellable", "local_set", "task_local", "telling"],
            &["join_set"],
            &["task_builder"],
            &["executor"],
            &["lib"],
        ],
    ),
    (
        "sim-asyncio",
        &[
            &["exc", "handle", "heapq", "iteration_cost", "registry", "vars"],
            &["queue_error", "queue_items", "signal"],
            &["await_point", "group_error", "report", "thread", "timer_heap"],
            &["loop_config"],
            &["loop_core"],
            &["future_core"],
            &["future", "task_core"],
            &["task"],
            &["event_loop"],
            &["loop_signal", "loop_thread", "loops"],
            &["context_var"],
            &["gather", "pool", "shield", "sleep", "task_group", "waiters"],
            &["event", "lock", "semaphore", "timeout", "wait", "wait_for"],
            &["bounded_semaphore", "condition", "queue", "runner", "streams"],
            &["as_completed", "barrier", "running", "whole_run"],
            &["difftest"],
            &["lib"],
        ],
    ),
    (
        "sim-net",
        &[
            &["address", "config_error", "config_text", "errno", "pool", "wakers"],
            &["bytes", "link", "waiters"],
            &["resolver", "tcp"],
            &["config", "packet"],
            &["wire"],
            &["host"],
            &["network"],
            &["capture", "dns", "given_addresses", "netstat", "profile", "vary"],
            &["socket", "syscall"],
            &["fault"],
            &["lib"],
        ],
    ),
    (
        "sim-posix",
        &[
            &["audit", "entropy", "escape", "native", "real", "signal"],
            &["descriptor"],
            &["process"],
            &["calls", "host"],
            &["symbols"],
            &["handle", "isolated"],
            &["lib"],
        ],
    ),
    (
        "sim-explorer",
        &[
            &[
                "confirmed",
                "failure_text",
                "pattern",
                "search_text",
                "shard",
                "signature",
                "stack",
                "strategy",
                "touches",
            ],
            &["awaits", "functions_of_poll", "panicking_function"],
            &["each", "exceptions", "recipe", "run_seed", "scenario", "sweep_by"],
            &["exhaustive", "shrink", "sweep", "timeline"],
            &["explanation", "guided", "simfail", "verdict"],
            &["lib"],
        ],
    ),
    (
        "seedbed",
        &[
            &[
                "adapters",
                "advice",
                "causes",
                "environment",
                "net",
                "posix",
                "real_threads",
                "sync",
                "task",
                "test_output",
                "time",
            ],
            &["reproduce", "watchdog"],
            &["simfail"],
            &["around_poll", "failed_run", "panic_hook"],
            &["divergence"],
            &["sweep"],
            &["fuzz", "property", "snapshot"],
            &["lib", "macros"],
        ],
    ),
    (
        "sim-cli",
        &[
            &[
                "checks",
                "colour",
                "console",
                "exit",
                "filter",
                "input_file",
                "interrupt",
                "output_file",
                "pipe",
                "seed",
                "virtual_time",
                "wall_time",
            ],
            &[
                "live_log",
                "pending",
                "profile",
                "program",
                "record",
                "run_by",
                "search",
                "seed_range",
                "setting",
                "shard_env",
                "table",
            ],
            &["args", "chosen", "names", "run_json", "show"],
            &["asyncio", "cargo_seedbed", "list", "merge", "parser", "report", "run", "simfail"],
            &["replay", "shrink", "sweep"],
            &["lib"],
            &["bin"],
        ],
    ),
    (
        "scenarios",
        &[
            &["patterns", "queue", "turns"],
            &["asyncio", "http", "liveness", "producer_consumer", "websocket"],
            &["lib"],
        ],
    ),
];

/// The modules of a crate, without its tests.
pub(crate) fn modules_of(name: &str) -> Modules {
    let folder = format!("{name}/src/");
    let sources = sources();
    let files = sources.iter().filter_map(|(path, text)| Some((path.strip_prefix(&folder)?, text.as_str())));
    Modules::of(files)
}

/// The uses of a higher row, with whatever is not in the rows or in the rows only.
fn offences(modules: &Modules, rows: &[&[&str]]) -> Vec<String> {
    let listed: BTreeSet<&str> = rows.iter().flat_map(|row| row.iter().copied()).collect();
    let there = modules.top();
    let mut wrong: Vec<String> = Vec::new();
    wrong.extend(there.difference(&listed).map(|module| format!("{module} is in no row")));
    wrong.extend(listed.difference(&there).map(|module| format!("{module} is in a row, but no module")));
    let row_of = |module: &str| rows.iter().position(|row| row.contains(&module));
    for arrow in modules.arrows() {
        let (user, used) = (top(&arrow.user), top(&arrow.used));
        if row_of(user) < row_of(used) {
            let (user, used) = (modules.file(&arrow.user), modules.file(&arrow.used));
            wrong.push(format!("{user}:{} uses {used}", arrow.line));
        }
    }
    wrong
}

#[test]
fn a_crate_depends_on_lower_crates_only() {
    let mut wrong = Vec::new();
    for (name, allowed) in CRATES {
        let manifest = fs::read_to_string(root().join(name).join("Cargo.toml")).unwrap();
        let dependencies = manifest.split("[dependencies]").nth(1).unwrap_or_default();
        let dependencies = dependencies.split("\n[").next().unwrap_or_default();
        for line in dependencies.lines() {
            let used = line.split(['.', ' ', '=']).next().unwrap_or_default();
            let is_ours = CRATES.iter().any(|(name, _)| name.replace('/', "-") == used);
            if is_ours && !allowed.contains(&used) {
                wrong.push(format!("{name}/Cargo.toml: {line}"));
            }
        }
    }
    assert_none(&wrong, "arrows point from user to used: see CRATES");
}

#[test]
fn every_crate_has_its_rows() {
    let crates: Vec<&str> = CRATES.iter().map(|(name, _)| *name).collect();
    let with_rows: Vec<&str> = MODULES.iter().map(|(name, _)| *name).collect();
    assert_eq!(with_rows, crates);
}

#[test]
fn a_module_uses_lower_rows_or_its_own() {
    let mut wrong = Vec::new();
    for (name, rows) in MODULES {
        wrong.extend(offences(&modules_of(name), rows).iter().map(|what| format!("{name}/src: {what}")));
    }
    assert_none(&wrong, "a lower layer never names a higher one: see MODULES");
}

#[test]
fn an_arrow_upwards_is_found_with_its_line() {
    let modules = Modules::of([
        ("a.rs", "\nfn b() { crate::c::d::e() }"),
        ("c/mod.rs", ""),
        ("c/d.rs", "use crate::a::F;"),
    ]);
    assert_eq!(offences(&modules, &[&["a"], &["c"]]), ["a.rs:2 uses c/d.rs"]);
    assert_eq!(offences(&modules, &[&["c"], &["a"]]), ["c/d.rs:1 uses a.rs"]);
    assert!(offences(&modules, &[&["a", "c"]]).is_empty());
}

#[test]
fn every_module_has_a_row_and_every_name_a_module() {
    let modules = Modules::of([("lib.rs", "mod a;"), ("a.rs", "")]);
    assert_eq!(offences(&modules, &[&["a"]]), ["lib is in no row"]);
    assert_eq!(offences(&modules, &[&["a", "b"], &["lib"]]), ["b is in a row, but no module"]);
    assert!(offences(&modules, &[&["a"], &["lib"]]).is_empty());
}

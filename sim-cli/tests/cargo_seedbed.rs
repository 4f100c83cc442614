//! `cargo seedbed`, over a small workspace of a user.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Prints in which order ten tasks of a current-thread runtime run.
const PROGRAM: &str = r#"
fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let tasks: Vec<_> = (0..10).map(|n| tokio::spawn(async move { print!("{n} ") })).collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
    println!();
}
"#;

const FIRST_IN_FIRST_OUT: &str = "0 1 2 3 4 5 6 7 8 9 \n";

/// A workspace in a folder of its own, with the tokio that this repository is locked to: what is not on the machine
/// already is not fetched.
struct UserWorkspace(PathBuf);

impl UserWorkspace {
    fn new(name: &str, dependency: &str) -> UserWorkspace {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cargo_seedbed").join(name);
        fs::create_dir_all(folder.join("src")).unwrap();
        let manifest = format!(
            "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\n{dependency}\n[workspace]\n"
        );
        fs::write(folder.join("Cargo.toml"), manifest).unwrap();
        fs::write(folder.join("src/main.rs"), PROGRAM).unwrap();
        UserWorkspace(folder)
    }

    fn with_tokio(name: &str) -> UserWorkspace {
        let lock = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock")).unwrap();
        let version = lock.split("name = \"tokio\"\nversion = \"").nth(1).unwrap().split('"').next().unwrap();
        UserWorkspace::new(
            name,
            &format!("tokio = {{ version = \"={version}\", default-features = false, features = [\"rt\"] }}"),
        )
    }

    fn cargo_seedbed(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_cargo-seedbed"))
            .arg("seedbed")
            .args(arguments)
            .current_dir(&self.0)
            .env("CARGO_TARGET_DIR", self.0.join("target"))
            .env("CARGO_NET_OFFLINE", "true")
            .output()
            .unwrap()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn the_tasks_of_a_current_thread_runtime_are_no_longer_first_in_first_out() {
    let shop = UserWorkspace::with_tokio("order");
    let first = shop.cargo_seedbed(&["run", "--quiet"]);
    assert!(first.status.success(), "{}", text(&first.stderr));
    let lock = fs::read(shop.0.join("Cargo.lock")).unwrap();

    // Outside of a simulation the generator has the system's entropy. Eight runs of ten tasks that are all in order by
    // chance: one in 10!^8.
    let orders: BTreeSet<String> =
        (0..8).map(|_| text(&shop.cargo_seedbed(&["run", "--quiet", "--locked"]).stdout)).collect();
    for order in &orders {
        let mut tasks: Vec<&str> = order.split_whitespace().collect();
        tasks.sort_unstable();
        assert_eq!(tasks.join(" ") + " \n", FIRST_IN_FIRST_OUT, "each task runs once");
    }
    assert!(orders.len() > 1, "{orders:?}");
    assert_eq!(fs::read(shop.0.join("Cargo.lock")).unwrap(), lock, "the lock file is as it was");
}

#[test]
fn the_status_of_cargo_is_the_status_of_the_command() {
    let shop = UserWorkspace::with_tokio("status");
    let wrong = shop.cargo_seedbed(&["check", "--bin", "nosuch"]);
    assert_eq!(wrong.status.code(), Some(101));
    assert!(text(&wrong.stderr).contains("nosuch"), "{}", text(&wrong.stderr));
}

#[test]
fn a_workspace_without_tokio_is_told_that_there_is_nothing_to_replace() {
    let shop = UserWorkspace::new("without", "");
    let refused = shop.cargo_seedbed(&["test"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        text(&refused.stderr).contains("there is nothing to replace, run plain cargo"),
        "{}",
        text(&refused.stderr)
    );
}

#[test]
fn outside_of_a_workspace_cargos_own_words_come_first() {
    let folder = std::env::temp_dir();
    let refused =
        Command::new(env!("CARGO_BIN_EXE_cargo-seedbed")).arg("test").current_dir(folder).output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    let message = text(&refused.stderr);
    assert!(
        message.contains("could not find `Cargo.toml`") && message.contains("cargo metadata failed"),
        "{message}"
    );
}

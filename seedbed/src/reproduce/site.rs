//! Where a test stands.

use std::path::Path;

use super::process::Process;
use super::quoted;

/// Where a test stands, as the compiler of its crate knows it: the attribute writes it.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct TestSite {
    /// `crate_name::module::name`
    pub path: &'static str,
    /// The package, if cargo builds it; so the next four.
    pub package: Option<&'static str>,
    /// The target, with `_` for each `-`.
    pub crate_name: Option<&'static str>,
    /// The program or example.
    pub binary: Option<&'static str>,
    /// The folder of the package.
    pub manifest_dir: Option<&'static str>,
    /// Whether it is a target of its own, below `tests` or `benches`.
    pub is_integration: bool,
    /// `--features a,b`
    pub features: &'static str,
}

impl TestSite {
    /// As the harness of tests takes it: without the crate.
    pub(crate) fn name(&self) -> &'static str {
        self.path.split_once("::").map_or(self.path, |(_, name)| name)
    }

    /// `--lib`, `--bin name`, `--test name`
    pub(super) fn target_flag(&self, process: &Process) -> String {
        if let Some(binary) = self.binary {
            let kind = if process.is_example() { "--example" } else { "--bin" };
            return format!("{kind} {}", quoted(binary));
        }
        if !self.is_integration {
            return "--lib".to_string();
        }
        let Some(crate_name) = self.crate_name else { return String::new() };
        integration_flag(self.manifest_dir, crate_name).unwrap_or_else(|| {
            // Declared with another path: cargo takes a pattern for a name, in which `?` is any character.
            format!("--test {}", quoted(&crate_name.replace('_', "?")))
        })
    }
}

/// `--test name` or `--bench name`, if the package has a file for the target there.
pub(super) fn integration_flag(manifest_dir: Option<&str>, crate_name: &str) -> Option<String> {
    let root = Path::new(manifest_dir?);
    [("tests", "--test"), ("benches", "--bench")].into_iter().find_map(|(folder, flag)| {
        let files = std::fs::read_dir(root.join(folder)).ok()?;
        let mut names: Vec<String> = files.filter_map(|file| target_name(&file.ok()?.path())).collect();
        names.sort_unstable();
        let name = names.into_iter().find(|name| name.replace('-', "_") == crate_name)?;
        Some(format!("{flag} {}", quoted(&name)))
    })
}

/// The target that cargo makes of `tests/name.rs` or of `tests/name/main.rs`.
fn target_name(path: &Path) -> Option<String> {
    let is_source = path.extension().is_some_and(|extension| extension == "rs");
    let name = if is_source { path.file_stem() } else { path.file_name() };
    (is_source || path.join("main.rs").is_file()).then(|| name?.to_str().map(str::to_string))?
}

//! What the process knows of how it was started.

use std::path::{Path, PathBuf};

use super::quoted;
use super::site::integration_flag;
use crate::environment;

/// What the process knows of how it was started.
#[derive(Clone, Debug, Default)]
pub(crate) struct Process {
    exe: Option<PathBuf>,
    /// Without the program itself.
    arguments: Vec<String>,
    /// The name of the thread that asks.
    pub(super) thread: Option<String>,
    /// The package that cargo has started.
    pub(super) package: Option<String>,
    manifest_dir: Option<String>,
}

impl Process {
    /// This one, as this thread sees it.
    pub(crate) fn here() -> Self {
        Process {
            exe: std::env::current_exe().ok(),
            arguments: std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect(),
            thread: std::thread::current().name().map(str::to_string),
            package: environment::read("CARGO_PKG_NAME"),
            manifest_dir: environment::read("CARGO_MANIFEST_DIR"),
        }
    }

    #[cfg(test)]
    pub(super) fn with_exe(exe: &str, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(ToString::to_string).collect();
        Process { exe: Some(exe.into()), arguments, ..Process::default() }
    }

    fn folder(&self) -> Option<&Path> {
        self.exe.as_deref()?.parent()
    }

    fn folder_is(&self, name: &str) -> bool {
        self.folder().and_then(Path::file_name).is_some_and(|folder| folder == name)
    }

    /// Whether it is an example that is tested.
    pub(super) fn is_example(&self) -> bool {
        self.folder_is("examples")
    }

    /// Whether cargo has built it as a test: those lie in the folder `deps`, with a hash in their names.
    pub(super) fn is_test_binary(&self) -> bool {
        self.crate_name().is_some()
    }

    /// `name` of `deps/name-0123456789abcdef`.
    fn crate_name(&self) -> Option<&str> {
        let (name, hash) = self.exe.as_deref()?.file_stem()?.to_str()?.rsplit_once('-')?;
        let is_hash = hash.len() == 16 && hash.bytes().all(|digit| digit.is_ascii_hexdigit());
        (is_hash && (self.folder_is("deps") || self.is_example())).then_some(name)
    }

    /// The test that this thread runs, if it bears a name.
    pub(super) fn test_of_thread(&self) -> Option<&str> {
        self.thread.as_deref().filter(|&name| name != "main")
    }

    /// The test that this thread runs, if this is a program of tests.
    pub(crate) fn test_name(&self) -> Option<String> {
        self.test_of_thread().filter(|_| self.is_test_binary()).map(str::to_string)
    }

    /// `--test name` for an integration test.
    pub(super) fn test_flag(&self) -> Option<String> {
        integration_flag(self.manifest_dir.as_deref(), self.crate_name()?)
    }

    /// `--release`, `--profile name`; nothing for the usual one.
    pub(super) fn profile_flag(&self) -> String {
        let is_of_cargo = self.folder_is("deps") || self.is_example();
        let profile = self.folder().filter(|_| is_of_cargo).and_then(Path::parent).and_then(Path::file_name);
        match profile.and_then(|profile| profile.to_str()) {
            None | Some("debug") => String::new(),
            Some("release") => "--release".to_string(),
            Some(other) => format!("--profile {}", quoted(other)),
        }
    }

    /// Whether the package has features that may have been asked for.
    pub(super) fn package_has_features(&self) -> bool {
        let manifest = self.manifest_dir.as_deref().map(|folder| Path::new(folder).join("Cargo.toml"));
        let text = manifest.and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
        text.contains("[features]") || text.contains("optional = true")
    }

    /// What lets an ignored test run, if that was asked for here.
    pub(super) fn ignored_flag(&self) -> String {
        let asked = self.arguments.iter().any(|word| word == "--ignored" || word == "--include-ignored");
        if asked { "--include-ignored".to_string() } else { String::new() }
    }

    /// The program.
    pub(super) fn program(&self) -> String {
        self.exe.as_deref().map_or_else(|| "cargo test".to_string(), |exe| quoted(&exe.to_string_lossy()))
    }

    /// The program with what it was given.
    pub(super) fn own_command(&self) -> String {
        let words = self.arguments.iter().map(|word| quoted(word));
        std::iter::once(self.program()).chain(words).collect::<Vec<_>>().join(" ")
    }
}

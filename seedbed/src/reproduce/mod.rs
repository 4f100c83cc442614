//! The command that makes one run of a test again.

mod of_file;
mod process;
mod quoted;
mod site;
mod under;

use std::fmt;

use sim_explorer::Recipe;

use crate::environment::{SEED, STRATEGY};

pub(crate) use of_file::OfFile;
pub(crate) use process::Process;
use quoted::quoted;
pub use site::TestSite;
pub(crate) use under::Under;

/// A command that runs one test, as a shell takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestCommand {
    /// `cargo test -p package --test file -- --exact name`
    line: String,
    /// What it depends on besides, and cannot say.
    with: Option<&'static str>,
    /// Whether the program makes the one run that the environment names.
    obeys_environment: bool,
}

impl TestCommand {
    /// All that runs the test that stands there.
    pub(crate) fn of_site(site: &TestSite, process: &Process) -> Self {
        let Some(package) = site.package else { return TestCommand::of_program(site.name(), process) };
        let parts = [
            "cargo test".to_string(),
            quoted(site.name()),
            format!("-p {}", quoted(package)),
            site.target_flag(process),
            process.profile_flag(),
            site.features.to_string(),
            "-- --exact".to_string(),
            process.ignored_flag(),
        ];
        TestCommand::new(joined(parts))
    }

    /// What runs a test of that name, as far as the process itself knows it: nothing tells where the caller stands.
    pub(crate) fn of_name(name: &str, process: &Process) -> Self {
        if !process.is_test_binary() {
            return TestCommand::new(process.own_command());
        }
        // The harness of tests gives a thread the name of its test, and that is what it takes.
        let exact = process.test_of_thread();
        let exact_flag = if exact.is_some() { "-- --exact" } else { "" };
        let Some(package) = &process.package else {
            return TestCommand::of_program(exact.unwrap_or(name), process);
        };
        let ignored = process.ignored_flag();
        let parts = [
            "cargo test".to_string(),
            quoted(exact.unwrap_or(name)),
            format!("-p {}", quoted(package)),
            process.test_flag().unwrap_or_default(),
            process.profile_flag(),
            if exact_flag.is_empty() && !ignored.is_empty() { "--" } else { exact_flag }.to_string(),
            ignored,
        ];
        let with = process.package_has_features().then_some("with the features of this run");
        TestCommand { with, ..TestCommand::new(joined(parts)) }
    }

    fn new(line: String) -> Self {
        TestCommand { line, with: None, obeys_environment: true }
    }

    /// The program makes its runs whatever the environment says.
    pub(crate) fn with_fixed_runs(self) -> Self {
        TestCommand { obeys_environment: false, ..self }
    }

    /// For what no cargo has built: the program itself.
    fn of_program(name: &str, process: &Process) -> Self {
        let parts = [process.program(), quoted(name), "--exact".to_string(), process.ignored_flag()];
        TestCommand::new(joined(parts))
    }
}

impl fmt::Display for TestCommand {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.line)?;
        self.with.map_or(Ok(()), |with| write!(out, "   ({with})"))
    }
}

/// The variables of the environment that name a run: `SEEDBED_SEED=17 SEEDBED_STRATEGY=pct:changes=3`.
pub(crate) struct Variables<'a>(pub(crate) &'a Recipe);

impl fmt::Display for Variables<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seed, strategy) = self.0.names();
        let given = [(SEED, seed), (STRATEGY, strategy)];
        let set = given.into_iter().filter_map(|(name, value)| Some(assignment(name, &value?)));
        out.write_str(&set.collect::<Vec<_>>().join(if cfg!(windows) { "; " } else { " " }))
    }
}

/// As the shell of the platform takes it.
fn assignment(name: &str, value: &str) -> String {
    if cfg!(windows) { format!("$env:{name}='{value}'") } else { format!("{name}={}", quoted(value)) }
}

/// The command for one run, as the shell of the platform takes it: `SEEDBED_SEED=17 cargo test …`.
pub(crate) struct OneRun<'a>(pub(crate) &'a Recipe, pub(crate) &'a TestCommand);

impl fmt::Display for OneRun<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let OneRun(run, command) = self;
        if !command.obeys_environment {
            let text = run.to_string();
            return write!(
                out,
                "{command}   (only: {text:?}.parse().ok() in its Sweep makes this run alone)"
            );
        }
        let between = if cfg!(windows) { "; " } else { " " };
        write!(out, "{}{between}{command}", Variables(run))
    }
}

fn joined<const N: usize>(parts: [String; N]) -> String {
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(change: impl FnOnce(&mut TestSite)) -> TestSite {
        let mut site = TestSite {
            path: "my_crate::inner::answers",
            package: Some("my-crate"),
            crate_name: Some("my_crate"),
            binary: None,
            manifest_dir: None,
            is_integration: false,
            features: "",
        };
        change(&mut site);
        site
    }

    fn command(change: impl FnOnce(&mut TestSite), exe: &str) -> String {
        TestCommand::of_site(&site(change), &Process::with_exe(exe, &[])).to_string()
    }

    const EXE: &str = "/home/me/target/debug/deps/my_crate-0123456789abcdef";

    #[test]
    fn a_unit_test_is_found_in_its_library_or_program() {
        let line = command(|_| {}, EXE);
        assert_eq!(line, "cargo test inner::answers -p my-crate --lib -- --exact");
        let line = command(|site| site.binary = Some("tool"), EXE);
        assert_eq!(line, "cargo test inner::answers -p my-crate --bin tool -- --exact");
        let line = command(|site| site.binary = Some("tool"), "/t/debug/examples/tool-0123456789abcdef");
        assert_eq!(line, "cargo test inner::answers -p my-crate --example tool -- --exact");
    }

    #[test]
    fn an_integration_test_is_found_by_its_file() {
        // Of this package itself.
        let here = |site: &mut TestSite| {
            (site.is_integration, site.manifest_dir) = (true, Some(env!("CARGO_MANIFEST_DIR")));
        };
        let named = |name| {
            move |site: &mut TestSite| {
                here(site);
                site.crate_name = Some(name);
            }
        };
        let line = command(named("harness"), EXE);
        assert_eq!(line, "cargo test inner::answers -p my-crate --test harness -- --exact");
        let line = command(named("adapters"), EXE);
        assert_eq!(line, "cargo test inner::answers -p my-crate --test adapters -- --exact");
    }

    #[test]
    fn what_has_no_file_of_its_name_is_found_by_a_pattern() {
        let line = command(|site| (site.is_integration, site.crate_name) = (true, Some("my_test")), EXE);
        assert_eq!(line, "cargo test inner::answers -p my-crate --test 'my?test' -- --exact");
    }

    #[test]
    fn features_profile_and_ignored_tests_are_in_the_line() {
        let site = site(|site| site.features = "--features sim");
        let release = Process::with_exe("/t/release/deps/my_crate-0123456789abcdef", &["--ignored"]);
        assert_eq!(
            TestCommand::of_site(&site, &release).to_string(),
            "cargo test inner::answers -p my-crate --lib --release --features sim -- --exact --include-ignored"
        );
        let other = Process::with_exe("/t/ci/deps/my_crate-0123456789abcdef", &[]);
        assert!(TestCommand::of_site(&site, &other).to_string().contains(" --profile ci --features sim "));
    }

    #[test]
    fn names_that_a_shell_would_read_otherwise_are_quoted() {
        let line = command(|site| site.path = "my_crate::r#move", EXE);
        assert_eq!(line, "cargo test 'r#move' -p my-crate --lib -- --exact");
    }

    #[test]
    fn without_cargo_the_program_itself_is_named() {
        let line = command(|site| site.package = None, "/b/out/my tests");
        assert_eq!(line, "'/b/out/my tests' inner::answers --exact");
    }

    #[test]
    fn a_sweep_in_a_program_that_is_no_test_is_reproduced_by_its_command_line() {
        let process = Process::with_exe("/t/debug/find_bugs", &["--deep", "two words"]);
        let line = TestCommand::of_name("any", &process).to_string();
        assert_eq!(line, "/t/debug/find_bugs --deep 'two words'");
    }

    #[test]
    fn a_sweep_in_a_test_goes_by_the_name_of_its_thread() {
        let mut process = Process::with_exe(EXE, &[]);
        process.package = Some("my-crate".to_string());
        assert_eq!(TestCommand::of_name("any", &process).to_string(), "cargo test any -p my-crate");
        process.thread = Some("inner::the_test".to_string());
        let line = TestCommand::of_name("any", &process).to_string();
        assert_eq!(line, "cargo test inner::the_test -p my-crate -- --exact");
    }

    #[test]
    fn the_seed_stands_before_the_command() {
        let command = TestCommand::new("cargo test x".to_string());
        let line = |run: &str| OneRun(&run.parse().unwrap(), &command).to_string();
        if cfg!(windows) {
            assert_eq!(line("random seed=7"), "$env:SEEDBED_SEED='7'; cargo test x");
        } else {
            assert_eq!(line("random seed=7"), "SEEDBED_SEED=7 cargo test x");
            assert_eq!(
                line("pct:changes=3 seed=7"),
                "SEEDBED_SEED=7 SEEDBED_STRATEGY=pct:changes=3 cargo test x"
            );
            assert_eq!(line("each:run=12.1+40.0"), "SEEDBED_STRATEGY=each:run=12.1+40.0 cargo test x");
        }
        let text = OneRun(&Recipe::of_seed(7), &command.clone().with_fixed_runs()).to_string();
        assert!(
            text.starts_with("cargo test x   (only: \"random seed=7\".parse().ok() in its Sweep"),
            "{text}"
        );
    }
}

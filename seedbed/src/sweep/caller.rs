//! Who runs a test: what its name is, and which command runs it.

use crate::reproduce::{Process, TestCommand, TestSite};

/// Who runs a test.
#[derive(Clone, Copy, Debug)]
pub(super) enum Caller<'a> {
    /// The attribute, on a test that stands there.
    Attribute(&'a TestSite),
    /// A program that runs a sweep of this name, as the environment asks for.
    Sweep(&'a str),
    /// A program that runs a sweep of this name, whatever the environment says.
    Program(&'a str),
}

impl<'a> Caller<'a> {
    pub(super) fn name(&self) -> &'a str {
        match self {
            Caller::Attribute(site) => site.name(),
            Caller::Sweep(name) | Caller::Program(name) => name,
        }
    }

    /// What runs the test.
    pub(super) fn command(&self) -> TestCommand {
        let process = Process::here();
        match self {
            Caller::Attribute(site) => TestCommand::of_site(site, &process),
            Caller::Sweep(name) => TestCommand::of_name(name, &process),
            Caller::Program(name) => TestCommand::of_name(name, &process).with_fixed_runs(),
        }
    }

    /// The test that a new process of this program could run alone, by the name that its harness knows.
    pub(super) fn name_in_process(&self) -> Option<String> {
        match self {
            Caller::Attribute(site) => Some(site.name().to_string()),
            Caller::Sweep(_) => Process::here().test_name(),
            // It would not make the one run, whatever it was asked.
            Caller::Program(_) => None,
        }
    }
}

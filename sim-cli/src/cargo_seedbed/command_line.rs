//! Cargo's command line, as far as `cargo seedbed` has to know it.

use std::ffi::OsString;

/// Options that `cargo metadata` must be given too, so that it looks at the same workspace: alone, or with a value.
const SHARED_FLAGS: &[&str] = &["--offline", "--locked", "--frozen"];
const SHARED_WITH_VALUE: &[&str] = &["--manifest-path", "--config", "-Z", "-C"];

/// `--target-dir` was given.
#[derive(Debug, thiserror::Error)]
#[error(
    "--target-dir cannot be given to cargo seedbed, which builds in a folder of its own beside the others: \
     set CARGO_TARGET_DIR to move all of them"
)]
pub(super) struct TargetDirError;

/// What cargo is called with.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CommandLine {
    /// What stands before the command: a toolchain (`+nightly`) and options of all commands.
    pub(super) before: Vec<OsString>,
    /// The command and all that follows.
    pub(super) command: Vec<OsString>,
    /// Of both, the options that say which workspace is meant and how it is resolved.
    pub(super) shared: Vec<OsString>,
}

impl CommandLine {
    /// # Errors
    /// If `--target-dir` is among the arguments.
    pub(super) fn of(arguments: Vec<OsString>) -> Result<CommandLine, TargetDirError> {
        let mut before = 0;
        let mut has_command = false;
        let mut shared = Vec::new();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let text = argument.to_string_lossy();
            let name = text.split_once('=').map_or(&*text, |(name, _)| name);
            if text == "--" {
                break;
            }
            if name == "--target-dir" {
                return Err(TargetDirError);
            }
            let mut taken = 1;
            if SHARED_FLAGS.contains(&&*text) {
                shared.push(argument.clone());
            } else if SHARED_WITH_VALUE.contains(&name) {
                shared.push(argument.clone());
                if name.len() == text.len() {
                    shared.extend(rest.next().cloned());
                    taken = 2;
                }
            } else if !text.starts_with(['-', '+']) {
                has_command = true;
            }
            if !has_command {
                before += taken;
            }
        }
        let mut arguments = arguments;
        let command = arguments.split_off(before.min(arguments.len()));
        Ok(CommandLine { before: arguments, command, shared })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<[String; 3], String> {
        let line = CommandLine::of(text.split(' ').map(OsString::from).collect())
            .map_err(|error| error.to_string())?;
        Ok([line.before, line.command, line.shared]
            .map(|words| words.join(" ".as_ref()).into_string().unwrap()))
    }

    #[test]
    fn options_that_name_the_workspace_are_shared_and_all_the_others_are_not() {
        let line =
            of("-C shop --offline test --manifest-path a/Cargo.toml --config=k=1 -p shop --release").unwrap();
        assert_eq!(
            line,
            [
                "-C shop --offline",
                "test --manifest-path a/Cargo.toml --config=k=1 -p shop --release",
                "-C shop --offline --manifest-path a/Cargo.toml --config=k=1",
            ]
        );
    }

    #[test]
    fn what_the_tested_program_is_given_is_nothing_to_cargo() {
        assert_eq!(
            of("test -- --offline --target-dir x").unwrap(),
            ["", "test -- --offline --target-dir x", ""]
        );
    }

    #[test]
    fn a_target_directory_is_refused_with_what_to_do() {
        for text in ["test --target-dir x", "test --target-dir=x"] {
            assert!(of(text).unwrap_err().contains("CARGO_TARGET_DIR"), "{text}");
        }
    }
}

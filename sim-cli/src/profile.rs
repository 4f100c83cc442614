//! A network profile that is named on the command line.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use seedbed::net::profile::{Profile, ProfileError, choose};
use sim_executor::Executor;

use crate::input_file;

/// A network profile, with the file that it was read from.
#[derive(Clone, Debug)]
pub(crate) struct NetworkProfile {
    path: PathBuf,
    profile: Profile,
}

/// A profile cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error("cannot read {}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{} has no profile: put files there whose names end with .toml", path.display())]
    NoProfile { path: PathBuf },
    #[error(transparent)]
    Content(#[from] ProfileError),
}

impl NetworkProfile {
    /// Names it among the settings of a failure file. No parameter of a scenario is called so.
    pub(crate) const SETTING: &str = "--profile";

    /// The profile in a file.
    ///
    /// # Errors
    /// If there is no such file, or what is in it is no profile.
    pub(crate) fn read(path: &Path) -> Result<Self, ReadError> {
        let io = |source| ReadError::Io { path: path.to_path_buf(), source };
        let text = input_file::read(path).map_err(io)?;
        Ok(NetworkProfile { path: path.to_path_buf(), profile: Profile::from_toml(path, &text)? })
    }

    /// The profiles in a folder: its files `*.toml`, in the order of their names.
    ///
    /// # Errors
    /// If there is no such folder, or it has no profile, or one cannot be read.
    pub(crate) fn read_all(folder: &Path) -> Result<Vec<Self>, ReadError> {
        let io = |source| ReadError::Io { path: folder.to_path_buf(), source };
        let mut paths = Vec::new();
        for entry in fs::read_dir(folder).map_err(io)? {
            let path = entry.map_err(io)?.path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                paths.push(path);
            }
        }
        if paths.is_empty() {
            return Err(ReadError::NoProfile { path: folder.to_path_buf() });
        }
        paths.sort();
        paths.iter().map(|path| Self::read(path)).collect()
    }

    /// The name of its file without the end.
    pub(crate) fn name(&self) -> String {
        self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes a run use it.
    pub(crate) fn prepare(&self, executor: &mut Executor) {
        executor.enter(|| choose(self.profile));
    }
}

/// What a command line says to use a profile: nothing if there is none, else ` --profile profiles/lan.toml`.
pub(crate) struct ProfileOption<'a>(pub(crate) Option<&'a NetworkProfile>);

impl fmt::Display for ProfileOption<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(profile) = self.0 else { return Ok(()) };
        let path = profile.path.to_string_lossy();
        let is_plain = path.chars().all(|c| c.is_alphanumeric() || "/._-+:,@%".contains(c));
        if is_plain {
            write!(out, " --profile {path}")
        } else {
            write!(out, " --profile '{}'", path.replace('\'', "'\\''"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_takes_the_option_as_it_is_shown() {
        let shown = |path: &str| {
            let profile = NetworkProfile { path: path.into(), profile: Profile::default() };
            ProfileOption(Some(&profile)).to_string()
        };
        assert_eq!(ProfileOption(None).to_string(), "");
        assert_eq!(shown("profiles/lan.toml"), " --profile profiles/lan.toml");
        assert_eq!(shown("it's a net/lan.toml"), " --profile 'it'\\''s a net/lan.toml'");
    }
}

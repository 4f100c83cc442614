//! The packages that a workspace's lock file names, with where they lie on this machine.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use super::command_line::CommandLine;
use super::replacement::REVISION;

/// What a lock file calls the registry whose source is replaced.
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// What is not to be found out about the workspace.
#[derive(Debug, thiserror::Error)]
pub(super) enum LockedError {
    #[error("cannot start {}: {source}", cargo.display())]
    Start { cargo: PathBuf, source: io::Error },
    #[error(
        "cargo metadata failed, see above: cargo seedbed needs the packages of the workspace and where they lie"
    )]
    Metadata,
    #[error("cargo metadata answered what cannot be read: {0}")]
    Answer(serde_json::Error),
    #[error("cannot read {}: {source}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot read {}: {source}", path.display())]
    Lock { path: PathBuf, source: toml::de::Error },
    #[error(
        "no tokio 1 from crates.io is among the packages of {}: there is nothing to replace, run plain cargo",
        workspace.display()
    )]
    NoTokio { workspace: PathBuf },
    #[error(
        "tokio {version} of this workspace is not crates.io's, but {source_of}: cargo seedbed replaces crates.io's only"
    )]
    OtherTokio { version: String, source_of: String },
}

/// A package of crates.io.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) version: String,
    /// That of the lock file: cargo compares it.
    pub(super) checksum: String,
    /// Where it lies unpacked.
    pub(super) folder: PathBuf,
}

/// The user's workspace.
#[derive(Debug)]
pub(super) struct Workspace {
    target: PathBuf,
    /// Those of crates.io, in order of name and version.
    pub(super) packages: Vec<Package>,
    tokio: usize,
}

/// What `cargo metadata` answers, as far as it matters.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Found>,
    target_directory: PathBuf,
    workspace_root: PathBuf,
}

#[derive(Deserialize)]
struct Found {
    name: String,
    version: String,
    source: Option<String>,
    manifest_path: PathBuf,
}

/// A lock file, as far as it matters.
#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    package: Vec<LockedPackage>,
}

#[derive(Deserialize)]
struct LockedPackage {
    name: String,
    version: String,
    source: Option<String>,
    checksum: Option<String>,
}

impl Workspace {
    /// The workspace that cargo would take for this command line. Packages that are not there yet are fetched.
    pub(super) fn of(cargo: &Path, command_line: &CommandLine) -> Result<Workspace, LockedError> {
        let mut command = Command::new(cargo);
        // All features: cargo resolves the lock file with all of them, whatever is asked for.
        command.args(["metadata", "--format-version=1", "--all-features"]).args(&command_line.shared);
        let output = command
            .stderr(Stdio::inherit())
            .output()
            .map_err(|source| LockedError::Start { cargo: cargo.to_path_buf(), source })?;
        if !output.status.success() {
            return Err(LockedError::Metadata);
        }
        let metadata: Metadata = serde_json::from_slice(&output.stdout).map_err(LockedError::Answer)?;
        let path = metadata.workspace_root.join("Cargo.lock");
        let text =
            fs::read_to_string(&path).map_err(|source| LockedError::Read { path: path.clone(), source })?;
        let lock: Lock = toml::from_str(&text).map_err(|source| LockedError::Lock { path, source })?;
        Workspace::joined(metadata, lock)
    }

    /// What the lock file knows (checksums) with what cargo knows (folders).
    fn joined(metadata: Metadata, lock: Lock) -> Result<Workspace, LockedError> {
        let is_ours = |source: &Option<String>| source.as_deref() == Some(CRATES_IO);
        let checksums: BTreeMap<(String, String), String> = lock
            .package
            .into_iter()
            .filter(|package| is_ours(&package.source))
            .filter_map(|package| Some(((package.name, package.version), package.checksum?)))
            .collect();
        let is_tokio = |found: &Found| found.name == "tokio" && found.version.starts_with("1.");
        let other = metadata.packages.iter().find(|found| is_tokio(found) && !is_ours(&found.source));
        if let Some(found) = other {
            let source_of = found.source.clone().unwrap_or_else(|| found.manifest_path.display().to_string());
            return Err(LockedError::OtherTokio { version: found.version.clone(), source_of });
        }
        let mut packages: Vec<Package> = metadata
            .packages
            .into_iter()
            .filter(|found| is_ours(&found.source))
            .filter_map(|Found { name, version, manifest_path, .. }| {
                let checksum = checksums.get(&(name.clone(), version.clone()))?.clone();
                Some(Package { name, version, checksum, folder: manifest_path.parent()?.to_path_buf() })
            })
            .collect();
        packages.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
        let tokio =
            packages.iter().position(|package| package.name == "tokio" && package.version.starts_with("1."));
        let tokio = tokio.ok_or(LockedError::NoTokio { workspace: metadata.workspace_root })?;
        Ok(Workspace { target: metadata.target_directory, packages, tokio })
    }

    /// The tokio that the user's program takes.
    pub(super) fn tokio(&self) -> &Package {
        &self.packages[self.tokio]
    }

    /// The folder of what is copied and built: another one for each version of tokio and of the replacements.
    pub(super) fn folder(&self) -> PathBuf {
        self.target.join("seedbed").join(format!("tokio-{}-r{REVISION}", self.tokio().version))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(tokio_source: &str) -> Result<Workspace, LockedError> {
        let metadata = format!(
            r#"{{"target_directory": "/t", "workspace_root": "/w", "packages": [
            {{"name": "tokio", "version": "1.44.0", "source": {tokio_source}, "manifest_path": "/r/tokio-1.44.0/Cargo.toml"}},
            {{"name": "tokio", "version": "0.2.25", "source": "{CRATES_IO}", "manifest_path": "/r/tokio-0.2.25/Cargo.toml"}},
            {{"name": "shop", "version": "0.1.0", "source": null, "manifest_path": "/w/Cargo.toml"}}]}}"#
        );
        let lock = format!(
            "version = 4\n[[package]]\nname = \"tokio\"\nversion = \"1.44.0\"\nsource = \"{CRATES_IO}\"\nchecksum = \"c1\"\n\
             [[package]]\nname = \"tokio\"\nversion = \"0.2.25\"\nsource = \"{CRATES_IO}\"\nchecksum = \"c0\"\n\
             [[package]]\nname = \"shop\"\nversion = \"0.1.0\"\n"
        );
        Workspace::joined(serde_json::from_str(&metadata).unwrap(), toml::from_str(&lock).unwrap())
    }

    #[test]
    fn packages_have_the_lock_files_checksum_and_the_tokio_is_the_first_version() {
        let workspace = joined(&format!("\"{CRATES_IO}\"")).unwrap();
        assert_eq!(workspace.packages.len(), 2);
        assert_eq!(
            workspace.tokio(),
            &Package {
                name: "tokio".into(),
                version: "1.44.0".into(),
                checksum: "c1".into(),
                folder: "/r/tokio-1.44.0".into(),
            }
        );
        assert_eq!(workspace.folder(), Path::new("/t/seedbed").join(format!("tokio-1.44.0-r{REVISION}")));
    }

    #[test]
    fn a_tokio_of_another_place_is_refused() {
        for (source, named) in
            [("null", "/r/tokio-1.44.0/Cargo.toml"), ("\"git+https://x/tokio\"", "git+https://x/tokio")]
        {
            let message = joined(source).unwrap_err().to_string();
            assert!(message.contains(named), "{message}");
        }
    }
}

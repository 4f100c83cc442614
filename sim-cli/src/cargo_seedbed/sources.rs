//! The replaced source: a folder with all packages of crates.io that the workspace takes.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::locked::{Package, Workspace};
use super::replacement::{NotKnownError, replaced};

/// The folder cannot be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum SourcesError {
    #[error(transparent)]
    NotKnown(#[from] NotKnownError),
    #[error("cannot copy {} to {}: {source}", package.display(), to.display())]
    Copy { package: PathBuf, to: PathBuf, source: io::Error },
    #[error("cannot write {}: {source}", path.display())]
    Write { path: PathBuf, source: io::Error },
}

/// The file that says for which packages the folder was made. It is written last.
const MADE_FOR: &str = "made-for.json";

/// Makes the folder, unless it is there for these packages already. All packages but tokio are links to where they lie.
pub(super) fn write(to: &Path, workspace: &Workspace) -> Result<(), SourcesError> {
    let made_for = serde_json::to_vec(&workspace.packages).expect("packages are names and paths");
    if fs::read(to.join(MADE_FOR)).is_ok_and(|there| there == made_for) {
        return Ok(());
    }
    let write_error = |source| SourcesError::Write { path: to.to_path_buf(), source };
    match fs::remove_dir_all(to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(write_error(error)),
        _ => {}
    }
    for package in &workspace.packages {
        let folder = to.join(format!("{}-{}", package.name, package.version));
        let copied = if package == workspace.tokio() {
            let changed = replaced(&package.version, &rust_files(&package.folder).map_err(write_error)?)?;
            copy(&package.folder, &folder).and_then(|()| {
                changed.iter().try_for_each(|(path, text)| {
                    // Not written into: it may be a file that cannot be.
                    let path = folder.join(path);
                    fs::remove_file(&path)?;
                    fs::write(path, text)
                })
            })
        } else {
            link(&package.folder, &folder)
        };
        copied.and_then(|()| write_checksum(&folder, package)).map_err(|source| SourcesError::Copy {
            package: package.folder.clone(),
            to: folder,
            source,
        })?;
    }
    fs::write(to.join(MADE_FOR), made_for).map_err(write_error)
}

/// What cargo looks for beside a package's manifest in a folder of packages. No file is listed, so none is compared.
fn write_checksum(folder: &Path, package: &Package) -> io::Result<()> {
    #[derive(Serialize)]
    struct Checksum<'a> {
        files: BTreeMap<&'a str, &'a str>,
        package: &'a str,
    }
    let checksum = Checksum { files: BTreeMap::new(), package: &package.checksum };
    fs::write(folder.join(".cargo-checksum.json"), serde_json::to_vec(&checksum)?)
}

/// All Rust files of a package, by their paths in it.
fn rust_files(package: &Path) -> io::Result<BTreeMap<PathBuf, String>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![PathBuf::from("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(package.join(&folder))? {
            let entry = entry?;
            let path = folder.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.insert(path, fs::read_to_string(entry.path())?);
            }
        }
    }
    Ok(found)
}

/// What lies in a package's folder, without what only its place is to have: a checksum file is written anew.
fn entries(package: &Path) -> io::Result<impl Iterator<Item = io::Result<fs::DirEntry>>> {
    Ok(fs::read_dir(package)?.filter(|entry| {
        !entry.as_ref().is_ok_and(|entry| {
            [".cargo-checksum.json", ".cargo-ok"].iter().any(|name| entry.file_name() == *name)
        })
    }))
}

fn copy(package: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in entries(package)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &to)?;
        } else {
            fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}

/// The folder itself is a real one, since a file is written into it.
#[cfg(unix)]
fn link(package: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in entries(package)? {
        let entry = entry?;
        std::os::unix::fs::symlink(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}

#[cfg(not(unix))]
use self::copy as link;

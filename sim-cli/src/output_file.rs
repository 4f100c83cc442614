//! A file that a command writes: whole, or not at all.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The file cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}: {source}", path.display())]
pub(crate) struct WriteError {
    path: PathBuf,
    source: io::Error,
}

/// Writes a file at once: whoever reads it finds the old one, or all of the new one.
pub(crate) fn write(path: &Path, bytes: impl AsRef<[u8]>) -> Result<(), WriteError> {
    let temporary = temporary_beside(path);
    let written = fs::write(&temporary, bytes).and_then(|()| fs::rename(&temporary, path));
    written.map_err(|source| {
        // If there is one, nobody wants it.
        let _ = fs::remove_file(&temporary);
        WriteError { path: path.to_path_buf(), source }
    })
}

/// In the same folder, as a file cannot be renamed from one file system to another.
fn temporary_beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.tmp", std::process::id()));
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_temporary_file_is_in_the_same_folder() {
        let temporary = temporary_beside(Path::new("out/sweep.json"));
        assert_eq!(temporary.parent(), Some(Path::new("out")));
        assert_ne!(temporary, Path::new("out/sweep.json"));
    }
}

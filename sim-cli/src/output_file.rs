//! A file that a command writes: whole, or not at all.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The file cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}: {source}", path.display())]
pub(crate) struct WriteError {
    path: PathBuf,
    source: io::Error,
}

/// What stands at a path that is to be written.
enum Target {
    /// `-`.
    StandardOutput,
    /// A device, a pipe, a socket: what is written goes through it, and it stays what it is.
    Through(PathBuf),
    /// A plain file, or none yet. Of a symbolic link, the file that it leads to.
    Plain(PathBuf),
}

impl Target {
    fn of(path: &Path) -> io::Result<Target> {
        if path == Path::new("-") {
            return Ok(Target::StandardOutput);
        }
        match fs::metadata(path) {
            Ok(known) if known.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
            Ok(known) if known.is_file() => Ok(Target::Plain(fs::canonicalize(path)?)),
            Ok(_) => Ok(Target::Through(path.to_path_buf())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Target::Plain(path.to_path_buf())),
            Err(error) => Err(error),
        }
    }
}

/// Says at once, before there is anything to write, whether a file can be written.
///
/// # Errors
/// If it cannot: its folder is not there, or may not be written to.
pub(crate) fn check(path: &Path) -> Result<(), WriteError> {
    let possible = Target::of(path).and_then(|target| match target {
        Target::StandardOutput => Ok(()),
        Target::Through(path) => fs::OpenOptions::new().write(true).open(path).map(drop),
        Target::Plain(path) => {
            let temporary = temporary_beside(&path);
            fs::write(&temporary, "").and_then(|()| fs::remove_file(&temporary))
        }
    });
    possible.map_err(|source| WriteError { path: path.to_path_buf(), source })
}

/// Writes a file at once: whoever reads it finds the old one, or all of the new one. `-` is standard output, and what is no
/// plain file, such as `/dev/stdout` or a pipe, is written through.
///
/// # Errors
/// If it cannot be written; then a plain file is as it was.
pub(crate) fn write(path: &Path, bytes: impl AsRef<[u8]>, out: &mut dyn Write) -> Result<(), WriteError> {
    let bytes = bytes.as_ref();
    let written = Target::of(path).and_then(|target| match target {
        Target::StandardOutput => out.write_all(bytes),
        Target::Through(path) => {
            // What was said before comes before.
            out.flush()?;
            fs::OpenOptions::new().write(true).open(path)?.write_all(bytes)
        }
        Target::Plain(path) => replace(&path, bytes),
    });
    written.map_err(|source| WriteError { path: path.to_path_buf(), source })
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = temporary_beside(path);
    let permissions = fs::metadata(path).map(|known| known.permissions());
    let written = fs::write(&temporary, bytes)
        .and_then(|()| permissions.map_or(Ok(()), |known| fs::set_permissions(&temporary, known)))
        .and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // If there is one, nobody wants it.
        let _ = fs::remove_file(&temporary);
    }
    written
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

    /// A folder of its own, with nothing in it.
    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("seedbed-output-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).unwrap();
        folder
    }

    fn written(path: &Path, text: &str) -> Result<Vec<u8>, WriteError> {
        let mut out = Vec::new();
        write(path, text, &mut out).map(|()| out)
    }

    #[test]
    fn the_temporary_file_is_in_the_same_folder() {
        let temporary = temporary_beside(Path::new("out/sweep.json"));
        assert_eq!(temporary.parent(), Some(Path::new("out")));
        assert_ne!(temporary, Path::new("out/sweep.json"));
    }

    #[test]
    fn a_dash_is_standard_output() {
        assert_eq!(written(Path::new("-"), "text").unwrap(), b"text");
        check(Path::new("-")).unwrap();
    }

    #[test]
    fn a_plain_file_is_replaced_and_nothing_is_left_beside_it() {
        let folder = folder("plain");
        let file = folder.join("a.json");
        for text in ["one", "two"] {
            check(&file).unwrap();
            assert!(written(&file, text).unwrap().is_empty());
            assert_eq!(fs::read_to_string(&file).unwrap(), text);
        }
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_plain_file_stays_what_it_is() {
        use std::os::unix::fs::FileTypeExt as _;
        let folder = folder("link");
        let (device, link, file) = (folder.join("null"), folder.join("link"), folder.join("file"));
        std::os::unix::fs::symlink("/dev/null", &device).unwrap();
        fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        for path in [Path::new("/dev/null"), &device, &link] {
            check(path).unwrap();
            assert!(written(path, "new").unwrap().is_empty());
        }
        assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
        assert!([&device, &link].iter().all(|path| fs::symlink_metadata(path).unwrap().is_symlink()));
        assert_eq!(
            fs::read_to_string(&file).unwrap(),
            "new",
            "the link still leads to the file, which is written"
        );
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_folder_that_is_not_there_is_found_before_anything_is_written() {
        for path in ["/nowhere/sweep.json", "/"] {
            let error = check(Path::new(path)).unwrap_err();
            assert!(error.to_string().starts_with(&format!("cannot write {path}: ")), "{error}");
            assert_eq!(written(Path::new(path), "").unwrap_err().to_string(), error.to_string());
        }
    }
}

//! A file that a command reads: text of a bounded size.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// No profile and no program is longer: what has no end, such as `/dev/zero`, is none.
const BYTES_MAX: u64 = 16 * 1_024 * 1_024;

/// Reads a file whole.
///
/// # Errors
/// If it cannot be read, has more than 16 MiB, or is no UTF-8.
pub(crate) fn read(path: &Path) -> io::Result<String> {
    String::from_utf8(read_bytes(path)?).map_err(|error| {
        let position = error.utf8_error().valid_up_to();
        io::Error::new(io::ErrorKind::InvalidData, format!("at byte {position}: this is no UTF-8"))
    })
}

/// Reads a file whole, whatever is in it.
///
/// # Errors
/// If it cannot be read, or has more than 16 MiB.
pub(crate) fn read_bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(io::Error::other(format!(
            "it has more than {BYTES_MAX} bytes, which no such file needs"
        )));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn what_has_no_end_is_refused() {
        let error = read(Path::new("/dev/zero")).unwrap_err().to_string();
        assert!(error.contains("more than 16777216 bytes"), "{error}");
    }

    #[test]
    fn a_file_is_read_whole() {
        assert!(
            read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap().contains("[package]")
        );
    }
}

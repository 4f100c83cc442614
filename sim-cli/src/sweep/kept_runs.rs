//! The runs that a guided search keeps between two commands: a folder for each program, a file for each run.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sim_executor::hash_str;
use sim_explorer::{Corpus, SimfailError};

use super::Entry;
use crate::input_file;

/// The runs cannot be read or kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeptError {
    #[error("{}: {source}; name a folder that can be read and written", path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error("{}: {source}; delete the file, or name another folder", path.display())]
    File { path: PathBuf, source: SimfailError },
}

const EXTENSION: &str = "simfail";

/// `FOLDER/ws_echo.broken`, and over a profile `FOLDER/ws_echo.broken.lan`.
fn folder_of(folder: &Path, entry: &Entry) -> PathBuf {
    let program = entry.program.to_string().replace('/', ".");
    let profile = entry.profile.as_ref().map_or_else(String::new, |profile| format!(".{}", profile.name()));
    folder.join(format!("{program}{profile}"))
}

/// The texts of the runs that were kept of a program, in the order of their files' names. The folder is made if there is none.
pub(super) fn read(folder: &Path, entry: &Entry) -> Result<Vec<Vec<u8>>, KeptError> {
    let path = folder_of(folder, entry);
    let failed = |source| KeptError::Folder { path: path.clone(), source };
    fs::create_dir_all(&path).map_err(failed)?;
    let files: io::Result<Vec<PathBuf>> =
        fs::read_dir(&path).map_err(failed)?.map(|file| file.map(|file| file.path())).collect();
    let mut files = files.map_err(failed)?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == EXTENSION));
    files.sort_unstable();
    let mut texts = Vec::new();
    for file in files {
        let text = input_file::read_bytes(&file)
            .map_err(|source| KeptError::Folder { path: file.clone(), source })?;
        Corpus::default().add_text(&text).map_err(|source| KeptError::File { path: file, source })?;
        texts.push(text);
    }
    Ok(texts)
}

/// Keeps the runs of a program. A file is named by its text, so that what is there already is not written twice.
pub(super) fn write(folder: &Path, entry: &Entry, texts: &[String]) -> Result<(), KeptError> {
    let path = folder_of(folder, entry);
    for text in texts {
        let file = path.join(format!("{:016x}.{EXTENSION}", hash_str(text)));
        fs::write(&file, text).map_err(|source| KeptError::Folder { path: file, source })?;
    }
    Ok(())
}

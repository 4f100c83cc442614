//! The folder of a package's failure files: `tests/simfail`.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use sim_explorer::Simfail;

/// A file that is longer is none of ours: see [`Simfail::parse`].
const BYTES_MAX: u64 = 16 * 1_024 * 1_024;
/// The longest part of a file's name that is the test's.
const NAME_CHARS_MAX: usize = 120;

/// The folder of a package's failure files.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    package: PathBuf,
}

/// A failure file, or why it cannot be used.
#[derive(Clone, Debug)]
pub(crate) struct StoredFile {
    /// Its path as it is shown, from the package's folder on.
    pub(crate) path: String,
    pub(crate) content: Result<Simfail, String>,
}

impl Folder {
    /// Below the package's own folder.
    const PLACE: &str = "tests/simfail";

    /// That of the package in this folder.
    pub(crate) fn of(package: &Path) -> Self {
        Folder { package: package.to_path_buf() }
    }

    /// The files of the test of that path, by their names; also those that cannot be read and are called after it.
    ///
    /// # Errors
    /// If there is a folder that cannot be read: its files would be left out without a word.
    pub(crate) fn files_of(&self, test: &str) -> Result<Vec<StoredFile>, String> {
        let entries = match fs::read_dir(self.package.join(Folder::PLACE)) {
            Ok(entries) => entries,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Ok(Vec::new());
            }
            Err(error) => return Err(format!("{} cannot be read: {error}", Folder::PLACE)),
        };
        let paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<PathBuf>, _>>();
        let mut paths = paths.map_err(|error| format!("{} cannot be read: {error}", Folder::PLACE))?;
        paths.retain(|path| path.extension() == Some(OsStr::new("simfail")));
        paths.sort();
        let beginning = format!("{}-", stem(test));
        let files = paths.into_iter().filter_map(|path| {
            let name = path.file_name()?.to_string_lossy().into_owned();
            let content = read(&path);
            let is_of_test = match &content {
                Ok(file) => file.test == test,
                Err(_) => name.starts_with(&beginning),
            };
            is_of_test.then(|| StoredFile { path: format!("{}/{name}", Folder::PLACE), content })
        });
        Ok(files.collect())
    }

    /// The file at that path, from where the process stands or from the package's folder on.
    pub(crate) fn file(&self, path: &str) -> StoredFile {
        let here = Path::new(path);
        let content = if here.exists() { read(here) } else { read(&self.package.join(path)) };
        StoredFile { path: path.to_string(), content }
    }

    /// Writes a file at once, and gives its path.
    pub(crate) fn write(&self, file: &Simfail) -> io::Result<String> {
        if !self.package.is_dir() {
            // The program was built elsewhere.
            let package = self.package.display();
            return Err(io::Error::other(format!("the folder of the package, {package}, is not there")));
        }
        let name = format!("{}-{:08x}.simfail", stem(&file.test), file.expect.trace >> 32);
        fs::create_dir_all(self.package.join(Folder::PLACE))?;
        let shown = format!("{}/{name}", Folder::PLACE);
        self.replace(&shown, file)?;
        Ok(shown)
    }

    /// Writes a file anew that lies there.
    pub(crate) fn replace(&self, shown: &str, file: &Simfail) -> io::Result<()> {
        let path = self.package.join(shown);
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // In the same folder, as a file cannot be renamed from one file system to another.
        let temporary = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
        let written = fs::write(&temporary, file.to_string()).and_then(|()| fs::rename(&temporary, &path));
        if written.is_err() {
            // If there is one, nobody wants it.
            let _ = fs::remove_file(&temporary);
        }
        written
    }
}

fn read(path: &Path) -> Result<Simfail, String> {
    let mut bytes = Vec::new();
    let opened = File::open(path).and_then(|file| file.take(BYTES_MAX).read_to_end(&mut bytes));
    opened.map_err(|error| format!("it cannot be read: {error}"))?;
    Simfail::parse(&bytes).map_err(|error| error.to_string())
}

/// The name of a test as the beginning of a file's name, on every system.
fn stem(test: &str) -> String {
    let name = test.split_once("::").map_or(test, |(_, name)| name).replace("::", ".");
    let is_plain = |character: char| character.is_alphanumeric() || matches!(character, '_' | '.' | '-');
    name.chars()
        .map(|character| if is_plain(character) { character } else { '_' })
        .take(NAME_CHARS_MAX)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A package of its own.
    fn package(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("seedbed-package-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).unwrap();
        folder
    }

    fn file(test: &str, trace: u64) -> Simfail {
        let mut file = Simfail { test: test.to_string(), ..Simfail::default() };
        for text in [&mut file.signature, &mut file.found] {
            *text = "x".to_string();
        }
        file.expect.trace = trace;
        file
    }

    #[test]
    fn a_test_finds_its_own_files_in_order_and_no_others() {
        let package = package("finds");
        let folder = Folder::of(&package);
        assert!(folder.files_of("a::b::c").unwrap().is_empty(), "there is no folder");
        let (mine, other) = (file("a::b::c", 0x0123_4567_89ab_cdef), file("a::b::c2", 7));
        assert_eq!(folder.write(&mine).unwrap(), "tests/simfail/b.c-01234567.simfail");
        folder.write(&other).unwrap();
        let place = package.join("tests/simfail");
        fs::write(place.join("b.c-zzz.simfail"), "simfail 9\n").unwrap();
        fs::write(place.join("elsewhere.simfail"), "nothing").unwrap();
        let found = folder.files_of("a::b::c").unwrap();
        let paths: Vec<&str> = found.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, ["tests/simfail/b.c-01234567.simfail", "tests/simfail/b.c-zzz.simfail"]);
        assert_eq!(found[0].content.as_ref(), Ok(&mine));
        assert!(found[1].content.as_ref().unwrap_err().contains("format 9"));
        // A file may be called as a person likes.
        fs::rename(place.join("b.c-01234567.simfail"), place.join("the lock is too small.simfail")).unwrap();
        assert!(
            folder
                .files_of("a::b::c")
                .unwrap()
                .iter()
                .any(|file| file.path.ends_with("/the lock is too small.simfail"))
        );
        assert!(folder.file("tests/simfail/elsewhere.simfail").content.unwrap_err().starts_with("line 1: "));
        assert!(folder.file("nowhere.simfail").content.unwrap_err().starts_with("it cannot be read: "));
        assert_eq!(fs::read_dir(&place).unwrap().count(), 4, "and nothing is left beside them");
        fs::remove_dir_all(package).unwrap();
    }

    #[test]
    fn what_cannot_be_written_is_said() {
        let package = package("full");
        let gone = Folder::of(&package.join("gone")).write(&file("a::b", 1)).unwrap_err();
        assert!(gone.to_string().contains("is not there"), "{gone}");
        fs::write(package.join("tests"), "no folder").unwrap();
        assert!(Folder::of(&package).write(&file("a::b", 1)).is_err());
        fs::remove_dir_all(package).unwrap();
    }

    #[test]
    fn the_name_of_a_file_is_one_on_every_system() {
        assert_eq!(stem("crate::r#move::täst<u8>"), "r_move.täst_u8_");
        assert_eq!(stem(&"x".repeat(1_000)).len(), NAME_CHARS_MAX);
    }
}

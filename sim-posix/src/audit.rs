//! What the program imports of the C library, and who answers that in a run.

use crate::real;

/// Who answers a function of the C library in a process of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Answerer {
    /// The run, or the run refuses it.
    Run,
    /// The C library, and nothing of the machine is seen in what it does.
    Library,
    /// The machine: its files, its environment, its users.
    Machine,
    /// The machine, and nobody has looked whether a run may differ by it.
    Unknown,
}

/// A function that the program imports of the C library, or would if the run did not answer it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Import {
    /// Who answers it.
    pub answerer: Answerer,
    /// Its name.
    pub name: String,
}

/// Beginnings of names that compute only, or that arrange memory, unwinding, linking, threads' attributes.
const LIBRARY_STARTS: &[&str] = &[
    "_ITM_",
    "_Unwind_",
    "__cxa_",
    "__gmon_start__",
    "__libc_",
    "__stack_chk_",
    "mem",
    "posix_spawn_file_actions_",
    "posix_spawnattr_",
    "pthread_attr_",
    "str",
];
const LIBRARY: &[&str] = &[
    "__errno_location",
    "__tls_get_addr",
    "__xpg_strerror_r",
    "bcmp",
    "calloc",
    "dl_iterate_phdr",
    "dladdr",
    "dlclose",
    "dlerror",
    "dlopen",
    "dlsym",
    "free",
    "gai_strerror",
    "getauxval",
    "gnu_get_libc_version",
    "madvise",
    "malloc",
    "mmap",
    "mmap64",
    "mprotect",
    "mremap",
    "munmap",
    "posix_memalign",
    "pthread_getattr_np",
    "pthread_key_create",
    "pthread_key_delete",
    "pthread_self",
    "pthread_getspecific",
    "pthread_setspecific",
    "realloc",
    "reallocarray",
    "aligned_alloc",
    "malloc_usable_size",
    "sigaddset",
    "sigdelset",
    "sigemptyset",
    "sigfillset",
    "sigismember",
    "qsort",
    "bsearch",
    "abs",
    "exp",
    "exp2",
    "fma",
    "fmod",
    "log",
    "log10",
    "log2",
    "pow",
    "sin",
    "cos",
    "tan",
    "atan",
    "atan2",
    "sqrt",
    "cbrt",
    "ceil",
    "floor",
    "round",
    "trunc",
    "powf",
    "expf",
    "logf",
    "sinf",
    "cosf",
    "fmodf",
    "ldexp",
    "frexp",
    "hypot",
];
const MACHINE: &[&str] = &[
    "access",
    "chdir",
    "chmod",
    "chown",
    "chroot",
    "closedir",
    "copy_file_range",
    "environ",
    "faccessat",
    "fchmod",
    "fchown",
    "fdatasync",
    "fdopendir",
    "flock",
    "fstat",
    "fstat64",
    "fstatat64",
    "fsync",
    "ftruncate",
    "ftruncate64",
    "getcwd",
    "getegid",
    "geteuid",
    "getgid",
    "getgroups",
    "getpwnam_r",
    "getpwuid_r",
    "getuid",
    "isatty",
    "link",
    "linkat",
    "lseek",
    "lseek64",
    "lstat",
    "lstat64",
    "mkdir",
    "opendir",
    "pread64",
    "pwrite64",
    "readdir64",
    "readdir64_r",
    "readlink",
    "realpath",
    "rename",
    "rmdir",
    "sendfile64",
    "stat",
    "stat64",
    "statx",
    "symlink",
    "truncate64",
    "umask",
    "unlink",
    "unlinkat",
    "utimensat",
    "__res_init",
];

/// The functions of the C library that the executable imports, with those that it exports in their place, as this crate
/// has them; sorted, first those that the run answers. Those of [`Answerer::Unknown`] are where a program may escape
/// from its run without being noticed. Libraries that the executable loads may import more.
///
/// ```
/// use sim_posix::{Answerer, audit};
///
/// let imports = audit();
/// let answerer = |name| imports.iter().find(|import| import.name == name).map(|import| import.answerer);
/// assert_eq!(answerer("clock_gettime"), Some(Answerer::Run));
/// assert_eq!(answerer("memcpy"), Some(Answerer::Library));
/// ```
#[must_use]
pub fn audit() -> Vec<Import> {
    let all = real::symbols().into_iter().map(|symbol| {
        let answerer = if symbol.is_defined { Answerer::Run } else { answerer_of(&symbol.name) };
        Import { answerer, name: symbol.name }
    });
    let mut all: Vec<Import> = all.collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Who answers what this crate does not define.
fn answerer_of(name: &str) -> Answerer {
    if LIBRARY.contains(&name) || LIBRARY_STARTS.iter().any(|start| name.starts_with(start)) {
        Answerer::Library
    } else if MACHINE.contains(&name) {
        Answerer::Machine
    } else {
        Answerer::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_nobody_knows_is_unknown() {
        assert_eq!(answerer_of("memfrob"), Answerer::Library);
        assert_eq!(answerer_of("getcwd"), Answerer::Machine);
        assert_eq!(answerer_of("inotify_init"), Answerer::Unknown);
    }
}

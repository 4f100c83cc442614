//! Where in the program a call was made.

use std::backtrace::Backtrace;

/// Where functions stand that the program calls, but that are not it: those of the standard library, and of this crate. Names do not tell, as
/// the modules are not in them where a build has only lines.
const NOT_PROGRAM: &[&str] = &["/rustc/", "/src/symbols/", "/src/escape/", "/src/real/", "/src/calls/"];
/// Libraries that the program uses.
const LIBRARIES: &str = "/registry/src/";

/// The innermost function of the program on this thread's stack, with its line; that of a library if there is no other.
pub(super) fn of_program() -> String {
    of(&Backtrace::force_capture().to_string())
}

fn of(backtrace: &str) -> String {
    let mut name = "";
    let mut library = None;
    for line in backtrace.lines().map(str::trim_start) {
        if let Some(path) = line.strip_prefix("at ") {
            if NOT_PROGRAM.iter().any(|part| path.contains(part)) {
                continue;
            }
            let place = format!("{name} at {path}");
            if !path.contains(LIBRARIES) {
                return place;
            }
            library.get_or_insert(place);
        } else if let Some((_, rest)) = line.split_once(": ") {
            name = rest;
        }
    }
    library.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_function_of_the_program_is_found() {
        let text = "   0: sim_posix::escape::count\n             at ./src/escape/mod.rs:99:5\n   1: open64\n             at ./src/symbols/mod.rs:1:1\n   2: \
                    std::fs::File::open\n             at /rustc/5/library/std/src/fs.rs:4:5\n   3: rand::fill\n             at \
                    /c/registry/src/x/rand/lib.rs:2:2\n   4: shop::main::{{closure}}\n             at ./src/shop.rs:7:13\n   5: \
                    sim_posix::handle::start\n             at ./src/handle.rs:1:1\n";
        assert_eq!(of(text), "shop::main::{{closure}} at ./src/shop.rs:7:13");
        let without_main: String = text.lines().take(8).map(|line| format!("{line}\n")).collect();
        assert_eq!(of(&without_main), "rand::fill at /c/registry/src/x/rand/lib.rs:2:2");
        assert_eq!(of(""), "");
    }
}

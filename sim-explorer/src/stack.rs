//! The stack of a thread, read from the text of a backtrace.

/// A function on a stack, as the text has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    pub(crate) name: &'a str,
    /// The file and the line, where they are known. A file in the folder of the process begins with `./`.
    pub(crate) place: Option<(&'a str, u32)>,
}

/// The functions of a backtrace, the innermost first.
pub(crate) fn lines(backtrace: &str) -> Vec<Line<'_>> {
    let mut lines: Vec<Line<'_>> = Vec::new();
    for text in backtrace.lines() {
        if let Some(name) = frame(text) {
            lines.push(Line { name, place: None });
        } else if let (Some(last), Some(place)) = (lines.last_mut(), text.trim_start().strip_prefix("at ")) {
            last.place = last.place.or(place_of(place));
        }
    }
    lines
}

/// `  12: bank::transfer`, and not the line below that says where it stands.
fn frame(line: &str) -> Option<&str> {
    let (number, name) = line.trim_start().split_once(": ")?;
    number.bytes().all(|byte| byte.is_ascii_digit()).then_some(name.trim_end())
}

/// `./src/bank.rs:7:5`; some have no column.
fn place_of(text: &str) -> Option<(&str, u32)> {
    let (rest, last) = text.rsplit_once(':')?;
    let last = last.parse().ok()?;
    match rest.rsplit_once(':').map(|(file, line)| (file, line.parse())) {
        Some((file, Ok(line))) => Some((file, line)),
        _ => Some((rest, last)),
    }
}

/// Whether it is of the standard library, by its name.
pub(crate) fn is_of_std(name: &str) -> bool {
    let crate_name = name.trim_start_matches(['<', '&', '[', '(']);
    ["core::", "std::", "alloc::", "__rustc", "rust_"].iter().any(|of| crate_name.starts_with(of))
}

/// The name without the hash that the compiler adds.
pub(crate) fn without_hash(name: &str) -> &str {
    let hash = name.rfind("::h").filter(|at| {
        let digits = &name[at + 3..];
        digits.len() == 16 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    });
    &name[..hash.unwrap_or(name.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_function_has_its_place_if_one_is_told() {
        let backtrace = "\
   0: <core::task::wake::Waker as core::clone::Clone>::clone
             at /rustc/59807616e1fa/library/core/src/task/wake.rs:619:29
   1: bank::transfer::h0123456789abcdef
  12: <unknown>
             at ./src/bank.rs:7
";
        let lines = lines(backtrace);
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[0].place, Some(("/rustc/59807616e1fa/library/core/src/task/wake.rs", 619)));
        assert_eq!(lines[1], Line { name: "bank::transfer::h0123456789abcdef", place: None });
        assert_eq!(lines[2], Line { name: "<unknown>", place: Some(("./src/bank.rs", 7)) });
        assert_eq!(without_hash(lines[1].name), "bank::transfer");
    }

    #[test]
    fn a_text_that_is_no_backtrace_has_no_functions() {
        assert_eq!(lines("disabled backtrace"), []);
        assert_eq!(lines(""), []);
        assert_eq!(place_of("C:\\a\\b.rs:12:5"), Some(("C:\\a\\b.rs", 12)));
        assert_eq!(place_of("nothing"), None);
    }
}

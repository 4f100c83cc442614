//! The function in which a panic happens, as the stack of the thread shows it at that moment.

use std::backtrace::Backtrace;

use crate::stack;

/// The function that panics: the first below the machinery of panics and the standard library, without what is generic in its
/// name. For a panic hook, which calls it while the thread panics. `None` where the program has no symbols.
#[must_use]
pub fn panicking_function() -> Option<String> {
    function_of(&Backtrace::force_capture().to_string())
}

fn function_of(backtrace: &str) -> Option<String> {
    let frames: Vec<&str> = stack::lines(backtrace).iter().map(|line| line.name).collect();
    let begins = |name: &&str| name.contains("rust_begin_unwind") || name.contains("begin_panic");
    let machinery = frames.iter().rposition(begins)?;
    let function = frames[machinery + 1..].iter().find(|name| !stack::is_of_std(name))?;
    // Of an inlined closure some builds know no name.
    let is_name = |name: &String| !name.is_empty() && !name.starts_with('{') && !name.contains("<unknown>");
    Some(trimmed(function)).filter(is_name)
}

/// The name without closures, type arguments and the hash that the compiler adds.
fn trimmed(name: &str) -> String {
    let mut text = String::new();
    let mut rest = name;
    while let Some((before, generic)) = rest.split_once("::<") {
        text.push_str(before);
        rest = after_bracket(generic);
    }
    text.push_str(rest);
    stack::without_hash(&text).replace("::{{closure}}", "").replace("::{closure#0}", "")
}

/// What comes behind the bracket that closes one which was opened before.
fn after_bracket(text: &str) -> &str {
    let mut depth = 1;
    for (at, character) in text.char_indices() {
        match character {
            '<' => depth += 1,
            // Not the arrow of a function's type.
            '>' if !text[..at].ends_with('-') => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &text[at + 1..];
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_function_below_the_machinery_is_the_one() {
        let backtrace = "\
   0: std::backtrace_rs::backtrace::trace
   1: seedbed::panic_hook::install_panic_hook::{{closure}}
   2: std::panicking::panic_with_hook
   3: __rustc::rust_begin_unwind
             at /rustc/59807616e1fa/library/std/src/panicking.rs:689:5
   4: core::panicking::panic_fmt
   5: core::option::expect_failed
   6: <core::option::Option<u32>>::expect
   7: bank::transfer::<alloc::vec::Vec<u8>, fn() -> u8>::{{closure}}::{{closure}}::h0123456789abcdef
             at ./src/bank.rs:7:5
   8: core::ops::function::FnOnce::call_once
";
        assert_eq!(function_of(backtrace).as_deref(), Some("bank::transfer"));
    }

    #[test]
    fn a_stack_without_names_has_no_function() {
        assert_eq!(function_of("   0: <unknown>\n   1: rust_begin_unwind\n   2: <unknown>\n"), None);
        assert_eq!(function_of("   1: rust_begin_unwind\n   2: {async_fn#0}\n   3: poll_task\n"), None);
        assert_eq!(function_of("disabled backtrace"), None);
        assert_eq!(function_of(""), None);
    }

    #[test]
    fn a_method_of_a_trait_keeps_the_type_that_it_is_of() {
        assert_eq!(
            trimmed("<bank::Account as core::ops::Drop>::drop"),
            "<bank::Account as core::ops::Drop>::drop"
        );
        assert_eq!(trimmed("bank::Account::<u8>::take"), "bank::Account::take");
        assert_eq!(trimmed("bank::h0"), "bank::h0");
    }
}

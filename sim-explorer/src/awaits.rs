//! Where in the program a task awaits, read from the stack of the thread.

use std::backtrace::Backtrace;
use std::path::Path;

use sim_executor::{AwaitLook, AwaitSite, StackFrame};

use crate::stack::{self, Line};

/// Looks where in the program each waiting task of a failed run awaits: for [`Config::awaits`](sim_executor::Config::awaits). It needs nothing of
/// the program and of the libraries that it uses; without debug information only the functions are known, and no lines.
///
/// ```
/// use sim_executor::{Config, Executor, ProductionOrder};
/// use sim_explorer::AWAITS;
/// use std::{future::poll_fn, task::Poll};
///
/// let config = Config { awaits: Some(AWAITS), ..Config::default() };
/// let mut executor = Executor::with_config(config, ProductionOrder);
/// let mut kept = None;
/// let never = poll_fn(move |context| {
///     kept = Some(context.waker().clone());
///     Poll::<()>::Pending
/// });
/// let error = executor.block_on(never).unwrap_err();
/// let report = executor.finish(error.into());
/// assert_eq!(report.pending[0].awaits.len(), 1);
/// ```
pub const AWAITS: AwaitLook = AwaitLook(|| {
    let here = std::env::current_dir().ok();
    site_of(&Backtrace::force_capture().to_string(), here.as_deref(), &in_workspace)
});

/// The crates that the runtime consists of.
const RUNTIME: [&str; 7] =
    ["seedbed", "sim_executor", "sim_net", "sim_explorer", "sim_asyncio", "sim_posix", "sim_cli"];

const STD: [&str; 3] = ["core", "alloc", "std"];

/// Where the sources of dependencies lie.
const FOLDERS_OF_LIBRARIES: [&str; 4] = ["/rustc/", "/registry/src/", "/git/checkouts/", "/vendor/"];

/// A function on the stack, as far as it is known. Debug information that has nothing but lines knows no path of a function that was compiled
/// into another, and no name of a closure.
struct Called {
    /// Without type arguments and closures: `tokio::sync::mutex::Mutex::lock`, `lock`, or nothing.
    name: String,
    place: Option<(String, u32)>,
    /// Whether it is the `poll` of a future.
    is_future: bool,
    /// The crate and the module, from the path of the file.
    module: Option<(String, String)>,
}

impl Called {
    fn new(line: &Line<'_>, here: Option<&Path>) -> Self {
        let place = line.place.map(|(file, number)| (whole(file, here), number));
        let module = place.as_ref().and_then(|(file, _)| module_of(file));
        Called { name: function(line.name), is_future: line.name.contains("Future>::poll"), place, module }
    }

    fn crate_name(&self) -> &str {
        match (&self.module, self.name.split_once("::")) {
            (_, Some((crate_name, _))) => crate_name,
            (Some((crate_name, _)), None) => crate_name,
            (None, None) => &self.name,
        }
    }

    fn is_of_runtime(&self) -> bool {
        RUNTIME.contains(&self.crate_name())
    }

    /// Whether it is this function of the executor.
    fn is(&self, function: &str) -> bool {
        self.crate_name() == "sim_executor" && self.name.rsplit("::").next() == Some(function)
    }

    fn has_own_source(&self) -> bool {
        let is_own = |file: &str| !FOLDERS_OF_LIBRARIES.iter().any(|folder| file.contains(folder));
        self.place.as_ref().is_some_and(|(file, _)| is_own(file)) && !self.is_of_runtime()
    }

    /// As a function of a library is called: where its path is not known, by its file.
    fn path(&self) -> String {
        match &self.module {
            Some((crate_name, module)) if !self.name.contains("::") => {
                let parts = [crate_name, module, &self.name];
                parts.into_iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join("::")
            }
            _ => self.name.clone(),
        }
    }
}

fn site_of(backtrace: &str, here: Option<&Path>, shown: &dyn Fn(&str) -> String) -> AwaitSite {
    let stack: Vec<Called> = stack::lines(backtrace).iter().map(|line| Called::new(line, here)).collect();
    // Inside is the waker that was taken, outside the executor.
    let Some(end) = stack.iter().position(|called| called.is("probe_task")) else {
        return AwaitSite::default();
    };
    let taken = stack[..end].iter().rposition(|called| called.is("take_probe"));
    let of_task = stack[taken.map_or(0, |taken| taken + 1)..end].iter();
    let of_task: Vec<&Called> = of_task.filter(|called| !STD.contains(&called.crate_name())).collect();
    let is_own = own(&of_task);
    let first = of_task.iter().position(|called| is_own(called));
    let inside = &of_task[..first.unwrap_or(of_task.len())];
    let library = match first {
        // What the program has called, and not what that is made of.
        Some(_) => inside.last(),
        None => {
            let of_library = inside.iter().rfind(|called| !called.is_of_runtime());
            of_library.or_else(|| inside.iter().find(|called| called.is_future)).or(inside.first())
        }
    };
    let mut own: Vec<StackFrame> = Vec::new();
    for called in of_task.iter().filter(|called| is_own(called)) {
        let place = called.place.as_ref().map(|(file, line)| (shown(file), *line));
        let frame = StackFrame { function: called.name.clone(), place };
        // A future that calls back into the function that awaits it is there twice.
        if !own.contains(&frame) {
            own.push(frame);
        }
    }
    AwaitSite { own, library: library.map(|called| called.path()).filter(|path| !path.is_empty()) }
}

/// What tells whether a function is the program's own: its source is no library's. Where no source is known, it is of the same crate as the
/// function that was spawned.
fn own(of_task: &[&Called]) -> impl Fn(&Called) -> bool + use<> {
    let are_sources_known = of_task.iter().any(|called| called.has_own_source());
    let spawned = of_task.iter().rfind(|called| !called.is_of_runtime());
    let spawned =
        spawned.filter(|called| called.place.is_none()).map(|called| called.crate_name().to_string());
    move |called| match are_sources_known {
        true => called.has_own_source(),
        false => spawned.as_deref() == Some(called.crate_name()),
    }
}

/// The crate, and the module in it, of a file in a folder `src`: of `tokio-1.52.3/src/sync/mutex.rs` it is `tokio` and `sync::mutex`.
fn module_of(file: &str) -> Option<(String, String)> {
    let (package, module) = file.rsplit_once("/src/")?;
    let package = package.rsplit('/').next()?;
    let is_version = |text: &str| text.starts_with(|c: char| c.is_ascii_digit()) && text.contains('.');
    let package =
        package.rsplit_once('-').filter(|(_, version)| is_version(version)).map_or(package, |(name, _)| name);
    let module = module.strip_suffix(".rs")?;
    let module = module.strip_suffix("/mod").unwrap_or(module);
    let module = if ["lib", "main"].contains(&module) { "" } else { module };
    Some((package.replace('-', "_"), module.replace('/', "::")))
}

/// The path of a function without type arguments and closures. That of a future's own `poll` is the future's.
fn function(name: &str) -> String {
    if name.contains("<unknown>") {
        return String::new();
    }
    let name = stack::without_hash(name);
    if let Some(rest) = name.strip_prefix('<')
        && let Some(end) = closing(rest)
    {
        let (inner, behind) = (&rest[..end], &rest[end + 1..]);
        let (of, is_future) = match split_as(inner) {
            Some((of, of_trait)) => (of, without_arguments(of_trait).ends_with("::Future")),
            None => (inner, false),
        };
        let of = function(of.trim_start_matches(['&', '*']).trim_start_matches("mut "));
        let behind = if is_future && behind.starts_with("::poll") { "" } else { behind };
        return of + &without_arguments(behind);
    }
    without_arguments(name)
}

/// Where the bracket closes that was opened before.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 1;
    text.char_indices().find_map(|(at, c)| {
        match c {
            '<' => depth += 1,
            // Not the arrow of a function's type.
            '>' if !text[..at].ends_with('-') => depth -= 1,
            _ => {}
        }
        (depth == 0).then_some(at)
    })
}

/// `Type` and `Trait` of `Type as Trait`.
fn split_as(text: &str) -> Option<(&str, &str)> {
    text.match_indices(" as ").find_map(|(at, word)| {
        let (before, behind) = (&text[..at], &text[at + word.len()..]);
        let opened = before.matches('<').count();
        let closed = before.matches('>').count() - before.matches("->").count();
        (opened == closed).then_some((before, behind))
    })
}

fn without_arguments(name: &str) -> String {
    let mut text = String::new();
    let mut rest = name;
    while let Some((before, arguments)) = rest.split_once('<') {
        text.push_str(before.strip_suffix("::").unwrap_or(before));
        rest = closing(arguments).map_or("", |end| &arguments[end + 1..]);
    }
    text.push_str(rest);
    // `{{closure}}`, `{closure#0}`, `{async_fn#0}`
    let parts: Vec<&str> = text.split("::").filter(|part| !part.starts_with('{')).collect();
    parts.join("::")
}

/// The path of a file; a backtrace tells those in the folder of the process from there on.
fn whole(file: &str, here: Option<&Path>) -> String {
    let file = file.replace('\\', "/");
    match (file.strip_prefix("./"), here) {
        (Some(below), Some(here)) => here.join(below).display().to_string().replace('\\', "/"),
        _ => file,
    }
}

/// The file of a source from the folder of its workspace on, which is how the compiler tells it in panics; or as it is, where that folder is
/// not here.
fn in_workspace(file: &str) -> String {
    let path = Path::new(file);
    let has = |name: &'static str| move |folder: &&Path| folder.join(name).is_file();
    let root = path.ancestors().skip(1).find(has("Cargo.lock"));
    let root = root.or_else(|| path.ancestors().skip(1).find(has("Cargo.toml")));
    let below = root.and_then(|root| path.strip_prefix(root).ok()).and_then(Path::to_str);
    below.map_or_else(|| file.to_string(), |below| below.replace('\\', "/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(backtrace: &str) -> String {
        let inside = "   0: std::backtrace::Backtrace::create\n   1: sim_explorer::awaits::AWAITS::{{closure}}\n   2: \
            sim_executor::context::waker::take_probe\n   3: <core::task::wake::Waker as \
            core::clone::Clone>::clone\n";
        let outside = "  20: sim_executor::executor::probe::<impl sim_executor::executor::Executor>::probe_task\n  \
            21: harness::main\n             at ./src/main.rs:1:1\n";
        let shown = |file: &str| file.trim_start_matches("/here/").to_string();
        site_of(&format!("{inside}{backtrace}{outside}"), Some(Path::new("/here")), &shown).to_string()
    }

    #[test]
    fn the_programs_lines_are_shown_and_the_function_that_the_innermost_awaits() {
        let text = told(
            "   4: tokio::sync::batch_semaphore::Acquire::poll::h0123456789abcdef
   5: <tokio::sync::batch_semaphore::Acquire as core::future::future::Future>::poll
             at /home/me/.cargo/registry/src/index-1/tokio-1.0/src/sync/batch_semaphore.rs:9:9
   6: tokio::sync::mutex::Mutex<T>::lock::{{closure}}
             at /home/me/.cargo/registry/src/index-1/tokio-1.0/src/sync/mutex.rs:8:9
   7: shop::book::{{closure}}
             at ./src/shop.rs:41:20
   8: <core::pin::Pin<P> as core::future::future::Future>::poll
             at /rustc/59807616e1fa/library/core/src/future/future.rs:1:1
   9: <shop::Server<A, fn() -> u8> as shop::Serve>::serve::{{closure}}
             at ./src/shop.rs:60:9
  10: sim_executor::task::stage::poll
             at ./sim-executor/src/task/stage.rs:1:1
",
        );
        let expected = "at src/shop.rs:41 in shop::book → tokio::sync::mutex::Mutex::lock, from src/shop.rs:60 in \
            shop::Server::serve";
        assert_eq!(text, expected);
    }

    #[test]
    fn without_lines_the_crate_of_the_spawned_future_is_the_programs() {
        let text = told(
            "   4: tokio::sync::mutex::Mutex<T>::lock::{{closure}}
   5: shop::book::{{closure}}
   6: tower::buffer::Worker<T>::run
   7: shop::main::{{closure}}::{{closure}}
   8: sim_executor::task::stage::poll
",
        );
        let expected =
            "in shop::book → tokio::sync::mutex::Mutex::lock, from shop::main (built without line numbers)";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_future_of_a_library_that_was_spawned_itself_is_named() {
        let text = told(
            "   4: <tokio::sync::oneshot::Receiver<T> as core::future::future::Future>::poll
             at /home/me/.cargo/registry/src/index-1/tokio-1.0/src/sync/oneshot.rs:9:9
   5: sim_executor::task::stage::poll
",
        );
        assert_eq!(text, "in tokio::sync::oneshot::Receiver");
    }

    #[test]
    fn a_future_of_the_runtime_that_was_spawned_itself_is_named() {
        let text = told(
            "   4: sim_executor::context::timer::Timer::set
   5: <sim_executor::time::Sleep as core::future::future::Future>::poll
   6: sim_executor::task::stage::poll
",
        );
        assert_eq!(text, "in sim_executor::time::Sleep");
    }

    #[test]
    fn a_future_of_the_programs_own_awaits_no_library() {
        let text = told(
            "   4: <&mut shop::Never as core::future::future::Future>::poll
             at ./src/shop.rs:7:1
   5: shop::run::{closure#0}
             at ./src/shop.rs:9:1
",
        );
        assert_eq!(text, "at src/shop.rs:7 in shop::Never, from src/shop.rs:9 in shop::run");
    }

    #[test]
    fn where_there_are_lines_without_paths_the_files_tell() {
        let text = told(
            "   4: poll<()>
             at /home/me/.cargo/registry/src/index-1/tokio-util-0.7.0/src/sync/mod.rs:137:53
   5: {async_fn#0}
             at ./src/shop.rs:9:1
   6: serve<shop::Server<u8>>
             at ./src/shop.rs:10:1
   7: poll<shop::main::{async_block_env#0}>
             at /src/seedbed/sim-executor/src/task/stage.rs:52:22
",
        );
        assert_eq!(text, "at src/shop.rs:9 → tokio_util::sync::poll, from src/shop.rs:10 in serve");
    }

    #[test]
    fn a_program_without_symbols_says_so() {
        let site = site_of("   0: <unknown>\n   1: <unknown>\n", None, &|file| file.to_string());
        assert_eq!(site, AwaitSite::default());
    }

    #[test]
    fn a_file_is_told_from_the_folder_of_its_workspace_on() {
        let file = format!("{}/src/awaits.rs", env!("CARGO_MANIFEST_DIR"));
        assert_eq!(in_workspace(&file), file!());
        assert_eq!(in_workspace("/nowhere/at/all/x.rs"), "/nowhere/at/all/x.rs");
    }

    #[test]
    fn names_lose_what_is_generic_in_them() {
        let plain = [
            ("a::b::<c::D<e>>::f", "a::b::f"),
            ("<a::B<c>>::d::{closure#1}", "a::B::d"),
            ("<a::B as c::D<e::F>>::g", "a::B::g"),
            ("<<a::B as c::D>::E as core::future::future::Future>::poll", "a::B::E"),
            ("a::h::{async_fn#0}", "a::h"),
            ("<unknown>", ""),
        ];
        for (name, expected) in plain {
            assert_eq!(function(name), expected, "{name}");
        }
    }
}

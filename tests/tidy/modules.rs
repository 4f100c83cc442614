//! The modules of one crate: which file uses which, at which line.

use std::collections::{BTreeMap, BTreeSet};

use crate::paths::{NamedPath, paths};
use crate::words::Code;

/// The path of a module from the root of its crate, which itself is empty.
pub(crate) type Module = Vec<String>;

/// How many names a path is followed through.
const HOPS_MAX: usize = 8;

struct File {
    name: String,
    paths: Vec<NamedPath>,
    words: BTreeMap<String, usize>,
}

/// The files of a crate, without those that are there for tests only.
pub(crate) struct Modules(BTreeMap<Module, File>);

/// One file uses another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Arrow {
    pub(crate) user: Module,
    pub(crate) used: Module,
    pub(crate) line: usize,
}

impl Modules {
    /// Of the files below a folder `src`, by their paths from there.
    pub(crate) fn of<'text>(sources: impl IntoIterator<Item = (&'text str, &'text str)>) -> Self {
        let (mut files, mut tests) = (BTreeMap::new(), BTreeSet::new());
        for (name, text) in sources.into_iter().filter(|(name, _)| *name != "main.rs") {
            let (module, code) = (module_of(name), Code::of(text));
            for test in code.test_modules {
                tests.insert(child(&module, &test));
            }
            let mut words = BTreeMap::new();
            for word in &code.words {
                *words.entry(word.text.clone()).or_default() += 1;
            }
            let file = File { name: name.to_string(), paths: paths(&code.words), words };
            files.insert(module, file);
        }
        files.retain(|module: &Module, _| !tests.iter().any(|test| module.starts_with(test)));
        Modules(files)
    }

    pub(crate) fn file(&self, module: &[String]) -> &str {
        &self.0[module].name
    }

    /// The names of the modules at the top, `lib` among them.
    pub(crate) fn top(&self) -> BTreeSet<&str> {
        self.0.keys().map(|module| top(module)).collect()
    }

    /// Whether it has files of its own below it.
    pub(crate) fn is_parent(&self, module: &[String]) -> bool {
        self.0.keys().any(|other| other.len() > module.len() && other.starts_with(module))
    }

    /// Each use of one file by another, once for each line.
    pub(crate) fn arrows(&self) -> BTreeSet<Arrow> {
        let mut arrows = BTreeSet::new();
        for (user, file) in &self.0 {
            for path in &file.paths {
                let base = [user.as_slice(), &path.inside].concat();
                let Some(used) = self.resolve(&base, &path.segments, path.known_as.as_deref(), 0) else {
                    continue;
                };
                let is_name_only = path.is_public && used.starts_with(user) && !file.uses(path);
                if used != *user && !is_name_only {
                    arrows.insert(Arrow { user: user.clone(), used, line: path.line });
                }
            }
        }
        arrows
    }

    /// The file of a path that stands in the module `base`: none if it is of another crate, or known there only.
    fn resolve(
        &self,
        base: &[String],
        path: &[String],
        known_as: Option<&str>,
        hops: usize,
    ) -> Option<Module> {
        let mut at = base.to_vec();
        for (number, name) in path.iter().enumerate() {
            match name.as_str() {
                "crate" => at.clear(),
                "self" => {}
                "super" => drop(at.pop()?),
                name if self.0.contains_key(&child(&at, name)) => at.push(name.to_string()),
                name => {
                    let is_own = number == 0 && known_as == Some(name);
                    let import = if is_own || hops == HOPS_MAX { None } else { self.import(&at, name) };
                    let followed = import.and_then(|import| {
                        let whole = [import.segments.as_slice(), &path[number + 1..]].concat();
                        self.resolve(&at, &whole, import.known_as.as_deref(), hops + 1)
                    });
                    return followed.or_else(|| (number > 0).then(|| self.nearest(at)));
                }
            }
        }
        Some(self.nearest(at))
    }

    /// The `use` that makes a name known in a module.
    fn import(&self, module: &[String], name: &str) -> Option<&NamedPath> {
        let file = self.0.get(module)?;
        file.paths.iter().find(|path| path.inside.is_empty() && path.known_as.as_deref() == Some(name))
    }

    /// A module inside of a file is that file.
    fn nearest(&self, mut module: Module) -> Module {
        while !self.0.contains_key(&module) && module.pop().is_some() {}
        module
    }
}

impl File {
    /// Whether the name of a `pub use` stands elsewhere in the file.
    fn uses(&self, path: &NamedPath) -> bool {
        let Some(name) = &path.known_as else { return false };
        let declared = usize::from(path.segments.last() != Some(name)) + 1;
        self.words.get(name).is_some_and(|count| *count > declared)
    }
}

pub(crate) fn top(module: &[String]) -> &str {
    module.first().map_or("lib", String::as_str)
}

fn child(module: &[String], name: &str) -> Module {
    [module, &[name.to_string()]].concat()
}

fn module_of(file: &str) -> Module {
    let path = file.strip_suffix(".rs").expect("a Rust file");
    let mut module: Module = path.split('/').map(str::to_string).collect();
    if module.last().is_some_and(|last| last == "mod") || path == "lib" {
        module.pop();
    }
    module
}

#[cfg(test)]
fn shown(sources: &[(&str, &str)]) -> Vec<String> {
    let modules = Modules::of(sources.iter().copied());
    let show =
        |arrow: &Arrow| format!("{}:{} {}", modules.file(&arrow.user), arrow.line, modules.file(&arrow.used));
    modules.arrows().iter().map(show).collect()
}

#[test]
fn a_path_leads_to_the_file_of_its_item() {
    let arrows = shown(&[
        ("lib.rs", "mod a; mod b; pub use b::C; pub use b::d::D; fn e() { a::f() }"),
        ("a.rs", "use crate::C;\nuse crate::D as G;\nuse std::fmt;\nfn h() { crate::b::d::i() }"),
        ("b/mod.rs", "mod d; pub(crate) use d::{C, D};"),
        ("b/d.rs", "use super::j;"),
    ]);
    assert_eq!(
        arrows,
        ["lib.rs:1 a.rs", "a.rs:1 b/d.rs", "a.rs:2 b/d.rs", "a.rs:4 b/d.rs", "b/d.rs:1 b/mod.rs"]
    );
}

#[test]
fn a_name_that_a_parent_hands_on_is_used_only_if_it_stands_elsewhere() {
    let child = ("a/b.rs", "");
    assert!(shown(&[("a.rs", "mod b; pub use b::C;"), child]).is_empty());
    assert_eq!(shown(&[("a.rs", "mod b; pub use b::C; fn d(c: C) {}"), child]), ["a.rs:1 a/b.rs"]);
    assert_eq!(shown(&[("a.rs", "mod b; use b::C;"), child]), ["a.rs:1 a/b.rs"]);
}

#[test]
fn tests_use_what_they_like() {
    let arrows = shown(&[
        ("a.rs", "#[cfg(test)] mod c; #[cfg(test)] mod tests { use crate::b::D; }"),
        ("a/c.rs", "use crate::b::D;"),
        ("b.rs", ""),
    ]);
    assert!(arrows.is_empty(), "{arrows:?}");
}

#[test]
fn names_that_lead_to_each_other_come_to_an_end() {
    let arrows = shown(&[("a.rs", "pub use crate::b::C;"), ("b.rs", "pub use crate::a::C;")]);
    assert_eq!(arrows.len(), 2);
}

//! The paths that a file names.

use crate::words::{Word, is_name};

/// A path, or one leaf of a `use`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NamedPath {
    pub(crate) segments: Vec<String>,
    /// The modules inside of the file in which it stands.
    pub(crate) inside: Vec<String>,
    pub(crate) line: usize,
    /// The name under which a `use` makes it known; none for a path in code, and for all that a module has.
    pub(crate) known_as: Option<String>,
    /// Whether it is a `pub use`, in whatever scope.
    pub(crate) is_public: bool,
}

pub(crate) fn paths(words: &[Word]) -> Vec<NamedPath> {
    let mut reader = Reader { words, at: 0, open: 0, inside: Vec::new(), found: Vec::new() };
    while reader.at < words.len() {
        reader.step();
    }
    reader.found
}

struct Reader<'text> {
    words: &'text [Word],
    at: usize,
    /// How many braces are open.
    open: usize,
    /// The modules inside of the file, with the braces that were open before each.
    inside: Vec<(String, usize)>,
    found: Vec<NamedPath>,
}

impl Reader<'_> {
    fn text(&self, at: usize) -> &str {
        self.words.get(at).map_or("", |word| &word.text)
    }

    fn step(&mut self) {
        let at = self.at;
        match self.text(at) {
            "mod" if self.text(at + 2) == "{" => {
                self.inside.push((self.text(at + 1).to_string(), self.open));
                self.open += 1;
                self.at += 3;
            }
            "use" if self.text(at + 1) != "<" => {
                let is_public = at > 0 && ["pub", ")"].contains(&self.text(at - 1));
                self.at += 1;
                self.tree(Vec::new(), is_public);
            }
            // `pub(in path)` says who may look.
            "in" if at > 1 && self.text(at - 2) == "pub" => {
                while self.text(self.at) != ")" {
                    self.at += 1;
                }
            }
            text if is_name(text) => self.path(),
            text => {
                match text {
                    "{" => self.open += 1,
                    "}" => self.open = self.open.saturating_sub(1),
                    _ => {}
                }
                let open = self.open;
                self.inside.retain(|(_, before)| *before < open);
                self.at += 1;
            }
        }
    }

    /// A path in code.
    fn path(&mut self) {
        let start = self.at;
        let mut segments = vec![self.text(start).to_string()];
        while self.text(self.at + 1) == "::" && is_name(self.text(self.at + 2)) {
            self.at += 2;
            segments.push(self.text(self.at).to_string());
        }
        self.at += 1;
        let is_member = start > 0 && [".", "::"].contains(&self.text(start - 1));
        if self.text(start + 1) == "::" && !is_member {
            self.push(segments, self.words[start].line, None, false);
        }
    }

    /// One tree of a `use`.
    fn tree(&mut self, mut segments: Vec<String>, is_public: bool) {
        loop {
            let text = self.text(self.at).to_string();
            match text.as_str() {
                "{" => {
                    self.at += 1;
                    while !["}", ""].contains(&self.text(self.at)) {
                        self.tree(segments.clone(), is_public);
                        if self.text(self.at) == "," {
                            self.at += 1;
                        }
                    }
                    self.at += 1;
                    return;
                }
                // The path of another crate begins with nothing.
                "::" => {
                    segments.push(String::new());
                    self.at += 1;
                    continue;
                }
                "*" => {}
                _ => segments.push(text.clone()),
            }
            let line = self.words[self.at].line;
            self.at += 1;
            if self.text(self.at) == "::" {
                self.at += 1;
                continue;
            }
            if segments.last().is_some_and(|last| last == "self") && segments.len() > 1 {
                segments.pop();
            }
            let mut known_as = if text == "*" { None } else { segments.last().cloned() };
            if self.text(self.at) == "as" {
                known_as = Some(self.text(self.at + 1).to_string());
                self.at += 2;
            }
            self.push(segments, line, known_as, is_public);
            return;
        }
    }

    fn push(&mut self, segments: Vec<String>, line: usize, known_as: Option<String>, is_public: bool) {
        let inside = self.inside.iter().map(|(name, _)| name.clone()).collect();
        self.found.push(NamedPath { segments, inside, line, known_as, is_public });
    }
}

#[cfg(test)]
fn shown(text: &str) -> Vec<String> {
    let found = paths(&crate::words::Code::of(text).words);
    let show = |path: &NamedPath| {
        let known_as = path.known_as.as_ref().map_or(String::new(), |name| format!(" as {name}"));
        format!("{}{}{known_as}", if path.is_public { "pub " } else { "" }, path.segments.join("::"))
    };
    found.iter().map(show).collect()
}

#[test]
fn each_leaf_of_a_use_is_a_path() {
    let found = shown("use a::{self, b::{C, D as E}, f::*};\npub(crate) use g;\nuse ::std::h;");
    assert_eq!(found, ["a as a", "a::b::C as C", "a::b::D as E", "a::f", "pub g as g", "::std::h as h"]);
}

#[test]
fn paths_in_code_are_found_but_not_methods() {
    let found = shown("fn a(b: crate::c::D) { e::f::<u8>(g); h.i::<u8>(); } pub(in crate::j) fn k();");
    assert_eq!(found, ["crate::c::D", "e::f"]);
}

#[test]
fn a_path_knows_the_modules_inside_of_the_file() {
    let found = paths(&crate::words::Code::of("mod a { fn b() { c::d(); } } fn e() { f::g(); }").words);
    assert_eq!(found[0].inside, ["a"]);
    assert!(found[1].inside.is_empty());
}

//! Circles of files that use each other.

use std::collections::{BTreeMap, BTreeSet};

use crate::layers::{MODULES, modules_of};
use crate::modules::{Arrow, Module, Modules};
use crate::sources::assert_none;

type Uses<'arrows> = BTreeMap<&'arrows Module, BTreeSet<&'arrows Module>>;

/// The circles that lie in more than one folder: each with its arrows, one for each two files.
fn circles(modules: &Modules) -> Vec<String> {
    let arrows = modules.arrows();
    let mut uses = Uses::new();
    for arrow in &arrows {
        uses.entry(&arrow.user).or_default().insert(&arrow.used);
    }
    let reached: Uses<'_> = uses.keys().map(|from| (*from, reached_from(from, &uses))).collect();
    let are_in_one = |one: &Module, other: &Module| {
        let reaches = |from: &Module, to: &Module| reached.get(from).is_some_and(|all| all.contains(to));
        reaches(one, other) && reaches(other, one)
    };
    let mut done: BTreeSet<&Module> = BTreeSet::new();
    let mut found = Vec::new();
    for start in uses.keys() {
        let circle: BTreeSet<&Module> =
            uses.keys().filter(|other| are_in_one(start, other)).copied().collect();
        let folders: BTreeSet<&[String]> = circle.iter().map(|module| folder(modules, module)).collect();
        if done.insert(start) && folders.len() > 1 {
            done.extend(&circle);
            found.push(shown(modules, &arrows, &circle));
        }
    }
    found
}

fn reached_from<'arrows>(from: &Module, uses: &Uses<'arrows>) -> BTreeSet<&'arrows Module> {
    let mut reached = BTreeSet::new();
    let mut next: Vec<&Module> = vec![from];
    while let Some(module) = next.pop() {
        for used in uses.get(module).into_iter().flatten() {
            if reached.insert(*used) {
                next.push(used);
            }
        }
    }
    reached
}

/// The folder of a file: a parent is in that of its children, a file beside `lib.rs` in one of its own.
fn folder<'module>(modules: &Modules, module: &'module Module) -> &'module [String] {
    if module.len() < 2 || modules.is_parent(module) { module } else { &module[..module.len() - 1] }
}

fn shown(modules: &Modules, arrows: &BTreeSet<Arrow>, circle: &BTreeSet<&Module>) -> String {
    let mut lines: BTreeMap<(&Module, &Module), usize> = BTreeMap::new();
    for arrow in arrows.iter().filter(|arrow| circle.contains(&arrow.user) && circle.contains(&arrow.used)) {
        lines.entry((&arrow.user, &arrow.used)).or_insert(arrow.line);
    }
    let lines = lines
        .iter()
        .map(|((user, used), line)| format!("{}:{line} uses {}", modules.file(user), modules.file(used)));
    lines.collect::<Vec<String>>().join("\n    ")
}

#[test]
fn no_files_of_different_folders_use_each_other_in_a_circle() {
    let mut wrong = Vec::new();
    for (name, _) in MODULES {
        wrong.extend(circles(&modules_of(name)).iter().map(|circle| format!("{name}/src: {circle}")));
    }
    assert_none(&wrong, "cut the circle: what both need goes into a lower file");
}

#[cfg(test)]
fn circles_of(sources: &[(&str, &str)]) -> Vec<String> {
    circles(&Modules::of(sources.iter().copied()))
}

#[test]
fn a_circle_of_two_modules_is_found_with_its_lines() {
    let found = circles_of(&[
        ("a.rs", "\nuse crate::b::B;"),
        ("b.rs", "use crate::a::A;"),
        ("c.rs", "use crate::a::A;"),
    ]);
    assert_eq!(found, ["a.rs:2 uses b.rs\n    b.rs:1 uses a.rs"]);
}

#[test]
fn a_circle_through_three_folders_is_found() {
    let found = circles_of(&[
        ("a/mod.rs", "mod b; pub(crate) use b::B;"),
        ("a/b.rs", "use crate::c::d::D;"),
        ("c/mod.rs", "pub(crate) mod d;"),
        ("c/d.rs", "fn e() { crate::f::g() }"),
        ("f.rs", "use crate::a::B;"),
    ]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("f.rs:1 uses a/b.rs"), "{found:?}");
}

#[test]
fn a_circle_of_two_folders_in_one_is_found() {
    let found = circles_of(&[
        ("a/mod.rs", "mod b; mod d;"),
        ("a/b/mod.rs", "mod c;"),
        ("a/b/c.rs", "use crate::a::d::e::E;"),
        ("a/d/mod.rs", "mod e;"),
        ("a/d/e.rs", "use super::super::b::c::C;"),
    ]);
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn a_parent_with_the_files_of_its_own_folder_is_one() {
    let found = circles_of(&[
        ("a.rs", "mod b; mod c; fn d() { b::e() }"),
        ("a/b.rs", "use super::d; use super::c::F;"),
        ("a/c.rs", "use super::b::G;"),
    ]);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn files_without_a_circle_are_left_in_peace() {
    let found = circles_of(&[
        ("lib.rs", "mod a; mod b; pub use b::B;"),
        ("a.rs", "use crate::B; // use crate::a::A;"),
        ("b.rs", "/// See [`crate::a::A`].\npub struct B; #[cfg(test)] mod tests { use crate::a::A; }"),
    ]);
    assert!(found.is_empty(), "{found:?}");
}

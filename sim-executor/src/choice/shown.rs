//! How a path of names is written.

use std::fmt::Write as _;

/// A path with more names, or a longer one, is shown by its end.
const NAMES_MAX: usize = 64;
const BYTES_MAX: usize = 1_024;
/// Of such a path so many names are shown, and of each so many characters.
const LAST_NAMES: usize = 4;
const LAST_CHARS: usize = 64;

/// Writes the path of an actor: the names from the root, with a slash between them, and `#2` behind the second of a name. A
/// character of a name that could be taken for one of these stands behind a backslash, and one that breaks the line is
/// written as in Rust.
///
/// A path of more than 64 names, or of more than a kilobyte, is shown by its last names and by the hash of all of it, which tells
/// it from any other: `…~8f3a09b1c2d3e4f5/beat/beat/beat/beat`.
///
/// `names` begins with the actor itself, and goes up to the root. The path is added to the text.
pub(super) fn show<'names>(
    text: &mut String,
    names: impl Iterator<Item = (&'names str, u32)> + Clone,
    hash: u64,
) {
    if show_plain(text, names.clone()).is_none() {
        text.push_str(&shown(names, hash));
    }
}

/// Adds a path of few names in which nothing has to be escaped or cut: nearly each is one. `None` if it is another.
fn show_plain<'names>(text: &mut String, names: impl Iterator<Item = (&'names str, u32)>) -> Option<()> {
    const PLAIN_NAMES_MAX: usize = 6;
    const PLAIN_BYTES_MAX: usize = 100;
    const _: () = assert!(PLAIN_NAMES_MAX * (PLAIN_BYTES_MAX + "/#4294967296".len()) < BYTES_MAX);
    let mut parts = [("", 0); PLAIN_NAMES_MAX];
    let mut count = 0;
    for (name, ordinal) in names {
        let is_plain = |byte: u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'/' | b'#' | b'\\');
        if name.len() > PLAIN_BYTES_MAX || !name.bytes().all(is_plain) {
            return None;
        }
        *parts.get_mut(count)? = (name, ordinal);
        count += 1;
    }
    for (place, (name, ordinal)) in parts[..count].iter().rev().enumerate() {
        if place > 0 {
            text.push('/');
        }
        text.push_str(name);
        if *ordinal > 0 {
            write!(text, "#{}", ordinal + 1).expect("a string takes all");
        }
    }
    Some(())
}

fn shown<'names>(names: impl Iterator<Item = (&'names str, u32)>, hash: u64) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut bytes = 0;
    for (name, ordinal) in names {
        let part = part(name, ordinal);
        bytes += part.len() + 1;
        parts.push(part);
        if parts.len() > NAMES_MAX || (bytes > BYTES_MAX && parts.len() >= LAST_NAMES) {
            break;
        }
    }
    if parts.len() <= NAMES_MAX && bytes <= BYTES_MAX {
        parts.reverse();
        return parts.join("/");
    }
    let mut path = format!("…~{hash:016x}");
    for part in parts[..LAST_NAMES.min(parts.len())].iter().rev() {
        path.push('/');
        match part.char_indices().rev().nth(LAST_CHARS - 1) {
            Some((cut, _)) if cut > 0 => path.extend(["…", &part[cut..]]),
            _ => path.push_str(part),
        }
    }
    path
}

fn part(name: &str, ordinal: u32) -> String {
    let mut part = String::with_capacity(name.len());
    for character in name.chars() {
        match character {
            '/' | '#' | '\\' => part.extend(['\\', character]),
            '…' => part.push_str("\\u{2026}"),
            _ if character.is_control() => part.extend(character.escape_default()),
            _ => part.push(character),
        }
    }
    if ordinal > 0 {
        write!(part, "#{}", ordinal + 1).expect("a string takes all");
    }
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(names: &[(&str, u32)]) -> String {
        let mut text = String::new();
        show(&mut text, names.iter().rev().copied(), 0xfeed);
        text
    }

    #[test]
    fn a_plain_path_is_written_as_any_other() {
        let names = ["main", "a", "a b", "worker-7", "x", "y", "z"].map(|name| (name, name.len() as u32 % 3));
        for count in 1..=names.len() {
            let slow = shown(names[..count].iter().rev().copied(), 0xfeed);
            assert_eq!(path(&names[..count]), slow);
            let mut plain = String::new();
            assert_eq!(show_plain(&mut plain, names[..count].iter().rev().copied()).is_some(), count < 7);
        }
    }

    #[test]
    fn what_could_be_taken_for_another_path_stands_behind_a_backslash() {
        let all = [
            (path(&[("main", 0), ("a", 0), ("b", 1)]), "main/a/b#2"),
            (path(&[("main", 0), ("a/b", 0)]), r"main/a\/b"),
            (path(&[("main", 0), ("a#2", 0)]), r"main/a\#2"),
            (path(&[("main", 0), ("a", 1)]), "main/a#2"),
            (path(&[("main", 0), (r"a\", 0), ("b", 0)]), r"main/a\\/b"),
            (path(&[("main", 0), ("a\n0.000 main done", 0)]), r"main/a\n0.000 main done"),
            (path(&[("main", 0), (r"a\n", 0)]), r"main/a\\n"),
            (path(&[("…~000000000000feed", 0)]), r"\u{2026}~000000000000feed"),
        ];
        for (shown, right) in &all {
            assert_eq!(shown, right);
        }
    }

    #[test]
    fn a_deep_path_is_shown_by_its_end_and_its_hash() {
        let mut names = vec![("main", 0)];
        names.extend(std::iter::repeat_n(("beat", 0), NAMES_MAX - 1));
        assert_eq!(path(&names).len(), "main".len() + (NAMES_MAX - 1) * "/beat".len());
        names.push(("beat", 1));
        assert_eq!(path(&names), "…~000000000000feed/beat/beat/beat/beat#2");
    }

    #[test]
    fn a_long_name_is_cut() {
        let long = "é".repeat(1_000_000);
        let shown = path(&[("main", 0), (&long, 0)]);
        assert_eq!(shown, format!("…~000000000000feed/main/…{}", "é".repeat(LAST_CHARS)));
    }
}

//! The name of a task that was given none: a short form of its future's type.

/// The last part of a path that is no closure, without its type arguments: `worker` for `app::worker::{{closure}}`.
pub(crate) fn shorten(full: &'static str) -> &'static str {
    let mut path = full;
    while let Some(outer) = path.strip_suffix("::{{closure}}") {
        path = outer;
    }
    let (mut depth, mut start) = (0_usize, 0);
    for (position, byte) in path.bytes().enumerate() {
        match byte {
            b'<' => depth += 1,
            b'>' => depth = depth.saturating_sub(1),
            b':' if depth == 0 => start = position + 1,
            _ => {}
        }
    }
    let last = &path[start..];
    let name = &last[..last.find('<').unwrap_or(last.len())];
    if name.is_empty() { "task" } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_are_the_functions_that_a_person_knows() {
        assert_eq!(shorten("app::worker::{{closure}}"), "worker");
        assert_eq!(shorten("app::main::{{closure}}::{{closure}}"), "main");
        assert_eq!(shorten("app::Pool<app::Conn>::run::{{closure}}"), "run");
        assert_eq!(shorten("futures_util::future::Map<a::B, c::D>"), "Map");
        assert_eq!(shorten("<app::T as app::Serve>::serve::{{closure}}"), "serve");
        assert_eq!(shorten("()"), "()");
    }
}

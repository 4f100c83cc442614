//! The features that the user's crate is compiled with.

use std::collections::BTreeSet;

/// The features of a crate as `cargo` is told of them: `--features a,b`, with `--no-default-features` where that is needed.
///
/// A program cannot list its own features, but the compiler that runs this macro was given them: cargo passes
/// `--cfg feature="name"` for each, and `--check-cfg cfg(feature, values(…))` with all that there are.
pub(crate) fn flags(arguments: impl Iterator<Item = String>) -> String {
    let mut enabled = BTreeSet::new();
    let mut has_default = false;
    let mut option = String::new();
    for argument in arguments {
        let (name, value) = match argument.split_once('=') {
            Some((name, value)) if name == "--cfg" || name == "--check-cfg" => (name, value),
            _ => (option.as_str(), argument.as_str()),
        };
        match name {
            "--cfg" => enabled.extend(feature(value)),
            "--check-cfg" => has_default |= declares_default(value),
            _ => {}
        }
        option = argument;
    }
    let is_default_off = has_default && !enabled.remove("default");
    enabled.remove("default");
    let names: Vec<String> = enabled.into_iter().collect();
    let mut flags = Vec::new();
    if is_default_off {
        flags.push("--no-default-features".to_string());
    }
    if !names.is_empty() {
        flags.push(format!("--features {}", names.join(",")));
    }
    flags.join(" ")
}

/// `feature="name"`
fn feature(cfg: &str) -> Option<String> {
    Some(cfg.strip_prefix("feature=\"")?.strip_suffix('"')?.to_string())
}

/// `cfg(feature, values("default", "name"))`
fn declares_default(cfg: &str) -> bool {
    cfg.starts_with("cfg(feature,") && cfg.contains("\"default\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags_of(arguments: &[&str]) -> String {
        flags(arguments.iter().map(ToString::to_string))
    }

    #[test]
    fn features_are_found_among_the_compilers_arguments() {
        let declared = "cfg(feature, values(\"default\", \"sim\", \"extra\"))";
        let default = ["rustc", "--test", "--cfg", "feature=\"default\"", "--check-cfg", declared];
        assert_eq!(flags_of(&default), "");
        let with_two = [&default[..], &["--cfg", "feature=\"sim\"", "--cfg=feature=\"extra\""]].concat();
        assert_eq!(flags_of(&with_two), "--features extra,sim");
    }

    #[test]
    fn a_default_that_is_off_is_said() {
        let declared = "cfg(feature, values(\"default\", \"sim\"))";
        assert_eq!(flags_of(&["--check-cfg", declared]), "--no-default-features");
        let with_one = ["--cfg", "feature=\"sim\"", "--check-cfg", declared];
        assert_eq!(flags_of(&with_one), "--no-default-features --features sim");
    }

    #[test]
    fn a_crate_without_features_and_other_cfgs_need_no_flags() {
        let arguments =
            ["--cfg", "docsrs", "--cfg", "tokio_unstable", "--check-cfg", "cfg(feature, values())"];
        assert_eq!(flags_of(&arguments), "");
        assert_eq!(flags_of(&["feature=\"sim\"", "src/default.rs"]), "");
    }
}

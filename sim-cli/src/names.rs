//! What a name on the command line means.

use sim_explorer::Scenario;
use strsim::damerau_levenshtein;

use crate::program::Program;

/// A name on the command line means nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NameError {
    #[error("there is no scenario {name}{}; `list` shows all", suggestion(nearest.as_deref()))]
    Scenario { name: String, nearest: Option<String> },
    #[error("{scenario} has no variant {variant}; it has {}", known.join(", "))]
    Variant { scenario: &'static str, variant: String, known: Vec<&'static str> },
    #[error("{name} names a variant already, and --variant {variant} another one")]
    TwoVariants { name: String, variant: String },
    #[error("{} has no variants; that is a mistake in the list of scenarios", scenario)]
    NoVariant { scenario: &'static str },
}

fn suggestion(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |nearest| format!(" (did you mean {nearest}?)"))
}

/// The program of a name: `scenario` (then its first variant) or `scenario/variant`, with an option that names the
/// variant.
pub(crate) fn one(
    scenarios: &'static [Scenario],
    name: &str,
    variant: Option<&str>,
) -> Result<Program, NameError> {
    let (scenario, in_name) = split(name);
    if let (Some(one), Some(other)) = (in_name, variant)
        && one != other
    {
        return Err(NameError::TwoVariants { name: name.to_string(), variant: other.to_string() });
    }
    let scenario = find(scenarios, scenario)?;
    match in_name.or(variant) {
        Some(variant) => variant_of(scenario, variant),
        None => Program::of(scenario).next().ok_or(NameError::NoVariant { scenario: scenario.name }),
    }
}

/// The programs of these names, each of them once: all variants of a `scenario`, or one `scenario/variant`.
pub(crate) fn many(scenarios: &'static [Scenario], names: &[String]) -> Result<Vec<Program>, NameError> {
    let mut programs: Vec<Program> = Vec::new();
    for name in names {
        let (scenario, variant) = split(name);
        let scenario = find(scenarios, scenario)?;
        let named = match variant {
            Some(variant) => vec![variant_of(scenario, variant)?],
            None => Program::of(scenario).collect(),
        };
        for program in named {
            if !programs.iter().any(|&known| known.is(program)) {
                programs.push(program);
            }
        }
    }
    Ok(programs)
}

fn split(name: &str) -> (&str, Option<&str>) {
    name.split_once('/').map_or((name, None), |(scenario, variant)| (scenario, Some(variant)))
}

fn find(scenarios: &'static [Scenario], name: &str) -> Result<&'static Scenario, NameError> {
    let found = scenarios.iter().find(|scenario| scenario.name == name);
    found.ok_or_else(|| NameError::Scenario { name: name.to_string(), nearest: nearest(scenarios, name) })
}

fn variant_of(scenario: &'static Scenario, name: &str) -> Result<Program, NameError> {
    let variant = scenario.variant(name).ok_or_else(|| NameError::Variant {
        scenario: scenario.name,
        variant: name.to_string(),
        known: scenario.variants.iter().map(|variant| variant.name).collect(),
    })?;
    Ok(Program { scenario, variant })
}

/// The name that may have been meant: one with few letters changed, or one that has this as a part.
fn nearest(scenarios: &[Scenario], name: &str) -> Option<String> {
    let distance = |known: &str| damerau_levenshtein(known, name);
    let is_near = |known: &str| (name.len() > 2 && known.contains(name)) || distance(known) * 3 <= name.len();
    let near = scenarios.iter().map(|scenario| scenario.name).filter(|known| is_near(known));
    near.min_by_key(|known| distance(known)).map(str::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_explorer::{Expect, Variant};

    const fn variant(name: &'static str) -> Variant {
        Variant { name, about: "", expect: Expect::Holds, body: |_, _| Ok(()) }
    }

    const fn scenario(name: &'static str, variants: &'static [Variant]) -> Scenario {
        Scenario { name, about: "", invariant: "", patterns: &[], parameters: &[], variants }
    }

    static SCENARIOS: [Scenario; 3] = [
        scenario("echo", &[variant("fixed")]),
        scenario("bounded_queue", &[variant("fixed"), variant("broken")]),
        scenario("empty", &[]),
    ];

    fn one_name(name: &str, variant: Option<&str>) -> Result<String, NameError> {
        one(&SCENARIOS, name, variant).map(|program| program.to_string())
    }

    fn many_names(names: &[&str]) -> Result<Vec<String>, NameError> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_string()).collect();
        many(&SCENARIOS, &names).map(|programs| programs.iter().map(Program::to_string).collect())
    }

    #[test]
    fn a_scenario_means_its_first_variant_where_one_is_run() {
        assert_eq!(one_name("bounded_queue", None).unwrap(), "bounded_queue/fixed");
        assert_eq!(one_name("echo", None).unwrap(), "echo");
    }

    #[test]
    fn a_variant_is_named_in_the_name_or_beside_it() {
        for (name, variant) in [
            ("bounded_queue/broken", None),
            ("bounded_queue", Some("broken")),
            ("bounded_queue/broken", Some("broken")),
        ] {
            assert_eq!(one_name(name, variant).unwrap(), "bounded_queue/broken");
        }
        let error = one_name("bounded_queue/broken", Some("fixed")).unwrap_err();
        assert!(matches!(error, NameError::TwoVariants { .. }));
    }

    #[test]
    fn a_scenario_means_all_its_variants_where_many_are_swept() {
        let names = many_names(&["bounded_queue/broken", "echo/fixed", "bounded_queue"]).unwrap();
        assert_eq!(names, ["bounded_queue/broken", "echo", "bounded_queue/fixed"]);
    }

    #[test]
    fn the_nearest_name_is_suggested() {
        let text = |name| one_name(name, None).unwrap_err().to_string();
        assert_eq!(text("ehco"), "there is no scenario ehco (did you mean echo?); `list` shows all");
        assert_eq!(
            text("bouned_queue"),
            "there is no scenario bouned_queue (did you mean bounded_queue?); `list` shows all"
        );
        assert!(text("queue").contains("did you mean bounded_queue?"));
        assert_eq!(text("xyzzy"), "there is no scenario xyzzy; `list` shows all");
    }

    #[test]
    fn an_unknown_variant_is_refused_with_those_there_are() {
        let error = one_name("bounded_queue/brokn", None).unwrap_err();
        assert_eq!(error.to_string(), "bounded_queue has no variant brokn; it has fixed, broken");
        assert_eq!(one_name("empty", None), Err(NameError::NoVariant { scenario: "empty" }));
    }
}

//! What stands in the parentheses of the attribute.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::quote;

use crate::refusal::Refusal;
use crate::runtime;
use crate::value::{one_of, span_of, switch, text_literal, whole_number};

/// What stands in the parentheses of the attribute, as statements that set the fields of a `sweep`.
#[derive(Debug, Default)]
pub(crate) struct Options {
    pub(crate) statements: TokenStream,
    /// Whether a fuzzer may run it.
    pub(crate) is_fuzzed: bool,
    /// Whether the program's clock counts as paused when it begins.
    pub(crate) starts_paused: bool,
    given: Vec<String>,
}

const USAGE: &str = "`#[seedbed::test]` takes options such as `seeds = 200`, `trace = \"all\"`, `stats`, `require_sometimes`, `swarm`, \
    `spurious_polls`, `cancel_timeouts`, `cancel_selects`, `late_aborts`, `io_points`, `dead_wakers`, `no_leaks`, `isolated`, \
    `strategy = \"pct\"`, `each = 2`, `network = \"lossy_mobile\"`, `vary = \"none\"`, `budget = 128`, `repeated = 8`, `lines_shown = 40`, `simfail = off`, `shrink = off`, `fuzz`, \
    those of `#[tokio::test]`, \
    and the fields of `Limits`, such as \
    `virtual_time_max = Duration::from_secs(60)`";

/// The fields of `Sweep` that are a number.
const NUMBERS: [&str; 4] = ["seeds", "repeated", "lines_shown", "each_one_in"];

/// The options that say how runs are chosen.
const SEARCHES: [&str; 2] = ["each", "strategy"];

/// Those of `Limits`, which are given as they are in Rust.
const LIMITS: [&str; 14] = [
    "virtual_time_max",
    "progress_max",
    "polls_max",
    "polls_per_instant_max",
    "operations_per_poll_max",
    "livelock_timeouts",
    "livelock_min",
    "starvation_per_ready",
    "starvation_min",
    "hold_max",
    "tasks_max",
    "timers_max",
    "records_max",
    "decisions_max",
];

const TRACES: [(&str, &str); 3] = [("events", "Events"), ("wakes", "Wakes"), ("all", "All")];

/// What is on where it is named.
const FLAGS: [&str; 11] = [
    "stats",
    "require_sometimes",
    "swarm",
    "spurious_polls",
    "cancel_timeouts",
    "cancel_selects",
    "late_aborts",
    "io_points",
    "dead_wakers",
    "no_leaks",
    "isolated",
];

/// The fields of `Vary`.
const VARIED: [&str; 6] = ["latency", "short", "buffers", "nagle", "backlog", "op_cost"];

const NETWORKS: [(&str, &str); 4] = [
    ("lan", "LAN"),
    ("cross_region", "CROSS_REGION"),
    ("lossy_mobile", "LOSSY_MOBILE"),
    ("satellite", "SATELLITE"),
];

impl Options {
    pub(crate) fn parse(tokens: TokenStream) -> Result<Options, Refusal> {
        let mut options = Options::default();
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            let TokenTree::Ident(name) = token else { return Err(Refusal::new(token.span(), USAGE)) };
            let has_value = tokens.next_if(|token| is_punct(token, '=')).is_some();
            let mut value = Vec::new();
            while let Some(token) = tokens.next_if(|token| !is_punct(token, ',')) {
                value.push(token);
            }
            tokens.next();
            options.add(&name, has_value, &value)?;
        }
        Ok(options)
    }

    fn add(&mut self, name: &Ident, has_value: bool, value: &[TokenTree]) -> Result<(), Refusal> {
        let text = name.to_string();
        let statement = match text.as_str() {
            flag if FLAGS.contains(&flag) && !has_value && value.is_empty() => flag_statement(flag),
            "fuzz" if !has_value && value.is_empty() => {
                self.is_fuzzed = true;
                TokenStream::new()
            }
            "simfail" | "shrink" if has_value => {
                let value = switch(name, value)?;
                quote! { sweep.#name = #value; }
            }
            number if NUMBERS.contains(&number) && has_value => {
                let value = whole_number(name, value)?;
                quote! { sweep.#name = #value; }
            }
            "each" if has_value => {
                let depth = whole_number(name, value)?;
                quote! {
                    sweep.strategy = ::core::option::Option::Some(::seedbed::SweepBy::Each(::seedbed::Each {
                        depth_max: #depth,
                        ..::core::default::Default::default()
                    }));
                }
            }
            "strategy" if has_value => {
                let strategy = text_literal(name, value)?;
                quote! { sweep.set_strategy(#strategy); }
            }
            "budget" if has_value => {
                let value = whole_number(name, value)?;
                quote! { sweep.budget = ::core::option::Option::Some(#value); }
            }
            "trace" if has_value => {
                let level = one_of(name, value, &TRACES)?;
                quote! { sweep.trace = ::seedbed::TraceLevel::#level; }
            }
            "network" if has_value => {
                let link = one_of(name, value, &NETWORKS)?;
                quote! {
                    sweep.network = ::core::option::Option::Some(::seedbed::net::profile::Profile {
                        link: ::core::option::Option::Some(::seedbed::net::profile::#link),
                        ..::core::default::Default::default()
                    });
                }
            }
            of_tokio if runtime::OPTIONS.contains(&of_tokio) && has_value => {
                self.starts_paused |= runtime::is_paused(name, value)?;
                TokenStream::new()
            }
            "vary" if has_value => vary_statement(&varied(name, value)?),
            limit if LIMITS.contains(&limit) && has_value && !value.is_empty() => {
                let value: TokenStream = value.iter().cloned().collect();
                quote! { sweep.limits.#name = #value; }
            }
            known if is_known(known) => return Err(Refusal::new(span_of(value.first(), name), USAGE)),
            _ => return Err(Refusal::new(name.span(), format_args!("there is no option `{name}`; {USAGE}"))),
        };
        self.note_given(name, text)?;
        self.statements.extend(statement);
        Ok(())
    }

    fn note_given(&mut self, name: &Ident, text: String) -> Result<(), Refusal> {
        if self.given.contains(&text) {
            return Err(Refusal::new(name.span(), format_args!("`{name}` is given twice")));
        }
        if let Some(other) =
            SEARCHES.iter().find(|other| text != **other && self.given.iter().any(|given| given == *other))
            && SEARCHES.contains(&text.as_str())
        {
            let message =
                format_args!("`{name}` and `{other}` both say how runs are chosen; leave one of them away");
            return Err(Refusal::new(name.span(), message));
        }
        self.given.push(text);
        Ok(())
    }
}

fn vary_statement(parts: &[Ident]) -> TokenStream {
    quote! {
        sweep.vary = ::seedbed::net::vary::Vary { #(#parts: true,)* ..::seedbed::net::vary::Vary::NONE };
    }
}

fn flag_statement(flag: &str) -> TokenStream {
    match flag {
        "stats" => quote! { sweep.stats = true; },
        "require_sometimes" => quote! { sweep.require_sometimes = true; },
        "swarm" => quote! { sweep.swarm = true; },
        "io_points" => quote! { sweep.io_points = true; },
        "isolated" => quote! { sweep.isolated = true; },
        "dead_wakers" => quote! { sweep.dead_wakers = ::seedbed::DeadWakers::Fail; },
        "no_leaks" => quote! { sweep.leaks = ::core::option::Option::Some(::seedbed::Leaks::NONE); },
        probability => {
            let field = Ident::new(probability, Span::call_site());
            quote! { sweep.#field = ::seedbed::Ratio::one_in(8); }
        }
    }
}

fn is_known(name: &str) -> bool {
    NUMBERS.contains(&name)
        || LIMITS.contains(&name)
        || runtime::OPTIONS.contains(&name)
        || [
            "budget",
            "cancel_selects",
            "cancel_timeouts",
            "dead_wakers",
            "each",
            "fuzz",
            "io_points",
            "isolated",
            "late_aborts",
            "network",
            "no_leaks",
            "require_sometimes",
            "shrink",
            "simfail",
            "spurious_polls",
            "stats",
            "strategy",
            "swarm",
            "trace",
            "vary",
        ]
        .contains(&name)
}

fn is_punct(token: &TokenTree, expected: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == expected)
}

/// The parts of the network that differ between runs: `all`, `none`, or some with a plus between them.
fn varied(name: &Ident, value: &[TokenTree]) -> Result<Vec<Ident>, Refusal> {
    let refusal = || {
        let message = format_args!(
            "`{name}` is \"all\", \"none\", or some of {} with a + between them",
            VARIED.join(", ")
        );
        Refusal::new(span_of(value.first(), name), message)
    };
    let [TokenTree::Literal(literal)] = value else { return Err(refusal()) };
    let text = literal.to_string();
    let ident = |part: &str| Ident::new(part, literal.span());
    match text.trim_matches('"') {
        "all" => Ok(VARIED.map(ident).to_vec()),
        "none" => Ok(Vec::new()),
        parts if parts.split('+').all(|part| VARIED.contains(&part)) => {
            Ok(parts.split('+').map(ident).collect())
        }
        _ => Err(refusal()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statements(options: &str) -> Result<String, String> {
        let parsed = Options::parse(options.parse().unwrap());
        parsed.map(|options| options.statements.to_string()).map_err(|r| r.message().to_string())
    }

    #[test]
    fn the_number_of_seeds_may_be_given() {
        assert_eq!(statements(""), Ok(String::new()));
        assert_eq!(statements("seeds = 1_000"), Ok("sweep . seeds = 1_000 ;".to_string()));
        assert_eq!(statements("seeds = 0u64,"), Ok("sweep . seeds = 0u64 ;".to_string()));
    }

    #[test]
    fn limits_are_given_as_in_rust_and_the_rest_by_name() {
        let text = statements(
            "virtual_time_max = Duration::from_secs(5), stats, trace = \"all\", require_sometimes, swarm, spurious_polls, cancel_timeouts, cancel_selects, late_aborts, io_points, dead_wakers, no_leaks, isolated, polls_max = 1 + 2",
        )
        .unwrap();
        assert!(text.contains("sweep . limits . virtual_time_max = Duration :: from_secs (5) ;"), "{text}");
        assert!(text.contains("sweep . stats = true ;"), "{text}");
        assert!(text.contains("sweep . require_sometimes = true ;"), "{text}");
        assert!(text.contains("sweep . swarm = true ;"), "{text}");
        assert!(text.contains("sweep . isolated = true ;"), "{text}");
        assert!(text.contains("sweep . io_points = true ;"), "{text}");
        for field in ["spurious_polls", "cancel_timeouts", "cancel_selects", "late_aborts"] {
            let statement = format!("sweep . {field} = :: seedbed :: Ratio :: one_in (8) ;");
            assert!(text.contains(&statement), "{text}");
        }
        assert!(text.contains("sweep . dead_wakers = :: seedbed :: DeadWakers :: Fail ;"), "{text}");
        assert!(
            text.contains(
                "sweep . leaks = :: core :: option :: Option :: Some (:: seedbed :: Leaks :: NONE) ;"
            ),
            "{text}"
        );
        assert!(text.contains(":: seedbed :: TraceLevel :: All ;"), "{text}");
        assert!(text.contains("sweep . limits . polls_max = 1 + 2 ;"), "{text}");
        assert!(statements("network = \"satellite\"").unwrap().contains("profile :: SATELLITE"));
        assert!(
            statements("vary = \"latency+short\"")
                .unwrap()
                .contains("Vary { latency : true , short : true , ..")
        );
        assert!(statements("vary = \"none\"").unwrap().contains("Vary { .. "));
        assert!(statements("vary = \"all\"").unwrap().contains("op_cost : true"));
        for wrong in ["vary = \"latency,short\"", "vary = \"\"", "vary = 3", "vary = \"latenzy\""] {
            assert!(
                statements(wrong)
                    .unwrap_err()
                    .starts_with("`vary` is \"all\", \"none\", or some of latency, "),
                "{wrong}"
            );
        }
        assert!(statements("budget = 64").unwrap().contains("Some (64)"));
    }

    #[test]
    fn failure_files_and_shrinking_are_switched_off_by_name() {
        assert_eq!(statements("simfail = off"), Ok("sweep . simfail = false ;".to_string()));
        assert_eq!(statements("shrink = on"), Ok("sweep . shrink = true ;".to_string()));
        for wrong in ["simfail = 1", "simfail = \"off\"", "simfail = never", "simfail ="] {
            assert_eq!(statements(wrong).unwrap_err(), "`simfail` is `on` or `off`", "{wrong}");
        }
        assert_eq!(statements("shrink").unwrap_err(), USAGE);
    }

    #[test]
    fn how_runs_are_chosen_may_be_given_once() {
        assert!(statements("each = 2").unwrap().contains("depth_max : 2"));
        assert_eq!(statements("strategy = \"pct\""), Ok("sweep . set_strategy (\"pct\") ;".to_string()));
        assert_eq!(
            statements("strategy = pct").unwrap_err(),
            "`strategy` is a text, such as `strategy = \"pct:changes=3\"`"
        );
        assert_eq!(
            statements("strategy = \"pct\", each = 1").unwrap_err(),
            "`each` and `strategy` both say how runs are chosen; leave one of them away"
        );
    }

    #[test]
    fn what_is_no_number_of_seeds_is_refused() {
        for wrong in [
            "seeds = \"3\"",
            "seeds = 1.5",
            "seeds = -1",
            "seeds = many",
            "seeds =",
            "seeds = 3i8",
            "seeds = 3 4",
        ] {
            assert!(statements(wrong).unwrap_err().contains("whole number"), "{wrong}");
        }
    }

    #[test]
    fn what_names_nothing_is_refused_with_what_there_is() {
        let error = statements("network = \"lann\"").unwrap_err();
        assert_eq!(error, "`network` is one of \"lan\", \"cross_region\", \"lossy_mobile\", \"satellite\"");
        assert_eq!(
            statements("trace = all").unwrap_err(),
            "`trace` is one of \"events\", \"wakes\", \"all\""
        );
    }

    #[test]
    fn what_is_no_option_is_refused_with_those_there_are() {
        assert!(statements("sedes = 3").unwrap_err().starts_with("there is no option `sedes`; "));
        for wrong in ["3", "seeds", "seeds(3)", "seeds: 3", "stats = true", "polls_max", "polls_max ="] {
            assert_eq!(statements(wrong).unwrap_err(), USAGE, "{wrong}");
        }
        assert_eq!(statements("seeds = 3, seeds = 4").unwrap_err(), "`seeds` is given twice");
    }
}

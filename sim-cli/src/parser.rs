//! The parser of a command line, whose help has examples.

use clap::CommandFactory as _;
use sim_explorer::{Expect, Scenario};

use crate::args::Args;
use crate::program::Program;

/// The parser, whose help has examples with the names of this program and of these scenarios.
pub(crate) fn command(scenarios: &'static [Scenario], program: &str) -> clap::Command {
    let is_broken = |program: &Program| program.variant.expect == Expect::Breaks;
    let shown = Program::all(scenarios).find(is_broken).or_else(|| Program::all(scenarios).next());
    let name = shown.map_or_else(|| "NAME".to_string(), |program| program.to_string());
    let scenario = shown.map_or("NAME", |program| program.scenario.name);
    let examples = [
        ("list", "list\nlist --json".to_string()),
        (
            "run",
            format!(
                "run {name}\nrun {name} --seed 7\nrun {name} --seed 7 --trace\nrun {name} --seed 7 --pcap run.pcapng"
            ),
        ),
        (
            "sweep",
            format!(
                "sweep --all --seeds 0..200\nsweep {scenario} --seeds 0..10000 --jobs 2 --json out.json\nsweep --all --seeds 0..20 --profiles sim-net/profiles\nsweep {scenario} --strategy portfolio --seeds 0..1000\nsweep --all --strategy each"
            ),
        ),
        ("asyncio", "asyncio program.json\nasyncio --ties creation tests/asyncio/cases/*.json".to_string()),
        (
            "report",
            format!(
                "report {name} --seed 7 --html run.html\nreport {name} --seed 7 --beside production --html run.html\nreport {name} --seed 7 --perfetto run.json --mermaid -"
            ),
        ),
        (
            "replay",
            format!(
                "replay {name} --seed 7\nreplay {name} --seed production\nreplay {name} --seed 7 --simfail lost.simfail\nreplay lost.simfail"
            ),
        ),
        ("shrink", format!("shrink {name} --seed 7\nshrink {name} --seed 7 --simfail lost.simfail")),
        (
            "simfail",
            "simfail check tests/simfail/*.simfail\nsimfail show lost.simfail\nsimfail upgrade lost.simfail\nsimfail shrink lost.simfail"
                .to_string(),
        ),
    ];
    let with_examples = |parser: clap::Command, (command, lines): (&'static str, String)| {
        parser.mut_subcommand(command, |subcommand| subcommand.after_help(help_text(program, &lines)))
    };
    let first = format!("list\nrun {name}\nsweep --all --seeds 0..200\nreplay {name} --seed 7");
    examples.into_iter().fold(Args::command().after_help(help_text(program, &first)), with_examples)
}

fn help_text(program: &str, lines: &str) -> String {
    let examples: Vec<String> = lines.lines().map(|line| format!("  {program} {line}")).collect();
    format!("Examples:\n{}", examples.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parser_is_sound() {
        command(&[], "seedbed").debug_assert();
    }
}

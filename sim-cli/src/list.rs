//! `list`: which scenarios there are.

use std::error::Error;

use serde::Serialize;
use sim_explorer::{Expect, Scenario};

use crate::args::ListArgs;
use crate::console::Console;
use crate::exit::Exit;
use crate::program::Program;
use crate::table::{Cell, Column, Table};

/// One variant, for scripts.
#[derive(Serialize)]
struct Entry {
    name: &'static str,
    variant: &'static str,
    /// What `run`, `sweep` and `replay` take.
    full: String,
    /// What the scenario shows.
    about: &'static str,
    /// What is right or wrong with the variant.
    variant_about: &'static str,
    invariant: &'static str,
    expect: &'static str,
    /// The rows of the catalogue of patterns that the scenario shows.
    patterns: Vec<PatternEntry>,
    parameters: Vec<ParameterEntry>,
}

#[derive(Serialize)]
struct PatternEntry {
    id: &'static str,
    about: &'static str,
    here: &'static str,
    rust: &'static str,
}

#[derive(Serialize)]
struct ParameterEntry {
    name: &'static str,
    about: &'static str,
    default: u64,
    min: u64,
    max: u64,
}

pub(crate) fn list(
    args: &ListArgs,
    scenarios: &'static [Scenario],
    console: &mut Console<'_>,
) -> Result<Exit, Box<dyn Error>> {
    if args.json {
        let entries: Vec<Entry> = Program::all(scenarios).map(entry).collect();
        serde_json::to_writer_pretty(&mut *console.out, &entries)?;
        writeln!(console.out)?;
        return Ok(Exit::Expected);
    }
    let mut table = Table::new([Column::text("name"), Column::text("expected"), Column::text("about")]);
    for program in Program::all(scenarios) {
        let expected = expect_word(program.variant.expect).to_string();
        table.push([program.to_string(), expected, program.variant.about.to_string()].map(Cell::new));
    }
    table.write(console.out)?;
    Ok(Exit::Expected)
}

pub(crate) const fn expect_word(expect: Expect) -> &'static str {
    match expect {
        Expect::Holds => "holds",
        Expect::Breaks => "breaks",
    }
}

fn entry(program: Program) -> Entry {
    let Program { scenario, variant } = program;
    let parameters = scenario.parameters.iter().map(|parameter| ParameterEntry {
        name: parameter.name,
        about: parameter.about,
        default: parameter.default,
        min: parameter.min,
        max: parameter.max,
    });
    let patterns = scenario.patterns.iter().map(|pattern| PatternEntry {
        id: pattern.id,
        about: pattern.about,
        here: pattern.here,
        rust: pattern.rust,
    });
    Entry {
        name: scenario.name,
        variant: variant.name,
        full: program.to_string(),
        about: scenario.about,
        variant_about: variant.about,
        invariant: scenario.invariant,
        expect: expect_word(variant.expect),
        patterns: patterns.collect(),
        parameters: parameters.collect(),
    }
}

//! `merge`: one result out of those of several shards.

use std::error::Error;

use crate::args::MergeArgs;
use crate::console::Console;
use crate::exit::Exit;
use crate::input_file;
use crate::record::{Merged, VariantRecord, read_records};
use crate::show::{QUIET, RIGHT, WRONG};
use crate::table::{Cell, Column, Table};

pub(crate) fn merge(args: &MergeArgs, console: &mut Console<'_>) -> Result<Exit, Box<dyn Error>> {
    args.to.check()?;
    let mut records = Vec::new();
    for file in &args.files {
        let name = file.display().to_string();
        let text = input_file::read(file).map_err(|error| format!("cannot read {name}: {error}"))?;
        records.extend(read_records(&name, &text)?.into_iter().map(|record| (name.clone(), record)));
    }
    let merged = Merged::of(records)?;
    let is_complete = merged.missing.is_empty() && !merged.record.interrupted;
    let surprises = merged.record.variants.iter().filter(|variant| variant.ok == Some(false)).count();
    if args.to.is_console_free() {
        table(&merged.record.variants).write(console.out)?;
        let failed = merged.record.variants.iter().filter(|variant| variant.ok == Some(false));
        for (variant, line) in failed.filter_map(|variant| Some((variant, variant.replay()?))) {
            writeln!(console.out, "{variant} {WRONG}FAILED{WRONG:#}: {}\n  {line}", variant.first_line())?;
        }
        if !merged.missing.is_empty() {
            let numbers: Vec<String> = merged.missing.iter().map(u32::to_string).collect();
            let count = merged.count;
            writeln!(console.out, "{WRONG}missing{WRONG:#}: of {count} shards {}", numbers.join(", "))?;
        }
        if merged.record.interrupted {
            writeln!(console.out, "{WRONG}interrupted{WRONG:#}: not all runs were made")?;
        }
        match (surprises, is_complete) {
            (0, true) => writeln!(
                console.out,
                "{RIGHT}as expected{RIGHT:#}: every broken variant was found, every other one holds"
            )?,
            (0, false) => {}
            _ => writeln!(
                console.out,
                "{WRONG}not as expected{WRONG:#}: {surprises} of {}",
                merged.record.variants.len()
            )?,
        }
    }
    args.to.write(&merged.record, console)?;
    Ok(if surprises == 0 && is_complete { Exit::Expected } else { Exit::Failure })
}

fn table(variants: &[VariantRecord]) -> Table {
    let mut table = Table::new([
        Column::text("name"),
        Column::number("runs"),
        Column::number("failures"),
        Column::text("first failing run"),
        Column::text("verdict"),
        Column::text("what went wrong first"),
    ]);
    for variant in variants {
        let verdict = variant.verdict.as_deref().unwrap_or("open");
        let style = variant.ok.map_or(QUIET, |ok| if ok { RIGHT } else { WRONG });
        table.push([
            Cell::new(variant),
            Cell::new(variant.runs),
            Cell::new(variant.failures),
            Cell::new(variant.recipe.as_deref().unwrap_or("-")),
            Cell::styled(verdict, style),
            Cell::new(variant.first_line()),
        ]);
    }
    table
}

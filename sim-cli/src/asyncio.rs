//! `asyncio`: runs difftest programs, prints their event logs.

use std::error::Error;
use std::path::Path;

use sim_asyncio::difftest::Program;

use crate::args::AsyncioArgs;
use crate::console::Console;
use crate::exit::Exit;
use crate::{input_file, show};

pub(crate) fn asyncio(args: &AsyncioArgs, console: &mut Console<'_>) -> Result<Exit, Box<dyn Error>> {
    let mut exit = Exit::Expected;
    for file in &args.files {
        match read(file) {
            Ok(program) => {
                if args.files.len() > 1 {
                    writeln!(console.out, "== {}", name_of(&program, file))?;
                }
                console.out.write_all(program.run(args.ties.0).as_bytes())?;
            }
            Err(error) => {
                let red = show::WRONG;
                // So that what both streams hold stays in order.
                console.out.flush()?;
                writeln!(console.err, "{red}error:{red:#} {}: {error}", file.display())?;
                exit = Exit::Usage;
            }
        }
    }
    Ok(exit)
}

fn read(file: &Path) -> Result<Program, Box<dyn Error>> {
    Ok(input_file::read(file)?.parse()?)
}

fn name_of(program: &Program, file: &Path) -> String {
    match program.id() {
        Some(id) => id.to_string(),
        None => file.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
    }
}

//! The draws as an endless stream of bytes, for test suites of random numbers: `docs/draws.md` has how it is used.

use std::io::{self, BufWriter, Write as _};
use std::process::ExitCode;

use sim_executor::{Key, KeyedDraws};

fn main() -> ExitCode {
    let draw: fn(u64) -> u64 = match std::env::args().nth(1).as_deref() {
        Some("ordinals") => |n| KeyedDraws::new(n >> 32).draw(Key { stream: 1, ordinal: n as u32 }),
        Some("streams") => |n| KeyedDraws::new(1).draw(Key { stream: n, ordinal: 0 }),
        Some("seeds") => |n| KeyedDraws::new(n).draw(Key { stream: 1, ordinal: 0 }),
        _ => {
            eprintln!("say along which part of a decision's name to draw: ordinals, streams or seeds");
            return ExitCode::from(2);
        }
    };
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    // Until the reader has enough.
    let written = (0..).try_for_each(|n| out.write_all(&draw(n).to_le_bytes()));
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            eprintln!("the draws cannot be written: {error}");
            ExitCode::FAILURE
        }
        _ => ExitCode::SUCCESS,
    }
}

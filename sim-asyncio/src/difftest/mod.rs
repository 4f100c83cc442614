//! The difftest language: asyncio programs as JSON, whose event logs CPython has written down.
//!
//! ```
//! use sim_asyncio::TieOrder;
//! use sim_asyncio::difftest::Program;
//!
//! let text = r#"{"id": "two", "procs": {"P0": [{"op": "sleep", "ms": 2}]}}"#;
//! let program: Program = text.parse().unwrap();
//! assert_eq!(
//!     program.run(TieOrder::Creation),
//!     "0.000 loop run t0 P0\n0.000 t0 start\n0.000 t0 sleep 2\n0.002 t0 slept 2\n0.002 t0 done 0\n\
//!      0.002 loop run_done t0 done 0\n0.002 loop final t0 done 0\n"
//! );
//! ```

mod callback;
mod combine;
mod corner;
mod field;
mod frame;
mod interpreter;
mod json;
mod objects;
mod op;
mod parse;
mod parse_sync;
mod phase;
mod program;
mod raised;
mod run;
mod simple;
mod sync;
mod task;

pub use program::{Program, ProgramError};

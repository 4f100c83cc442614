//! Why a program may not do the same twice.

use std::fmt;
use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::Path;

/// Something that decides in a program and is no choice of the run.
#[derive(Debug, PartialEq, Eq)]
struct Cause {
    /// Part of the names of its functions, as the compiler writes them: it is in the program if the program has such a name.
    symbol: &'static str,
    advice: &'static str,
}

const CAUSES: [Cause; 8] = [
    Cause {
        symbol: "5tokio4sync5watch",
        advice: "tokio::sync::watch wakes those who wait in an order that a random generator of the thread decides: use \
                 seedbed::sync::watch",
    },
    Cause {
        symbol: "5tokio4sync7barrier",
        advice: "tokio::sync::Barrier has a watch inside, and wakes in as random an order: use seedbed::sync::Barrier",
    },
    Cause {
        symbol: "5tokio6macros7support12thread_rng_n",
        advice: "tokio::select! begins at a random branch: use seedbed::select!, or write `biased;`",
    },
    Cause {
        symbol: "12futures_util11async_await6random",
        advice: "futures::select! begins at a random branch: use seedbed::select!, or futures::select_biased!",
    },
    Cause {
        symbol: "4rand4rngs6thread",
        advice: "rand's generator of the thread has its seed from the system: use seedbed::rng()",
    },
    Cause {
        symbol: "9getrandom",
        advice: "getrandom (which rand, uuid, ahash and others call) gives random bytes of the system: use seedbed::rng()",
    },
    Cause {
        symbol: "8fastrand",
        advice: "fastrand's generator of the thread has a random seed: use seedbed::rng()",
    },
    Cause { symbol: "6chrono6offset5local", advice: "chrono's clock is the real one: use seedbed::time" },
];

/// The usual causes: first those that the program contains, then those that any program may have.
#[derive(Debug)]
pub(crate) struct Causes {
    contained: Vec<&'static Cause>,
}

impl Causes {
    /// Those of the program that runs. Where its file has no names of functions, nothing is known to be contained.
    pub(crate) fn of_this_program() -> Self {
        let found = std::env::current_exe().map(|exe| find(&exe)).unwrap_or_default();
        Causes {
            contained: CAUSES.iter().zip(found).filter_map(|(cause, found)| found.then_some(cause)).collect(),
        }
    }
}

impl fmt::Display for Causes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "look for what is no choice of the run; the usual causes are")?;
        for cause in &self.contained {
            writeln!(out, "  {} (this program contains it)", cause.advice)?;
        }
        writeln!(
            out,
            "  the order of a HashMap or HashSet of std, which is another in each: use a BTreeMap, or a fixed hasher"
        )?;
        writeln!(
            out,
            "  a static or a thread-local that runs change: all runs of a test, and all nodes of a run, share it"
        )?;
        write!(
            out,
            "  the real clock, a real thread or its id, an address in memory, an environment variable, a file"
        )
    }
}

/// Which of the causes have a name in that file.
fn find(program: &Path) -> [bool; CAUSES.len()] {
    const BYTES_MAX: u64 = 1 << 30;
    let mut found = [false; CAUSES.len()];
    let Ok(file) = File::open(program) else { return found };
    let mut reader = BufReader::with_capacity(1 << 16, file.take(BYTES_MAX));
    let mut window: Vec<u8> = Vec::new();
    let longest = CAUSES.iter().map(|cause| cause.symbol.len()).max().unwrap_or(0);
    let mut block = vec![0; 1 << 20];
    loop {
        let Ok(read @ 1..) = reader.read(&mut block) else { return found };
        // With the end of the block before, since a name may lie across.
        window.drain(..window.len().saturating_sub(longest));
        window.extend_from_slice(&block[..read]);
        look_at(&window, &mut found);
    }
}

fn look_at(bytes: &[u8], found: &mut [bool]) {
    // All names begin with their length, and then a letter.
    for at in 1..bytes.len() {
        if !bytes[at].is_ascii_lowercase() || !bytes[at - 1].is_ascii_digit() {
            continue;
        }
        for (cause, found) in CAUSES.iter().zip(&mut *found) {
            let digits = cause.symbol.bytes().take_while(u8::is_ascii_digit).count();
            if !*found && at >= digits && bytes[at - digits..].starts_with(cause.symbol.as_bytes()) {
                *found = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_in_both_ways_that_the_compiler_writes_names() {
        let mut found = [false; CAUSES.len()];
        look_at(b"_ZN5tokio4sync5watch15Sender", &mut found);
        look_at(b"_RNvNtNtNtCs1_12futures_util11async_await6random7shuffle", &mut found);
        assert_eq!(found.map(u8::from), [1, 0, 0, 1, 0, 0, 0, 0]);
    }

    #[test]
    fn other_names_are_not_taken_for_it() {
        let mut found = [false; CAUSES.len()];
        look_at(b"_ZN5tokio4sync5mutex _ZN7mytokio4sync5watch tokio::sync::watch 2getrandom", &mut found);
        assert_eq!(found, [false; CAUSES.len()]);
    }

    #[test]
    fn what_is_always_possible_is_always_said() {
        let text = Causes { contained: vec![&CAUSES[2]] }.to_string();
        assert!(text.contains("tokio::select! begins at a random branch"), "{text}");
        for cause in ["HashMap", "static", "real clock", "thread"] {
            assert!(text.contains(cause), "{text}");
        }
        assert!(!text.contains("watch"), "{text}");
    }
}

//! Events of the `tracing` crate as events of the run.

use std::fmt;
use std::fmt::Write as _;

use tracing_core::field::{Field, Visit};
use tracing_core::span::{Attributes, Id, Record};
use tracing_core::subscriber::Interest;
use tracing_core::{Event, LevelFilter, Metadata, Subscriber};

use crate::context;

/// A subscriber that reports `tracing` events inside a run as [`event!`](crate::event) does: with virtual time and task, as
/// `INFO message field=value`. Each run installs one while it is current; spans are not shown.
#[derive(Debug)]
pub struct Capture {
    level: LevelFilter,
}

impl Capture {
    /// Captures what is at least as important as `level`.
    #[must_use]
    pub fn new(level: LevelFilter) -> Self {
        Capture { level }
    }
}

impl Subscriber for Capture {
    /// The answer is kept for the process, and is asked for whenever any thread makes a subscriber, so it must not depend on
    /// whether a run goes on just then.
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if *metadata.level() <= self.level { Interest::sometimes() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.level && context::in_run()
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level)
    }

    fn new_span(&self, _span: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _span: &Id, _values: &Record<'_>) {}

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line { message: String::new(), fields: String::new() };
        event.record(&mut line);
        context::event(format_args!("{} {}{}", event.metadata().level(), line.message, line.fields));
    }

    fn enter(&self, _span: &Id) {}

    fn exit(&self, _span: &Id) {}
}

struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a `String` cannot fail.
        let _ = if field.name() == "message" {
            write!(self.message, "{value:?}")
        } else {
            write!(self.fields, " {}={value:?}", field.name())
        };
    }
}

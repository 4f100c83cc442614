//! Whether what is written has colours.

use std::io::{self, Write};

use anstream::stream::RawStream;
use anstream::{AutoStream, ColorChoice};
use clap::ValueEnum;

/// Whether what is written has colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colour {
    /// On a terminal, unless the variable NO_COLOR is set.
    Auto,
    /// Also in a file.
    Always,
    /// Not even on a terminal.
    Never,
}

impl Colour {
    /// Decides it for all streams of the process that are not written to yet.
    pub(crate) fn choose(self) {
        match self {
            Colour::Auto => ColorChoice::Auto,
            Colour::Always => ColorChoice::Always,
            Colour::Never => ColorChoice::Never,
        }
        .write_global();
    }
}

/// A stream that decides whether it has colours when it is first written to: by then the command line was read.
pub(crate) enum Coloured<S: RawStream> {
    Undecided(Option<S>),
    Decided(AutoStream<S>),
}

impl<S: RawStream> Coloured<S> {
    pub(crate) fn new(stream: S) -> Self {
        Coloured::Undecided(Some(stream))
    }

    fn stream(&mut self) -> io::Result<&mut AutoStream<S>> {
        if let Coloured::Undecided(stream) = self
            && let Some(stream) = stream.take()
        {
            *self = Coloured::Decided(AutoStream::auto(stream));
        }
        match self {
            Coloured::Decided(stream) => Ok(stream),
            Coloured::Undecided(_) => Err(io::ErrorKind::Other.into()),
        }
    }
}

impl<S: RawStream> Write for Coloured<S>
where
    AutoStream<S>: Write,
{
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream()?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream()?.flush()
    }
}

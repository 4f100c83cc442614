//! Why a text is refused as a failure file.

use super::{BYTES_MAX, BaseOrder, VERSION};

/// A text is no failure file that can be read here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SimfailError {
    /// It has more bytes than any such file.
    #[error("it has more than {BYTES_MAX} bytes, which no failure file needs; was another file meant?")]
    TooLong,
    /// It is no text.
    #[error("line {line}: this is no UTF-8; a failure file is a text, was another file meant?")]
    NotText {
        /// The line, from one.
        line: usize,
    },
    /// It begins as something else.
    #[error("line 1: it does not begin with `simfail {VERSION}`, so it is no failure file")]
    NotSimfail,
    /// It was written by a newer version.
    #[error(
        "line 1: it is of format {version}, and this Seedbed knows formats up to {VERSION}; \
         update Seedbed, or record the failure again"
    )]
    Newer {
        /// Its version.
        version: u32,
    },
    /// A line cannot be understood.
    #[error("line {line}: {error}")]
    Line {
        /// The line, from one.
        line: usize,
        /// Why.
        error: LineError,
    },
    /// It ends before it has said all.
    #[error("it ends without its line `{missing}`; it was cut off, take it again from where it came from")]
    CutOff {
        /// What should still come.
        missing: &'static str,
    },
}

/// Why a line of a failure file cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineError {
    /// Something else should stand there.
    #[error("{0} is missing here")]
    Expected(&'static str),
    /// Something stands behind what should be the end.
    #[error("{0:?} stands behind the end of the entry; remove it, or put a name with spaces into quotes")]
    TooMuch(String),
    /// A quote has no end.
    #[error("a quote is opened and not closed in this line")]
    OpenQuote,
    /// A quote stands in the middle of a word.
    #[error("a quote must begin and end with its word; a quote inside of a name is written \\\"")]
    BehindQuote,
    /// A backslash in quotes with something unknown behind it.
    #[error("behind a backslash in quotes stands one of \\\" \\\\ \\n \\u{{2028}}")]
    Escape,
    /// A character that a person would not see.
    #[error("an invisible character stands here; in quotes it is written as its number, such as \\u{{200b}}")]
    Invisible,
    /// No number, or one that is too great.
    #[error("{text:?} is no whole number from 0 to {max}")]
    Number {
        /// What stands there.
        text: String,
        /// The greatest that it may be.
        max: u64,
    },
    /// No hash.
    #[error("{0:?} is no hash: it has 16 of the digits 0-9 and a-f")]
    Hash(String),
    /// No marks.
    #[error(
        "these are no marks: each is two of the digits 0-9 and a-f, and there are {0} for so many decisions"
    )]
    Marks(usize),
    /// An entry that the format does not have.
    #[error("{name:?} is no entry of {section}; there are {}", known.join(", "))]
    Unknown {
        /// What stands there.
        name: String,
        /// Where it stands.
        section: &'static str,
        /// What may stand there.
        known: &'static [&'static str],
    },
    /// An entry that differs from a run which is made as a whole.
    #[error(
        "a file of the order `{order}` lists nothing that differs from it; remove this, or the line `order`"
    )]
    NoExceptions {
        /// The order of the file.
        order: BaseOrder,
    },
    /// The same entry stands there before.
    #[error("this entry is there before, in line {before}; keep one of them")]
    Twice {
        /// In which line, from one.
        before: usize,
    },
    /// A section that stands behind one that it must precede.
    #[error("the sections are in this order, each at most once: {}", order.join(" "))]
    Order {
        /// All of them.
        order: &'static [&'static str],
    },
    /// What version control leaves behind.
    #[error("this is a mark of a merge that was not resolved; keep one side, or record the failure again")]
    Conflict,
}

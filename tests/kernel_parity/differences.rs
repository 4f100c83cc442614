//! Where the simulator differs from Linux on purpose, or not yet as it should.

/// One line of a transcript that is not the same.
#[derive(Debug)]
pub(crate) struct Difference {
    pub(crate) program: &'static str,
    /// The line, counted from zero.
    pub(crate) line: usize,
    pub(crate) real: &'static str,
    pub(crate) simulated: &'static str,
    #[expect(dead_code, reason = "it is for people, in the table and in its Debug form")]
    pub(crate) why: &'static str,
}

pub(crate) const DIFFERENCES: &[Difference] = &[];

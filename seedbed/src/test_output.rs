//! What the body of a simulated test may give.

use std::fmt::Debug;

/// What the body of a simulated test may give: nothing, or a `Result` whose error fails the run.
#[diagnostic::on_unimplemented(
    message = "a simulated test gives `()` or `Result<(), E>` with `E: Debug`, not `{Self}`",
    label = "this test"
)]
pub trait TestOutput: 'static {
    /// What went wrong, if something did.
    fn failure(self) -> Option<String>;
}

impl TestOutput for () {
    fn failure(self) -> Option<String> {
        None
    }
}

impl<E: Debug + 'static> TestOutput for Result<(), E> {
    fn failure(self) -> Option<String> {
        self.err().map(|error| format!("the test gave an error: {error:?}"))
    }
}

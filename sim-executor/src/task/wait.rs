//! Where a task waits, as far as the simulator was told.

use crate::choice::Label;

/// The operation at which a task waits, with the resource that it waits for, as a number of the device's own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wait {
    pub(crate) label: Label,
    pub(crate) resource: u64,
}

impl Wait {
    pub(super) const UNKNOWN: Wait = Wait { label: Label::POLL, resource: 0 };
}

//! The failure files of a package's tests.

mod folder;
mod kept;
mod stored_failure;

pub(crate) use folder::{Folder, StoredFile};
pub use kept::Kept;
pub(crate) use stored_failure::StoredFailure;

//! The failure files of a package's tests.

mod folder;
mod kept;
mod stored_failure;
mod wall_time;

pub(crate) use folder::{Folder, StoredFile};
pub use kept::Kept;
pub(crate) use stored_failure::StoredFailure;
pub(crate) use wall_time::Patience;

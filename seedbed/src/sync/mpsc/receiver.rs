//! The receiving end of a bounded channel.

use std::sync::Arc;

use tokio::sync::mpsc as tokios;

use super::super::known::Side;
use super::super::operation::Operation;
use super::super::resource::{Resource, refuse_to_block};
use super::super::shell::shell;
use super::CHANNEL;
use super::error::TryRecvError;

/// The receiving end of a bounded channel: `tokio::sync::mpsc::Receiver`.
pub struct Receiver<T> {
    pub(super) inner: tokios::Receiver<T>,
    pub(super) resource: Arc<Resource>,
}

shell!(Receiver: DerefMut, Into);

/// What the receivers of both kinds of channels do.
macro_rules! receive {
    () => {
        /// Waits for the next value; `None` if all senders are gone and nothing is left.
        ///
        /// # Cancel safety
        /// It is cancel safe.
        pub async fn recv(&mut self) -> Option<T> {
            self.resource.touch_at(Side::Receiver);
            self.resource.act(Operation::Receive, self.inner.recv()).await
        }

        /// Waits for the next values, `limit` at most, and puts them behind those in `buffer`; says how many these are.
        ///
        /// # Cancel safety
        /// It is cancel safe.
        pub async fn recv_many(&mut self, buffer: &mut Vec<T>, limit: usize) -> usize {
            self.resource.touch_at(Side::Receiver);
            self.resource.act(Operation::Receive, self.inner.recv_many(buffer, limit)).await
        }

        /// The next value, if it is there.
        ///
        /// # Errors
        /// If there is none yet, or if all senders are gone and nothing is left.
        pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
            self.resource.touch_at(Side::Receiver);
            self.inner.try_recv()
        }

        /// Waits for the next value on a thread that may wait.
        ///
        /// # Panics
        /// In a run, whose one thread would stand still.
        #[track_caller]
        pub fn blocking_recv(&mut self) -> Option<T> {
            refuse_to_block("`recv().await` or `try_recv`");
            self.inner.blocking_recv()
        }

        /// Waits for the next values on a thread that may wait.
        ///
        /// # Panics
        /// In a run, whose one thread would stand still.
        #[track_caller]
        pub fn blocking_recv_many(&mut self, buffer: &mut Vec<T>, limit: usize) -> usize {
            refuse_to_block("`recv_many(…).await` or `try_recv`");
            self.inner.blocking_recv_many(buffer, limit)
        }
    };
}

pub(super) use receive;

impl<T> Receiver<T> {
    receive!();

    /// Tokio's receiver, for a library that takes that.
    #[must_use]
    pub fn into_inner(self) -> tokios::Receiver<T> {
        self.inner
    }
}

impl<T> From<tokios::Receiver<T>> for Receiver<T> {
    #[track_caller]
    fn from(inner: tokios::Receiver<T>) -> Self {
        Receiver { inner, resource: Arc::new(Resource::new(CHANNEL)) }
    }
}

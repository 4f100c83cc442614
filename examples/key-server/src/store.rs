//! The keys with their values.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::rt::select;
use crate::rt::sync::Notify;
use crate::rt::time::{self, Instant};

/// The keys with their values. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Store(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    entries: Mutex<Entries>,
    /// Another value expires first.
    first_changed: Notify,
}

#[derive(Debug, Default)]
struct Entries {
    values: BTreeMap<String, Entry>,
    /// When values expire, with their keys.
    expiries: BTreeSet<(Instant, String)>,
}

#[derive(Debug)]
struct Entry {
    value: String,
    expires: Option<Instant>,
}

impl Store {
    pub(crate) fn get(&self, key: &str) -> Option<String> {
        self.entries().values.get(key).map(|entry| entry.value.clone())
    }

    pub(crate) fn set(&self, key: String, value: String, expires_after: Option<Duration>) {
        let expires = expires_after.map(|after| Instant::now() + after);
        let mut entries = self.entries();
        let first = entries.expiries.first().cloned();
        let before = entries.values.insert(key.clone(), Entry { value, expires });
        if let Some(before) = before.and_then(|entry| entry.expires) {
            entries.expiries.remove(&(before, key.clone()));
        }
        if let Some(expires) = expires {
            entries.expiries.insert((expires, key));
        }
        let is_changed = first != entries.expiries.first().cloned();
        drop(entries);
        if is_changed {
            self.0.first_changed.notify_one();
        }
    }

    /// Removes what expires, for ever.
    pub(crate) async fn expire(&self) {
        loop {
            let next = self.remove_expired();
            let Some(next) = next else {
                self.0.first_changed.notified().await;
                continue;
            };
            select! {
                () = time::sleep_until(next) => {}
                () = self.0.first_changed.notified() => {}
            }
        }
    }

    /// Removes what has expired, and says when the next does.
    fn remove_expired(&self) -> Option<Instant> {
        let now = Instant::now();
        let mut entries = self.entries();
        while let Some((expires, key)) = entries.expiries.first().cloned() {
            if expires > now {
                return Some(expires);
            }
            entries.values.remove(&key);
            entries.expiries.pop_first();
        }
        None
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

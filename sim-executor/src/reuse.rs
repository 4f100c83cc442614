//! Collections whose memory the next run uses.

use std::collections::{BTreeMap, VecDeque};

/// A collection gives its memory to the next run: of so many elements at most. A run that needs more has so much to do that
/// allocating again costs nothing beside it.
const ELEMENTS_MAX: usize = 4_096;

/// A collection whose memory the next run uses: see [`Device::leave`](crate::Device::leave).
///
/// ```
/// use sim_executor::Reuse;
///
/// let mut few = vec![1, 2, 3];
/// few.renew();
/// assert!(few.is_empty() && few.capacity() >= 3);
/// let mut many = vec![0; 1_000_000];
/// many.renew();
/// assert_eq!(many.capacity(), 0);
/// ```
pub trait Reuse {
    /// Makes it empty. It keeps its memory, unless it has room for more than 4,096 elements.
    fn renew(&mut self);

    /// The same, for one that is moved.
    #[must_use]
    fn renewed(mut self) -> Self
    where
        Self: Sized,
    {
        self.renew();
        self
    }
}

impl<T> Reuse for Vec<T> {
    #[inline]
    fn renew(&mut self) {
        self.clear();
        if self.capacity() > ELEMENTS_MAX {
            *self = Vec::new();
        }
    }
}

impl<T> Reuse for VecDeque<T> {
    #[inline]
    fn renew(&mut self) {
        self.clear();
        if self.capacity() > ELEMENTS_MAX {
            *self = VecDeque::new();
        }
    }
}

/// A map gives its memory back with its entries, so what this spares is the clearing of one that was not used.
impl<K, V> Reuse for BTreeMap<K, V> {
    #[inline]
    fn renew(&mut self) {
        if !self.is_empty() {
            self.clear();
        }
    }
}

impl Reuse for String {
    #[inline]
    fn renew(&mut self) {
        self.clear();
        if self.capacity() > ELEMENTS_MAX {
            *self = String::new();
        }
    }
}

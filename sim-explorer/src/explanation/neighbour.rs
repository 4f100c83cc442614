//! The passing run that is nearest to a shrunk one.

use super::{Explanation, Without};
use crate::exceptions::Exceptions;
use crate::shrink::Shrunk;

impl Shrunk {
    /// What the nearest passing run does otherwise than the default order: all that the smallest does but for one exception, and which that
    /// is. `None` if no exception alone decides.
    #[must_use]
    pub fn passing_neighbour<'a>(&self, explanation: &'a Explanation) -> Option<(Exceptions, &'a str)> {
        let place = explanation.exceptions.iter().position(|part| part.without == Without::Passes)?;
        let Exceptions { mut schedule, mut values, .. } = self.exceptions.clone();
        // They are explained in this order.
        match place.checked_sub(schedule.len()) {
            None => drop(schedule.remove(place)),
            Some(place) => drop(values.remove(place)),
        }
        let without = Exceptions { schedule, values, ..self.exceptions.none() };
        Some((without, &explanation.exceptions[place].text))
    }
}

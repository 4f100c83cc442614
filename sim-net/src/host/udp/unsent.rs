//! What a datagram socket has sent that waits for its turn at links with a bandwidth.

use std::collections::VecDeque;

use sim_executor::Instant;

/// What a socket has given to links, and has not left yet.
#[derive(Debug, Default)]
pub(super) struct Unsent {
    /// When each datagram leaves, with the bytes that it counts; in the order of sending.
    waiting: VecDeque<(Instant, u64)>,
    pub(super) bytes: u64,
    /// Whether an event will tell that there is room.
    pub(super) is_awaited: bool,
}

impl Unsent {
    pub(super) fn push(&mut self, leaves: Instant, bytes: u64) {
        self.waiting.push_back((leaves, bytes));
        self.bytes += bytes;
    }

    /// Forgets what has left.
    pub(super) fn settle(&mut self, now: Instant) {
        while let Some(&(leaves, bytes)) = self.waiting.front()
            && leaves <= now
        {
            self.bytes -= bytes;
            self.waiting.pop_front();
        }
    }

    /// When no more than that is left.
    pub(super) fn falls_to(&self, bytes_max: u64) -> Option<Instant> {
        let mut left = self.bytes;
        self.waiting.iter().find_map(|&(leaves, bytes)| {
            left -= bytes;
            (left <= bytes_max).then_some(leaves)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_left_is_room_again() {
        let at = Instant::from_nanos;
        let mut unsent = Unsent::default();
        for number in 1..=4 {
            unsent.push(at(number * 10), 100);
        }
        assert_eq!(
            (unsent.falls_to(300), unsent.falls_to(150), unsent.falls_to(0)),
            (Some(at(10)), Some(at(30)), Some(at(40)))
        );
        unsent.settle(at(20));
        assert_eq!(unsent.bytes, 200);
        unsent.settle(at(100));
        assert_eq!((unsent.bytes, unsent.falls_to(0)), (0, None));
    }
}

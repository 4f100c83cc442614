//! What the processes of a sweep say to each other, and how it stands in a stream of bytes.

use std::io::{self, Write};
use std::ops::Range;

use serde::{Deserialize, Serialize};

/// What a process is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Order {
    /// All units, as fast as it goes.
    Sweep {
        /// Those that were made before.
        made: Vec<Range<u64>>,
        /// The programs of which nothing more is wanted.
        left: Vec<usize>,
        /// After so many milliseconds it is to end with what it has.
        millis_max: Option<u64>,
        /// Whether somebody wants to see how far it is.
        is_shown: bool,
    },
    /// One unit, and each run of it is to be told before it begins.
    Carefully {
        unit: u64,
        /// The runs, by their places in the unit; of a search, which has none, all of them.
        runs: Vec<u64>,
    },
    /// Nothing more of this program.
    Leave { program: usize },
    /// To end with what it has.
    Stop,
}

/// What a process tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Told {
    /// It has understood that it is to make a sweep of so many units.
    Begins { units: u64 },
    /// It begins a run: its place in the unit, and of a search how it is made.
    Run(Begun),
    /// So many runs were made since it last told.
    Runs(u64),
    /// It has done what it was asked for.
    Done,
}

/// A run that has begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Begun {
    pub(crate) place: u64,
    pub(crate) recipe: Option<String>,
}

/// One message of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Message {
    Told(Told),
    /// What a unit showed.
    Unit {
        unit: u64,
        result: Vec<u8>,
    },
}

const TOLD: u8 = 0;
const UNIT: u8 = 1;

/// Appends what is told, or an order.
pub(super) fn append(bytes: &mut Vec<u8>, told: &impl Serialize) {
    let json = serde_json::to_vec(told).unwrap_or_else(|error| panic!("a message is plain data: {error}"));
    frame(bytes, TOLD, |bytes| bytes.extend_from_slice(&json));
}

/// Appends what a unit showed, which is written by this function.
pub(super) fn append_unit(bytes: &mut Vec<u8>, unit: u64, result: impl FnOnce(&mut Vec<u8>)) {
    frame(bytes, UNIT, |bytes| {
        bytes.extend_from_slice(&unit.to_le_bytes());
        result(bytes);
    });
}

fn frame(bytes: &mut Vec<u8>, kind: u8, content: impl FnOnce(&mut Vec<u8>)) {
    let start = bytes.len();
    bytes.extend_from_slice(&[0; 8]);
    bytes.push(kind);
    content(bytes);
    let length = (bytes.len() - start - 8) as u64;
    bytes[start..start + 8].copy_from_slice(&length.to_le_bytes());
}

pub(super) fn send(socket: &mut impl Write, told: &impl Serialize) -> io::Result<()> {
    let mut bytes = Vec::new();
    append(&mut bytes, told);
    socket.write_all(&bytes)
}

/// Bytes that were read, out of which messages are taken when they are whole.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    bytes: Vec<u8>,
    /// So many of them were taken.
    taken: usize,
}

impl Inbox {
    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.taken);
        self.taken = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// The kind and the content of the next message; `None` if it is not all there.
    fn next(&mut self) -> Option<(u8, &[u8])> {
        let (length, rest) = self.bytes[self.taken..].split_first_chunk::<8>()?;
        let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
        let (kind, content) = rest.get(..length)?.split_first()?;
        self.taken += 8 + length;
        Some((*kind, content))
    }

    /// The next order.
    pub(super) fn order(&mut self) -> io::Result<Option<Order>> {
        let Some((_, content)) = self.next() else { return Ok(None) };
        Ok(serde_json::from_slice(content).map(Some)?)
    }

    /// The next message of a process.
    pub(super) fn message(&mut self) -> io::Result<Option<Message>> {
        match self.next() {
            None => Ok(None),
            Some((UNIT, content)) => {
                let Some((unit, result)) = content.split_first_chunk() else {
                    return Err(io::ErrorKind::InvalidData.into());
                };
                Ok(Some(Message::Unit { unit: u64::from_le_bytes(*unit), result: result.to_vec() }))
            }
            Some((_, content)) => Ok(Some(Message::Told(serde_json::from_slice(content)?))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_whole_however_their_bytes_come() {
        let told = [
            Told::Begins { units: 3 },
            Told::Run(Begun { place: 7, recipe: None }),
            Told::Runs(9),
            Told::Done,
        ];
        let mut bytes = Vec::new();
        told.iter().for_each(|told| append(&mut bytes, told));
        append_unit(&mut bytes, 5, |bytes| bytes.extend_from_slice(b"abc"));
        append_unit(&mut bytes, 6, |_| {});
        let mut expected: Vec<Message> = told.into_iter().map(Message::Told).collect();
        expected.push(Message::Unit { unit: 5, result: b"abc".to_vec() });
        expected.push(Message::Unit { unit: 6, result: Vec::new() });
        for size in [1, 2, 7, bytes.len()] {
            let (mut inbox, mut read) = (Inbox::default(), Vec::new());
            for chunk in bytes.chunks(size) {
                inbox.add(chunk);
                while let Some(message) = inbox.message().unwrap() {
                    read.push(message);
                }
            }
            assert_eq!(read, expected, "{size} bytes at a time");
        }
    }

    #[test]
    fn an_order_is_read_as_it_was_given() {
        let orders = [
            Order::Sweep { made: vec![0..3, 5..6], left: vec![2], millis_max: Some(9), is_shown: true },
            Order::Carefully { unit: 1, runs: vec![0, 2] },
            Order::Leave { program: 4 },
            Order::Stop,
        ];
        let mut inbox = Inbox::default();
        for order in &orders {
            let mut bytes = Vec::new();
            append(&mut bytes, order);
            inbox.add(&bytes);
        }
        for order in orders {
            assert_eq!(inbox.order().unwrap(), Some(order));
        }
        assert_eq!(inbox.order().unwrap(), None);
    }

    #[test]
    fn what_is_no_message_is_refused() {
        let mut inbox = Inbox::default();
        let mut bytes = Vec::new();
        append(&mut bytes, &"nonsense");
        inbox.add(&bytes);
        assert!(inbox.message().is_err());
    }
}

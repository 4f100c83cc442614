//! What one connection does with segments that are made by hand, rule by rule.

use std::time::Duration;

use proptest::prelude::*;
use sim_executor::Instant;

use crate::errno::Errno;
use crate::pool::Pool;
use crate::tcp::{Connection, Context, Flags, Options, Rules, Segment, TcpConfig};

pub(super) const ACK: Flags = Flags::ACK;
pub(super) const SYN_ACK: Flags = Flags::SYN.with(ACK);
pub(super) const FIN_ACK: Flags = Flags::FIN.with(ACK);

/// A connection; its peer is the test.
pub(super) struct OneEnd {
    pub(super) connection: Connection,
    pub(super) pool: Pool,
    pub(super) rules: Rules,
    pub(super) now: Instant,
}

impl OneEnd {
    pub(super) fn connecting(config: TcpConfig) -> Self {
        let rules = Rules::new(config);
        let (connection, pool) = (Connection::connect(&rules, &Options::new(&rules.config)), Pool::default());
        OneEnd { connection, pool, rules, now: Instant::START }
    }

    /// A connection whose peer has a window of so many bytes.
    pub(super) fn open(config: TcpConfig, window: u32) -> Self {
        let mut end = OneEnd::connecting(config);
        assert_eq!(end.sent(), ["SYN"]);
        assert_eq!(end.receive(SYN_ACK, 0, 1, window, &[]), ["ack 1"]);
        end
    }

    pub(super) fn context(&mut self) -> (&mut Connection, Context<'_>) {
        let OneEnd { connection, pool, rules, now } = self;
        (connection, Context { now: *now, pool, rules })
    }

    /// What it sends now.
    pub(super) fn sent(&mut self) -> Vec<String> {
        let (connection, mut context) = self.context();
        let mut sent = Vec::new();
        while let Some(segment) = connection.poll_segment(&mut context) {
            sent.push(segment.to_string());
            context.pool.release_all(segment.payload);
        }
        sent
    }

    /// What it sends in answer to a segment.
    pub(super) fn receive(
        &mut self,
        flags: Flags,
        seq: u64,
        ack: u64,
        window: u32,
        data: &[u8],
    ) -> Vec<String> {
        let payload = (!data.is_empty()).then(|| self.pool.copy_in(data));
        let (connection, mut context) = self.context();
        connection.handle_segment(&mut context, &mut Segment { flags, seq, ack, window, payload });
        self.sent()
    }

    /// What it sends at its next timeout.
    pub(super) fn time_out(&mut self) -> Vec<String> {
        assert_ne!(self.connection.timer(), Instant::MAX, "no timer is set");
        self.now = self.connection.timer();
        let (connection, mut context) = self.context();
        let probe = connection.handle_timeout(&mut context);
        let mut sent: Vec<String> = probe.iter().map(ToString::to_string).collect();
        sent.extend(self.sent());
        sent
    }

    pub(super) fn write(&mut self, length: usize) -> Vec<String> {
        assert_eq!(self.connection.write(&mut self.pool, &vec![5; length]), Ok(length));
        self.sent()
    }

    /// What it sends after a read, and what was read.
    pub(super) fn read(&mut self, length: usize) -> (Vec<u8>, Vec<String>) {
        let mut buffer = vec![0; length];
        let bytes = self.connection.read(&mut self.pool, &mut buffer).unwrap();
        buffer.truncate(bytes);
        (buffer, self.sent())
    }
}

pub(super) const NOTHING: [&str; 0] = [];

#[test]
fn data_ahead_of_a_gap_is_acknowledged_at_once_up_to_the_gap() {
    let mut end = OneEnd::open(TcpConfig::default(), 1_000);
    assert_eq!(end.receive(ACK, 11, 1, 1_000, &[2; 10]), ["ack 1"]);
    assert_eq!(end.receive(ACK, 1, 1, 1_000, &[1; 10]), ["ack 21"], "the gap is filled");
    assert_eq!(end.read(100).0.len(), 20);
}

#[test]
fn a_fin_ahead_of_a_gap_is_remembered() {
    let mut end = OneEnd::open(TcpConfig::default(), 1_000);
    assert_eq!(end.receive(FIN_ACK, 11, 1, 1_000, &[]), ["ack 1"]);
    assert_eq!(end.connection.read(&mut end.pool, &mut [0; 9]), Err(Errno::WouldBlock));
    end.receive(ACK, 1, 1, 1_000, &[1; 10]);
    assert_eq!(end.read(100).0.len(), 10);
    assert_eq!(end.read(100).0.len(), 0, "the end is read");
    assert_eq!(end.time_out(), ["ack 12"]);
}

#[test]
fn what_is_repeated_is_acknowledged_again() {
    let mut end = OneEnd::open(TcpConfig::default(), 1_000);
    assert_eq!(end.receive(SYN_ACK, 0, 1, 1_000, &[]), ["ack 1"], "the SYN");
    end.receive(ACK, 1, 1, 1_000, &[1; 10]);
    end.time_out();
    assert_eq!(end.receive(ACK, 1, 1, 1_000, &[1; 10]), ["ack 11"], "data");
    end.receive(FIN_ACK, 11, 1, 1_000, &[]);
    assert_eq!(end.time_out(), ["ack 12"]);
    assert_eq!(end.receive(FIN_ACK, 11, 1, 1_000, &[]), ["ack 12"], "the FIN");
    assert_eq!(end.receive(ACK, 11, 1, 1_000, &[]), ["ack 12"], "a probe");
}

#[test]
fn a_repeated_syn_is_answered_again() {
    let mut end = OneEnd::connecting(TcpConfig::default());
    end.connection = Connection::accept(&end.rules, &Options::new(&end.rules.config));
    assert_eq!(end.sent(), ["SYN ack 1"]);
    assert_eq!(end.receive(Flags::SYN, 0, 0, 1_000, &[]), ["SYN ack 1"]);
    assert_eq!(end.receive(ACK, 1, 0, 1_000, &[]), NOTHING, "that acknowledges nothing");
    assert!(end.connection.is_half_open());
    assert_eq!(end.receive(ACK, 1, 1, 1_000, &[]), NOTHING);
    assert!(!end.connection.is_half_open());
}

#[test]
fn no_more_is_taken_than_the_window_allows() {
    let config = TcpConfig { receive_buffer_bytes: 10, ..TcpConfig::default() };
    let mut end = OneEnd::open(config, 1_000);
    end.receive(ACK, 1, 1, 1_000, &[1; 25]);
    assert_eq!(end.receive(ACK, 11, 1, 1_000, &[2; 5]), ["ack 11 window 0"]);
    assert_eq!(end.read(100).0, [1; 10]);
}

#[test]
fn no_more_is_sent_than_the_window_allows() {
    let mut end = OneEnd::open(TcpConfig::default(), 100);
    assert_eq!(end.write(250), ["100 bytes at 1 ack 1"]);
    assert_eq!(end.receive(ACK, 1, 101, 0, &[]), NOTHING);
    assert_eq!(end.receive(ACK, 1, 101, 80, &[]), ["80 bytes at 101 ack 1"]);
    assert_eq!(end.receive(ACK, 1, 181, 0, &[]), NOTHING);
    assert_eq!(end.time_out(), ["ack 1"], "the closed window is probed");
    assert_eq!(end.receive(ACK, 1, 181, 100, &[]), ["70 bytes at 181 ack 1"]);
}

#[test]
fn a_window_that_opens_much_is_told_at_once() {
    let config = TcpConfig { receive_buffer_bytes: 10_000, ..TcpConfig::default() };
    let mut end = OneEnd::open(config, 1_000);
    assert_eq!(end.receive(ACK, 1, 1, 1_000, &[1; 10_000]), ["ack 10001 window 0"]);
    assert_eq!(end.read(1_000).1, NOTHING, "a little would be a silly window");
    assert_eq!(end.read(1_000).1, ["ack 10001"]);
}

#[test]
fn the_reader_with_nothing_left_acknowledges_unless_it_is_about_to_answer() {
    let mut end = OneEnd::open(TcpConfig::default(), 1_000);
    assert_eq!(end.receive(ACK, 1, 1, 1_000, &[1; 10]), NOTHING);
    assert_eq!(end.read(5).1, NOTHING);
    assert_eq!(end.read(5).1, ["ack 11"]);
    assert_eq!(end.receive(ACK, 11, 1, 1_000, &[1; 10]), NOTHING);
    assert_eq!(end.write(1), ["1 byte at 1 ack 21"]);
    end.read(10);
    end.receive(ACK, 21, 2, 1_000, &[1; 10]);
    assert_eq!(end.read(10).1, NOTHING, "it answers with data");
    assert_eq!(end.time_out(), ["ack 31"]);
    end.receive(ACK, 31, 2, 1_000, &[1; 10]);
    assert_eq!(end.read(10).1, ["ack 41"], "it did not answer");
}

#[test]
fn every_second_full_segment_is_acknowledged() {
    let mut end = OneEnd::open(TcpConfig::default(), 1_000);
    assert_eq!(end.receive(ACK, 1, 1, 1_000, &[1; 1_460]), NOTHING);
    assert_eq!(end.receive(ACK, 1_461, 1, 1_000, &[1; 1_460]), ["ack 2921"]);
}

#[test]
fn three_duplicates_bring_what_was_lost_before_its_timeout() {
    let config = TcpConfig { mss_bytes: 10, segment_bytes_max: 10, ..TcpConfig::default() };
    let mut end = OneEnd::open(config, 1_000);
    assert_eq!(end.write(50).len(), 5);
    assert_eq!(end.receive(ACK, 1, 1, 1_000, &[]), NOTHING);
    assert_eq!(end.receive(ACK, 1, 1, 1_000, &[]), NOTHING);
    assert_eq!(end.receive(ACK, 1, 1, 1_000, &[]), ["10 bytes at 1 ack 1"]);
    assert_eq!(end.receive(ACK, 1, 31, 1_000, &[]), ["10 bytes at 31 ack 1"], "the next hole");
}

#[test]
fn a_reset_counts_at_the_expected_number_only() {
    let mut end = OneEnd::open(TcpConfig::default(), 1_000);
    assert_eq!(end.receive(Flags::RST, 0, 0, 0, &[]), NOTHING, "an old one");
    assert_eq!(end.receive(Flags::RST, 500, 0, 0, &[]), ["ack 1"], "one ahead is asked to come again");
    assert!(!end.connection.is_closed());
    end.receive(Flags::RST, 1, 0, 0, &[]);
    assert!(end.connection.is_closed());
    assert_eq!(end.connection.write(&mut end.pool, &[1]), Err(Errno::ConnectionReset));
    assert_eq!(end.connection.write(&mut end.pool, &[1]), Err(Errno::BrokenPipe));
}

#[test]
fn a_connection_of_which_we_know_nothing_is_reset() {
    let mut end = OneEnd::connecting(TcpConfig::default());
    end.sent();
    assert_eq!(end.receive(ACK, 700, 300, 1_000, &[]), ["RST at 300 ack 0"]);
    assert_eq!(end.connection.poll_connected(), Err(Errno::WouldBlock));
    end.receive(SYN_ACK, 0, 1, 1_000, &[]);
    assert_eq!(end.connection.poll_connected(), Ok(()));
}

#[test]
fn only_timeouts_in_a_row_count_towards_the_limit() {
    let config = TcpConfig { retries: 2, ..TcpConfig::default() };
    let mut end = OneEnd::open(config, 100);
    end.write(150);
    end.time_out();
    end.time_out();
    end.receive(ACK, 1, 101, 0, &[]);
    for _ in 0..5 {
        assert_eq!(end.time_out(), ["ack 1"]);
        end.receive(ACK, 1, 101, 0, &[]);
    }
    assert!(!end.connection.is_closed(), "a peer that answers probes lives");
    for _ in 0..3 {
        end.time_out();
    }
    assert_eq!(end.connection.write(&mut end.pool, &[1]), Err(Errno::TimedOut));
}

#[test]
fn timeouts_double_until_something_is_acknowledged() {
    let mut end = OneEnd::open(TcpConfig::default(), 1_000);
    end.write(10);
    let mut waited = Vec::new();
    for _ in 0..4 {
        let before = end.now;
        end.time_out();
        waited.push((end.now - before).as_millis());
    }
    assert_eq!(waited, [200, 400, 800, 1_600]);
    end.receive(ACK, 1, 11, 1_000, &[]);
    end.write(10);
    assert_eq!(
        end.connection.timer() - end.now,
        Duration::from_nanos(200_000_001),
        "and the round trip of 1 ns"
    );
}

proptest! {
    #[test]
    fn segments_are_reassembled_whatever_their_order_and_overlap(
        segments in prop::collection::vec((0_usize..300, 1_usize..60), 0..60),
        reads in prop::collection::vec(0_usize..40, 0..60),
    ) {
        let mut end = OneEnd::open(TcpConfig { receive_buffer_bytes: 200, ..TcpConfig::default() }, 1_000);
        let stream: Vec<u8> = (0..400).map(|number| (number * 7 % 251) as u8).collect();
        let (mut arrived, mut read, mut edge) = (vec![false; 400], Vec::new(), 200);
        for (number, (start, length)) in segments.into_iter().enumerate() {
            for (at, known) in arrived.iter_mut().enumerate().take(start + length).skip(start) {
                *known |= at < edge;
            }
            end.receive(ACK, start as u64 + 1, 1, 1_000, &stream[start..start + length]);
            let readable = arrived.iter().skip(read.len()).take_while(|&&known| known).count();
            let length = reads.get(number).copied().unwrap_or(0);
            let bytes = if readable == 0 || length == 0 { Vec::new() } else { end.read(length).0 };
            prop_assert_eq!(bytes.len(), readable.min(length));
            read.extend(bytes);
            // The model is told the edge, which rules of its own move.
            edge = end.connection.granted() as usize - 1;
            prop_assert_eq!(&read[..], &stream[..read.len()]);
        }
        end.connection.clear(&mut end.pool);
        prop_assert_eq!(end.pool.in_use(), 0);
    }
}

//! What one connection sends, ends with, or waits for, rule by rule.

use std::time::Duration;

use sim_executor::Instant;

use super::one_end::{ACK, FIN_ACK, NOTHING, OneEnd, SYN_ACK};
use crate::errno::Errno;
use crate::tcp::{Connection, Ending, Flags, Options, TcpConfig, TcpKeepalive};

const MS: Duration = Duration::from_millis(1);

/// The timeout after a round trip of 1 ns.
const LEAST: Duration = Duration::from_nanos(200_000_001);

fn small_segments() -> TcpConfig {
    TcpConfig { mss_bytes: 10, segment_bytes_max: 10, ..TcpConfig::default() }
}

fn timeout(end: &OneEnd) -> Duration {
    end.connection.timer() - end.now
}

#[test]
fn what_was_sent_again_is_not_timed() {
    let mut end = OneEnd::open(TcpConfig::default(), 1_000);
    end.write(10);
    end.time_out();
    end.now += 3_000 * MS;
    end.receive(ACK, 1, 11, 1_000, &[]);
    end.write(10);
    assert_eq!(timeout(&end), LEAST, "the answer may be to either of the two");
}

#[test]
fn nor_what_is_sent_again_after_duplicates() {
    let mut end = OneEnd::open(small_segments(), 1_000);
    end.write(50);
    end.now += 100 * MS;
    for _ in 0..3 {
        end.receive(ACK, 1, 1, 1_000, &[]);
    }
    end.now += 3_000 * MS;
    end.receive(ACK, 1, 51, 1_000, &[]);
    end.write(10);
    assert_eq!(timeout(&end), LEAST);
}

#[test]
fn nor_what_is_sent_while_holes_are_filled() {
    let mut end = OneEnd::open(small_segments(), 1_000);
    end.write(20);
    end.time_out();
    assert_eq!(end.write(10), ["10 bytes at 21 ack 1"]);
    end.now += 3_000 * MS;
    end.receive(ACK, 1, 31, 1_000, &[]);
    end.write(10);
    assert_eq!(timeout(&end), LEAST, "its acknowledgement waited for the hole");
}

#[test]
fn a_round_trip_that_is_long_makes_the_timeout_long() {
    let mut end = OneEnd::open(TcpConfig::default(), 1_000);
    end.write(10);
    end.now += 1_000 * MS;
    end.receive(ACK, 1, 11, 1_000, &[]);
    end.write(10);
    assert!(timeout(&end) > 200 * MS, "{:?}", timeout(&end));
}

#[test]
fn timeouts_that_an_acknowledgement_came_between_do_not_add_up() {
    let mut end = OneEnd::open(TcpConfig { retries: 3, ..TcpConfig::default() }, 1_000);
    for round in 0..4 {
        end.write(10);
        end.time_out();
        end.time_out();
        end.receive(ACK, 1, 11 + 10 * round, 1_000, &[]);
    }
    assert!(!end.connection.is_closed());
}

#[test]
fn duplicates_that_progress_came_between_do_not_add_up() {
    let mut end = OneEnd::open(small_segments(), 1_000);
    end.write(80);
    end.receive(ACK, 1, 1, 1_000, &[]);
    end.receive(ACK, 1, 1, 1_000, &[]);
    end.receive(ACK, 1, 11, 1_000, &[]);
    assert_eq!(end.receive(ACK, 1, 11, 1_000, &[]), NOTHING, "the first at this number");
}

#[test]
fn after_a_timeout_one_segment_is_sent_then_two_for_each_acknowledgement() {
    let mut end = OneEnd::open(small_segments(), 1_000);
    end.write(50);
    assert_eq!(end.time_out(), ["10 bytes at 1 ack 1"]);
    assert_eq!(end.receive(ACK, 1, 11, 1_000, &[]), ["10 bytes at 11 ack 1", "10 bytes at 21 ack 1"]);
}

#[test]
fn half_of_the_largest_window_is_worth_sending() {
    let mut end = OneEnd::open(TcpConfig::default(), 100);
    assert_eq!(end.write(400), ["100 bytes at 1 ack 1"]);
    assert_eq!(end.receive(ACK, 1, 101, 49, &[]), NOTHING, "a silly window");
    assert_eq!(end.receive(ACK, 1, 101, 50, &[]), ["50 bytes at 101 ack 1"]);
}

#[test]
fn what_was_granted_is_not_taken_back() {
    let mut end = OneEnd::open(TcpConfig { nodelay: true, ..TcpConfig::default() }, 1_000);
    end.write(10);
    // It was sent before the window grew to what the answer to the SYN has said, and comes late.
    assert_eq!(end.receive(ACK, 1, 1, 20, &[]), NOTHING);
    assert_eq!(end.write(500), ["500 bytes at 11 ack 1"]);
}

#[test]
fn the_last_data_does_not_wait_and_takes_the_fin_along() {
    let mut end = OneEnd::open(TcpConfig::default(), 1_000);
    end.write(10);
    assert_eq!(end.write(5), NOTHING, "it waits for an acknowledgement");
    end.connection.finish().unwrap();
    assert_eq!(end.sent(), ["5 bytes at 11 FIN at 16 ack 1"]);
    assert_eq!(end.time_out(), ["15 bytes at 1 FIN at 16 ack 1"], "both again, at once");
}

#[test]
fn a_small_segment_waits_for_a_small_one_only() {
    let mut end = OneEnd::open(TcpConfig { segment_bytes_max: 1_460, ..TcpConfig::default() }, 10_000);
    assert_eq!(end.write(1_460 + 80).len(), 2, "the rest does not wait for a full segment");
    assert_eq!(end.write(80), NOTHING, "but for one less than full");
    assert_eq!(end.receive(ACK, 1, 1_541, 10_000, &[]), ["80 bytes at 1541 ack 1"]);
}

#[test]
fn with_nodelay_nothing_waits() {
    let mut end = OneEnd::open(TcpConfig::default(), 1_000);
    end.write(10);
    assert_eq!(end.write(10), NOTHING);
    end.connection.set_nodelay(true);
    assert_eq!(end.sent(), ["10 bytes at 11 ack 1"]);
    assert_eq!(end.write(10), ["10 bytes at 21 ack 1"]);
}

#[test]
fn a_window_that_holds_data_back_is_asked_for() {
    let mut end = OneEnd::open(TcpConfig::default(), 0);
    assert_eq!(end.write(10), NOTHING);
    assert_eq!(end.time_out(), ["ack 1"], "a probe");
    assert_eq!(end.receive(ACK, 1, 1, 10, &[]), ["10 bytes at 1 ack 1"]);
}

#[test]
fn a_writer_is_woken_when_a_third_of_the_buffer_is_free() {
    let config = TcpConfig { send_buffer_bytes: 90, ..small_segments() };
    let mut end = OneEnd::open(config, 1_000);
    end.write(90);
    end.connection.take_ready();
    end.receive(ACK, 1, 11, 1_000, &[]);
    assert!(!end.connection.take_ready().write && !end.connection.is_writable());
    end.receive(ACK, 1, 31, 1_000, &[]);
    assert!(end.connection.take_ready().write && end.connection.is_writable());
}

#[test]
fn what_is_left_after_an_acknowledgement_is_still_watched() {
    let mut end = OneEnd::open(small_segments(), 1_000);
    end.write(20);
    assert_eq!(end.receive(ACK, 1, 11, 1_000, &[]), NOTHING);
    assert_eq!(end.time_out(), ["10 bytes at 11 ack 1"]);
}

#[test]
fn a_reset_after_the_peers_end_is_a_broken_pipe() {
    let mut end = OneEnd::open(TcpConfig::default(), 1_000);
    end.receive(FIN_ACK, 1, 1, 1_000, &[]);
    end.receive(Flags::RST, 2, 0, 0, &[]);
    assert_eq!(end.connection.take_error(), Some(Errno::BrokenPipe));
    let mut end = OneEnd::open(TcpConfig::default(), 1_000);
    end.connection.finish().unwrap();
    end.receive(FIN_ACK, 1, 1, 1_000, &[]);
    end.receive(Flags::RST, 2, 0, 0, &[]);
    assert_eq!(end.connection.take_error(), Some(Errno::ConnectionReset));
}

#[test]
fn an_acknowledgement_of_what_was_not_sent_is_answered_and_not_taken() {
    let mut end = OneEnd::open(TcpConfig::default(), 1_000);
    assert_eq!(end.receive(ACK, 1, 500, 1_000, &[]), ["ack 1"]);
    assert_eq!(end.write(10), ["10 bytes at 1 ack 1"]);
}

#[test]
fn data_for_a_stream_that_was_dropped_is_reset() {
    let mut end = OneEnd::open(TcpConfig::default(), 1_000);
    let (connection, mut context) = end.context();
    connection.close(&mut context);
    assert_eq!(end.sent(), ["FIN at 1 ack 1"]);
    assert_eq!(end.receive(ACK, 1, 1, 1_000, &[7; 10]), ["RST at 2 ack 1"]);
    assert!(end.connection.is_closed());
}

#[test]
fn each_phase_has_its_number_of_retries() {
    let config = TcpConfig {
        syn_retries: 1,
        syn_linear_timeouts: 0,
        synack_retries: 2,
        retries: 3,
        orphan_retries: 4,
        ..TcpConfig::default()
    };
    let tries = |mut end: OneEnd| {
        end.sent();
        let mut tries = 0;
        while end.connection.timer() != Instant::MAX {
            end.time_out();
            tries += 1;
        }
        tries - 1
    };
    assert_eq!(tries(OneEnd::connecting(config)), 1);
    let linear = TcpConfig { syn_linear_timeouts: 4, ..config };
    assert_eq!(tries(OneEnd::connecting(linear)), 1 + 4);
    let mut accepting = OneEnd::connecting(config);
    accepting.connection = Connection::accept(&accepting.rules, &Options::new(&config));
    assert_eq!(tries(accepting), 2);
    let mut open = OneEnd::open(config, 1_000);
    open.write(10);
    assert_eq!(tries(open), 3);
    let mut orphan = OneEnd::open(config, 1_000);
    orphan.write(10);
    let (connection, mut context) = orphan.context();
    connection.close(&mut context);
    assert_eq!(tries(orphan), 4);
}

#[test]
fn two_syns_that_cross_make_one_connection() {
    let mut end = OneEnd::connecting(TcpConfig::default());
    assert_eq!(end.sent(), ["SYN"]);
    assert_eq!(end.receive(Flags::SYN, 0, 0, 1_000, &[]), ["SYN ack 1"]);
    assert_eq!(end.connection.poll_connected(), Err(Errno::WouldBlock));
    assert_eq!(end.time_out(), ["SYN ack 1"], "it is answered until the peer has heard");
    assert_eq!(end.receive(SYN_ACK, 0, 1, 1_000, &[]), NOTHING);
    assert_eq!(end.connection.poll_connected(), Ok(()));
    assert_eq!(end.receive(SYN_ACK, 0, 1, 1_000, &[]), ["ack 1"], "the peer has not heard");
}

#[test]
fn a_peer_that_does_not_answer_probes_is_reset() {
    let keepalive = TcpKeepalive { idle: 1_000 * MS, interval: 100 * MS, count: 2 };
    let mut end = OneEnd::open(TcpConfig { keepalive, ..TcpConfig::default() }, 1_000);
    let now = end.now;
    end.connection.set_keepalive(now, true);
    assert_eq!(timeout(&end), 1_000 * MS);
    assert_eq!((end.time_out(), timeout(&end)), (vec!["ack 1".to_string()], 100 * MS));
    assert_eq!(end.time_out(), ["ack 1"]);
    assert_eq!(end.time_out(), ["RST at 1 ack 1"]);
    assert_eq!(end.connection.take_error(), Some(Errno::TimedOut));
}

#[test]
fn what_was_written_is_held_back_until_more_is_or_for_a_timeout() {
    let mut end = OneEnd::open(TcpConfig { nodelay: true, ..TcpConfig::default() }, 1_000);
    end.connection.hold_back();
    assert_eq!(end.write(10), NOTHING);
    end.connection.release();
    assert_eq!(end.write(10), ["20 bytes at 1 ack 1"]);
    end.receive(ACK, 1, 21, 1_000, &[]);
    end.connection.hold_back();
    assert_eq!(end.write(10), NOTHING);
    assert_eq!(end.time_out(), ["10 bytes at 21 ack 1"]);
}

/// What is left of a connection whose both halves are closed, by who closed first.
fn ending(closes_first: bool) -> Ending {
    let mut end = OneEnd::open(TcpConfig::default(), 1_000);
    if closes_first {
        end.connection.finish().unwrap();
        end.sent();
        end.receive(FIN_ACK, 1, 2, 1_000, &[]);
    } else {
        end.receive(FIN_ACK, 1, 1, 1_000, &[]);
        end.connection.finish().unwrap();
        end.sent();
        end.receive(ACK, 2, 2, 1_000, &[]);
    }
    let (connection, mut context) = end.context();
    connection.settle(&mut context)
}

#[test]
fn the_pair_stays_with_who_closes_first() {
    assert!(matches!(ending(true), Ending::TimeWait(_)));
    assert!(matches!(ending(false), Ending::Closed));
}

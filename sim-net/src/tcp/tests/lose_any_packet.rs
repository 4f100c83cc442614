//! Losing any one packet of a conversation, or any two, delays it but never breaks it.

use std::time::Duration;

use super::conversation::{Conversation, Fate, Outcome, Script, Step, bytes};
use crate::tcp::TcpConfig;
use Step::{Close, Finish, Pause, Read, ReadToEnd, Write};

const LATENCY: Fate = Fate::After(Duration::from_millis(1));

fn converse(
    config: TcpConfig,
    scripts: &[Vec<Script>; 2],
    lost: &[usize],
    gap: Duration,
) -> ([Outcome; 2], Vec<String>) {
    let fate = |number: usize| {
        if lost.contains(&number) {
            return Fate::Lost;
        }
        // With a gap, every third packet is overtaken.
        if number % 3 == 2 { Fate::After(Duration::from_millis(1) + gap) } else { LATENCY }
    };
    Conversation::new(config, scripts.clone(), fate).run()
}

fn check(outcomes: &[Outcome; 2], undisturbed: &[Outcome; 2], lost: &[usize], transcript: &[String]) {
    assert_eq!(outcomes, undisturbed, "without the packets {lost:?}:\n{}", transcript.join("\n"));
}

/// Loses each packet in turn, then each pair, on a link that keeps the order, and on one that does not.
fn lose_each_and_each_pair(config: TcpConfig, scripts: [Vec<Script>; 2]) {
    for gap in [Duration::ZERO, Duration::from_micros(1_500)] {
        let (undisturbed, transcript) = converse(config, &scripts, &[], gap);
        for (end, outcome) in undisturbed.iter().enumerate() {
            let context = transcript.join("\n");
            assert_eq!((outcome.error, outcome.left), (None, 0), "end {end}:\n{context}");
            assert_eq!(outcome.received, bytes(1 - end, outcome.received.len()), "end {end}");
        }
        for first in 0..transcript.len() {
            let (outcomes, disturbed) = converse(config, &scripts, &[first], gap);
            check(&outcomes, &undisturbed, &[first], &disturbed);
            for second in first + 1..disturbed.len() {
                let lost = [first, second];
                let (outcomes, transcript) = converse(config, &scripts, &lost, gap);
                check(&outcomes, &undisturbed, &lost, &transcript);
            }
        }
    }
}

fn small_segments() -> TcpConfig {
    TcpConfig { mss_bytes: 100, segment_bytes_max: 100, ..TcpConfig::default() }
}

#[test]
fn lose_any_packet_of_an_echo() {
    let client = vec![Write(64), Read(64), Write(64), Read(64), Close];
    let server = vec![Read(64), Write(64), Read(64), Write(64), ReadToEnd(64), Close];
    lose_each_and_each_pair(TcpConfig::default(), [vec![client], vec![server]]);
}

#[test]
fn lose_any_packet_of_a_transfer_in_small_segments() {
    let client = vec![Write(1_200), Close];
    let server = vec![ReadToEnd(64), Close];
    lose_each_and_each_pair(small_segments(), [vec![client], vec![server]]);
}

#[test]
fn lose_any_packet_of_a_half_closed_connection() {
    let client = vec![Write(300), Finish, ReadToEnd(1_000), Close];
    let server = vec![ReadToEnd(1_000), Write(500), Close];
    lose_each_and_each_pair(small_segments(), [vec![client], vec![server]]);
}

#[test]
fn lose_any_packet_of_two_simultaneous_streams() {
    let ends = [(); 2].map(|()| vec![vec![Write(500), Finish], vec![ReadToEnd(100)]]);
    lose_each_and_each_pair(small_segments(), ends);
}

#[test]
fn lose_any_packet_to_a_slow_reader_with_a_small_window() {
    let config = TcpConfig { send_buffer_bytes: 150, receive_buffer_bytes: 120, ..small_segments() };
    let client = vec![Write(500), Close];
    let pause = Pause(Duration::from_millis(700));
    let server = vec![pause, Read(100), pause, Read(30), pause, ReadToEnd(64), Close];
    lose_each_and_each_pair(config, [vec![client], vec![server]]);
}

#[test]
fn lose_any_packet_of_a_connection_without_data() {
    lose_each_and_each_pair(
        TcpConfig::default(),
        [vec![vec![Finish, ReadToEnd(1), Close]], vec![vec![ReadToEnd(1), Close]]],
    );
}

#[test]
fn lose_any_packet_of_a_request_in_two_writes() {
    let client = vec![Write(10), Write(20), Read(5), Write(10), Write(20), Read(5), Close];
    let server = vec![Read(30), Write(5), Read(30), Write(5), ReadToEnd(9), Close];
    lose_each_and_each_pair(TcpConfig::default(), [vec![client], vec![server]]);
}

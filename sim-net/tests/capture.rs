//! Captures, read by tshark where there is one.
#![cfg(feature = "pcap")]

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use futures::io::{AsyncReadExt as _, AsyncWriteExt as _};
use sim_executor::{Config, Executor, KeyedRandom, Node, Ratio, Trace, TraceLevel, spawn, time};
use sim_net::capture::{self, Capture};
use sim_net::{
    Latency, LinkConfig, NetworkConfig, TcpConfig, TcpListener, TcpStream, UdpSocket, addresses, install,
};

/// A conversation, with what its trace and its capture say.
struct Captured {
    trace: Trace,
    capture: Capture,
    hash: u64,
}

fn converse(config: NetworkConfig, seed: u64, is_captured: bool) -> Captured {
    let traced = Config { trace: TraceLevel::All, ..Config::default() };
    let mut executor = Executor::with_config(traced, KeyedRandom::new(seed));
    // Before the network is there: it finds the capture.
    let capture = is_captured.then(|| executor.enter(capture::start));
    executor.enter(|| install(config));
    executor.block_on(conversation()).expect("the conversation ends");
    executor.run_until_idle().expect("all connections end");
    let capture = capture.unwrap_or_else(|| executor.enter(capture::start));
    Captured { trace: executor.trace(), capture, hash: executor.hash() }
}

/// A client sends, the server sends it back, and in between a datagram is answered and one is refused, over both families.
async fn conversation() {
    let bound = Node::named("server").spawn(async {
        let datagrams = UdpSocket::bind("[::]:4444").await.unwrap();
        (TcpListener::bind("[::]:7").await.unwrap(), datagrams)
    });
    let (listener, datagrams) = bound.await.unwrap();
    Node::named("server").spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            spawn(async move {
                let (mut read, mut write) = stream.into_split();
                futures::io::copy(&mut read, &mut write).await.unwrap();
            });
        }
    });
    Node::named("server").spawn(async move {
        let mut buffer = vec![0; 2_000];
        loop {
            let (length, from) = datagrams.recv_from(&mut buffer).await.unwrap();
            datagrams.send_to(&buffer[..length], from).await.unwrap();
        }
    });
    let client = Node::named("client").spawn(async {
        for ip in addresses("server") {
            let mut address = SocketAddr::from((ip, 7));
            ask_with_datagrams(address).await;
            let stream = TcpStream::connect(address).await.unwrap();
            let data: Vec<u8> = (0..150_000_u32).map(|at| at as u8).collect();
            let (mut read, mut write) = stream.into_split();
            let mut back = Vec::new();
            let sending = async {
                write.write_all(&data).await.unwrap();
                write.close().await.unwrap();
            };
            futures::join!(sending, async { read.read_to_end(&mut back).await.unwrap() });
            assert_eq!(back, data);
            address.set_port(8);
            let refused = TcpStream::connect(address).await.unwrap_err();
            assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
        }
    });
    client.await.unwrap();
}

async fn ask_with_datagrams(mut server: SocketAddr) {
    let local = if server.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(local).await.unwrap();
    for (port, length) in [(4_444, 100), (4_444, 0), (4_445, 33), (4_445, 0)] {
        server.set_port(port);
        socket.send_to(&vec![7; length], server).await.unwrap();
        let _ = time::timeout(Duration::from_millis(100), socket.recv_from(&mut [0; 200])).await;
    }
}

fn lossy(segment_bytes_max: u32) -> NetworkConfig {
    let ms = Duration::from_millis;
    let latency = Latency::Uniform { min: ms(10), max: ms(12) };
    let link = LinkConfig { latency, loss: Ratio::one_in(20), ..LinkConfig::default() };
    // More than 64 KiB, so that windows are scaled.
    let tcp = TcpConfig {
        segment_bytes_max,
        send_buffer_bytes: 300_000,
        receive_buffer_bytes: 300_000,
        ..TcpConfig::default()
    };
    NetworkConfig { link, tcp, ..NetworkConfig::default() }
}

/// A capture as a file, which is removed when this is dropped.
struct File(PathBuf);

impl File {
    fn new(name: &str, bytes: &[u8]) -> File {
        let path = std::env::temp_dir().join(format!("seedbed-{}-{name}.pcapng", std::process::id()));
        fs::write(&path, bytes).expect("the temporary directory can be written to");
        File(path)
    }

    /// What tshark says of the packets for which a filter holds: one line each, with these fields.
    fn tshark(&self, filter: &str, fields: &[&str]) -> Vec<String> {
        let mut tshark = Command::new("tshark");
        tshark.arg("-r").arg(&self.0).args(["-n", "-T", "fields", "-Y", filter]);
        for checked in ["ip.check_checksum", "tcp.check_checksum", "udp.check_checksum"] {
            tshark.args(["-o", &format!("{checked}:TRUE")]);
        }
        for field in fields {
            tshark.args(["-e", field]);
        }
        let output = tshark.output().expect("tshark was there before");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        // As root it warns of being so.
        let errors: Vec<&str> = errors.lines().filter(|line| !line.contains("user \"root\"")).collect();
        assert!(errors.is_empty(), "{errors:#?}");
        String::from_utf8_lossy(&output.stdout).lines().map(str::to_string).collect()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        // What is left behind in a temporary directory harms nobody.
        let _ = fs::remove_file(&self.0);
    }
}

fn has_tshark() -> bool {
    let version =
        Command::new("tshark").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    let is_there = version.is_ok_and(|status| status.success());
    if !is_there {
        eprintln!("skipped, as there is no tshark: apt-get install tshark");
    }
    is_there
}

/// Where a segment that takes sequence numbers begins and ends, from how it is shown.
fn sequence(segment: &str) -> Option<(u64, u64)> {
    let number = |text: &str| text.parse::<u64>().expect("a number");
    let words: Vec<&str> = segment.split(' ').collect();
    let mut range: Option<(u64, u64)> = None;
    for (at, word) in words.iter().enumerate() {
        let begins = |after: usize| number(words[at + after]);
        let (start, length) = match *word {
            "RST" => return None,
            "SYN" => (0, 1),
            "byte" | "bytes" => (begins(2), number(words[at - 1])),
            "FIN" => (begins(2), 1),
            _ => continue,
        };
        range = Some((range.map_or(start, |(first, _)| first), start + length));
    }
    range
}

/// What each host sent again that it had sent before, by port and sequence number: the simulator's own account, its trace.
fn retransmissions(trace: &Trace, host: &str) -> Vec<String> {
    let mut sent: BTreeMap<(String, String), u64> = BTreeMap::new();
    let mut again = Vec::new();
    for line in trace.to_string().lines() {
        let Some((_, sending)) = line.split_once(" send ") else { continue };
        let Some((from, rest)) = sending.split_once(" -> ") else { continue };
        let (Some((to, segment)), Some((name, port))) = (rest.split_once(' '), from.split_once(':')) else {
            panic!("nobody can read {line:?}")
        };
        if name != host || segment.starts_with("datagram") {
            continue;
        }
        let Some((start, end)) = sequence(segment) else { continue };
        let until = sent.entry((from.to_string(), to.to_string())).or_default();
        if start < *until {
            again.push(format!("{port}\t{start}"));
        }
        *until = end.max(*until);
    }
    again
}

const WRONG: &str = "_ws.malformed || _ws.unreassembled || _ws.expert.severity == error || ip.checksum.status == Bad \
                     || tcp.checksum.status == Bad || udp.checksum.status == Bad || icmp.checksum.status == Bad || icmpv6.checksum.status == Bad";
/// What a host has sent again, in the words of Wireshark. It calls a segment out of order that comes within a round trip of a
/// later one; at its sender's interface nothing can have come between, so that it was sent again.
const AGAIN: &str = "frame.packet_flags_direction == 2 && (tcp.analysis.retransmission || \
                     tcp.analysis.fast_retransmission || tcp.analysis.spurious_retransmission || \
                     tcp.analysis.out_of_order)";

#[test]
fn wireshark_finds_nothing_wrong_in_a_capture() {
    if !has_tshark() {
        return;
    }
    for segment_bytes_max in [1_460, 65_536] {
        let captured = converse(lossy(segment_bytes_max), 1, true);
        let file = File::new(&format!("whole-{segment_bytes_max}"), &captured.capture.pcapng());
        assert_eq!(file.tshark("frame", &["frame.number"]).len(), captured.capture.len());
        assert_eq!(captured.capture.left_out(), 0);
        assert_eq!(file.tshark(WRONG, &["frame.number", "_ws.expert.message"]), Vec::<String>::new());
        for (protocol, least) in [("tcp", 100), ("udp && !icmp && !icmpv6", 8), ("icmp", 1), ("icmpv6", 1)] {
            let count = file.tshark(protocol, &["frame.number"]).len();
            assert!(count >= least, "{count} packets of {protocol}");
        }
        let unchecked = "tcp && !(tcp.checksum.status == Good)";
        assert_eq!(file.tshark(unchecked, &["frame.number"]), Vec::<String>::new(), "all are looked at");
        let windows = file.tshark("tcp.flags.syn == 0 && tcp.flags.reset == 0", &["tcp.window_size"]);
        let windows = windows.iter().map(|window| window.parse::<u32>().unwrap());
        assert_eq!(windows.max(), Some(300_000), "windows are scaled");
        let names = file.tshark("frame.number <= 2", &["frame.interface_name", "frame.time_relative"]);
        assert_eq!(names[0].split('\t').next(), Some("client"));
    }
}

#[test]
fn wireshark_sees_the_retransmissions_that_were_made() {
    if !has_tshark() {
        return;
    }
    let (mut all, mut fast) = (0, 0);
    for seed in 0..3 {
        let captured = converse(lossy(1_460), seed, true);
        for host in ["client", "server"] {
            let file = File::new(&format!("{host}-{seed}"), &captured.capture.pcapng_of(host));
            let seen = file.tshark(AGAIN, &["tcp.srcport", "tcp.seq_raw"]);
            assert_eq!(seen, retransmissions(&captured.trace, host), "of {host}, seed {seed}");
            all += seen.len();
            fast += file.tshark("tcp.analysis.fast_retransmission", &["frame.number"]).len();
        }
    }
    println!("{all} retransmissions, {fast} of them fast");
    assert!(all >= 50 && fast >= 10, "{all} retransmissions, {fast} of them fast");
}

#[test]
fn wireshark_sees_no_retransmission_where_none_was_made() {
    if !has_tshark() {
        return;
    }
    let captured = converse(NetworkConfig::default(), 0, true);
    for host in ["client", "server"] {
        assert_eq!(retransmissions(&captured.trace, host), Vec::<String>::new());
        let file = File::new(&format!("calm-{host}"), &captured.capture.pcapng_of(host));
        // Windows that close and open are no fault.
        let faults = "tcp.analysis.flags && !tcp.analysis.window_update && !tcp.analysis.window_full \
                      && !tcp.analysis.zero_window";
        assert_eq!(file.tshark(faults, &["frame.number", "_ws.expert.message"]), Vec::<String>::new());
    }
}

#[test]
fn a_capture_changes_nothing_in_a_run() {
    let [without, with] = [false, true].map(|is_captured| converse(lossy(1_460), 3, is_captured));
    assert_eq!(without.hash, with.hash);
    assert_eq!(without.trace.to_string(), with.trace.to_string());
    assert!(without.capture.is_empty() && !with.capture.is_empty());
    let again = converse(lossy(1_460), 3, true);
    assert_eq!(again.capture.pcapng(), with.capture.pcapng(), "the same seed gives the same bytes");
}

/// Lines of the trace, as many as there should be packets.
fn count(trace: &Trace, what: &str) -> usize {
    trace.to_string().lines().filter(|line| line.contains(what)).count()
}

#[test]
fn a_lost_packet_is_seen_at_its_sender_only() {
    let captured = converse(lossy(1_460), 2, true);
    let (sent, lost) = (count(&captured.trace, " send "), count(&captured.trace, " lost "));
    assert!(lost > 10, "{lost}");
    assert_eq!(captured.capture.len(), 2 * sent - lost);
}

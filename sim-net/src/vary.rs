//! What a program may not depend on, drawn for each run: latencies, buffers, short reads.

use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use sim_executor::{Label, LineageId, Ratio, Varied, context};

use crate::config::{NetworkConfig, UdpConfig, UnixConfig};
use crate::link::{Latency, LinkConfig};
use crate::network::{Extension, Network, extend, extension};
use crate::tcp::TcpConfig;

/// What of a network is drawn for each run, where its configuration does not set it. None of it is a fault: nothing is lost, nothing comes
/// twice or out of order, and nothing is refused. In production order all is as by default, since that is the gentlest answer.
///
/// ```
/// use sim_executor::{Executor, KeyedRandom, Outcome};
/// use sim_net::{NetworkConfig, install, vary::{self, Vary}};
///
/// let varied = (0..20).filter(|&seed| {
///     let mut executor = Executor::new(KeyedRandom::new(seed));
///     executor.enter(|| {
///         vary::choose(Vary { buffers: true, ..Vary::NONE });
///         install(NetworkConfig::default());
///     });
///     !executor.finish(Outcome::Done).varied.is_empty()
/// });
/// assert!(varied.count() > 10);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vary {
    /// How long packets take, 5 ms at most: always the same, nothing, anything between two bounds, or nothing for half
    /// of them. Those of one flow stay in their order.
    pub latency: bool,
    /// Whether TCP reads and writes are short now and then, and what is written is held back.
    pub short: bool,
    /// The buffers of sockets. Those of TCP are from 4 KiB to 256 KiB, some of them odd. A send buffer of UDP is 4 KiB
    /// at least, a receive buffer as by default at least, so that nothing is lost which would not be lost else; a
    /// buffer of Unix sockets 68 KiB at least, so that any datagram fits which UDP can carry.
    pub buffers: bool,
    /// Whether small TCP segments are sent at once (Nagle's algorithm is off).
    pub nagle: bool,
    /// How many TCP connections may wait to be accepted: 128 at least.
    pub backlog: bool,
    /// What each operation on a socket costs its node's CPU: up to 20 µs.
    pub op_cost: bool,
}

impl Vary {
    /// Everything.
    pub const ALL: Vary =
        Vary { latency: true, short: true, buffers: true, nagle: true, backlog: true, op_cost: true };

    /// Nothing: each run has the network that is configured.
    pub const NONE: Vary =
        Vary { latency: false, short: false, buffers: false, nagle: false, backlog: false, op_cost: false };
}

/// Lets the network of the current run be drawn, where its configuration, or a profile that was chosen before, does not set it. A part that was set
/// to what it is by default counts as not set. What sockets and [`fault::set_link`](crate::fault::set_link) set is set.
///
/// Each draw is a decision of the actor `vary`, such as `vary @ vary.link.latency`, of which the first answer is the default. What is not as by
/// default is told in [`Report::varied`](sim_executor::Report).
///
/// # Panics
/// Outside a run; if the run has a network already, or was told what to vary.
pub fn choose(vary: Vary) {
    assert!(
        context::device::<Network>().is_none() && extension::<Chosen>().is_none(),
        "the run has a network already: say what to vary before the first use"
    );
    extend(Rc::new(Chosen(vary)));
}

struct Chosen(Vary);

impl Extension for Chosen {
    fn configure(&self, config: NetworkConfig) -> NetworkConfig {
        let Vary { latency, short, buffers, nagle, backlog, op_cost } = self.0;
        let draws = Draws { actor: context::actor("vary") };
        let mut config = config;
        if latency {
            draws.link(&mut config.link, LinkConfig::default(), LINK, "latency", &LATENCIES);
            draws.link(
                &mut config.loopback,
                LinkConfig::loopback(),
                LOOPBACK,
                "loopback latency",
                &LOOPBACKS,
            );
        }
        let (tcp, default) = (&mut config.tcp, TcpConfig::default());
        if buffers {
            draws.set(
                &mut tcp.send_buffer_bytes,
                default.send_buffer_bytes,
                SEND,
                "TCP send buffer",
                &BUFFERS,
            );
            let receive = default.receive_buffer_bytes;
            draws.set(&mut tcp.receive_buffer_bytes, receive, RECEIVE, "TCP receive buffer", &BUFFERS);
            draws.other_buffers(&mut config.udp, &mut config.unix);
        }
        if short {
            draws.share(&mut tcp.short_reads, READS, "short reads");
            draws.share(&mut tcp.short_writes, WRITES, "short writes");
            draws.share(&mut tcp.held_writes, HELD, "held writes");
        }
        if nagle {
            draws.set(&mut tcp.nodelay, default.nodelay, NODELAY, "TCP_NODELAY", &[false, true]);
        }
        if backlog {
            draws.set(&mut tcp.accept_backlog, default.accept_backlog, BACKLOG, "backlog", &BACKLOGS);
        }
        if op_cost {
            let default = NetworkConfig::default().op_cost;
            draws.set(&mut config.op_cost, default, OP_COST, "op_cost", &OP_COSTS);
        }
        config
    }
}

const LINK: Label = Label::new("vary.link.latency");
const LOOPBACK: Label = Label::new("vary.loopback.latency");
const SEND: Label = Label::new("vary.tcp.send_buffer");
const RECEIVE: Label = Label::new("vary.tcp.receive_buffer");
const UDP_SEND: Label = Label::new("vary.udp.send_buffer");
const UDP_RECEIVE: Label = Label::new("vary.udp.receive_buffer");
const UNIX: Label = Label::new("vary.unix.buffer");
const UNIX_QUEUE: Label = Label::new("vary.unix.queue");
const READS: Label = Label::new("vary.tcp.short_reads");
const WRITES: Label = Label::new("vary.tcp.short_writes");
const HELD: Label = Label::new("vary.tcp.held_writes");
const NODELAY: Label = Label::new("vary.tcp.nodelay");
const BACKLOG: Label = Label::new("vary.tcp.backlog");
const OP_COST: Label = Label::new("vary.op_cost");

const MS: Duration = Duration::from_millis(1);
const US: Duration = Duration::from_micros(1);

// In each table the first is the default, and the last is what a search tries that tries the extremes only.
const LATENCIES: [Latency; 6] = [
    Latency::Fixed(MS),
    Latency::Fixed(Duration::ZERO),
    Latency::Fixed(Duration::from_millis(5)),
    Latency::Uniform { min: MS, max: Duration::from_millis(5) },
    Latency::Uniform { min: Duration::ZERO, max: MS },
    Latency::ZeroOr { max: MS },
];
const LOOPBACKS: [Latency; 4] = [
    Latency::Fixed(Duration::from_micros(10)),
    Latency::Fixed(Duration::ZERO),
    Latency::Uniform { min: Duration::ZERO, max: Duration::from_micros(100) },
    Latency::ZeroOr { max: Duration::from_micros(100) },
];
const BUFFERS: [u32; 7] = [65_536, 262_144, 131_071, 32_768, 16_385, 8_191, 4_096];
const UDP_SENDS: [u32; 4] = [212_992, 65_536, 16_385, 4_096];
const UDP_RECEIVES: [u32; 3] = [212_992, 425_984, 1_048_575];
const UNIX_BUFFERS: [u32; 3] = [212_992, 425_984, 69_632];
const UNIX_QUEUES: [u32; 4] = [10, 512, 3, 1];
const SHORT: [Ratio; 3] = [Ratio::NEVER, Ratio::one_in(8), Ratio::one_in(2)];
const BACKLOGS: [u32; 3] = [1_024, 512, 128];
const OP_COSTS: [Duration; 3] = [Duration::ZERO, US, Duration::from_micros(20)];

struct Draws {
    actor: LineageId,
}

impl Draws {
    /// Draws a value that was not set, and tells what it is if it is not the default.
    fn set<T>(&self, value: &mut T, default: T, label: Label, what: &'static str, table: &[T])
    where
        T: Copy + PartialEq + fmt::Debug,
    {
        if let Some(drawn) = self.draw(*value, default, label, table) {
            *value = drawn;
            context::note_varied(Varied { what, drawn: format!("{drawn:?}") });
        }
    }

    /// Draws the buffers of UDP and of Unix sockets that were not set.
    fn other_buffers(&self, udp: &mut UdpConfig, unix: &mut UnixConfig) {
        let (udps, unixes) = (UdpConfig::default(), UnixConfig::default());
        let send = udps.send_buffer_bytes;
        self.set(&mut udp.send_buffer_bytes, send, UDP_SEND, "UDP send buffer", &UDP_SENDS);
        let receive = udps.receive_buffer_bytes;
        self.set(&mut udp.receive_buffer_bytes, receive, UDP_RECEIVE, "UDP receive buffer", &UDP_RECEIVES);
        self.set(&mut unix.send_buffer_bytes, unixes.send_buffer_bytes, UNIX, "Unix buffer", &UNIX_BUFFERS);
        let queue = unixes.max_dgram_qlen;
        self.set(&mut unix.max_dgram_qlen, queue, UNIX_QUEUE, "Unix datagram queue", &UNIX_QUEUES);
    }

    /// Draws how often something happens that was not to happen.
    fn share(&self, value: &mut Ratio, label: Label, what: &'static str) {
        if let Some(drawn) = self.draw(*value, Ratio::NEVER, label, &SHORT) {
            *value = drawn;
            context::note_varied(Varied { what, drawn: drawn.to_string() });
        }
    }

    /// Draws the latency of a link that was not set.
    fn link(
        &self,
        link: &mut LinkConfig,
        default: LinkConfig,
        label: Label,
        what: &'static str,
        table: &[Latency],
    ) {
        if *link == default {
            self.set(&mut link.latency, default.latency, label, what, table);
            link.in_order = *link != default;
        }
    }

    /// Another value than the default, in place of one that was not set.
    fn draw<T: Copy + PartialEq>(&self, value: T, default: T, label: Label, table: &[T]) -> Option<T> {
        assert!(table.first() == Some(&default), "{label}: the default comes first");
        if value != default {
            return None;
        }
        let last = table.len() as u64 - 1;
        let drawn = context::ask_int(self.actor, label, 0, last, 0) as usize;
        (drawn > 0).then(|| table[drawn])
    }
}

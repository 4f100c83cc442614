//! How a connection comes to be: the SYNs of both ends.

use super::connection::{Connection, Phase, Ready};
use super::context::Context;
use super::keepalive::Keepalive;
use super::options::Options;
use super::receive::Receiver;
use super::rules::Rules;
use super::segment::{Flags, Segment};
use super::send::Sender;
use crate::errno::Errno;
use sim_executor::Instant;

impl Connection {
    /// A connection that we ask for.
    pub(crate) fn connect(rules: &Rules, options: &Options) -> Self {
        Connection::new(rules, options, Phase::SynSent)
    }

    /// A connection that a peer has asked for with a SYN.
    pub(crate) fn accept(rules: &Rules, options: &Options) -> Self {
        let mut connection = Connection::new(rules, options, Phase::SynReceived);
        connection.rx.handle_syn();
        connection
    }

    fn new(rules: &Rules, options: &Options, phase: Phase) -> Self {
        Connection {
            phase,
            tx: Sender::new(rules, options),
            rx: Receiver::new(options),
            failure: None,
            ready: Ready::default(),
            syn_due: true,
            reset_at: None,
            is_orphan: false,
            closes_first: false,
            linger: options.linger,
            keepalive: Keepalive::new(options.keepalive, options.keepalive_times),
            heard_at: Instant::START,
        }
    }

    /// Whether the handshake is done.
    ///
    /// # Errors
    /// `WouldBlock` while it is under way; the reason if it has failed.
    pub(crate) fn poll_connected(&mut self) -> Result<(), Errno> {
        match self.phase {
            Phase::SynSent | Phase::SynReceived => Err(Errno::WouldBlock),
            Phase::Closed => Err(self.failure.take().unwrap_or(Errno::NotConnected)),
            Phase::Open => Ok(()),
        }
    }

    /// Both ends have heard of the other.
    pub(super) fn open(&mut self, context: &Context<'_>) {
        self.phase = Phase::Open;
        self.ready.write = true;
        self.keepalive.start(context.now);
    }

    /// What comes after our SYN: the answer to it, or the SYN of a peer that connects to us at the same time.
    pub(super) fn handle_answer(&mut self, context: &mut Context<'_>, segment: &Segment) {
        let flags = segment.flags;
        let is_reset = flags.has(Flags::RST);
        if flags == Flags::SYN {
            self.phase = Phase::SynReceived;
            self.rx.handle_syn();
            self.syn_due = true;
            return;
        }
        if !flags.has(Flags::ACK) {
            return;
        }
        if segment.ack != self.tx.next() || !(is_reset || flags.has(Flags::SYN)) {
            // The peer has a connection of which we know nothing, as after a restart.
            if !is_reset {
                self.reset_at = Some(segment.ack);
            }
            return;
        }
        if is_reset {
            self.fail(context, Errno::ConnectionRefused);
        } else {
            self.open(context);
            self.rx.handle_syn();
            self.rx.demand_ack();
            self.tx.handle_ack(context, segment.ack, segment.window, false);
        }
    }

    /// A SYN after the first one; whether the rest of the segment counts.
    pub(super) fn handle_repeated_syn(&mut self, segment: &Segment) -> bool {
        match (self.phase, segment.flags.has(Flags::ACK)) {
            // The peer has not heard our answer to it.
            (Phase::SynReceived, false) => self.syn_due = true,
            // Two SYNs have crossed, and this is the answer to ours.
            (Phase::SynReceived, true) => return true,
            _ => self.rx.demand_ack(),
        }
        false
    }
}

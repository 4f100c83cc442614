//! A TCP connection as a pure state machine: from the time, segments, calls to segments, a timeout.
//!
//! There is no congestion control: a sender sends what the receiver's window allows, and a lost packet costs its
//! retransmission and nothing else. Sequence numbers do not wrap, as they are 64 bits wide, and begin at zero, which is
//! the SYN's; they are what the trace shows.

mod close;
mod config;
mod connection;
mod context;
mod handshake;
mod keepalive;
mod options;
mod receive;
mod resend;
mod reset;
mod rtt;
mod rules;
mod segment;
mod send;
mod settings;
mod state;
mod time_wait;

pub(crate) use close::Ending;
pub use config::{TcpConfig, TcpKeepalive};
pub(crate) use connection::{Connection, Ready};
pub(crate) use context::Context;
pub(crate) use options::Options;
pub(crate) use reset::reset_for;
pub(crate) use rules::Rules;
pub(crate) use segment::{Flags, Segment};
pub use state::{SocketState, Timer, TimerKind};
pub(crate) use time_wait::TimeWait;

#[cfg(test)]
mod tests;

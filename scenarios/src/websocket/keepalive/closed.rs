//! How a connection ended, in the words of Python's `websockets`.

use std::fmt;

use async_tungstenite::tungstenite::protocol::CloseFrame;

/// A close code: the connection ended as it should.
pub(super) const NORMAL: u16 = 1000;
/// A close code: an end went away, such as a server that is shut down.
const GOING_AWAY: u16 = 1001;
/// Not sent, but seen where a close frame has no code.
const NO_STATUS: u16 = 1005;
/// Not sent, but seen where no close frame came.
pub(super) const ABNORMAL: u16 = 1006;
/// A close code: an end could not go on.
pub(super) const INTERNAL_ERROR: u16 = 1011;

/// A close frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close {
    /// The close code: 1000 for a normal end.
    pub code: u16,
    /// Why, in words; often empty.
    pub reason: String,
}

impl Close {
    pub(super) fn of(frame: Option<CloseFrame>) -> Self {
        let (code, reason) =
            frame.map_or((NO_STATUS, String::new()), |frame| (frame.code.into(), frame.reason.to_string()));
        Close { code, reason }
    }

    pub(super) fn frame(&self) -> CloseFrame {
        CloseFrame { code: self.code.into(), reason: self.reason.clone().into() }
    }

    fn is_normal(&self) -> bool {
        matches!(self.code, NORMAL | GOING_AWAY)
    }
}

impl fmt::Display for Close {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let meaning = match self.code {
            NORMAL => "OK",
            GOING_AWAY => "going away",
            1002 => "protocol error",
            NO_STATUS => "no status received [internal]",
            INTERNAL_ERROR => "internal error",
            _ => "unknown",
        };
        write!(out, "{} ({meaning})", self.code)?;
        if !self.reason.is_empty() {
            write!(out, " {}", self.reason)?;
        }
        Ok(())
    }
}

/// The connection is closed: what was sent and received of the closing handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionClosed {
    /// The close frame that came from the other end.
    pub received: Option<Close>,
    /// The close frame that was sent.
    pub sent: Option<Close>,
    /// Whether the other end began.
    pub received_first: bool,
}

impl ConnectionClosed {
    /// Whether both ends closed it as they should.
    #[must_use]
    pub fn is_normal(&self) -> bool {
        let is_normal = |close: &Option<Close>| close.as_ref().is_some_and(Close::is_normal);
        is_normal(&self.received) && is_normal(&self.sent)
    }

    /// The close code that came, or 1006 if none did.
    #[must_use]
    pub fn code(&self) -> u16 {
        self.received.as_ref().map_or(ABNORMAL, |close| close.code)
    }

    /// The name of the exception in Python: `ConnectionClosedOK` or `ConnectionClosedError`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        if self.is_normal() { "ConnectionClosedOK" } else { "ConnectionClosedError" }
    }
}

impl fmt::Display for ConnectionClosed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.received, &self.sent) {
            (None, None) => out.write_str("no close frame received or sent"),
            (None, Some(sent)) => write!(out, "sent {sent}; no close frame received"),
            (Some(received), None) => write!(out, "received {received}; no close frame sent"),
            (Some(received), Some(sent)) if self.received_first => {
                write!(out, "received {received}; then sent {sent}")
            }
            (Some(received), Some(sent)) => write!(out, "sent {sent}; then received {received}"),
        }
    }
}

impl std::error::Error for ConnectionClosed {}

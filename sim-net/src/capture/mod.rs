//! Captures of a run's packets as pcapng, which Wireshark opens.
//!
//! Every host is an interface, with the name of its node. A packet is seen at the interface of its sender when it is sent, and
//! at that of its receiver when it arrives, so one that is lost is seen once; one that a host sends to itself is seen when it
//! is sent. Times are virtual, in nanoseconds since the run began. Packets are IPv4 or IPv6 with valid checksums and no link
//! layer; a SYN has the options of the segment size and of the window's scale.
//!
//! ```
//! use sim_executor::{Executor, Node, ProductionOrder};
//! use sim_net::{UdpSocket, capture};
//!
//! let mut executor = Executor::new(ProductionOrder);
//! let capture = executor.enter(capture::start);
//! executor.block_on(async {
//!     let _server = Node::named("server");
//!     let socket = UdpSocket::bind("0.0.0.0:0").await.unwrap();
//!     socket.send_to(b"hello", "server:7").await.unwrap();
//! }).unwrap();
//! executor.run_until_idle().unwrap();
//! assert_eq!(capture.len(), 4, "a datagram and its refusal, each at two hosts");
//! let file: Vec<u8> = capture.pcapng();
//! assert_eq!(file[..4], [0x0a, 0x0d, 0x0d, 0x0a]);
//! ```

mod file;
mod frame;
mod tap;

use std::fmt;
use std::rc::Rc;

use crate::network::{Extension, extend, extension};

use tap::CaptureTap;

/// Packets that a capture keeps at most; those after them are left out: 4 million.
pub const PACKETS_MAX: usize = 1 << 22;

/// The packets of a run that were seen since [`start`]. It can be read during the run, and after its end.
#[derive(Clone)]
pub struct Capture {
    tap: Rc<CaptureTap>,
}

/// Begins to capture the packets of the current run, be there a network yet or not. The run is the same as without, and so is
/// its hash. If a capture is under way, it is given again.
///
/// # Panics
/// Outside a run.
#[must_use = "the packets are read from the capture"]
pub fn start() -> Capture {
    if let Some(tap) = extension::<CaptureTap>() {
        return Capture { tap };
    }
    let tap = Rc::new(CaptureTap::default());
    extend(Rc::clone(&tap) as Rc<dyn Extension>);
    Capture { tap }
}

impl Capture {
    /// How many packets were seen, each time counted.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tap.packets().len()
    }

    /// Whether none was seen.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many packets were not kept, since there were [`PACKETS_MAX`].
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.tap.packets().left_out()
    }

    /// The file with the packets of all hosts.
    ///
    /// As each packet that arrives is in it twice, once for each end, what Wireshark says of repeated segments is of use only
    /// for one interface at a time: see [`Capture::pcapng_of`].
    #[must_use]
    pub fn pcapng(&self) -> Vec<u8> {
        file::pcapng(&self.tap.packets(), |_| true)
    }

    /// The file with the packets that were seen at one host, by the name of its node; empty but for its header if there
    /// were none.
    #[must_use]
    pub fn pcapng_of(&self, host: &str) -> Vec<u8> {
        file::pcapng(&self.tap.packets(), |name| name == host)
    }
}

impl fmt::Debug for Capture {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Capture").field("packets", &self.len()).finish_non_exhaustive()
    }
}

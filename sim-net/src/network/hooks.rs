//! The packet hooks of a network, which are called while nothing of it is borrowed.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use sim_executor::Reuse as _;

use crate::host::DATAGRAM_BYTES_MAX;
use crate::wire::{Crossing, PacketData, Protocol};

/// A function that is called with each packet.
type Function = Rc<RefCell<dyn FnMut(&mut Crossing)>>;

/// The hooks of a network.
#[derive(Default)]
pub(crate) struct Hooks {
    hooks: RefCell<Vec<(u64, Function)>>,
    count: Cell<u64>,
    is_calling: Cell<bool>,
}

impl Hooks {
    /// Makes it as new.
    pub(super) fn renew(&mut self) {
        let Hooks { hooks, count, is_calling } = self;
        hooks.get_mut().renew();
        count.set(0);
        is_calling.set(false);
    }

    pub(crate) fn add(&self, hook: Function) -> u64 {
        self.count.set(self.count.get() + 1);
        self.hooks.borrow_mut().push((self.count.get(), hook));
        self.count.get()
    }

    pub(crate) fn remove(&self, id: u64) -> Option<Function> {
        let mut hooks = self.hooks.borrow_mut();
        let place = hooks.iter().position(|&(hook, _)| hook == id)?;
        Some(hooks.remove(place).1)
    }

    pub(crate) fn are_none(&self) -> bool {
        self.hooks.borrow().is_empty()
    }

    /// Says that hooks are being called, until what it gives is dropped; `None` if they are already.
    pub(super) fn begin(&self) -> Option<Calling<'_>> {
        (!self.is_calling.replace(true)).then(|| Calling(self))
    }

    /// Shows a packet to all hooks.
    ///
    /// # Panics
    /// If a hook did what it may not.
    pub(super) fn show(&self, packet: PacketData) -> Crossing {
        let mut crossing = Crossing { packet, is_dropped: false, delay: Duration::ZERO, copies: 0 };
        let hooks: Vec<Function> = self.hooks.borrow().iter().map(|(_, hook)| Rc::clone(hook)).collect();
        for hook in hooks {
            let bytes = crossing.packet.payload.len();
            (hook.borrow_mut())(&mut crossing);
            check_payload(&crossing.packet, bytes);
            if crossing.is_dropped {
                break;
            }
        }
        crossing
    }
}

fn check_payload(packet: &PacketData, bytes_before: usize) {
    let bytes = packet.payload.len();
    match packet.protocol {
        Protocol::Udp => assert!(
            bytes <= DATAGRAM_BYTES_MAX,
            "a packet hook made a datagram of {bytes} bytes, more than {DATAGRAM_BYTES_MAX}"
        ),
        _ => assert!(
            bytes == bytes_before,
            "a packet hook changed the length of a segment from {bytes_before} to {bytes} bytes, which its \
             sequence numbers do not allow"
        ),
    }
}

/// While it is there, hooks are being called.
pub(super) struct Calling<'a>(&'a Hooks);

impl Drop for Calling<'_> {
    fn drop(&mut self) {
        self.0.is_calling.set(false);
    }
}

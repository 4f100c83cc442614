//! What a network does once it is not borrowed: it wakes tasks, drops wakers, and shows packets to hooks.

use std::cell::RefMut;

use sim_executor::context;

use super::Network;
use super::state::State;

impl Network {
    /// Calls with the state, then wakes with nothing borrowed.
    #[inline]
    pub(super) fn with<R>(&self, call: impl FnOnce(&mut State) -> R) -> R {
        let mut state = self.state.borrow_mut();
        let result = call(&mut state);
        if !state.wire.wakes.is_empty() || !state.wire.garbage.is_empty() {
            self.wake_all(state);
        }
        result
    }

    /// Wakes with nothing borrowed what the network has come to when it was fired.
    #[inline]
    pub(super) fn end_firing(&self, mut state: RefMut<'_, State>) {
        if !state.wire.garbage.is_empty() {
            if !state.wire.wakes.is_empty() {
                state.probes.set(0);
            }
            return self.wake_all(state);
        }
        if let Some(waker) = state.wire.wakes.take_only() {
            state.probes.set(0);
            if let Some(foreign) = state.wire.run.wake(waker) {
                drop(state);
                foreign.wake();
            }
        } else if !state.wire.wakes.is_empty() {
            self.wake_many(state);
        }
    }

    /// Wakes several in their order, those of this run with the state at hand.
    #[inline(never)]
    fn wake_many<'network>(&'network self, mut state: RefMut<'network, State>) {
        state.probes.set(0);
        let mut wakes = state.wire.wakes.take_all();
        let mut left = wakes.drain();
        while let Some(foreign) = state.wire.run.wake_all(&mut left) {
            drop(state);
            foreign.wake();
            state = self.state.borrow_mut();
        }
        drop(left);
        state.wire.wakes.use_memory_of(wakes);
    }

    /// Does what is to be done with nothing borrowed.
    #[inline(never)]
    fn wake_all(&self, mut state: RefMut<'_, State>) {
        if state.wire.garbage.is_empty()
            && let Some(waker) = state.wire.wakes.take_only()
        {
            drop(state);
            return waker.wake();
        }
        let (mut wakes, garbage) = (state.wire.wakes.take_all(), state.wire.garbage.take_all());
        let has_aside = state.wire.has_aside();
        drop(state);
        drop(garbage);
        if has_aside {
            self.call_hooks();
        }
        wakes.wake();
        self.state.borrow_mut().wire.wakes.use_memory_of(wakes);
    }

    /// Shows the packets to the hooks that were put aside for them, with nothing borrowed, and sends them on.
    ///
    /// # Panics
    /// If a hook does what it may not.
    fn call_hooks(&self) {
        if !self.is_of_current_run() {
            // What is sent after the run arrives nowhere, and hooks belong to it.
            return;
        }
        if std::thread::panicking() {
            // A socket is dropped by a panic. If a hook panicked in there, that would be the end of the process.
            return self.state.borrow_mut().wire.leave_aside(context::now());
        }
        // If a hook has brought us here, the packets that it sends are seen to by who has called it.
        let Some(_calling) = self.hooks.begin() else { return };
        let calls_max = self.state.borrow().wire.config.packets_max;
        for _ in 0..=calls_max {
            let mut state = self.state.borrow_mut();
            let Some((now, packet)) = state.wire.take_aside() else { return };
            let data = state.wire.data_of(&packet);
            drop(state);
            let crossing = self.hooks.show(data);
            self.state.borrow_mut().wire.send_crossing(now, packet, &crossing);
        }
        panic!(
            "packet hooks were called more than NetworkConfig::packets_max = {calls_max} times at one instant: one \
             sends a packet for each packet that it sees"
        );
    }
}

#[cfg(test)]
mod tests {
    use sim_executor::{Executor, ProductionOrder, spawn, yield_now};

    use super::*;
    use crate::{TcpListener, TcpStream, UdpSocket, fault};

    /// How many probes in a row are left of some after what comes to so many UDP sockets at one instant has woken a task each.
    fn probes_after_datagrams(sockets: u8) -> u32 {
        let ended = Executor::new(ProductionOrder).block_on(async move {
            let (network, from) = (Network::current(), UdpSocket::bind("127.0.0.1:0").await.unwrap());
            let mut receivers = Vec::new();
            for number in 0..sockets {
                let socket = UdpSocket::bind(("127.0.0.1", 1_000 + u16::from(number))).await.unwrap();
                receivers.push(spawn(async move { socket.recv(&mut [0; 8]).await }));
            }
            yield_now().await;
            network.state.borrow().probes.set(5);
            for number in 0..sockets {
                from.send_to(b"x", ("127.0.0.1", 1_000 + u16::from(number))).await.unwrap();
            }
            for receiver in receivers {
                assert_eq!(receiver.await.unwrap().unwrap(), 1);
            }
            network.state.borrow().probes.get()
        });
        ended.expect("the program ends")
    }

    #[test]
    fn probes_are_counted_anew_when_a_task_was_woken() {
        assert_eq!([0, 1, 2].map(probes_after_datagrams), [5, 0, 0]);
    }

    #[test]
    fn probes_are_counted_anew_also_when_what_wakes_a_task_is_answered_through_a_hook() {
        let ended = Executor::new(ProductionOrder).block_on(async {
            fault::hook(|_| {}).keep();
            let network = Network::current();
            let _listener = TcpListener::bind("127.0.0.1:1").await.unwrap();
            network.state.borrow().probes.set(5);
            let _client = TcpStream::connect("127.0.0.1:1").await.unwrap();
            network.state.borrow().probes.get()
        });
        assert_eq!(ended.expect("the program ends"), 0);
    }
}

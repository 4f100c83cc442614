//! Sending a signal to a node.

use super::kind::{DefaultAction, SignalKind};
use super::listeners::Listeners;
use crate::choice::hash_str;
use crate::context::{self, Node};
use crate::task::{Crash, Life};

impl Node {
    /// Sends a signal to the node's process, as `kill(2)` does: see [`signal`](crate::signal) for what it does there. A node that
    /// is down has no process, and gets nothing. A task that sends its own node what kills it goes on to its next await.
    ///
    /// ```
    /// use sim_executor::signal::unix::SignalKind;
    /// use sim_executor::{Executor, Node, ProductionOrder, time};
    /// use std::time::Duration;
    ///
    /// Executor::new(ProductionOrder).block_on(async {
    ///     let server = Node::named("server");
    ///     let serving = server.spawn(time::sleep(Duration::MAX));
    ///     server.send_signal(SignalKind::terminate());
    ///     assert!(serving.await.unwrap_err().is_cancelled());
    ///     assert!(server.life().is_down());
    /// }).unwrap();
    /// ```
    ///
    /// # Panics
    /// Outside a run; if there is no signal of that number; and if it would kill the node `main`, which runs the test.
    pub fn send_signal(&self, kind: SignalKind) {
        assert!(kind.exists(), "there is no signal of the number {}", kind.as_raw_value());
        if self.life().is_down() {
            return;
        }
        context::hash(hash_str("signal"));
        context::hash(kind.as_raw_value() as u64);
        if context::tracing_all() {
            context::record_device(self.name.clone(), format!("gets {kind}"));
        }
        if kind == SignalKind::CONTINUE {
            self.thaw();
        }
        let listeners = Listeners::current();
        if listeners.tell(self.id, kind) {
            return;
        }
        match kind.default_action() {
            DefaultAction::Ignore | DefaultAction::Thaw => {}
            DefaultAction::Freeze => self.freeze(),
            DefaultAction::Kill => self.kill_by(kind, &listeners),
        }
    }

    fn kill_by(&self, kind: SignalKind, listeners: &Listeners) {
        assert!(
            self.id.index() != 0,
            "{kind} would kill the node main, which runs the test and does not listen for it: send it to a node of its own"
        );
        if self.life() == Life::Frozen && kind != SignalKind::KILL {
            listeners.doom(self.id);
        } else {
            self.crash(Crash::ProcessKill);
        }
    }
}

//! Callbacks of a program.

use std::rc::Rc;

use super::interpreter::{Actor, Interpreter};
use super::op::{Op, Ops};

impl Interpreter {
    /// A new callback with its name.
    pub(super) fn callback(self: &Rc<Self>, ops: Ops) -> (String, impl FnOnce() + 'static) {
        let name = self.next_callback();
        let actor = Actor::new(None, name.clone());
        let this = Rc::clone(self);
        let callback = move || {
            this.log(&actor.name, format_args!("fired"));
            for op in &**this.program.ops(ops) {
                let Op::Sync(op) = op else { unreachable!("the parser refuses {op:?} in a callback") };
                this.sync_op(&actor, op);
                if this.event_loop.core().signals().is_interrupted() {
                    break; // `KeyboardInterrupt` was raised in it
                }
            }
        };
        (name, callback)
    }
}

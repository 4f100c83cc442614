//! Claims about devices: when they are asked what, and what they may do meanwhile.

use std::any::Any;
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use sim_executor::{Device, Executor, Instant, ProductionOrder, RunError, context};

/// Acts every millisecond, and looks at the run whenever it is asked anything.
struct Restless {
    acts: Cell<u64>,
    /// How often it acts before it says that nothing will come of it.
    acts_max: u64,
}

impl Device for Restless {
    fn next_due(&self) -> Option<Instant> {
        assert!(context::host_count() > 0 && context::now() >= Instant::START);
        Some(Instant::START + Duration::from_millis(self.acts.get() + 1))
    }

    fn fire(&self, now: Instant) {
        assert_eq!(context::now(), now);
        self.acts.set(self.acts.get() + 1);
    }

    fn may_wake(&self) -> bool {
        assert!(context::node_name(context::node()).len() > 3);
        self.acts.get() < self.acts_max
    }

    fn describe(&self, _: u64) -> String {
        String::new()
    }

    fn as_any(self: Rc<Self>) -> Rc<dyn Any> {
        self
    }
}

#[test]
fn a_device_may_look_at_the_run_whatever_it_is_asked() {
    let mut executor = Executor::new(ProductionOrder);
    let device = Rc::new(Restless { acts: Cell::new(0), acts_max: 20 });
    executor.enter(|| context::install_device(Rc::clone(&device) as Rc<dyn Device>));
    // Nobody else moves time, so that the device is asked whether it goes on for nothing.
    let result = executor.block_on(std::future::pending::<()>());
    assert!(matches!(result, Err(RunError::Deadlock { .. })), "{result:?}");
    assert_eq!(device.acts.get(), 20);
}

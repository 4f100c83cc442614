//! The primitives of a run for which tasks have waited: what a report asks about them.

use std::any::Any;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use sim_executor::{Device, Due, Instant, LeftOpen, LeftOpenKind, TaskId, context};

use super::known::Known;
use super::operation::Operation;

/// Acts at no time: it is there to be asked.
struct Book {
    pages: RefCell<Vec<Arc<Known>>>,
}

/// An operation takes so many bits of a number; no host of a network has one that great.
const OPERATION_BITS: u32 = 8;

/// The number of a wait, for [`context::wait_at`].
pub(super) fn number(known: &Arc<Known>, operation: Operation) -> u64 {
    !(enter(known) << OPERATION_BITS | operation as u64)
}

/// Its place in the book, which it gets if it has none.
pub(super) fn enter(known: &Arc<Known>) -> u64 {
    known.place(|| {
        let book = context::device::<Book>().unwrap_or_else(|| {
            let book = Rc::new(Book { pages: RefCell::default() });
            context::install_device(Rc::clone(&book) as Rc<dyn Device>);
            book
        });
        let mut pages = book.pages.borrow_mut();
        pages.push(Arc::clone(known));
        pages.len() as u64 - 1
    })
}

impl Book {
    fn find(&self, number: u64) -> Option<(Arc<Known>, Operation)> {
        let number = !number;
        let operation = Operation::from_number(number & ((1 << OPERATION_BITS) - 1))?;
        let place = usize::try_from(number >> OPERATION_BITS).ok()?;
        let known = self.pages.borrow().get(place).cloned()?;
        Some((known, operation))
    }
}

impl Device for Book {
    fn next_due(&self) -> Option<Instant> {
        None
    }

    fn due(&self) -> Option<Due> {
        Some(Due::never())
    }

    fn fire(&self, _: Instant) {}

    fn describe(&self, resource: u64) -> String {
        self.find(resource).map_or_else(String::new, |(known, operation)| known.describe(operation))
    }

    fn holders(&self, resource: u64) -> Vec<TaskId> {
        self.find(resource).map_or_else(Vec::new, |(known, operation)| known.holders(operation))
    }

    fn left_open(&self) -> Vec<LeftOpen> {
        let pages = self.pages.borrow();
        let held = pages.iter().flat_map(|known| known.all_held());
        held.map(|text| LeftOpen { kind: LeftOpenKind::Permit, text }).collect()
    }

    fn as_any(self: Rc<Self>) -> Rc<dyn Any> {
        self
    }
}

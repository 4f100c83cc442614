//! The bank: books payments into a journal that outlives its process.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use seedbed::net::{TcpListener, TcpStream};
use seedbed::{event, spawn_named};

use super::{Attempt, KEEPALIVE, Protocol};
use crate::queue::Queue;
use crate::websocket::changes::Changes;
use crate::websocket::keepalive::WebSocket;
use crate::websocket::work;

/// A file: what was written stays when a process is killed. An entry is written whole or not at all.
#[derive(Default)]
pub(super) struct Journal {
    /// The numbers of the payments.
    entries: RefCell<Vec<u64>>,
    written: Changes,
}

impl Journal {
    /// The numbers of the payments, in the order of the entries.
    pub(super) fn booked(&self) -> Vec<u64> {
        self.entries.borrow().clone()
    }

    /// Waits for so many more entries.
    pub(super) async fn grows_by(&self, count: u64) {
        let length = || self.entries.borrow().len() as u64;
        let enough = length() + count;
        self.written.until(|| (length() >= enough).then_some(())).await;
    }

    /// Takes some time on the disk.
    async fn write(&self, payment: u64) {
        work(2, 8).await;
        self.entries.borrow_mut().push(payment);
        self.written.wake();
    }
}

/// A payment, with the connection on which it is to be acknowledged.
type Order = (u64, WebSocket);

/// The bank's process.
pub(super) struct Bank {
    protocol: Protocol,
    journal: Rc<Journal>,
    /// The last payment that was booked.
    last: Cell<u64>,
    orders: Queue<Order>,
}

impl Bank {
    /// What a process knows that has just begun.
    pub(super) fn open(protocol: Protocol, journal: Rc<Journal>) -> Rc<Self> {
        let last = match protocol {
            Protocol::MemoryOfTheProcess => 0,
            _ => journal.booked().last().copied().unwrap_or_default(),
        };
        Rc::new(Bank { protocol, journal, last: Cell::new(last), orders: Queue::unbounded() })
    }

    pub(super) async fn serve(self: Rc<Self>) {
        drop(spawn_named("clerk", Rc::clone(&self).book_all()));
        let listener = TcpListener::bind("0.0.0.0:8765").await.expect("nobody else listens");
        while let Ok((stream, _)) = listener.accept().await {
            drop(spawn_named("counter", Rc::clone(&self).take_orders(stream)));
        }
    }

    /// Serves one connection. After a partition there may be two of the same customer.
    async fn take_orders(self: Rc<Self>, stream: TcpStream) -> Attempt {
        let socket = WebSocket::accept(stream, KEEPALIVE).await?;
        while let Some(text) = socket.next().await? {
            let payment = text.parse().expect("customers send numbers");
            if self.protocol == Protocol::AcknowledgesBeforeTheWrite {
                acknowledge(payment, &socket).await;
            }
            self.orders.put((payment, socket.clone())).await;
        }
        Ok(())
    }

    /// The only one who writes, so that nobody looks whether a payment is booked while another is booking it.
    async fn book_all(self: Rc<Self>) {
        loop {
            let (payment, socket) = self.orders.get().await;
            if self.protocol != Protocol::NoDeduplication && payment <= self.last.get() {
                event!("has booked {payment} already");
            } else {
                self.journal.write(payment).await;
                self.last.set(payment);
                event!("booked {payment}");
            }
            if self.protocol != Protocol::AcknowledgesBeforeTheWrite {
                acknowledge(payment, &socket).await;
            }
        }
    }
}

async fn acknowledge(payment: u64, socket: &WebSocket) {
    // If the connection is gone the customer will ask again.
    let _sent_or_gone = socket.send(payment.to_string()).await;
}

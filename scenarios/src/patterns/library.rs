//! Patterns that are spelled out nowhere, but on which the programs depend.

use sim_explorer::Pattern;

pub(crate) const D1: Pattern = Pattern {
    id: "D1",
    about: "Keepalive: when a ping is sent, and when a silent connection is dead",
    here: "`time::interval` and `time::timeout` in virtual time; `net::fault::partition` cuts the link",
    rust: "`tokio::time::interval` in a task of its own: tungstenite has no keepalive",
};

pub(crate) const D2: Pattern = Pattern {
    id: "D2",
    about: "The closing handshake: close frame, answer, end of the stream",
    here: "Send a close frame, then read to the end of the stream, with `async-tungstenite` over `net::TcpStream`; check the codes",
    rust: "`WebSocketStream::close`, then poll the stream until `None`",
};

pub(crate) const D3: Pattern = Pattern {
    id: "D3",
    about: "A connection costs a round trip, its upgrade another one",
    here: "`LinkConfig::fixed` gives the latency: check `time::elapsed` after `TcpStream::connect` and after the upgrade",
    rust: "The same steps over a real network, with another number each time",
};

pub(crate) const D4: Pattern = Pattern {
    id: "D4",
    about: "Timers with equal deadlines",
    here: "`LoopConfig::ties` is `TieOrder::Creation`, or CPython's `TieOrder::Heapq`; under a seed they fire in any order",
    rust: "tokio promises no order of timers that are due in the same millisecond",
};

pub(crate) const D5: Pattern = Pattern {
    id: "D5",
    about: "A result is lost when its task is cancelled before it sees it; a queue's item is not",
    here: "A `Future` is settled for nobody then; a cancelled `Queue::get` leaves the item and wakes the next getter",
    rust: "Cancel safety: `mpsc::Receiver::recv` in a `select!` loses nothing, `AsyncReadExt::read_exact` does",
};

pub(crate) const D6: Pattern = Pattern {
    id: "D6",
    about: "A task that cancels itself and returns, or is cancelled before its first step",
    here: "It ends cancelled, whatever it returns; one that is cancelled before it began never begins",
    rust: "A value that is returned stands; a task that is aborted before its first poll is never polled",
};

pub(crate) const D7: Pattern = Pattern {
    id: "D7",
    about: "To cancel a task that awaits another cancels that one",
    here: "The cancellation goes on to the awaited `Task`; `shield` keeps it off",
    rust: "A `JoinHandle` that is dropped detaches its task, which goes on unless it is aborted too",
};

pub(crate) const D8: Pattern = Pattern {
    id: "D8",
    about: "Which primitives are fair",
    here: "`Lock` is fair, `Queue` is not, `Semaphore` hands its permit over",
    rust: "`tokio::sync::Mutex` and `Semaphore` are fair, `futures::lock::Mutex` is not",
};

pub(crate) const D9: Pattern = Pattern {
    id: "D9",
    about: "What comes first at one instant: the network, a signal, a timer, a thread",
    here: "Devices act in the order of their installation, then timers; what is ready then a seed takes in any order",
    rust: "A kernel promises nothing: a program must hold in each order",
};

pub(crate) const D10: Pattern = Pattern {
    id: "D10",
    about: "A host that is blocked does not block the others",
    here: "`Node::named` for each host: `block` and `time::block` hold the CPU of their own node only",
    rust: "A process, or a thread with a runtime, for each; on one current-thread runtime all would wait",
};

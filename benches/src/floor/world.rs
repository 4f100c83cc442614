//! The floor's simulator: futures polled through real wakers, one heap of what is due, connections, datagrams.

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::future::{Future, poll_fn};
use std::io::Read;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

const LATENCY: Duration = Duration::from_millis(1);
/// How much a bulk writer has on its way, as the buffers of real sockets allow.
const BUFFER_BYTES: usize = 65_536;

/// How many bytes are copied at once. The C library copies more than some 4 KiB by one instruction, which several
/// processors execute at a fraction of their speed if the two ends lie unluckily in their pages.
const PIECE_BYTES: usize = 2_048;

thread_local! {
    /// The tasks that woke, in that order. A waker has to be `Send`, so it cannot hold its world.
    static READY: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// In which order ready tasks are polled.
#[derive(Clone, Copy, Debug)]
pub(super) enum Order {
    Fifo,
    Random,
}

/// Takes any of them, by xorshift64 (Marsaglia, 2003).
fn draw(state: &mut u64, ready: &mut Vec<usize>) -> Option<usize> {
    if ready.len() < 2 {
        return ready.pop();
    }
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    Some(ready.swap_remove((*state % ready.len() as u64) as usize))
}

/// Wakes one task, however often it is asked to before the next poll.
struct Signal {
    task: usize,
    queued: AtomicBool,
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Loaded and stored apart, which costs less than a swap: there is one thread.
        if !self.queued.load(Ordering::Relaxed) {
            self.queued.store(true, Ordering::Relaxed);
            READY.with_borrow_mut(|ready| ready.push(self.task));
        }
    }
}

/// A place for one task after another.
struct Slot {
    /// Taken out while it is polled, since polling it may spawn.
    future: Option<Pin<Box<dyn Future<Output = ()>>>>,
    /// Taken out with it, and kept for the next task.
    waker: Option<Waker>,
    signal: Arc<Signal>,
    /// How many tasks have ended here.
    ended: u64,
    joiner: Option<Waker>,
}

impl Slot {
    fn new(task: usize) -> Self {
        let signal = Arc::new(Signal { task, queued: AtomicBool::new(false) });
        Self { future: None, waker: Some(Waker::from(signal.clone())), signal, ended: 0, joiner: None }
    }
}

/// Waits for the end of a task.
pub(super) struct Joined {
    world: Rc<World>,
    task: usize,
    ended_before: u64,
}

impl Future for Joined {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let slot = &mut self.world.slots.borrow_mut()[self.task];
        if slot.ended > self.ended_before {
            return Poll::Ready(());
        }
        slot.joiner = Some(context.waker().clone());
        Poll::Pending
    }
}

/// One direction of a connection.
#[derive(Default)]
struct Pipe {
    bytes: VecDeque<u8>,
    /// How many of the bytes have arrived.
    visible: usize,
    closed: bool,
    reader: Option<Waker>,
    /// Of a writer that waits for room.
    writer: Option<Waker>,
}

/// What has been sent to one socket.
#[derive(Default)]
struct Datagrams {
    bytes: VecDeque<u8>,
    lengths: VecDeque<usize>,
    /// How many of the datagrams have arrived.
    arrived: usize,
    reader: Option<Waker>,
}

/// What happens when it is due. Small numbers, so that an entry of the heap is small.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Wake { task: u32 },
    Arrive { pipe: u32, length: u32 },
    Close { pipe: u32 },
    Datagram { socket: u32 },
    Accept { connection: u32 },
}

#[derive(Default)]
pub(super) struct World {
    slots: RefCell<Vec<Slot>>,
    free: RefCell<Vec<usize>>,
    polled: Cell<usize>,
    /// In nanoseconds, as what is due.
    now: Cell<u64>,
    sequence: Cell<u64>,
    due: RefCell<BinaryHeap<Reverse<(u64, u64, Event)>>>,
    /// Two to a connection: from the client, then to it.
    pipes: RefCell<Vec<Pipe>>,
    datagrams: RefCell<Vec<Datagrams>>,
    backlog: RefCell<VecDeque<usize>>,
    acceptor: RefCell<Option<Waker>>,
}

impl World {
    /// Makes a world and runs it until the task that `main` gives has ended.
    pub(super) fn drive<F: Future<Output = ()> + 'static>(order: Order, main: impl FnOnce(Rc<Self>) -> F) {
        let world = Rc::new(Self::default());
        let main = world.spawn(main(world.clone()));
        let mut batch = Vec::new();
        let mut state = 1;
        loop {
            match order {
                Order::Fifo => {
                    READY.with_borrow_mut(|ready| std::mem::swap(ready, &mut batch));
                    if !batch.is_empty() {
                        batch.drain(..).for_each(|task| world.poll(task));
                        continue;
                    }
                }
                Order::Random => {
                    let drawn = READY.with_borrow_mut(|ready| draw(&mut state, ready));
                    if let Some(task) = drawn {
                        world.poll(task);
                        continue;
                    }
                }
            }
            if world.slots.borrow()[main.task].ended > main.ended_before {
                return;
            }
            world.advance();
        }
    }

    pub(super) fn spawn(self: &Rc<Self>, future: impl Future<Output = ()> + 'static) -> Joined {
        let mut slots = self.slots.borrow_mut();
        let task = self.free.borrow_mut().pop().unwrap_or_else(|| {
            let task = slots.len();
            slots.push(Slot::new(task));
            task
        });
        let slot = &mut slots[task];
        slot.future = Some(Box::pin(future));
        slot.signal.wake_by_ref();
        Joined { world: self.clone(), task, ended_before: slot.ended }
    }

    fn poll(&self, task: usize) {
        let (future, waker) = {
            let slot = &mut self.slots.borrow_mut()[task];
            slot.signal.queued.store(false, Ordering::Relaxed);
            // None: the task that was woken has ended.
            let Some(future) = slot.future.take() else { return };
            (future, slot.waker.take().expect("the waker is taken with the future"))
        };
        let mut future = future;
        self.polled.set(task);
        let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
        let slot = &mut self.slots.borrow_mut()[task];
        slot.waker = Some(waker);
        if polled.is_pending() {
            slot.future = Some(future);
            return;
        }
        slot.ended += 1;
        self.free.borrow_mut().push(task);
        if let Some(joiner) = slot.joiner.take() {
            joiner.wake();
        }
    }

    /// Moves time to what is due first, and does that.
    fn advance(&self) {
        let Reverse((due, _, event)) = self.due.borrow_mut().pop().expect("something is left to happen");
        self.now.set(due);
        match event {
            Event::Wake { task } => self.slots.borrow()[task as usize].signal.wake_by_ref(),
            Event::Arrive { pipe, length } => self.change(pipe, |pipe| pipe.visible += length as usize),
            Event::Close { pipe } => self.change(pipe, |pipe| pipe.closed = true),
            Event::Datagram { socket } => {
                let socket = &mut self.datagrams.borrow_mut()[socket as usize];
                socket.arrived += 1;
                if let Some(reader) = socket.reader.take() {
                    reader.wake();
                }
            }
            Event::Accept { connection } => {
                self.backlog.borrow_mut().push_back(connection as usize);
                if let Some(acceptor) = self.acceptor.take() {
                    acceptor.wake();
                }
            }
        }
    }

    fn change(&self, pipe: u32, change: impl FnOnce(&mut Pipe)) {
        let pipe = &mut self.pipes.borrow_mut()[pipe as usize];
        change(pipe);
        if let Some(reader) = pipe.reader.take() {
            reader.wake();
        }
    }

    /// Lets `event` happen after `delay`, and gives its time.
    fn schedule(&self, delay: Duration, event: Event) -> u64 {
        let due = self.now.get() + u64::try_from(delay.as_nanos()).expect("a delay is below 584 years");
        let sequence = self.sequence.get();
        self.sequence.set(sequence + 1);
        self.due.borrow_mut().push(Reverse((due, sequence, event)));
        due
    }

    pub(super) async fn sleep(&self, duration: Duration) {
        let due = self.schedule(duration, Event::Wake { task: small(self.polled.get()) });
        poll_fn(|_| if self.now.get() < due { Poll::Pending } else { Poll::Ready(()) }).await;
    }

    /// Makes the next datagram socket; they are numbered from 0 on.
    pub(super) fn bind(&self, socket: usize) {
        let mut datagrams = self.datagrams.borrow_mut();
        assert_eq!(datagrams.len(), socket, "sockets are numbered in the order of their making");
        datagrams.push(Datagrams::default());
    }

    pub(super) fn send(&self, socket: usize, bytes: &[u8]) {
        let datagrams = &mut self.datagrams.borrow_mut()[socket];
        datagrams.bytes.extend(bytes);
        datagrams.lengths.push_back(bytes.len());
        self.schedule(LATENCY, Event::Datagram { socket: small(socket) });
    }

    pub(super) async fn receive(&self, socket: usize, buffer: &mut [u8]) -> usize {
        poll_fn(|context| {
            let datagrams = &mut self.datagrams.borrow_mut()[socket];
            if datagrams.arrived == 0 {
                datagrams.reader = Some(context.waker().clone());
                return Poll::Pending;
            }
            datagrams.arrived -= 1;
            let length = datagrams.lengths.pop_front().expect("what has arrived was sent");
            let read = datagrams.bytes.read(&mut buffer[..length]).expect("reading from memory");
            Poll::Ready(read)
        })
        .await
    }

    pub(super) async fn connect(self: &Rc<Self>) -> Stream {
        let connection = {
            let mut pipes = self.pipes.borrow_mut();
            pipes.extend([Pipe::default(), Pipe::default()]);
            pipes.len() / 2 - 1
        };
        self.schedule(LATENCY, Event::Accept { connection: small(connection) });
        self.sleep(2 * LATENCY).await;
        Stream { world: self.clone(), incoming: 2 * connection + 1, outgoing: 2 * connection }
    }

    pub(super) async fn accept(self: &Rc<Self>) -> Stream {
        let connection = poll_fn(|context| match self.backlog.borrow_mut().pop_front() {
            Some(connection) => Poll::Ready(connection),
            None => {
                *self.acceptor.borrow_mut() = Some(context.waker().clone());
                Poll::Pending
            }
        })
        .await;
        Stream { world: self.clone(), incoming: 2 * connection, outgoing: 2 * connection + 1 }
    }
}

/// One end of a connection; it closes when it is dropped.
pub(super) struct Stream {
    world: Rc<World>,
    incoming: usize,
    outgoing: usize,
}

impl Stream {
    pub(super) fn write(&self, bytes: &[u8]) {
        let mut pipes = self.world.pipes.borrow_mut();
        if bytes.len() <= PIECE_BYTES {
            pipes[self.outgoing].bytes.extend(bytes);
        } else {
            bytes.chunks(PIECE_BYTES).for_each(|piece| pipes[self.outgoing].bytes.extend(piece));
        }
        drop(pipes);
        let arrival = Event::Arrive { pipe: small(self.outgoing), length: small(bytes.len()) };
        self.world.schedule(LATENCY, arrival);
    }

    pub(super) async fn read(&self, buffer: &mut [u8]) -> usize {
        poll_fn(|context| {
            let pipe = &mut self.world.pipes.borrow_mut()[self.incoming];
            if pipe.visible == 0 && !pipe.closed {
                pipe.reader = Some(context.waker().clone());
                return Poll::Pending;
            }
            let length = pipe.visible.min(buffer.len());
            if length <= PIECE_BYTES {
                pipe.bytes.read_exact(&mut buffer[..length]).expect("reading from memory");
            } else {
                for piece in buffer[..length].chunks_mut(PIECE_BYTES) {
                    pipe.bytes.read_exact(piece).expect("reading from memory");
                }
            }
            pipe.visible -= length;
            if let Some(writer) = pipe.writer.take() {
                writer.wake();
            }
            Poll::Ready(length)
        })
        .await
    }

    /// Waits until so many bytes more are no more than [`BUFFER_BYTES`] on their way.
    pub(super) async fn wait_for_room(&self, bytes: usize) {
        poll_fn(|context| {
            let pipe = &mut self.world.pipes.borrow_mut()[self.outgoing];
            if pipe.bytes.len() + bytes <= BUFFER_BYTES {
                return Poll::Ready(());
            }
            pipe.writer = Some(context.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.world.schedule(LATENCY, Event::Close { pipe: small(self.outgoing) });
    }
}

fn small(number: usize) -> u32 {
    u32::try_from(number).expect("a workload has few of anything")
}

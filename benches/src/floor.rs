//! The floor: the least that an honest simulator can do for a workload.
//!
//! It polls futures through real wakers, in the order they woke, keeps one heap of what is due, and copies bytes over
//! connections with latency. It draws no choices and has no faults, trace, limits, backpressure or cancellation, so
//! that a simulator's distance from it is what those things cost.

use crate::workload::{
    IDLE_HOSTS, MESSAGE_BYTES, SLEEP_TASKS, TINY_ROUND_TRIPS, Workload, YIELD_TASKS, sleep_duration,
};
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

pub(crate) const WORKLOADS: &[Workload] = &Workload::ALL;

const LATENCY: Duration = Duration::from_millis(1);

pub(crate) fn run(workload: Workload, size: u64) {
    match workload {
        Workload::Yield => World::drive(|world| yields(world, size)),
        Workload::Sleep => World::drive(|world| sleeps(world, size)),
        Workload::Echo => World::drive(|world| echo(world, size)),
        Workload::Tiny => (0..size).for_each(|_| World::drive(|world| echo(world, TINY_ROUND_TRIPS))),
        Workload::Spawn => World::drive(|world| spawns(world, size)),
        Workload::Idle => World::drive(|world| idle(world, Duration::from_secs(size))),
    }
}

async fn yields(world: Rc<World>, rounds: u64) {
    let task = move || async move {
        for _ in 0..rounds {
            yield_now().await;
        }
    };
    join((0..YIELD_TASKS).map(|_| world.spawn(task())).collect()).await;
}

async fn sleeps(world: Rc<World>, rounds: u64) {
    let task = move |world: Rc<World>, task| async move {
        for round in 0..rounds {
            world.sleep(sleep_duration(task, round)).await;
        }
    };
    join((0..SLEEP_TASKS).map(|index| world.spawn(task(world.clone(), index))).collect()).await;
}

async fn spawns(world: Rc<World>, count: u64) {
    for _ in 0..count {
        world.spawn(async {}).await;
    }
}

/// Without hosts: as many tasks.
async fn idle(world: Rc<World>, duration: Duration) {
    let task = move |world: Rc<World>| async move { world.sleep(duration).await };
    join((0..IDLE_HOSTS).map(|_| world.spawn(task(world.clone()))).collect()).await;
}

async fn echo(world: Rc<World>, round_trips: u64) {
    let client = world.spawn(call(world.clone(), round_trips));
    let stream = world.accept().await;
    let mut buffer = [0; MESSAGE_BYTES];
    loop {
        let length = stream.read(&mut buffer).await;
        if length == 0 {
            break;
        }
        stream.write(&buffer[..length]);
    }
    client.await;
}

async fn call(world: Rc<World>, round_trips: u64) {
    let stream = world.connect().await;
    let mut answer = [0; MESSAGE_BYTES];
    for round in 0..round_trips {
        let message = [round.to_le_bytes()[0]; MESSAGE_BYTES];
        stream.write(&message);
        let mut length = 0;
        while length < MESSAGE_BYTES {
            length += stream.read(&mut answer[length..]).await;
        }
        assert_eq!(answer, message, "round trip {round}");
    }
}

async fn join(tasks: Vec<Joined>) {
    for task in tasks {
        task.await;
    }
}

thread_local! {
    /// The tasks that woke, in that order. A waker has to be `Send`, so it cannot hold its world.
    static READY: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
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
struct Joined {
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
}

/// What happens when it is due. Small numbers, so that an entry of the heap is small.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Wake { task: u32 },
    Arrive { pipe: u32, length: u32 },
    Close { pipe: u32 },
    Accept { connection: u32 },
}

#[derive(Default)]
struct World {
    slots: RefCell<Vec<Slot>>,
    free: RefCell<Vec<usize>>,
    polled: Cell<usize>,
    /// In nanoseconds, as what is due.
    now: Cell<u64>,
    sequence: Cell<u64>,
    due: RefCell<BinaryHeap<Reverse<(u64, u64, Event)>>>,
    /// Two to a connection: from the client, then to it.
    pipes: RefCell<Vec<Pipe>>,
    backlog: RefCell<VecDeque<usize>>,
    acceptor: RefCell<Option<Waker>>,
}

impl World {
    /// Makes a world and runs it until the task that `main` gives has ended.
    fn drive<F: Future<Output = ()> + 'static>(main: impl FnOnce(Rc<Self>) -> F) {
        let world = Rc::new(Self::default());
        let main = world.spawn(main(world.clone()));
        let mut batch = Vec::new();
        loop {
            READY.with_borrow_mut(|ready| std::mem::swap(ready, &mut batch));
            if batch.is_empty() {
                if world.slots.borrow()[main.task].ended > main.ended_before {
                    return;
                }
                world.advance();
            }
            for task in batch.drain(..) {
                world.poll(task);
            }
        }
    }

    fn spawn(self: &Rc<Self>, future: impl Future<Output = ()> + 'static) -> Joined {
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

    async fn sleep(&self, duration: Duration) {
        let due = self.schedule(duration, Event::Wake { task: small(self.polled.get()) });
        poll_fn(|_| if self.now.get() < due { Poll::Pending } else { Poll::Ready(()) }).await;
    }

    async fn connect(self: &Rc<Self>) -> Stream {
        let connection = {
            let mut pipes = self.pipes.borrow_mut();
            pipes.extend([Pipe::default(), Pipe::default()]);
            pipes.len() / 2 - 1
        };
        self.schedule(LATENCY, Event::Accept { connection: small(connection) });
        self.sleep(2 * LATENCY).await;
        Stream { world: self.clone(), incoming: 2 * connection + 1, outgoing: 2 * connection }
    }

    async fn accept(self: &Rc<Self>) -> Stream {
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
struct Stream {
    world: Rc<World>,
    incoming: usize,
    outgoing: usize,
}

impl Stream {
    fn write(&self, bytes: &[u8]) {
        self.world.pipes.borrow_mut()[self.outgoing].bytes.extend(bytes);
        let arrival = Event::Arrive { pipe: small(self.outgoing), length: small(bytes.len()) };
        self.world.schedule(LATENCY, arrival);
    }

    async fn read(&self, buffer: &mut [u8]) -> usize {
        poll_fn(|context| {
            let pipe = &mut self.world.pipes.borrow_mut()[self.incoming];
            if pipe.visible == 0 && !pipe.closed {
                pipe.reader = Some(context.waker().clone());
                return Poll::Pending;
            }
            let length = pipe.visible.min(buffer.len());
            let read = pipe.bytes.read(&mut buffer[..length]).expect("reading from memory");
            pipe.visible -= read;
            Poll::Ready(read)
        })
        .await
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

async fn yield_now() {
    let mut yielded = false;
    poll_fn(|context| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

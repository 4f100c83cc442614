//! Programs whose tasks wait for each other: their bugs are deadlocks, or a lock that is missing.

use super::join;
use crate::runtime::{Gate, Runtime, Shared, pause, pauses};

/// A lock that a task yields for while another has it.
#[derive(Clone)]
struct Lock(Shared<bool>, Gate);

impl Lock {
    fn new() -> Self {
        Lock(Shared::new(false), Gate::new())
    }

    async fn lock(&self) {
        while self.0.get() {
            self.1.wait().await;
        }
        self.0.set(true);
    }

    fn unlock(&self) {
        self.0.set(false);
        self.1.open();
    }
}

/// Two locks in two orders. The run ends as a deadlock, which is the bug.
pub(crate) async fn deadlock<R: Runtime>(mended: bool, _bug: Shared<bool>) {
    let locks = [Lock::new(), Lock::new()];
    let both = |first: Lock, second: Lock| async move {
        pauses(4).await;
        first.lock().await;
        pauses(4).await;
        second.lock().await;
        second.unlock();
        first.unlock();
        pauses(4).await;
    };
    let [a, b] = locks;
    let one = R::spawn(both(a.clone(), b.clone()));
    let other = if mended { R::spawn(both(a, b)) } else { R::spawn(both(b, a)) };
    join([one, other]).await;
}

/// It looks, and then begins to wait for what has happened in between. The run ends as a deadlock.
pub(crate) async fn lost_wakeup<R: Runtime>(mended: bool, _bug: Shared<bool>) {
    let (is_ready, gate) = (Shared::new(false), Gate::new());
    let (seen, waited) = (is_ready.clone(), gate.clone());
    let waiter = R::spawn(async move {
        pauses(3).await;
        if !seen.get() {
            if !mended {
                pause().await;
            }
            waited.wait().await;
        }
    });
    let notifier = R::spawn(async move {
        pauses(6).await;
        is_ready.set(true);
        gate.open();
        pauses(3).await;
    });
    join([waiter, notifier]).await;
}

/// One condition for two things: a consumer wakes a consumer. The run ends as a deadlock. (Cargill's buffer.)
pub(crate) async fn bounded_buffer<R: Runtime>(mended: bool, _bug: Shared<bool>) {
    let (count, gates) = (Shared::new(0), Shared::new(Vec::<Gate>::new()));
    let change = move |by: i32| {
        let (count, gates) = (count.clone(), gates.clone());
        async move {
            pause().await;
            while !(0..=1).contains(&(count.get() + by)) {
                let gate = Gate::new();
                gates.with(|gates| gates.push(gate.clone()));
                gate.wait().await;
                pause().await;
            }
            count.with(|count| *count += by);
            let woken = if mended { usize::MAX } else { 1 };
            let woken: Vec<Gate> = gates.with(|gates| gates.drain(..woken.min(gates.len())).collect());
            woken.iter().for_each(Gate::open);
        }
    };
    let times = |times: usize, by: i32| {
        let change = change.clone();
        R::spawn(async move {
            for _ in 0..times {
                change(by).await;
            }
        })
    };
    join([times(5, -1), times(5, -1), times(10, 1)]).await;
}

/// The queue of the Cilk scheduler, whose owner reads the head before its tail is published.
pub(crate) async fn work_stealing<R: Runtime>(mended: bool, bug: Shared<bool>) {
    #[derive(Clone)]
    struct Deque {
        head: Shared<usize>,
        tail: Shared<usize>,
        taken: Shared<[u32; 4]>,
        lock: Lock,
    }
    let deque =
        Deque { head: Shared::new(0), tail: Shared::new(0), taken: Shared::new([0; 4]), lock: Lock::new() };
    let thief = {
        let deque = deque.clone();
        R::spawn(async move {
            for _ in 0..2 {
                pause().await;
                deque.lock.lock().await;
                let head = deque.head.get();
                pause().await;
                deque.head.set(head + 1);
                pause().await;
                if head < deque.tail.get() {
                    deque.taken.with(|taken| taken[head % 4] += 1);
                } else {
                    deque.head.set(head);
                }
                deque.lock.unlock();
            }
        })
    };
    for _ in 0..2 {
        pause().await;
        deque.tail.with(|tail| *tail += 1);
    }
    for _ in 0..2 {
        pause().await;
        if mended {
            deque.lock.lock().await;
        }
        let tail = deque.tail.get();
        if tail > 0 {
            let head = deque.head.get();
            pause().await;
            deque.tail.set(tail - 1);
            if head < tail {
                deque.taken.with(|taken| taken[(tail - 1) % 4] += 1);
            } else {
                deque.tail.set(tail);
            }
        }
        if mended {
            deque.lock.unlock();
        }
    }
    thief.await;
    if deque.taken.get().iter().any(|taken| *taken > 1) {
        bug.set(true);
    }
}

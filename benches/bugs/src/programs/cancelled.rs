//! Programs in which a future is dropped at an await, or not polled: their bugs are those of async code.

use std::future::poll_fn;
use std::pin::pin;
use std::task::{Poll, Waker};

use futures::future::{Either, select};

use super::join;
use crate::runtime::{Gate, Runtime, Shared, pause, pauses};

/// Waits until that is so, which another says by opening the gate.
async fn until(gate: &Gate, mut is_so: impl FnMut() -> bool) {
    while !is_so() {
        gate.wait().await;
    }
}

/// A branch of a `select!` takes a message and waits before it gives it; when the other branch is first, the message is lost.
pub(crate) async fn select_loses<R: Runtime>(mended: bool, bug: Shared<bool>) {
    const MESSAGES: usize = 3;
    let (queue, ticks, is_closed, gate) =
        (Shared::new(0_usize), Shared::new(0_usize), Shared::new(false), Gate::new());
    let producer = {
        let (queue, is_closed, gate) = (queue.clone(), is_closed.clone(), gate.clone());
        R::spawn(async move {
            for _ in 0..MESSAGES {
                pauses(2).await;
                queue.with(|queue| *queue += 1);
                gate.open();
            }
            is_closed.set(true);
            gate.open();
        })
    };
    let ticker = {
        let (ticks, gate) = (ticks.clone(), gate.clone());
        R::spawn(async move {
            for _ in 0..2 {
                pauses(4).await;
                ticks.with(|ticks| *ticks += 1);
                gate.open();
            }
        })
    };
    let mut received = 0;
    loop {
        let receive = async {
            until(&gate, || queue.get() > 0 || is_closed.get()).await;
            if queue.get() == 0 {
                return false;
            }
            if mended {
                pause().await;
            }
            queue.with(|queue| *queue -= 1);
            if !mended {
                pause().await;
            }
            true
        };
        let tick = until(&gate, || ticks.get() > 0);
        match select(pin!(receive), pin!(tick)).await {
            Either::Left((true, _)) => received += 1,
            Either::Left((false, _)) => break,
            Either::Right(_) => ticks.with(|ticks| *ticks -= 1),
        }
    }
    join([producer, ticker]).await;
    if received != MESSAGES {
        bug.set(true);
    }
}

/// Two who read want to write, and each waits for the other to read no more. The run ends as a deadlock.
pub(crate) async fn rwlock_upgrade<R: Runtime>(mended: bool, _bug: Shared<bool>) {
    let (readers, gate) = (Shared::new(0_u32), Gate::new());
    let tasks = [(); 2].map(|()| {
        let (readers, gate) = (readers.clone(), gate.clone());
        R::spawn(async move {
            pauses(3).await;
            readers.with(|readers| *readers += 1);
            pause().await;
            if mended {
                readers.with(|readers| *readers -= 1);
                gate.open();
                until(&gate, || readers.get() == 0).await;
                return;
            }
            // Alone, so the lock can be written.
            until(&gate, || readers.get() == 1).await;
            readers.with(|readers| *readers -= 1);
            gate.open();
            pauses(3).await;
        })
    });
    join(tasks).await;
}

/// Wakes one of those who wait, or the next who does. Who is dropped after that passes it on, if it is mended.
#[derive(Clone)]
struct Notify {
    state: Shared<Notified>,
    passes_on: bool,
}

struct Notified {
    /// Each who waits, with a number, and whether it was notified.
    waiting: Vec<(usize, Waker, bool)>,
    /// How many have begun to wait.
    begun: usize,
    /// Whether it was notified while nobody waited.
    is_stored: bool,
}

impl Notify {
    fn new(passes_on: bool) -> Self {
        Notify { state: Shared::new(Notified { waiting: Vec::new(), begun: 0, is_stored: false }), passes_on }
    }

    fn notify_one(&self) {
        let waker = self.state.with(|state| {
            let Some(next) = state.waiting.iter_mut().find(|(_, _, is_notified)| !is_notified) else {
                state.is_stored = true;
                return None;
            };
            next.2 = true;
            Some(next.1.clone())
        });
        waker.into_iter().for_each(Waker::wake);
    }

    async fn notified(&self) {
        /// A place among those who wait.
        struct Place<'a>(&'a Notify, Option<usize>);
        impl Drop for Place<'_> {
            fn drop(&mut self) {
                let Some(number) = self.1 else { return };
                let was_notified = self.0.state.with(|state| {
                    let place = state.waiting.iter().position(|(other, ..)| *other == number);
                    place.is_some_and(|place| state.waiting.remove(place).2)
                });
                if was_notified && self.0.passes_on {
                    self.0.notify_one();
                }
            }
        }
        if self.state.with(|state| std::mem::take(&mut state.is_stored)) {
            return;
        }
        let mut place = Place(self, None);
        poll_fn(|context| {
            self.state.with(|Notified { waiting, begun, .. }| {
                let number = *place.1.get_or_insert_with(|| {
                    *begun += 1;
                    waiting.push((*begun, context.waker().clone(), false));
                    *begun
                });
                match waiting.iter().find(|(other, ..)| *other == number) {
                    Some((_, _, true)) => Poll::Ready(()),
                    _ => Poll::Pending,
                }
            })
        })
        .await;
        // It has come, and nothing is to be passed on.
        let number = place.1.take();
        self.state.with(|state| state.waiting.retain(|(other, ..)| Some(*other) != number));
    }
}

/// One of two who wait is notified, and cancelled before it runs. The other waits for ever: the run ends as a deadlock.
pub(crate) async fn lost_notify<R: Runtime>(mended: bool, _bug: Shared<bool>) {
    let notify = Notify::new(mended);
    let (is_cancelled, gate) = (Shared::new(false), Gate::new());
    let (is_taken, taken) = (Shared::new(false), Gate::new());
    let impatient = {
        let (notify, is_cancelled, gate) = (notify.clone(), is_cancelled.clone(), gate.clone());
        let (is_taken, taken) = (is_taken.clone(), taken.clone());
        R::spawn(async move {
            pause().await;
            let cancelled = until(&gate, || is_cancelled.get());
            if let Either::Right(_) = select(pin!(cancelled), pin!(notify.notified())).await {
                is_taken.set(true);
                taken.open();
            }
        })
    };
    let patient = {
        let (notify, is_taken, taken) = (notify.clone(), is_taken.clone(), taken.clone());
        R::spawn(async move {
            pauses(2).await;
            let other = until(&taken, || is_taken.get());
            select(pin!(notify.notified()), pin!(other)).await;
        })
    };
    let canceller = R::spawn(async move {
        pauses(5).await;
        is_cancelled.set(true);
        gate.open();
    });
    pauses(5).await;
    notify.notify_one();
    join([impatient, patient, canceller]).await;
}

/// The answer to a call whose timeout is over comes in the place of the answer to the next one.
pub(crate) async fn timeout_completion<R: Runtime>(mended: bool, bug: Shared<bool>) {
    // Which call waits, which answer has come, and whether the time is over.
    let (waiting, answer, is_over, gate) =
        (Shared::new(0_u32), Shared::new(None::<u32>), Shared::new(false), Gate::new());
    let (asked, calls) = (Shared::new(Vec::<u32>::new()), Gate::new());
    let server = {
        let (waiting, answer, gate) = (waiting.clone(), answer.clone(), gate.clone());
        let (asked, calls) = (asked.clone(), calls.clone());
        R::spawn(async move {
            for _ in 0..2 {
                until(&calls, || asked.with(|asked| !asked.is_empty())).await;
                let call = asked.with(|asked| asked.remove(0));
                pauses(3).await;
                if waiting.get() == call || !mended {
                    answer.set(Some(call));
                    gate.open();
                }
            }
        })
    };
    let timer = {
        let (is_over, gate) = (is_over.clone(), gate.clone());
        R::spawn(async move {
            pauses(5).await;
            is_over.set(true);
            gate.open();
        })
    };
    for call in [1, 2] {
        waiting.set(call);
        if mended {
            answer.set(None);
        }
        asked.with(|asked| asked.push(call));
        calls.open();
        // Only the first call has a timeout.
        until(&gate, || answer.get().is_some() || (call == 1 && is_over.get())).await;
        pause().await;
        if !is_over.get() || call == 2 {
            let answer = answer.with(Option::take);
            if answer.is_some_and(|answer| answer != call) {
                bug.set(true);
            }
        }
    }
    join([server, timer]).await;
}

/// Whoever waits for a semaphore is overtaken again and again by one who gives it back and takes it.
pub(crate) async fn unfair_semaphore<R: Runtime>(mended: bool, bug: Shared<bool>) {
    // Whether it is free, and whom it was given to.
    let (is_free, is_for_other, gate) = (Shared::new(true), Shared::new(false), Gate::new());
    let (is_waiting, overtaken) = (Shared::new(false), Shared::new(0_u32));
    let hog = {
        let (is_free, is_for_other, gate) = (is_free.clone(), is_for_other.clone(), gate.clone());
        let (is_waiting, overtaken) = (is_waiting.clone(), overtaken.clone());
        R::spawn(async move {
            for _ in 0..8 {
                until(&gate, || is_free.get() && !is_for_other.get()).await;
                is_free.set(false);
                overtaken.with(|overtaken| *overtaken += u32::from(is_waiting.get()));
                pause().await;
                is_free.set(true);
                is_for_other.set(mended && is_waiting.get());
                gate.open();
            }
        })
    };
    let other = R::spawn(async move {
        pauses(2).await;
        is_waiting.set(true);
        until(&gate, || is_free.get()).await;
        is_waiting.set(false);
        is_for_other.set(false);
        gate.open();
        if overtaken.get() >= 4 {
            bug.set(true);
        }
    });
    join([hog, other]).await;
}

/// What is buffered is not polled while an item is worked on, and has the lock that the work needs. The run ends as a deadlock.
pub(crate) async fn stream_stall<R: Runtime>(mended: bool, _bug: Shared<bool>) {
    let (is_locked, gate) = (Shared::new(false), Gate::new());
    let opened = [(); 2].map(|()| (Shared::new(false), Gate::new()));
    let producers = opened.clone().map(|(is_open, gate)| {
        R::spawn(async move {
            pauses(5).await;
            is_open.set(true);
            gate.open();
        })
    });
    let work = async |is_locked: &Shared<bool>, gate: &Gate, steps| {
        until(gate, || !is_locked.get()).await;
        is_locked.set(true);
        pauses(steps).await;
        is_locked.set(false);
        gate.open();
    };
    let [(first, first_gate), (second, second_gate)] = &opened;
    let first = until(first_gate, || first.get());
    let second = async {
        until(second_gate, || second.get()).await;
        work(&is_locked, &gate, 2).await;
    };
    // The first item is worked on as soon as it is there.
    match select(pin!(first), pin!(second)).await {
        Either::Left(((), second)) if mended => {
            futures::join!(work(&is_locked, &gate, 1), second);
        }
        Either::Left(((), second)) => {
            work(&is_locked, &gate, 1).await;
            second.await;
        }
        Either::Right(((), first)) => first.await,
    }
    join(producers).await;
}

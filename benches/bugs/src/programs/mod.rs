//! Small concurrent programs with one bug each, and a twin of each without it.

use crate::runtime::{Runtime, Shared, pause, pauses};

mod cancelled;
mod waits;

/// A program: whether it shows its bug in this run. With `mended` it is the twin, which never does.
pub(crate) type Body = fn(bool, &Shared<bool>) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

/// Its name, and the program on this system.
pub(crate) fn all<R: Runtime>() -> Vec<(&'static str, Body)> {
    macro_rules! programs {
        ($($name:ident => $program:expr),* $(,)?) => {
            vec![$((stringify!($name), {
                let body: Body = |mended, bug| { let bug = bug.clone(); Box::pin(async move { $program(mended, bug).await }) };
                body
            })),*]
        };
    }
    programs![
        order_d1 => order::<R>,
        fig5_d1_k20 => late_writer::<R>,
        atom_d2_n2 => |mended, bug| check_then_act::<R>(2, mended, bug),
        atom_d2_n20 => |mended, bug| check_then_act::<R>(20, mended, bug),
        lost_update_2x1 => |mended, bug| lost_update::<R>(1, mended, bug),
        lost_to_two_3 => |mended, bug| lost_to_two::<R>(3, mended, bug),
        deadlock_ab => waits::deadlock::<R>,
        lost_wakeup => waits::lost_wakeup::<R>,
        chain_d4 => chain::<R>,
        reorder_5 => |mended, bug| reorder::<R>(5, mended, bug),
        reorder_20 => |mended, bug| reorder::<R>(20, mended, bug),
        twostage_20 => |mended, bug| two_stages::<R>(20, mended, bug),
        uneven_25 => |mended, bug| uneven::<R>(25, mended, bug),
        pingpong_12 => |mended, bug| ping_pong::<R>(12, mended, bug),
        bounded_buffer => waits::bounded_buffer::<R>,
        wsq_2x2 => waits::work_stealing::<R>,
        select_loses => cancelled::select_loses::<R>,
        rwlock_upgrade => cancelled::rwlock_upgrade::<R>,
        lost_notify => cancelled::lost_notify::<R>,
        timeout_completion => cancelled::timeout_completion::<R>,
        unfair_semaphore => cancelled::unfair_semaphore::<R>,
        stream_stall => cancelled::stream_stall::<R>,
    ]
}

async fn join<T: Future<Output = ()>>(tasks: impl IntoIterator<Item = T>) {
    for task in tasks {
        task.await;
    }
}

/// Used before it was initialised.
async fn order<R: Runtime>(mended: bool, bug: Shared<bool>) {
    let ready = Shared::new(mended);
    let (set, seen) = (ready.clone(), ready);
    let writer = R::spawn(async move {
        pauses(5).await;
        set.set(true);
        pauses(5).await;
    });
    let reader = R::spawn(async move {
        pauses(5).await;
        if !seen.get() {
            bug.set(true);
        }
        pauses(5).await;
    });
    join([writer, reader]).await;
}

/// A long task has ended before the first one looks.
async fn late_writer<R: Runtime>(mended: bool, bug: Shared<bool>) {
    let written = Shared::new(false);
    let set = written.clone();
    let writer = R::spawn(async move {
        pauses(20).await;
        set.set(true);
    });
    pause().await;
    if written.get() && !mended {
        bug.set(true);
    }
    writer.await;
}

/// It looks, waits, and acts on what it saw.
async fn check_then_act<R: Runtime>(tasks: usize, mended: bool, bug: Shared<bool>) {
    let item = Shared::new(Some(1));
    let (taken, seen) = (item.clone(), item);
    let mut all: Vec<_> = (2..tasks).map(|_| R::spawn(pauses(5))).collect();
    all.push(R::spawn(async move {
        pauses(5).await;
        taken.set(None);
        pauses(4).await;
    }));
    all.push(R::spawn(async move {
        pauses(4).await;
        let is_there = seen.get().is_some();
        if !mended {
            pause().await;
        }
        if is_there && seen.get().is_none() {
            bug.set(true);
        }
        pauses(4).await;
    }));
    join(all).await;
}

fn increments<R: Runtime>(count: usize, mended: bool, total: &Shared<usize>) -> [R::Task; 2] {
    [(); 2].map(|()| {
        let total = total.clone();
        R::spawn(async move {
            for _ in 0..count {
                let read = total.get();
                if !mended {
                    pause().await;
                }
                total.set(read + 1);
                pause().await;
            }
        })
    })
}

/// One increment of two is lost.
async fn lost_update<R: Runtime>(count: usize, mended: bool, bug: Shared<bool>) {
    let total = Shared::new(0);
    join(increments::<R>(count, mended, &total)).await;
    if total.get() != 2 * count {
        bug.set(true);
    }
}

/// All increments but two are lost.
async fn lost_to_two<R: Runtime>(count: usize, mended: bool, bug: Shared<bool>) {
    let total = Shared::new(0);
    join(increments::<R>(count, mended, &total)).await;
    if total.get() == 2 {
        bug.set(true);
    }
}

/// The second must run inside of the first, and the third inside of the second.
async fn chain<R: Runtime>(mended: bool, bug: Shared<bool>) {
    let state = Shared::new(0);
    let (a, b, c) = (state.clone(), state.clone(), state);
    let first = R::spawn(async move {
        pauses(6).await;
        a.set(1);
        if !mended {
            pause().await;
        }
        if a.get() == 3 {
            bug.set(true);
        }
        a.set(0);
        pauses(6).await;
    });
    let second = R::spawn(async move {
        pauses(6).await;
        let is_first = b.get() == 1;
        pause().await;
        if is_first && b.get() == 2 {
            b.set(3);
        }
        pauses(6).await;
    });
    let third = R::spawn(async move {
        pauses(6).await;
        if c.get() == 1 {
            c.set(2);
        }
        pauses(6).await;
    });
    join([first, second, third]).await;
}

/// One of many has written the first of two and not the second.
async fn reorder<R: Runtime>(tasks: usize, mended: bool, bug: Shared<bool>) {
    let both = Shared::new((0, 0));
    let mut all: Vec<_> = (1..tasks)
        .map(|_| {
            let both = both.clone();
            R::spawn(async move {
                pause().await;
                both.with(|both| both.0 = 1);
                if mended {
                    both.with(|both| both.1 = -1);
                }
                pause().await;
                both.with(|both| both.1 = -1);
            })
        })
        .collect();
    all.push(R::spawn(async move {
        pause().await;
        let first = both.get().0;
        pause().await;
        let second = both.get().1;
        if !matches!((first, second), (0 | 1, -1) | (0, 0)) {
            bug.set(true);
        }
    }));
    join(all).await;
}

/// What was computed from a value that another has computed is not yet there.
async fn two_stages<R: Runtime>(tasks: usize, mended: bool, bug: Shared<bool>) {
    let data = Shared::new((0, 0));
    let mut all: Vec<_> = (1..tasks)
        .map(|_| {
            let data = data.clone();
            R::spawn(async move {
                pause().await;
                data.with(|data| data.0 = 1);
                if !mended {
                    pause().await;
                }
                data.with(|data| data.1 = data.0 + 1);
                pause().await;
            })
        })
        .collect();
    all.push(R::spawn(async move {
        pause().await;
        let first = data.get().0;
        if first == 0 {
            return;
        }
        pause().await;
        if data.get().1 != first + 1 {
            bug.set(true);
        }
    }));
    join(all).await;
}

/// A short task comes behind all of a long one.
async fn uneven<R: Runtime>(length: usize, mended: bool, bug: Shared<bool>) {
    let value = Shared::new(1);
    let (short, long) = (value.clone(), value.clone());
    let one = R::spawn(async move {
        pause().await;
        short.set(i32::from(mended));
    });
    let other = R::spawn(async move {
        for _ in 0..length {
            pause().await;
            long.set(1);
        }
    });
    join([one, other]).await;
    if value.get() == 0 {
        bug.set(true);
    }
}

/// Two tasks of eight steps take turns so many times.
async fn ping_pong<R: Runtime>(rounds: usize, mended: bool, bug: Shared<bool>) {
    let turns = Shared::new(0);
    let steps = if mended { rounds / 2 - 1 } else { 8 };
    let tasks = [0, 1].map(|parity| {
        let turns = turns.clone();
        R::spawn(async move {
            for _ in 0..steps {
                pause().await;
                turns.with(|turns| *turns += usize::from(*turns % 2 == parity));
            }
        })
    });
    join(tasks).await;
    if turns.get() >= rounds {
        bug.set(true);
    }
}

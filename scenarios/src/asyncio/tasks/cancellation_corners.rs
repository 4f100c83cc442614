//! What a cancellation takes along with the task that it means.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use seedbed::{Executor, event};
use sim_asyncio::{Event, EventLoop, Exc, Future, Queue, ReturnWhen, Task, create_task, shield, sleep, wait};
use sim_explorer::{Expect, Scenario, Settings, Variant, Violation, ensure};

use crate::asyncio::program::{done, ms, ran, secs, since_start, start};
use crate::patterns;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "cancellation_corners",
    about: "A task is cancelled at an odd moment: before its first step, when what it waits for is there already, while it \
            waits for another task, by itself.",
    invariant: "A cancellation ends the task that it means, and takes nothing else along: no item, value, clean-up or report, \
                and no work of another task.",
    patterns: &[&patterns::D5, &patterns::D6, &patterns::D7],
    parameters: &[],
    variants: &[
        Variant {
            name: "queue_item_kept",
            about: "A consumer is cancelled when an item has woken it: the next consumer is woken, and gets the item.",
            expect: Expect::Holds,
            body: queue_item_kept,
        },
        Variant {
            name: "value_looked_up",
            about: "A task is cancelled when its value is there: it catches that, and asks the future.",
            expect: Expect::Holds,
            body: value_looked_up,
        },
        Variant {
            name: "broken_value_lost",
            about: "A task is cancelled when its value is there: the await raises, and the value is gone.",
            expect: Expect::Breaks,
            body: broken_value_lost,
        },
        Variant {
            name: "cancelled_after_start",
            about: "A task is cancelled when it has said that it has begun: its clean-up runs.",
            expect: Expect::Holds,
            body: cancelled_after_start,
        },
        Variant {
            name: "broken_cancelled_before_start",
            about: "A task is cancelled before its first step: nothing of it ever runs, and no clean-up either.",
            expect: Expect::Breaks,
            body: broken_cancelled_before_start,
        },
        Variant {
            name: "others_cancelled",
            about: "A task cancels all others, and returns how many.",
            expect: Expect::Holds,
            body: others_cancelled,
        },
        Variant {
            name: "broken_cancels_itself",
            about: "A task cancels all, itself too, and returns: it has ended by a cancellation all the same.",
            expect: Expect::Breaks,
            body: broken_cancels_itself,
        },
        Variant {
            name: "join_shielded",
            about: "Two wait for one job, one of them behind a shield; that one is cancelled.",
            expect: Expect::Holds,
            body: join_shielded,
        },
        Variant {
            name: "broken_join_cancels_job",
            about: "Two wait for one job, and one of them is cancelled: so is the job.",
            expect: Expect::Breaks,
            body: broken_join_cancels_job,
        },
    ],
};

/// Cancels a task, and waits for its end: in whatever way that is.
async fn cancel_and_wait<T: Clone + 'static>(task: &Task<T>) -> Result<(), Exc> {
    event!("cancels {}: {}", task.name(), task.cancel());
    wait([task], ReturnWhen::AllCompleted, None).await.map(drop)
}

fn queue_item_kept(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let queue = Queue::unbounded();
    let got = Rc::new(RefCell::new(Vec::new()));
    let mut asyncio = start(executor);
    let [first, _second] = ["first", "second"].map(|name| {
        let (queue, got) = (queue.clone(), Rc::clone(&got));
        asyncio.create_task(name, async move {
            let item = queue.get().await?;
            event!("got {item}");
            got.borrow_mut().push((name, item));
            Ok(())
        })
    });
    let (producer, cancelled) = (queue.clone(), first.clone());
    let main = asyncio.create_task("main", async move {
        sleep(ms(1)).await?;
        event!("put {:?}", producer.put_nowait(1));
        cancel_and_wait(&cancelled).await?;
        sleep(ms(5)).await
    });
    done(asyncio.run_until_complete(&main))?;
    let (got, left) = (got.take(), queue.len());
    ensure!(first.is_cancelled(), "the first consumer was cancelled, and is {first:?}");
    ensure!(got == [("second", 1)], "item 1 is for the second consumer, and {got:?} is what was got");
    ensure!(left == 0, "{left} items are in the queue");
    Ok(())
}

/// A task waits for an answer, and is cancelled in the moment in which it comes; `ask` gives what it has then.
fn cancel_at_the_answer<B>(
    executor: &mut Executor,
    ask: impl FnOnce(Future<u64>) -> B,
) -> Result<(), Violation>
where
    B: std::future::Future<Output = Result<u64, Exc>> + 'static,
{
    let mut asyncio = start(executor);
    let answer = asyncio.enter(|event_loop| event_loop.create_future());
    let asking = ask(answer.clone());
    let kept = Rc::new(Cell::new(None));
    let keeps = Rc::clone(&kept);
    let main = asyncio.create_task("main", async move {
        let task = create_task("asks", async move {
            let value = asking.await?;
            event!("has {value}");
            keeps.set(Some(value));
            Ok(())
        });
        sleep(secs(1)).await?;
        event!("answers {:?}", answer.set_result(7));
        cancel_and_wait(&task).await
    });
    done(asyncio.run_until_complete(&main))?;
    let kept = kept.get();
    ensure!(kept == Some(7), "the answer was 7, and the task that had waited for it has {kept:?}");
    Ok(())
}

fn value_looked_up(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    cancel_at_the_answer(executor, |answer| async move {
        match (&answer).await {
            Err(Exc::Cancelled) => answer.try_result(),
            given => given,
        }
    })
}

fn broken_value_lost(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    cancel_at_the_answer(executor, |answer| async move { answer.await })
}

/// A worker is handed an open connection, and closes it at its end.
fn cancel_the_worker(executor: &mut Executor, waits_for_begin: bool) -> Result<(), Violation> {
    let open = Rc::new(Cell::new(0));
    let handed_over = Rc::clone(&open);
    let mut asyncio = start(executor);
    let main = asyncio.create_task("main", async move {
        let begun = Event::new();
        let begins = begun.clone();
        handed_over.set(handed_over.get() + 1);
        let worker = create_task("worker", async move {
            begins.set();
            let slept = sleep(secs(5)).await;
            event!("closes its connection");
            handed_over.set(handed_over.get() - 1);
            slept
        });
        if waits_for_begin {
            begun.wait().await?;
        }
        cancel_and_wait(&worker).await
    });
    done(asyncio.run_until_complete(&main))?;
    let (open, end) = (open.get(), since_start(&asyncio));
    ensure!(open == 0, "the worker has ended, and {open} connections are open");
    ensure!(end == secs(0), "the worker was cancelled at once, and ended at {end:?}");
    Ok(())
}

fn cancelled_after_start(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    cancel_the_worker(executor, true)
}

fn broken_cancelled_before_start(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    cancel_the_worker(executor, false)
}

/// A task cancels the tasks that there are, with or without itself, and reports how many.
fn shut_down(executor: &mut Executor, spares_itself: bool) -> Result<(), Violation> {
    let mut asyncio = start(executor);
    let workers = ["first", "second"].map(|name| asyncio.create_task(name, sleep(secs(5))));
    let counted = Rc::new(Cell::new(0));
    let count = Rc::clone(&counted);
    let shutdown = asyncio.create_task("shutdown", async move {
        let own = EventLoop::current().current_task();
        for task in EventLoop::current().all_tasks() {
            let is_spared = spares_itself && own.as_ref() == Some(&task);
            if !is_spared && task.cancel() {
                count.set(count.get() + 1);
            }
        }
        event!("runs on, and reports {}", count.get());
        Ok(count.get())
    });
    let report = ran(asyncio.run_until_complete(&shutdown))?;
    ran(asyncio.run_for(ms(1)))?;
    let cancelled = workers.iter().filter(|worker| worker.is_cancelled()).count();
    ensure!(cancelled == 2, "of 2 workers {cancelled} were cancelled");
    let counted = counted.get();
    ensure!(report == Ok(counted), "{counted} tasks were cancelled, and the report of that is {report:?}");
    Ok(())
}

fn others_cancelled(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    shut_down(executor, true)
}

fn broken_cancels_itself(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    shut_down(executor, false)
}

/// Two wait for a job of five seconds; the impatient one is cancelled after one.
fn cancel_the_impatient(executor: &mut Executor, shields: bool) -> Result<(), Violation> {
    let mut asyncio = start(executor);
    let main = asyncio.create_task("main", async move {
        let job = create_task("job", async {
            event!("begins");
            if let Err(exc) = sleep(secs(5)).await {
                event!("{exc}");
                return Err(exc);
            }
            event!("ends");
            Ok(5)
        });
        let waits_for = if shields { shield(&job) } else { job.future().clone() };
        let impatient = create_task("impatient", async move { waits_for.await });
        let patient = create_task("patient", async move { job.await });
        sleep(secs(1)).await?;
        cancel_and_wait(&impatient).await?;
        wait([&patient], ReturnWhen::AllCompleted, None).await?;
        Ok((impatient.try_result(), patient.try_result()))
    });
    let (impatient, patient) = done(asyncio.run_until_complete(&main))?;
    let end = since_start(&asyncio);
    ensure!(impatient == Err(Exc::Cancelled), "the impatient one was cancelled, and has {impatient:?}");
    ensure!(
        patient == Ok(5),
        "only the impatient one was cancelled, and the patient one has {patient:?} at {end:?}"
    );
    ensure!(end == secs(5), "the job takes 5 s, and was done at {end:?}");
    Ok(())
}

fn join_shielded(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    cancel_the_impatient(executor, true)
}

fn broken_join_cancels_job(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    cancel_the_impatient(executor, false)
}

//! Two tests that share a loop, or have one each.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use seedbed::{Executor, event, shuffle};
use sim_asyncio::{Exc, Runner, gather_results, sleep};
use sim_explorer::{Expect, Scenario, Variant, Violation, ensure};

use crate::asyncio::coroutine::{Object, coroutine};
use crate::asyncio::program::{ms, ran, say, secs, start};
use crate::patterns;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "test_isolation",
    about: "A suite runs two tests, in an order that the seed shuffles, on one loop for both or on a fresh one for each.",
    invariant: "Both tests pass in any order, no task of one runs during another, and none is left at the end.",
    patterns: &[&patterns::C31, &patterns::C32, &patterns::C33, &patterns::C34],
    parameters: &[],
    variants: &[
        Variant {
            name: "fixed_order_ab",
            about: "Each test has a fresh loop, so it does not matter that the first closes its own.",
            expect: Expect::Holds,
            body: |executor, _| suite(executor, [CLOSES, LEAVES_OPEN], Loops::Fresh),
        },
        Variant {
            name: "fixed_order_ba",
            about: "The same with the tests the other way round.",
            expect: Expect::Holds,
            body: |executor, _| suite(executor, [LEAVES_OPEN, CLOSES], Loops::Fresh),
        },
        Variant {
            name: "fixed_leftover_task",
            about: "A test leaves a task behind, which is reported and cancelled with the loop of that test.",
            expect: Expect::Holds,
            body: |executor, _| suite(executor, [LEAKS, UPPER_Y], Loops::Fresh),
        },
        Variant {
            name: "broken_order_ab",
            about: "The first test closes the loop of both, and the second fails.",
            expect: Expect::Breaks,
            body: |executor, _| suite(executor, [CLOSES, LEAVES_OPEN], Loops::Shared),
        },
        Variant {
            name: "broken_order_ba",
            about: "The same loop for both, and an order in which nobody notices: a shuffled one shows it.",
            expect: Expect::Breaks,
            body: |executor, _| suite(executor, [LEAVES_OPEN, CLOSES], Loops::Shared),
        },
        Variant {
            name: "broken_leftover_task",
            about: "A task that one test left behind wakes up in the next.",
            expect: Expect::Breaks,
            body: |executor, _| suite(executor, [LEAKS, UPPER_Y], Loops::Shared),
        },
    ],
};

/// A test: it fails with an exception.
#[derive(Clone, Copy)]
struct Test {
    name: &'static str,
    body: fn(&mut Runner<'_>, &Witness) -> Result<(), Exc>,
}

const CLOSES: Test = Test { name: "test_the_thing", body: the_thing };
const LEAVES_OPEN: Test = Test { name: "test_the_thing_a_different_way", body: the_thing_a_different_way };
const LEAKS: Test = Test { name: "test_one", body: one };
const UPPER_Y: Test = Test { name: "test_two", body: two };

/// Where the loops of the tests come from.
#[derive(Clone, Copy)]
enum Loops {
    Shared,
    Fresh,
}

/// What goes on while tests run.
#[derive(Default)]
struct Witness {
    running: Rc<Cell<&'static str>>,
    /// The test during which a task of another woke up.
    disturbed: Rc<Cell<Option<&'static str>>>,
    /// What a traceback refers to until the test is reported.
    frame: RefCell<Option<Rc<Object>>>,
}

async fn some_coroutine(argument: &'static str) -> Result<String, Exc> {
    sleep(secs(1)).await?;
    Ok(argument.to_uppercase())
}

fn thing_im_testing(
    asyncio: &mut Runner<'_>,
    argument: &'static str,
    witness: &Witness,
) -> Result<String, Exc> {
    let body = coroutine("some_coroutine", some_coroutine(argument));
    witness.frame.replace(Some(body.object()));
    asyncio.run_coroutine("some_coroutine", body)?
}

fn assert_equal(found: &str, expected: &str) -> Result<(), Exc> {
    if found == expected { Ok(()) } else { Err(Exc::raised("AssertionError", found)) }
}

fn the_thing(asyncio: &mut Runner<'_>, witness: &Witness) -> Result<(), Exc> {
    let result = thing_im_testing(asyncio, "some value", witness)?;
    asyncio.close();
    assert_equal(&result, "SOME VALUE")
}

fn the_thing_a_different_way(asyncio: &mut Runner<'_>, witness: &Witness) -> Result<(), Exc> {
    assert_equal(&thing_im_testing(asyncio, "some value", witness)?, "SOME VALUE")
}

fn one(asyncio: &mut Runner<'_>, witness: &Witness) -> Result<(), Exc> {
    let (running, disturbed) = (Rc::clone(&witness.running), Rc::clone(&witness.disturbed));
    let leaky = asyncio.create_task("leaky", async move {
        sleep(ms(1_500)).await?;
        event!("task of test 1 wakes up");
        disturbed.set(Some(running.get()));
        Ok(())
    });
    drop(leaky);
    assert_equal(&thing_im_testing(asyncio, "x", witness)?, "X")
}

fn two(asyncio: &mut Runner<'_>, witness: &Witness) -> Result<(), Exc> {
    assert_equal(&thing_im_testing(asyncio, "y", witness)?, "Y")
}

/// Runs one test: whether it passed.
fn passes(asyncio: &mut Runner<'_>, test: Test, witness: &Witness) -> bool {
    witness.running.set(test.name);
    let result = (test.body)(asyncio, witness);
    match &result {
        Ok(()) => say(asyncio, &format!("PASS {}", test.name)),
        Err(exc) => say(asyncio, &format!("FAIL {}: {exc}", test.name)),
    }
    asyncio.enter(|_| drop(witness.frame.take()));
    result.is_ok()
}

/// Ends what a test has left behind on its loop.
fn end_leaked_tasks(asyncio: &mut Runner<'_>) -> Result<(), Violation> {
    for task in asyncio.all_tasks() {
        asyncio.enter(|_| event!("harness leaked task: {}", task.name()));
        asyncio.cancel(&task);
        let ended = asyncio.enter(|_| gather_results([task.future()]));
        ran(asyncio.run_until_complete(&ended))?.map_err(Violation::new)?;
    }
    Ok(())
}

fn suite(executor: &mut Executor, mut tests: [Test; 2], loops: Loops) -> Result<(), Violation> {
    executor.enter(|| shuffle(&mut tests));
    let witness = Witness::default();
    let (mut failed, mut left) = (Vec::new(), Vec::new());
    match loops {
        Loops::Shared => {
            let mut asyncio = start(executor);
            for test in tests {
                if !passes(&mut asyncio, test, &witness) {
                    failed.push(test.name);
                }
            }
            left.extend(asyncio.all_tasks());
        }
        Loops::Fresh => {
            for test in tests {
                let mut asyncio = start(executor);
                if !passes(&mut asyncio, test, &witness) {
                    failed.push(test.name);
                }
                end_leaked_tasks(&mut asyncio)?;
                left.extend(asyncio.all_tasks());
            }
        }
    }
    ensure!(failed.is_empty(), "of two tests {failed:?} failed");
    if let Some(test) = witness.disturbed.get() {
        return Err(Violation::new(format_args!("a task of another test woke up during {test}")));
    }
    ensure!(left.is_empty(), "after the tests {left:?} are left");
    Ok(())
}

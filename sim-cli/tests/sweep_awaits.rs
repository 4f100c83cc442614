//! What a sweep tells of a run that stands still: where in the program its tasks await.

use std::cell::RefCell;
use std::rc::Rc;

use anstream::StripStream;
use futures::channel::oneshot;
use sim_cli::{Console, Exit, call};
use sim_executor::{Executor, choose, spawn_named};
use sim_explorer::{Expect, Scenario, Settings, Variant, Violation};

static SCENARIOS: [Scenario; 1] = [Scenario {
    name: "stuck",
    about: "The answer is kept, and not sent, once out of four times.",
    invariant: "Each question is answered.",
    patterns: &[],
    parameters: &[],
    variants: &[Variant { name: "only", about: "As it is.", expect: Expect::Holds, body: stuck }],
}];

/// The line at which the task waits.
const LINE: u32 = line!() + 11;

fn stuck(executor: &mut Executor, _settings: &Settings) -> Result<(), Violation> {
    executor.block_on(async {
        let (sender, receiver) = oneshot::channel::<u32>();
        let kept = Rc::new(RefCell::new(Some(sender)));
        if choose(4) != 3 {
            let sender = kept.borrow_mut().take().unwrap();
            sender.send(7).unwrap();
        }
        let asker = spawn_named("asker", async move {
            let answer = receiver.await;
            assert_eq!(answer, Ok(7));
        });
        asker.await.unwrap();
        drop(kept);
    })?;
    Ok(())
}

#[test]
fn a_sweep_tells_the_lines_at_which_the_tasks_of_a_failed_run_await() {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = {
        let (mut out, mut err) = (StripStream::new(&mut out), StripStream::new(&mut err));
        let mut console = Console { out: &mut out, err: &mut err, is_process: false };
        call(&SCENARIOS, ["seedbed", "sweep", "stuck", "--seeds", "0..40"], &mut console)
    };
    let text = String::from_utf8(out).unwrap();
    assert_eq!(exit, Exit::Failure, "{text}");
    let (_, told) = text.split_once("where its tasks wait:").expect(&text);
    assert!(told.contains("main/asker on main"), "{told}");
    assert!(told.contains(&format!("sweep_awaits.rs:{LINE}")), "line {LINE}: {told}");
}

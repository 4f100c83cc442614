//! A failing test tells the shrunk failure first, and the line that makes the run again last.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use seedbed::{Sweep, choose, flip, spawn_named, time, yield_now};

/// Two of five tasks read before either writes.
async fn lose_an_increment() {
    let count = Rc::new(Cell::new(0));
    let tasks = ["a", "b", "c", "d", "e"].map(|name| {
        let count = Rc::clone(&count);
        spawn_named(name, async move {
            time::sleep(std::time::Duration::from_millis(choose(50))).await;
            let read = count.get();
            if flip(seedbed::Ratio::new(1, 2)) {
                yield_now().await;
            }
            count.set(read + 1);
        })
    });
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(count.get(), 5);
}

fn text(sweep: &Sweep) -> String {
    let ran = catch_unwind(AssertUnwindSafe(|| sweep.run("lose_an_increment", lose_an_increment)));
    ran.unwrap_err().downcast_ref::<String>().expect("it says what is wrong").clone()
}

#[test]
fn the_short_story_comes_first_and_the_line_that_reproduces_last() {
    let text = text(&Sweep { seeds: 1_000, ..Sweep::default() });
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("lose_an_increment fails "), "{text}");
    assert!(lines[1].starts_with("panic \"assertion `left == right` failed\""), "{text}");
    assert!(lines[2].starts_with("shrunk in "), "{text}");
    let found =
        lines.iter().position(|line| *line == "the run as it was found:").expect("the story has an end");
    assert!(found <= 41, "{text}");
    // One task draws that it waits, and another runs meanwhile.
    assert!(lines[..found].iter().any(|line| line.ends_with("(needed)")), "{text}");
    assert!(lines.last().unwrap().starts_with("reproduce: SEEDBED_"), "{text}");
}

#[test]
fn a_test_that_is_not_to_be_shrunk_tells_the_run_alone() {
    let text = text(&Sweep { seeds: 1_000, shrink: false, ..Sweep::default() });
    assert!(!text.contains("shrunk in ") && !text.contains("the run as it was found"), "{text}");
    assert!(text.contains("\nreproduce: SEEDBED_"), "{text}");
}

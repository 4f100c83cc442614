//! A panic of a run is told with the function in which it was, where that is asked for.

use seedbed::{
    Config, Executor, Outcome, PanicsInside, ProductionOrder, Report, install_panic_hook, spawn_named,
};

#[inline(never)]
fn take<T>(items: &[T]) -> &T {
    items.first().expect("there is an item")
}

fn run(panic_functions: bool) -> Report {
    install_panic_hook(PanicsInside::Quiet);
    let config = Config { panic_functions, ..Config::default() };
    let mut executor = Executor::with_config(config, ProductionOrder);
    let ended = executor.block_on(async {
        let task = spawn_named("taker", async {
            take::<Vec<u8>>(&[]);
        });
        task.await.unwrap();
    });
    executor.finish(Outcome::from(ended.unwrap_err()))
}

#[test]
fn the_function_of_a_panic_is_known_where_it_is_asked_for() {
    let report = run(true);
    let location = report.panics[0].location.as_ref().unwrap();
    let function = report.panicked_in.get(location).expect("a dev build has symbols");
    assert_eq!(function, "panicking_function::take");
    assert!(run(false).panicked_in.is_empty());
    assert_eq!(run(true).hash, run(false).hash);
}

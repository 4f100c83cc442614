//! Programs of functions that block.

use super::program::{ms, programs, without_id};

programs! {
    async fn a_function_gives_its_value(log) {
        log.say(rt::task::spawn_blocking(|| 3 + 4).await.unwrap());
    }

    async fn a_function_panics(log) {
        let error = rt::task::spawn_blocking(|| panic!("a function")).await.unwrap_err();
        log.say(format_args!("{} {}", error.is_panic(), without_id(&error)));
    }

    async fn functions_give_their_values_in_any_order(log) {
        let functions: Vec<_> = (0..20).map(|number| rt::task::spawn_blocking(move || number * number)).collect();
        let mut sum = 0;
        for function in functions {
            sum += function.await.unwrap();
        }
        log.say(sum);
    }

    async fn a_function_spawns_a_task(log) {
        let task = rt::task::spawn_blocking(|| {
            rt::spawn(async {
                rt::time::sleep(ms(5)).await;
                8
            })
        });
        log.say(task.await.unwrap().await.unwrap());
    }

    async fn a_function_spawns_a_function(log) {
        let inner = rt::task::spawn_blocking(|| rt::task::spawn_blocking(|| 5));
        log.say(inner.await.unwrap().await.unwrap());
    }

    async fn a_function_has_an_id(log) {
        let function = rt::task::spawn_blocking(|| rt::task::id());
        let id = function.id();
        log.say(function.await.unwrap() == id);
    }

    async fn time_stands_while_a_function_runs(log) {
        let function = rt::task::spawn_blocking(|| 6);
        log.say(rt::time::timeout(ms(1_000), function).await.unwrap().unwrap());
    }

    async fn a_function_that_has_ended_is_not_cancelled(log) {
        let function = rt::task::spawn_blocking(|| 7);
        while !function.is_finished() {
            rt::task::yield_now().await;
        }
        function.abort();
        log.say(function.await.unwrap());
    }

    async fn a_function_sends_to_a_task(log) {
        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
        let function = rt::task::spawn_blocking(move || (0..3).for_each(|number| sender.send(number).unwrap()));
        while let Some(number) = receiver.recv().await {
            log.say(number);
        }
        function.await.unwrap();
    }
}

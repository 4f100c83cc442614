//! Programs of values that belong to tasks.

use std::pin::pin;

use super::program::{SayDropped, ms, programs};

programs! {
    async fn each_task_has_its_value(log) {
        rt::task_local! {
            static NUMBER: u32;
        }
        let one = rt::spawn(NUMBER.scope(1, async {
            rt::time::sleep(ms(5)).await;
            NUMBER.get()
        }));
        let two = rt::spawn(NUMBER.scope(2, async {
            rt::time::sleep(ms(3)).await;
            NUMBER.with(|number| number * 10)
        }));
        log.say(format_args!("{} {}", one.await.unwrap(), two.await.unwrap()));
    }

    async fn there_is_no_value_outside_of_a_scope(log) {
        rt::task_local! {
            static NUMBER: u32;
        }
        log.say(format_args!("{:?}", NUMBER.try_with(|number| *number)));
        log.say(NUMBER.try_get().unwrap_err());
        NUMBER.scope(1, async { log.say(NUMBER.get()) }).await;
        log.say(NUMBER.try_get().is_err());
        log.say(rt::spawn(async { NUMBER.try_get().is_err() }).await.unwrap());
    }

    async fn a_value_that_is_not_there_panics(log) {
        rt::task_local! {
            static NUMBER: u32;
        }
        log.say("with");
        NUMBER.with(|number| log.say(number));
    }

    async fn a_clone_of_a_value_that_is_not_there_panics(log) {
        rt::task_local! {
            static NUMBER: u32;
        }
        log.say("get");
        log.say(NUMBER.get());
    }

    async fn scopes_nest(log) {
        rt::task_local! {
            static NUMBER: u32;
        }
        let inner = async {
            log.say(NUMBER.get());
            NUMBER.scope(2, async { log.say(NUMBER.get()) }).await;
            log.say(NUMBER.get());
        };
        NUMBER.scope(1, inner).await;
    }

    async fn several_values(log) {
        rt::task_local! {
            /// With a comment.
            static NAME: &'static str;
            pub static COUNT: std::cell::Cell<u32>;
        }
        let counted = async {
            COUNT.with(|count| count.set(count.get() + 1));
            rt::task::yield_now().await;
            COUNT.with(|count| count.set(count.get() + 1));
            log.say(format_args!("{} {}", NAME.get(), COUNT.with(std::cell::Cell::get)));
        };
        NAME.scope("name", COUNT.scope(std::cell::Cell::new(5), counted)).await;
    }

    async fn a_function_has_a_value(log) {
        rt::task_local! {
            static NUMBER: u32;
        }
        log.say(NUMBER.sync_scope(3, || NUMBER.get() + 1));
        log.say(NUMBER.try_get().is_err());
    }

    async fn a_value_is_taken_back_when_a_function_panics(log) {
        rt::task_local! {
            static NUMBER: u32;
        }
        let caught = std::panic::catch_unwind(|| NUMBER.sync_scope(3, || panic!("inside")));
        log.say(caught.is_err());
        log.say(NUMBER.try_get().is_err());
    }

    async fn a_drop_inside_of_a_scope_has_the_value(log) {
        rt::task_local! {
            static NUMBER: u32;
        }
        struct SayNumber(super::super::program::Log);
        impl Drop for SayNumber {
            fn drop(&mut self) {
                self.0.say(format_args!("{:?}", NUMBER.try_get()));
            }
        }
        let guard = SayNumber(log.clone());
        NUMBER.scope(4, async move { drop(guard) }).await;
        let guard = SayNumber(log.clone());
        let never = NUMBER.scope(5, async move {
            let _guard = guard;
            std::future::pending::<()>().await;
        });
        log.say(rt::time::timeout(ms(1), never).await.is_err());
        let guard = SayNumber(log.clone());
        let captured = NUMBER.scope(6, async move {
            let _guard = guard;
        });
        drop(captured);
    }

    async fn a_value_is_taken_out(log) {
        rt::task_local! {
            static NUMBER: u32;
        }
        let mut scope = pin!(NUMBER.scope(7, async { NUMBER.get() }));
        log.say(scope.as_mut().await);
        log.say(format_args!("{:?}", scope.as_mut().take_value()));
        log.say(format_args!("{:?}", scope.take_value()));
    }

    async fn the_texts_of_a_key_and_its_future(log) {
        rt::task_local! {
            static NUMBER: u32;
        }
        log.say(format_args!("{NUMBER:?}"));
        log.say(format_args!("{:?}", NUMBER.scope(8, async {})));
        log.say(format_args!("{:?}", NUMBER.try_get().unwrap_err()));
    }

    async fn a_scope_inside_of_a_borrow_panics(log) {
        rt::task_local! {
            static NUMBER: u32;
        }
        log.say("before");
        NUMBER.scope(9, async { NUMBER.with(|_| NUMBER.sync_scope(1, || ())) }).await;
    }

    async fn a_value_goes_with_its_task(log) {
        rt::task_local! {
            static NUMBER: u32;
        }
        let _guard = SayDropped(log.clone(), "guard");
        let tasks = [1_u32, 2, 3].map(|number| {
            let log = log.clone();
            rt::spawn(NUMBER.scope(number, async move {
                for _ in 0..2 {
                    rt::task::yield_now().await;
                    log.say(NUMBER.get());
                }
            }))
        });
        futures::future::join_all(tasks).await;
    }

    async fn a_child_does_not_inherit(log) {
        rt::task_local! {
            static NUMBER: u32;
        }
        let child = NUMBER.scope(1, async { rt::spawn(async { NUMBER.try_get().is_err() }).await.unwrap() });
        log.say(child.await);
    }
}

//! `#[seedbed::test]`, used as users do.

use std::time::Duration;

use seedbed::{choose, spawn, time};

#[seedbed::test]
async fn a_test_is_an_async_fn() {
    let slept = spawn(async {
        time::sleep(Duration::from_secs(3_600)).await;
        time::elapsed()
    });
    assert_eq!(slept.await.unwrap(), Duration::from_secs(3_600));
}

#[seedbed::test(seeds = 1_0)]
async fn a_test_may_give_a_result() -> std::io::Result<()> {
    time::timeout(Duration::from_secs(2), time::sleep(Duration::from_secs(1))).await?;
    Ok(())
}

#[seedbed::test(seeds = 0)]
async fn without_seeds_only_production_order_is_run() {
    assert_eq!(choose(1_000), 0);
}

#[seedbed::test(seeds = 50)]
#[should_panic(
    expected = " cargo test a_failure_names_the_test_as_cargo_takes_it -p seedbed --test attribute "
)]
async fn a_failure_names_the_test_as_cargo_takes_it() {
    assert_eq!(choose(2), 0);
}

mod inner {
    #[seedbed::test]
    #[should_panic(
        expected = "SEEDBED_SEED=production cargo test inner::a_failure_names_the_module -p seedbed"
    )]
    async fn a_failure_names_the_module() {
        panic!("in production order already");
    }
}

macro_rules! test_with_visibility {
    ($visibility:vis $name:ident) => {
        #[seedbed::test(seeds = 1)]
        $visibility async fn $name() {}
    };
}

test_with_visibility!(pub(crate) a_macro_may_write_the_test);
test_with_visibility!(a_macro_may_leave_the_visibility_out);

#[seedbed::test(flavor = "multi_thread", worker_threads = 4, seeds = 5)]
async fn what_tokios_attribute_says_of_threads_changes_nothing() {
    let sum: u32 = futures::future::join_all((0..10).map(|n| spawn(async move { n })))
        .await
        .into_iter()
        .map(|n| n.unwrap())
        .sum();
    assert_eq!(sum, 45);
}

#[seedbed::test(start_paused = true, seeds = 0)]
#[should_panic(expected = "time is already frozen")]
async fn a_clock_that_starts_paused_is_not_paused_again() {
    time::pause();
}

#[seedbed::test(start_paused = true, seeds = 5)]
async fn a_clock_that_starts_paused_may_be_advanced_and_resumed() {
    let begin = time::Instant::now();
    time::advance(Duration::from_secs(3)).await;
    assert_eq!(begin.elapsed(), Duration::from_secs(3));
    time::resume();
}

#[seedbed::test(seeds = 20)]
async fn joins_and_selects_are_at_hand() {
    let (one, other) = seedbed::join!(async { 1 }, async { 2 });
    let first = seedbed::select! {
        () = time::sleep(Duration::from_secs(2)) => 2,
        () = time::sleep(Duration::from_secs(1)) => 1,
    };
    assert_eq!((one, other, first), (1, 2, 1));
    let both = seedbed::try_join!(async { Ok::<_, ()>(1) }, async { Ok(2) });
    assert_eq!(both, Ok((1, 2)));
}

#[seedbed::test(seeds = 3, network = "satellite", virtual_time_max = Duration::from_secs(60), budget = 64)]
async fn the_attribute_sets_the_network_and_the_limits() {
    use seedbed::net::{TcpListener, TcpStream};
    seedbed::node("server").spawn(async {
        let listener = TcpListener::bind("0.0.0.0:7").await?;
        listener.accept().await
    });
    time::sleep(Duration::from_secs(1)).await;
    TcpStream::connect("server:7").await.unwrap();
    assert!(
        time::elapsed() > Duration::from_millis(1_400),
        "a round trip over a satellite takes half a second"
    );
}

#[seedbed::test(seeds = 0, polls_per_instant_max = 10)]
#[should_panic(expected = "Limits::polls_per_instant_max = 10 is reached")]
async fn a_limit_of_the_attribute_is_kept() {
    for _ in 0..200 {
        seedbed::yield_now().await;
    }
}

#[seedbed::test(seeds = 0, stats, trace = "all")]
#[should_panic(expected = "waited: polls")]
async fn a_failure_tells_the_statistics_that_the_attribute_asks_for() {
    spawn(async {}).await.unwrap();
    panic!("at the end");
}

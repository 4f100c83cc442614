//! The README's test, which must fail as the README says.

use seedbed::{Snapshot, choose_between, spawn, time};
use std::{cell::Cell, rc::Rc, time::Duration};

#[seedbed::test(seeds = 200)]
#[should_panic(expected = "SEEDBED_STRATEGY=each:run=1.0 cargo test no_payment_is_lost")]
async fn no_payment_is_lost() {
    let balance = Rc::new(Cell::new(0));
    let pay = |clerk: u64, balance: Rc<Cell<u32>>| async move {
        time::sleep(Duration::from_millis(10 * clerk + choose_between(1, 20))).await;
        let read = balance.get();
        time::sleep(Duration::from_millis(2)).await; // writes the journal
        balance.set(read + 10);
    };
    let clerks = [0, 1, 2].map(|clerk| spawn(pay(clerk, balance.clone())));
    for clerk in clerks {
        clerk.await.unwrap();
    }
    assert_eq!(balance.get(), 30);
}

/// The README's test of a network.
async fn every_line_is_echoed() {
    use futures::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use seedbed::net::{TcpListener, TcpStream};

    seedbed::node("server").spawn(async {
        let listener = TcpListener::bind("0.0.0.0:7").await.unwrap();
        let (stream, from) = listener.accept().await.unwrap();
        seedbed::event!("a connection from {}", from.ip());
        let (reader, mut writer) = stream.split();
        futures::io::copy(reader, &mut writer).await.unwrap();
    });
    time::sleep(Duration::from_millis(1)).await;
    let mut stream = TcpStream::connect("server:7").await.unwrap();
    stream.write_all(b"hello").await.unwrap();
    let mut line = [0; 5];
    stream.read_exact(&mut line).await.unwrap();
    assert_eq!(&line, b"hello");
}

#[seedbed::test(seeds = 20, network = "lossy_mobile", virtual_time_max = Duration::from_secs(600))]
async fn every_line_is_echoed_over_a_bad_network() {
    every_line_is_echoed().await;
}

#[test]
fn the_log_of_a_run_is_a_snapshot() {
    seedbed::assert_trace_snapshot!(Snapshot::default().without_times(), every_line_is_echoed, @"server/every_line_is_echoed a connection from 10.0.0.1");
}

seedbed::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(8))]
    #[test]
    async fn whatever_is_slept_passes(millis in proptest::collection::vec(0_u64..1_000, 1..8)) {
        let longest = millis.iter().copied().max().map(Duration::from_millis);
        let sleeps: Vec<_> = millis.into_iter().map(|ms| spawn(time::sleep(Duration::from_millis(ms)))).collect();
        for sleep in sleeps {
            sleep.await.unwrap();
        }
        proptest::prop_assert_eq!(Some(time::elapsed()), longest);
    }
}

//! The README's test, which must fail as the README says.

use seedbed::{choose_between, spawn, time};
use std::{cell::Cell, rc::Rc, time::Duration};

#[seedbed::test(seeds = 200)]
#[should_panic(expected = "SEEDBED_SEED=2 cargo test no_payment_is_lost")]
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
    let only = Some(seedbed::RunSeed::Production);
    let passed = seedbed::Sweep { only, ..Default::default() }.try_run("echo", every_line_is_echoed).unwrap();
    insta::assert_snapshot!(passed.log, @"0.004 server/every_line_is_echoed a connection from 10.0.0.1");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(8))]
    #[test]
    fn whatever_is_slept_passes(millis in proptest::collection::vec(0_u64..1_000, 1..8)) {
        let longest = millis.iter().copied().max();
        seedbed::sweep("whatever_is_slept_passes", 5, move || {
            let sleeps: Vec<_> = millis.iter().map(|&ms| spawn(time::sleep(Duration::from_millis(ms)))).collect();
            async move {
                for sleep in sleeps {
                    sleep.await.unwrap();
                }
                assert_eq!(Some(time::elapsed()), longest.map(Duration::from_millis));
            }
        });
    }
}

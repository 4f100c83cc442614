//! Races between operations of sockets or timers that are ready at once.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use seedbed::net::UdpSocket;
use seedbed::{
    Config, Executor, KeyedRandom, Outcome, ProductionOrder, Replay, Report, Source, join, spawn_named, time,
};
use sim_explorer::{Each, Ended, Strategy, Survey};

const BETWEEN: [Between; 3] = [Between::Send, Between::Receive, Between::Sleep];

/// What a buyer awaits between its look and its deed. It never has to wait.
#[derive(Clone, Copy, Debug)]
enum Between {
    Send,
    Receive,
    Sleep,
}

impl Between {
    async fn pass(self, socket: &UdpSocket, other: SocketAddr) {
        match self {
            Between::Send => assert_eq!(socket.send_to(b"audit", other).await.unwrap(), 5),
            Between::Receive => assert_eq!(socket.recv(&mut [0; 8]).await.unwrap(), 1),
            Between::Sleep => time::sleep(Duration::ZERO).await,
        }
    }
}

/// Two buyers who look before they take; how often the only thing was sold.
async fn buy(between: Between) -> u32 {
    let socket = Rc::new(UdpSocket::bind("localhost:0").await.unwrap());
    let other = UdpSocket::bind("localhost:0").await.unwrap();
    for byte in [1, 2] {
        other.send_to(&[byte], socket.local_addr().unwrap()).await.unwrap();
    }
    time::sleep(Duration::from_secs(1)).await;
    let (left, sold) = (Rc::new(Cell::new(1)), Rc::new(Cell::new(0)));
    let buyers = [(); 2].map(|()| {
        let (left, sold, socket) = (Rc::clone(&left), Rc::clone(&sold), Rc::clone(&socket));
        let other = other.local_addr().unwrap();
        spawn_named("buyer", async move {
            if left.get() > 0 {
                between.pass(&socket, other).await;
                left.set(0);
                sold.set(sold.get() + 1);
            }
        })
    });
    for buyer in buyers {
        buyer.await.unwrap();
    }
    sold.get()
}

fn run(is_asked: bool, record: bool, between: Between, source: Box<dyn Source>) -> Report {
    let config = Config { io_points: is_asked, record, ..Config::default() };
    let mut executor = Executor::with_boxed_source(config, source);
    let sold = executor.block_on(buy(between)).unwrap();
    let failed = Outcome::Failed { message: format!("{sold} sold of one") };
    executor.finish(if sold == 1 { Outcome::Done } else { failed })
}

#[test]
fn an_operation_that_is_ready_at_once_lets_others_go_first_where_that_is_asked_for() {
    for between in BETWEEN {
        let found = Each::default().search(|source| run(true, false, between, source));
        let Ended::Failed { deviations, .. } = &found.ended else { panic!("{between:?}: {found}") };
        assert_eq!(deviations.len(), 1, "{between:?}");
        let calm = Each { depth_max: 2, ..Each::default() };
        let calm = calm.search(|source| run(false, false, between, source));
        assert_eq!(calm.ended, Ended::Exhausted { depth: 2 }, "{between:?}: nobody has asked");
    }
}

#[test]
fn production_order_and_plain_random_order_stay_as_they_are() {
    for between in BETWEEN {
        let hash = |is_asked: bool, source: Box<dyn Source>| run(is_asked, false, between, source).hash;
        assert_eq!(hash(true, Box::new(ProductionOrder)), hash(false, Box::new(ProductionOrder)));
        for seed in 0..20 {
            let random = || Box::new(KeyedRandom::new(seed));
            assert_eq!(hash(true, random()), hash(false, random()), "{between:?} seed {seed}");
        }
    }
}

#[test]
fn strategies_find_it_and_their_recordings_are_replayed() {
    for between in BETWEEN {
        let survey = Survey::of(Config::default(), |_, source| run(true, false, between, source));
        let survey = Arc::new(survey);
        let fails = |seed: &u64| {
            let source = Strategy::Portfolio.source(*seed, &survey);
            !run(true, true, between, source).outcome.is_done()
        };
        let seed = (0..200).find(fails).expect("the portfolio finds it");
        let failed = run(true, true, between, Strategy::Portfolio.source(seed, &survey));
        let recording = failed.recording.as_ref().expect("it was recorded");
        let again = run(true, false, between, Box::new(Replay::new(recording)));
        assert_eq!(again.hash, failed.hash, "{between:?}");
    }
}

#[test]
fn one_task_with_several_operations_at_once_gets_on() {
    let config = Config { io_points: true, ..Config::default() };
    for source in [Strategy::Walk, Strategy::Urw].map(|strategy| strategy.source(1, &Arc::default())) {
        let mut executor = Executor::with_boxed_source(config, source);
        let received = executor.block_on(async {
            let socket = UdpSocket::bind("localhost:0").await.unwrap();
            let silent = UdpSocket::bind("localhost:0").await.unwrap();
            let other = UdpSocket::bind("localhost:0").await.unwrap();
            let address = socket.local_addr().unwrap();
            drop(spawn_named("busy", async {
                loop {
                    time::sleep(Duration::from_millis(1)).await;
                }
            }));
            drop(spawn_named("sender", async move {
                for byte in 0..3 {
                    time::sleep(Duration::from_millis(5)).await;
                    other.send_to(&[byte], address).await.unwrap();
                }
            }));
            let read = async || {
                let mut buffer = [9];
                socket.recv(&mut buffer).await.unwrap();
                buffer[0]
            };
            let mut nothing = [0];
            let waits = time::timeout(Duration::from_secs(1), silent.recv(&mut nothing));
            let (waited, one, two, three) = join!(waits, read(), read(), read());
            assert!(waited.is_err());
            let mut all = [one, two, three];
            all.sort_unstable();
            all
        });
        assert_eq!(received.unwrap(), [0, 1, 2]);
    }
}

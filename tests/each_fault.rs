//! Every kind of fault can be tried by name, also where nothing ever goes wrong by itself.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use seedbed::net::{NetworkConfig, TcpListener, TcpStream, UdpSocket, fault, install};
use seedbed::{Executor, Outcome, Replay, Report, Source, cancellable, node, time, yield_now};
use sim_executor::{Buggify, Config, Fault, Faults, KeyedRandom, Ratio, Value, buggify, flip};
use sim_explorer::{Alternative, Deviant, DeviantRun, Each, Ended, Kinds, SearchResult};

fn of(fault: Fault) -> Each {
    Each { kinds: Kinds::of(Faults::of(fault)), ..Each::default() }
}

fn report<F: Future<Output = Result<(), String>> + 'static>(
    config: Config,
    source: Box<dyn Source>,
    program: F,
) -> Report {
    let mut executor = Executor::with_boxed_source(config, source);
    let outcome = match executor.block_on(program) {
        Ok(Ok(())) => Outcome::Done,
        Ok(Err(message)) => Outcome::Failed { message },
        Err(error) => error.into(),
    };
    executor.finish(outcome)
}

fn search<F: Future<Output = Result<(), String>> + 'static>(
    each: Each,
    program: impl Fn() -> F,
) -> SearchResult {
    each.search(|source| report(Config::default(), source, program()))
}

/// Sends three datagrams, and gives which came, in a second each.
async fn three_datagrams() -> Vec<u8> {
    let receiver = node("server").spawn(async {
        let socket = UdpSocket::bind("0.0.0.0:7").await.unwrap();
        let mut got = Vec::new();
        let mut buffer = [0; 9];
        while let Ok(Ok(_)) = time::timeout(Duration::from_secs(9), socket.recv(&mut buffer)).await {
            got.push(buffer[0]);
        }
        got
    });
    yield_now().await;
    let socket = UdpSocket::bind("0.0.0.0:0").await.unwrap();
    for number in 0..3 {
        socket.send_to(&[number; 5], "server:7").await.unwrap();
    }
    receiver.await.unwrap()
}

fn failure_unless(holds: bool, message: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(message.to_string()) }
}

#[test]
fn the_one_lost_packet_that_breaks_a_program_is_found_on_a_perfect_link() {
    let program = || async { failure_unless(three_datagrams().await.contains(&1), "the second is lost") };
    let found = search(of(Fault::Loss), program);
    let Ended::Failed { deviations, .. } = &found.ended else { panic!("{found}") };
    assert_eq!((found.runs, deviations.len()), (3, 1), "the default order, the first packet, the second");
    assert_eq!(deviations[0].answer, Alternative::Value(Value::Flag(true)));
    let by_itself = search(Each::default(), program);
    assert!(
        matches!(by_itself.ended, Ended::Exhausted { .. }),
        "a perfect link is not asked by itself: {by_itself}"
    );
    let others = Each { kinds: "corrupt".parse().unwrap(), ..Each::default() };
    assert!(
        matches!(search(others, program).ended, Ended::Failed { .. }),
        "a wrong checksum loses it as well"
    );
}

#[test]
fn a_failure_that_was_asked_for_is_made_again_by_its_deviations_and_by_its_recording() {
    let program = || async { failure_unless(three_datagrams().await.contains(&1), "the second is lost") };
    let found = search(of(Fault::Loss), program);
    let Ended::Failed { deviations, report: first } = found.ended else { panic!("{found}") };
    let config = Config { record: true, ..Config::default() };
    let steps = deviations.iter().map(|deviation| deviation.step).collect();
    let source = Deviant::new(DeviantRun { faults: Faults::of(Fault::Loss), steps });
    let recorded = report(config, Box::new(source), program());
    assert_eq!((recorded.hash, recorded.outcome), (first.hash, first.outcome));
    let recording = recorded.recording.unwrap();
    assert!(recording.asked_anyway.has(Fault::Loss));
    let replay = Replay::new(&recording);
    let followed = replay.report();
    assert_eq!(report(Config::default(), Box::new(replay), program()).hash, first.hash);
    assert_eq!(followed.diverged_at(), None);
}

#[test]
fn twice_and_out_of_order_are_tried_by_name_too() {
    let twice = || async { failure_unless(three_datagrams().await.len() == 3, "one came twice") };
    assert!(matches!(search(of(Fault::Duplicate), twice).ended, Ended::Failed { .. }));
    let sorted = || async { failure_unless(three_datagrams().await.is_sorted(), "one was overtaken") };
    let deep = Each { depth_max: 2, ..of(Fault::Reorder) };
    assert!(matches!(search(deep, sorted).ended, Ended::Failed { .. }));
    for other in [Fault::Crash, Fault::Short, Fault::User] {
        let found = search(of(other), twice);
        assert!(matches!(found.ended, Ended::Exhausted { .. }), "{other}: {found}");
        assert_eq!(found.runs, 1, "{other}");
    }
}

#[test]
fn a_host_loses_nothing_that_it_sends_to_itself() {
    let program = || async {
        let receiver = UdpSocket::bind("127.0.0.1:7").await.unwrap();
        let sender = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        sender.send_to(b"x", "127.0.0.1:7").await.unwrap();
        receiver.recv(&mut [0; 9]).await.map(drop).map_err(|error| error.to_string())
    };
    let found = search(of(Fault::Loss), program);
    assert_eq!((found.runs, &found.ended), (1, &Ended::Exhausted { depth: 1 }), "{found}");
}

#[test]
fn short_reads_lookups_cancellation_and_trouble_are_tried_by_name() {
    let read = || async {
        let listener = TcpListener::bind("0.0.0.0:7").await.unwrap();
        let serve = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            futures::AsyncWriteExt::write_all(&mut stream, b"hello").await.unwrap();
        };
        let read = async {
            let mut stream = TcpStream::connect("127.0.0.1:7").await.unwrap();
            futures::AsyncReadExt::read(&mut stream, &mut [0; 5]).await.unwrap()
        };
        let ((), bytes) = seedbed::join!(serve, read);
        failure_unless(bytes == 5, "a read was short")
    };
    assert!(matches!(search(of(Fault::Short), read).ended, Ended::Failed { .. }));
    let lookup = || async {
        let _server = node("server");
        failure_unless(seedbed::net::lookup_host("server:7").await.is_ok(), "no answer")
    };
    assert!(matches!(search(of(Fault::Dns), lookup).ended, Ended::Failed { .. }));
    let cancelled = || async {
        let work = cancellable(yield_now()).probability(Ratio::NEVER);
        failure_unless(work.await.is_ok(), "cancelled")
    };
    assert!(matches!(search(of(Fault::Cancel), cancelled).ended, Ended::Failed { .. }));
    let troubled = || async { failure_unless(!buggify!("trouble", Ratio::NEVER), "trouble") };
    let found = search(of(Fault::Buggify), troubled);
    assert_eq!(found.runs, 2, "one deviation is enough: {found}");
    let drawn = || async { failure_unless(!flip(Ratio::one_in(1_000)), "drawn") };
    assert!(matches!(search(of(Fault::User), drawn).ended, Ended::Failed { .. }));
}

/// How many of a hundred packets are lost, and how many come twice, on a link that does both often.
fn lost_and_doubled(seed: u64, swarm: bool) -> (u64, u64) {
    let config = Config { swarm, buggify: Buggify::OFF, ..Config::default() };
    let mut executor = Executor::with_config(config, KeyedRandom::new(seed));
    executor.enter(|| install(NetworkConfig::default()));
    let run = async {
        let receiver = node("server").spawn(async {
            let socket = UdpSocket::bind("0.0.0.0:7").await.unwrap();
            let mut came = [0_u64; 100];
            let mut buffer = [0; 9];
            while let Ok(Ok(_)) = time::timeout(Duration::from_secs(9), socket.recv(&mut buffer)).await {
                came[usize::from(buffer[0])] += 1;
            }
            came
        });
        time::sleep(Duration::from_secs(1)).await;
        let link = seedbed::net::LinkConfig {
            loss: Ratio::new(1, 4),
            duplicate: Ratio::new(1, 4),
            ..seedbed::net::LinkConfig::default()
        };
        fault::set_link("main", "server", link);
        assert_eq!(fault::link("main", "server"), link, "it is told as it was set");
        let socket = UdpSocket::bind("0.0.0.0:0").await.unwrap();
        for number in 0..100 {
            socket.send_to(&[number], "server:7").await.unwrap();
        }
        receiver.await.unwrap()
    };
    let came = executor.block_on(run).unwrap();
    let count = |wanted: u64| came.iter().filter(|&&times| times == wanted).count() as u64;
    (count(0), count(2))
}

#[test]
fn under_swarm_testing_each_run_has_some_kinds_of_faults_only() {
    let all: Vec<(u64, u64)> = (0..64).map(|seed| lost_and_doubled(seed, true)).collect();
    for (is_lossy, is_doubling) in [(false, false), (false, true), (true, false), (true, true)] {
        let such = all.iter().filter(|&&(lost, doubled)| (lost > 0, doubled > 0) == (is_lossy, is_doubling));
        let count = such.count();
        assert!((6..=26).contains(&count), "{is_lossy} {is_doubling}: {count} of 64");
    }
    for seed in 0..64 {
        let (lost, doubled) = lost_and_doubled(seed, false);
        assert!(lost > 0 && doubled > 0, "without it all are on");
        let (swarm_lost, _) = all[seed as usize];
        assert!(swarm_lost == 0 || swarm_lost == lost, "what is on happens as without it");
    }
}

#[test]
fn a_search_tries_a_crash_at_every_poll_of_a_node_that_may_crash() {
    // Takes the job out of the list before it is done, so a crash in between loses it.
    let program = || async {
        let (jobs, done) = (Rc::new(Cell::new(3)), Rc::new(Cell::new(0)));
        let worker = node("worker");
        let (left, finished) = (Rc::clone(&jobs), Rc::clone(&done));
        worker.run(move || {
            let (left, finished) = (Rc::clone(&left), Rc::clone(&finished));
            async move {
                while left.get() > 0 {
                    left.set(left.get() - 1);
                    time::sleep(Duration::from_millis(1)).await;
                    finished.set(finished.get() + 1);
                    time::sleep(Duration::from_millis(1)).await;
                }
            }
        });
        worker.may_crash(seedbed::Crash::ProcessKill, 1);
        time::sleep(Duration::from_secs(5)).await;
        failure_unless(done.get() == 3, "a job is lost")
    };
    let found = search(of(Fault::Crash), program);
    let Ended::Failed { deviations, .. } = &found.ended else { panic!("{found}") };
    assert_eq!((deviations.len(), found.runs), (1, 2), "at its first await: {found}");
    assert!(matches!(search(of(Fault::Loss), program).ended, Ended::Exhausted { .. }));
}

#[test]
fn a_search_cuts_timeouts_short_and_polls_without_a_wake_by_name() {
    let impatient = || async {
        let steps = Rc::new(Cell::new(0));
        let counts = Rc::clone(&steps);
        let body = async move {
            for _ in 0..3 {
                counts.set(counts.get() + 1);
                yield_now().await;
            }
        };
        let ended = time::timeout(Duration::from_secs(9), body).await;
        failure_unless(ended.is_ok() || steps.get() != 2, "it stops in the middle")
    };
    let found = search(of(Fault::Cancel), impatient);
    assert!(matches!(found.ended, Ended::Failed { .. }), "{found}");
    assert!(matches!(search(Each::default(), impatient).ended, Ended::Exhausted { .. }), "not by itself");
    let hasty = || async {
        let mut polls = 0;
        std::future::poll_fn(|context| {
            polls += 1;
            if polls == 1 {
                let waker = context.waker().clone();
                drop(seedbed::spawn(async move {
                    time::sleep(Duration::from_secs(1)).await;
                    waker.wake();
                }));
                return std::task::Poll::Pending;
            }
            std::task::Poll::Ready(())
        })
        .await;
        let now = seedbed::context::now().to_string();
        failure_unless(now == "1.000", "it takes any poll for its wake")
    };
    assert!(matches!(search(of(Fault::Spurious), hasty).ended, Ended::Failed { .. }));
    assert!(matches!(search(Each::default(), hasty).ended, Ended::Exhausted { .. }), "not by itself");
}

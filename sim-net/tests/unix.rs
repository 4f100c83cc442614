//! Unix sockets: what waits, what wakes it, what is left behind.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::time::Duration;

use futures::FutureExt as _;
use futures::io::{AsyncReadExt as _, AsyncWriteExt as _};
use proptest::prelude::*;
use sim_executor::{
    Executor, KeyedRandom, Node, ProductionOrder, RunError, spawn, spawn_named, time, yield_now,
};
use sim_net::{
    Interest, NetworkConfig, Ready, UnixConfig, UnixDatagram, UnixListener, UnixStream, install, unix,
};

const SECOND: Duration = Duration::from_secs(1);

fn run<T: 'static>(body: impl Future<Output = T> + 'static) -> T {
    Executor::new(ProductionOrder).block_on(body).expect("the run ends")
}

#[test]
fn an_accept_waits_for_a_connection() {
    run(async {
        let listener = UnixListener::bind("/run/a").unwrap();
        let accepting = spawn(async move { listener.accept().await.unwrap() });
        yield_now().await;
        let mut client = UnixStream::connect("/run/a").await.unwrap();
        let (mut stream, from) = accepting.await.unwrap();
        assert!(from.is_unnamed());
        client.write_all(b"hello").await.unwrap();
        let mut text = [0; 5];
        stream.read_exact(&mut text).await.unwrap();
        assert_eq!(&text, b"hello");
    });
}

#[test]
fn a_writer_waits_until_three_quarters_of_the_buffer_are_read() {
    run(async {
        let (mut one, mut other) = UnixStream::pair().unwrap();
        let writer = spawn(async move {
            one.write_all(&vec![7; 1_000_000]).await.unwrap();
            time::sleep(SECOND).await;
        });
        yield_now().await;
        let mut buffer = vec![0; 1_000];
        other.read_exact(&mut buffer).await.unwrap();
        assert!(!writer.is_finished());
        let mut rest = Vec::new();
        other.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest.len(), 999_000);
        assert!(rest.iter().all(|&byte| byte == 7));
    });
}

#[test]
fn a_blocked_writer_is_told_that_the_reader_is_gone() {
    run(async {
        let (mut one, other) = UnixStream::pair().unwrap();
        let writer = spawn(async move { one.write_all(&vec![7; 1_000_000]).await.unwrap_err() });
        time::sleep(SECOND).await;
        drop(other);
        assert_eq!(writer.await.unwrap().kind(), ErrorKind::BrokenPipe);
    });
}

#[test]
fn a_writer_that_is_dropped_while_it_waits_loses_nothing_that_was_taken() {
    run(async {
        let (mut one, mut other) = UnixStream::pair().unwrap();
        let writer = spawn(async move { one.write_all(&vec![7; 1_000_000]).await });
        time::sleep(SECOND).await;
        writer.abort();
        assert!(writer.await.unwrap_err().is_cancelled());
        let mut rest = Vec::new();
        other.read_to_end(&mut rest).await.unwrap();
        assert!(rest.len() > 200_000 && rest.len() < 300_000, "{}", rest.len());
    });
}

#[test]
fn a_reader_that_is_dropped_while_it_waits_leaves_all_to_the_next() {
    run(async {
        let (mut one, mut other) = UnixStream::pair().unwrap();
        assert!(time::timeout(SECOND, other.read(&mut [0; 9])).await.is_err());
        one.write_all(b"hello").await.unwrap();
        let mut text = [0; 9];
        assert_eq!(other.read(&mut text).await.unwrap(), 5);
    });
}

#[test]
fn closing_the_writing_half_lets_the_reader_end_and_answer() {
    run(async {
        let (one, mut other) = UnixStream::pair().unwrap();
        let (mut read, mut write) = one.into_split();
        let answering = spawn(async move {
            let mut text = String::new();
            other.read_to_string(&mut text).await.unwrap();
            other.write_all(text.as_bytes()).await.unwrap();
        });
        write.write_all(b"hello").await.unwrap();
        drop(write);
        let mut text = String::new();
        read.read_to_string(&mut text).await.unwrap();
        answering.await.unwrap();
        assert_eq!(text, "hello");
    });
}

#[test]
fn halves_are_put_together_again_if_they_are_of_one_stream() {
    run(async {
        let (one, other) = UnixStream::pair().unwrap();
        let ((read, write), (other_read, other_write)) = (one.into_split(), other.into_split());
        let error = read.reunite(other_write).unwrap_err();
        let one = error.0.reunite(write).unwrap();
        let other = error.1.reunite(other_read).unwrap();
        assert_eq!(one.try_write(b"x").unwrap(), 1, "no half was closed");
        assert_eq!(other.try_read(&mut [0; 9]).unwrap(), 1);
    });
}

#[test]
fn a_socket_tells_what_it_is_ready_for() {
    run(async {
        let (one, mut other) = UnixStream::pair().unwrap();
        let both = Interest::READABLE | Interest::WRITABLE;
        assert_eq!(one.ready(both).await.unwrap(), Ready::WRITABLE);
        assert_eq!(one.try_io(Interest::READABLE, || Ok(())).unwrap_err().kind(), ErrorKind::WouldBlock);
        let reading = spawn(async move { one.ready(Interest::READABLE).await.map(|ready| (one, ready)) });
        time::sleep(SECOND).await;
        other.write_all(b"x").await.unwrap();
        let (one, ready) = reading.await.unwrap().unwrap();
        assert_eq!(ready, Ready::READABLE);
        one.try_write(b"y").unwrap();
        drop(other);
        let ready = one.ready(both | Interest::ERROR).await.unwrap();
        let ended =
            Ready::READABLE | Ready::WRITABLE | Ready::READ_CLOSED | Ready::WRITE_CLOSED | Ready::ERROR;
        assert_eq!(ready, ended);
        let (here, there) = UnixDatagram::pair().unwrap();
        there.send(b"x").await.unwrap();
        assert_eq!(here.ready(both).await.unwrap(), Ready::READABLE | Ready::WRITABLE);
    });
}

#[test]
fn a_sender_waits_while_the_receiver_has_too_many() {
    let mut executor = Executor::new(ProductionOrder);
    let unix = UnixConfig { max_dgram_qlen: 1, ..UnixConfig::default() };
    executor.enter(|| install(NetworkConfig { unix, ..NetworkConfig::default() }));
    let received = executor.block_on(async {
        let receiver = UnixDatagram::bind("/run/r").unwrap();
        let senders = [1, 2, 3].map(|number| {
            spawn(async move {
                let sender = UnixDatagram::unbound().unwrap();
                sender.connect("/run/r").unwrap();
                for count in 0..5 {
                    sender.send(&[number, count]).await.unwrap();
                }
            })
        });
        time::sleep(SECOND).await;
        let mut received = Vec::new();
        for _ in 0..15 {
            let mut datagram = [0; 2];
            assert_eq!(receiver.recv(&mut datagram).await.unwrap(), 2);
            received.push(datagram);
            yield_now().await;
        }
        for sender in senders {
            sender.await.unwrap();
        }
        received
    });
    let received = received.unwrap();
    for number in 1..=3 {
        let counts = received.iter().filter(|datagram| datagram[0] == number).map(|datagram| datagram[1]);
        assert_eq!(counts.collect::<Vec<u8>>(), [0, 1, 2, 3, 4], "of sender {number}");
    }
}

#[test]
fn a_blocked_sender_is_told_that_the_receiver_is_gone() {
    run(async {
        let receiver = UnixDatagram::bind("/run/r").unwrap();
        let sender = UnixDatagram::unbound().unwrap();
        sender.connect("/run/r").unwrap();
        let sending = spawn(async move {
            loop {
                if let Err(error) = sender.send(b"x").await {
                    return error;
                }
            }
        });
        time::sleep(SECOND).await;
        assert!(!sending.is_finished());
        drop(receiver);
        assert_eq!(sending.await.unwrap().kind(), ErrorKind::ConnectionRefused);
    });
}

#[test]
fn a_blocked_sender_is_told_that_the_receiver_has_shut_down() {
    run(async {
        let receiver = UnixDatagram::bind("/run/r").unwrap();
        let sending = spawn(async move {
            let sender = UnixDatagram::unbound().unwrap();
            sender.connect("/run/r").unwrap();
            loop {
                if let Err(error) = sender.send(b"x").await {
                    return error;
                }
            }
        });
        time::sleep(SECOND).await;
        receiver.shutdown(std::net::Shutdown::Read).unwrap();
        assert_eq!(sending.await.unwrap().kind(), ErrorKind::BrokenPipe);
        assert_eq!(receiver.try_recv(&mut [0; 9]).unwrap(), 1, "what was there can be received");
    });
}

#[test]
fn a_receiver_that_waits_is_woken_by_its_shutdown() {
    run(async {
        let (one, _other) = UnixDatagram::pair().unwrap();
        let one = std::rc::Rc::new(one);
        let waiting = std::rc::Rc::clone(&one);
        let receiving = spawn(async move { waiting.recv(&mut [0; 9]).await.unwrap() });
        time::sleep(SECOND).await;
        one.shutdown(std::net::Shutdown::Read).unwrap();
        assert_eq!(receiving.await.unwrap(), 0);
    });
}

#[test]
fn every_host_has_files_of_its_own() {
    run(async {
        let _here = UnixListener::bind("/run/a").unwrap();
        let there = Node::named("there").spawn(async {
            assert!(!unix::exists("/run/a").unwrap());
            let refused = UnixStream::connect("/run/a").await.unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::NotFound);
            let _there = UnixListener::bind("/run/a").unwrap();
            unix::remove_file("/run/a").unwrap();
        });
        there.await.unwrap();
        assert!(unix::exists("/run/a").unwrap());
    });
}

#[test]
fn errors_say_which_path_it_was() {
    run(async {
        let error = UnixStream::connect("/run/a").await.unwrap_err().to_string();
        assert!(error.starts_with("connect to /run/a: no such file"), "{error}");
        let _listener = UnixListener::bind("/run/a").unwrap();
        let error = UnixListener::bind("/run/a").unwrap_err().to_string();
        assert!(error.starts_with("bind /run/a: another socket has the address"), "{error}");
    });
}

#[test]
fn a_host_has_so_many_sockets_and_a_failed_pair_leaves_none() {
    let mut executor = Executor::new(ProductionOrder);
    executor.enter(|| install(NetworkConfig { sockets_max: 3, ..NetworkConfig::default() }));
    executor.enter(|| {
        let _pair = UnixStream::pair().unwrap();
        assert_eq!(UnixStream::pair().unwrap_err().raw_os_error(), Some(24));
        assert_eq!(UnixDatagram::pair().unwrap_err().raw_os_error(), Some(24));
        let _third = UnixDatagram::unbound().unwrap();
    });
}

#[test]
fn a_deadlock_says_at_which_unix_socket_each_task_waits() {
    let mut executor = Executor::new(ProductionOrder);
    let error = executor.block_on(async {
        let listener = UnixListener::bind("/run/a").unwrap();
        let mut client = UnixStream::connect("/run/a").await.unwrap();
        let (mut stream, _) = listener.accept().await.unwrap();
        spawn_named("acceptor", async move { listener.accept().await.map(drop) });
        spawn_named("receiver", async {
            let socket = UnixDatagram::bind("\0hidden").unwrap();
            socket.recv(&mut [0; 9]).await
        });
        spawn_named("writer", async move { client.write_all(&vec![0; 1_000_000]).await });
        time::sleep(SECOND).await;
        let _reading = stream.read_exact(&mut [0; 9]).await;
        let (mut alone, _other) = UnixStream::pair().unwrap();
        alone.read_exact(&mut [0; 9]).await.unwrap();
    });
    let Err(RunError::Deadlock(deadlock)) = error else { panic!("{error:?}") };
    let text = deadlock.to_string();
    for line in [
        "unix.accept main:/run/a",
        "unix.recv main:@hidden",
        "unix.write main:unnamed to /run/a",
        "unix.read main:unnamed from unnamed",
    ] {
        assert!(text.contains(line), "{line:?} is not in\n{text}");
    }
}

/// In which order two readers that one task has woken go on.
fn first_reader(seed: u64) -> u8 {
    let mut executor = Executor::new(KeyedRandom::new(seed));
    let first = executor.block_on(async {
        let first = std::rc::Rc::new(std::cell::Cell::new(0));
        let mut writers = Vec::new();
        let mut readers = Vec::new();
        for number in [1, 2] {
            let (writer, mut reader) = UnixStream::pair().unwrap();
            let first = std::rc::Rc::clone(&first);
            writers.push(writer);
            readers.push(spawn(async move {
                reader.read_exact(&mut [0; 1]).await.unwrap();
                if first.get() == 0 {
                    first.set(number);
                }
            }));
        }
        time::sleep(SECOND).await;
        for writer in &writers {
            writer.try_write(b"x").unwrap();
        }
        for reader in readers {
            reader.await.unwrap();
        }
        first.get()
    });
    first.unwrap()
}

#[test]
fn seeds_order_those_who_are_woken() {
    let firsts: BTreeSet<u8> = (0..20).map(first_reader).collect();
    assert_eq!(firsts, BTreeSet::from([1, 2]));
    assert!((0..20).all(|seed| first_reader(seed) == first_reader(seed)));
}

#[derive(Clone, Debug)]
enum Step {
    Write(usize),
    Read(usize),
    Finish,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0_usize..6_000).prop_map(Step::Write),
        4 => (0_usize..6_000).prop_map(Step::Read),
        1 => Just(Step::Finish),
    ]
}

proptest! {
    /// Against a queue of bytes. Room is what the model cannot know, but a writer that found none finds some when all is read.
    #[test]
    fn a_unix_stream_is_a_queue_of_bytes(steps in prop::collection::vec(step(), 0..40)) {
        let mut executor = Executor::new(ProductionOrder);
        let unix = UnixConfig { send_buffer_bytes: 4_608, ..UnixConfig::default() };
        executor.enter(|| install(NetworkConfig { unix, ..NetworkConfig::default() }));
        executor.enter(|| -> Result<(), TestCaseError> {
            let (mut one, other) = UnixStream::pair().unwrap();
            let mut model: Vec<u8> = Vec::new();
            let (mut next, mut is_finished) = (0_u8, false);
            for step in steps {
                match step {
                    Step::Write(length) => {
                        let data: Vec<u8> = (0..length).map(|at| next.wrapping_add(at as u8)).collect();
                        match one.try_write(&data) {
                            Ok(written) => {
                                prop_assert!(!is_finished && written <= length);
                                model.extend(&data[..written]);
                                next = next.wrapping_add(written as u8);
                            }
                            Err(error) if is_finished && error.kind() == ErrorKind::BrokenPipe => {}
                            Err(error) => {
                                prop_assert_eq!(error.kind(), ErrorKind::WouldBlock);
                                prop_assert!(!model.is_empty(), "an empty buffer has room");
                            }
                        }
                    }
                    Step::Read(length) => {
                        let mut buffer = vec![0; length];
                        match other.try_read(&mut buffer) {
                            Ok(read) => {
                                prop_assert_eq!(read, length.min(model.len()));
                                let expected: Vec<u8> = model.drain(..read).collect();
                                prop_assert_eq!(&buffer[..read], &expected);
                                prop_assert!(read > 0 || length == 0 || is_finished);
                            }
                            Err(error) => {
                                prop_assert_eq!(error.kind(), ErrorKind::WouldBlock);
                                prop_assert!(model.is_empty() && !is_finished);
                            }
                        }
                    }
                    Step::Finish => {
                        one.close().now_or_never().unwrap().unwrap();
                        is_finished = true;
                    }
                }
            }
            Ok(())
        })?;
    }
}

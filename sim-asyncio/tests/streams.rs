//! asyncio's streams over the simulated network: who waits for whom, what a line is, how a connection ends.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use sim_asyncio::{
    EventLoop, Exc, LoopConfig, ReadError, Runner, StreamConfig, StreamReader, StreamWriter, cancellable,
    create_task, open_streams, sleep, timeout,
};
use sim_executor::{Executor, KeyedRandom, Node, ProductionOrder};
use sim_net::{LinkConfig, NetworkConfig, TcpConfig, TcpListener, TcpStream};

const MS: Duration = Duration::from_millis(1);
const KIB: usize = 1_024;

type Ended = Result<(), Exc>;

fn io(error: std::io::Error) -> Exc {
    Exc::raised("OSError", error)
}

/// Runs a server and a client over a link of 5 ms, with buffers of 8 KiB in the connection: in production order, and in ten
/// others.
fn run<S, C>(
    config: StreamConfig,
    server: impl Fn(StreamReader, StreamWriter) -> S + Copy + 'static,
    client: impl Fn(StreamReader, StreamWriter) -> C + Copy + 'static,
) where
    S: Future<Output = Ended> + 'static,
    C: Future<Output = Ended> + 'static,
{
    for seed in 0..11 {
        let mut executor = match seed {
            0 => Executor::new(ProductionOrder),
            seed => Executor::new(KeyedRandom::new(seed)),
        };
        let mut asyncio = Runner::new(&mut executor);
        let served = asyncio.enter(|_| {
            let kib = u32::try_from(8 * KIB).unwrap();
            let tcp = TcpConfig { send_buffer_bytes: kib, receive_buffer_bytes: kib, ..TcpConfig::default() };
            let link = LinkConfig::fixed(5 * MS);
            sim_net::install(NetworkConfig { link, tcp, ..NetworkConfig::default() });
            let event_loop = EventLoop::on(&Node::named("server"), LoopConfig::default());
            event_loop.create_task("server", async move {
                let listener = cancellable(TcpListener::bind("0.0.0.0:7")).await?.map_err(io)?;
                let (stream, _) = cancellable(listener.accept()).await?.map_err(io)?;
                let (reader, writer) = open_streams(stream, config);
                server(reader, writer).await
            })
        });
        let ended = asyncio.run_coroutine("client", async move {
            sleep(MS).await?;
            let stream = cancellable(TcpStream::connect("server:7")).await?.map_err(io)?;
            let (reader, writer) = open_streams(stream, config);
            client(reader, writer).await?;
            served.future().clone().await
        });
        assert_eq!(ended, Ok(Ok(())), "seed {seed}");
    }
}

/// 8 KiB are in the connection, 64 KiB are kept, and one chunk more is too much.
#[test]
fn drain_waits_from_the_high_water_mark_down_to_the_low_one() {
    let server = |reader: StreamReader, _| async move {
        sleep(1_000 * MS).await?;
        let mut count = 0;
        while !reader.at_eof() {
            count += reader.read(KIB).await?.len();
        }
        assert_eq!(count, 400 * KIB);
        Ok(())
    };
    let client = |_, writer: StreamWriter| async move {
        let (event_loop, begun) = (EventLoop::current(), EventLoop::current().time());
        let (mut first, mut stalled) = (None, None);
        for chunk in 1..=100 {
            writer.write(&[7; 4 * KIB])?;
            let (at, kept) = (event_loop.time(), writer.kept());
            writer.drain().await?;
            let waited = event_loop.time() - at;
            if waited > Duration::ZERO {
                first.get_or_insert((chunk, kept, at == begun));
                assert!(kept > 64 * KIB && writer.kept() <= 16 * KIB, "{kept} {}", writer.kept());
            }
            if waited > 500 * MS {
                stalled = Some(chunk);
            }
        }
        assert_eq!(first, Some((19, 68 * KIB, true)));
        // The other loop reads ahead until it has more than 128 KiB, although nobody asks it; 16 KiB more are in the connection.
        assert!(stalled.is_some_and(|chunk| (41..=55).contains(&chunk)), "{stalled:?}");
        writer.close();
        writer.wait_closed().await?;
        assert_eq!(writer.kept(), 0);
        Ok(())
    };
    run(StreamConfig::default(), server, client);
}

#[test]
fn lines_and_counts_are_read_whole_and_the_rest_at_the_end() {
    let server = |_, writer: StreamWriter| async move {
        for part in ["one\ntw", "o\nthree", "-", "four||five", "six"] {
            writer.write(part.as_bytes())?;
            sleep(20 * MS).await?;
        }
        writer.write_eof();
        assert_eq!(writer.write(b"x").unwrap_err().class(), "RuntimeError");
        sleep(20 * MS).await
    };
    let client = |reader: StreamReader, _writer: StreamWriter| async move {
        assert_eq!(reader.read_line().await?, b"one\n");
        assert_eq!(reader.read_line().await?, b"two\n");
        assert_eq!(reader.read_exactly(6).await?, b"three-");
        assert_eq!(reader.read_until(b"||").await?, b"four||");
        assert_eq!(reader.read(100).await?, b"five");
        assert!(!reader.at_eof());
        let ended = reader.read_exactly(9).await;
        assert_eq!(ended, Err(ReadError::Incomplete { partial: b"six".to_vec(), expected: Some(9) }));
        assert_eq!(ended.unwrap_err().to_string(), "3 bytes read on a total of 9 expected bytes");
        assert!(reader.at_eof() && reader.read(1).await?.is_empty() && reader.read_line().await?.is_empty());
        Ok(())
    };
    run(StreamConfig::default(), server, client);
}

#[test]
fn a_line_that_is_longer_than_the_limit_is_thrown_away() {
    let server = |_, writer: StreamWriter| async move {
        writer.write(b"0123456789\nok\n")?;
        writer.write(&[b'x'; 40])?;
        sleep(50 * MS).await?;
        writer.close();
        writer.wait_closed().await
    };
    let client = |reader: StreamReader, _writer: StreamWriter| async move {
        let overrun = reader.read_until(b"\n").await.unwrap_err();
        assert_eq!(overrun, ReadError::LimitOverrun { is_found: true, consumed: 10 });
        assert_eq!(overrun.to_string(), "Separator is found, but chunk is longer than the limit");
        let error = reader.read_line().await.unwrap_err();
        assert_eq!(error.class(), "ValueError");
        assert_eq!(reader.read_line().await?, b"ok\n");
        let error = reader.read_line().await.unwrap_err();
        assert_eq!(error.message(), "Separator is not found, and chunk exceed the limit");
        reader.read_to_end().await?;
        Ok(())
    };
    run(StreamConfig { limit: 8, ..StreamConfig::default() }, server, client);
}

#[test]
fn one_task_at_a_time_waits_for_data_and_may_give_up() {
    let server = |reader: StreamReader, writer: StreamWriter| async move {
        sleep(50 * MS).await?;
        writer.write(b"late")?;
        reader.read_to_end().await.map(drop)
    };
    let client = |reader: StreamReader, writer: StreamWriter| async move {
        let reader = Rc::new(reader);
        let other = Rc::clone(&reader);
        let waits = create_task("waits", async move { timeout(10 * MS, other.read(1)).await });
        sleep(MS).await?;
        let refused = reader.read(1).await.unwrap_err();
        assert!(refused.message().contains("another coroutine is already waiting"), "{refused}");
        assert_eq!(waits.await, Err(Exc::Timeout));
        assert_eq!(reader.read(9).await?, b"late");
        writer.close();
        writer.wait_closed().await
    };
    run(StreamConfig::default(), server, client);
}

#[test]
fn who_writes_to_a_connection_that_was_reset_is_told() {
    let server = |reader: StreamReader, writer: StreamWriter| async move {
        reader.read(1).await?;
        writer.close(); // with unread bytes: the kernel answers with RST
        writer.wait_closed().await
    };
    let client = |reader: StreamReader, writer: StreamWriter| async move {
        let noticed = Rc::new(Cell::new(0));
        for _ in 0..40 {
            writer.write(&[1; 4 * KIB])?;
            sleep(5 * MS).await?;
            if let Err(exc) = writer.drain().await {
                let classes = ["ConnectionResetError", "BrokenPipeError"];
                assert!(classes.contains(&exc.class()), "{exc}");
                noticed.set(noticed.get() + 1);
            }
        }
        assert!(noticed.get() > 20, "{}", noticed.get());
        assert!(writer.is_closing() && reader.read(1).await.is_err());
        assert!(writer.wait_closed().await.is_err());
        Ok(())
    };
    run(StreamConfig::default(), server, client);
}

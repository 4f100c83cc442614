//! What once went wrong under other simulators, as claims about this one.
//!
//! Each test has the row of a table of behaviours that were seen in comparable harnesses, V1 to V21.

mod peer_failures {
    use std::cell::{Cell, RefCell};
    use std::collections::{BTreeMap, BTreeSet};
    use std::io::ErrorKind;
    use std::rc::Rc;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    use futures::future::{join, join_all};
    use futures::io::{AsyncReadExt, AsyncWriteExt};
    use seedbed::net::vary::Vary;
    use seedbed::net::{
        LinkConfig, NetworkConfig, TcpConfig, TcpListener, TcpStream, UdpSocket, fault, install,
    };
    use seedbed::{
        Config, Crash, Executor, FailedRun, Instant, LimitReached, Limits, Outcome, ProductionOrder, Ratio,
        Recipe, Report, RunError, Source, Sweep, SweepError, TraceLevel, context, node, spawn,
        spawn_blocking, spawn_named, time, yield_now,
    };
    use sim_executor::{Device, Domain, Needs, NodeId, Point, Value};

    const MS: Duration = Duration::from_millis(1);
    const SECOND: Duration = Duration::from_secs(1);
    /// What a connection holds by default: the send buffer of one end and the receive buffer of the other.
    const BUFFERS: usize = 2 * 65_536;

    async fn on<F: Future + 'static>(host: &str, future: F) -> F::Output {
        node(host).spawn(future).await.unwrap()
    }

    async fn listen() -> TcpListener {
        on("server", TcpListener::bind("0.0.0.0:7")).await.unwrap()
    }

    /// A connection from `main` to `server`.
    async fn connected() -> (TcpStream, TcpStream) {
        let listener = listen().await;
        let (client, server) = join(TcpStream::connect("server:7"), listener.accept()).await;
        (client.unwrap(), server.unwrap().0)
    }

    /// How connecting fails, and after how long.
    async fn refusal(address: &str) -> (ErrorKind, Duration) {
        let start = time::now();
        let error = TcpStream::connect(address).await.unwrap_err();
        (error.kind(), time::now() - start)
    }

    fn with_tcp(tcp: TcpConfig) {
        install(NetworkConfig { tcp, ..NetworkConfig::default() });
    }

    /// A network whose packets overtake each other.
    fn with_jitter() {
        let link = LinkConfig::uniform(MS, 20 * MS);
        install(NetworkConfig { link, ..NetworkConfig::default() });
    }

    fn failed(result: Result<seedbed::Passed, SweepError>) -> Box<FailedRun> {
        match result {
            Err(SweepError::Failed(failed)) => failed,
            other => panic!("no run failed: {other:?}"),
        }
    }

    fn limit_of(outcome: &Outcome) -> (LimitReached, Instant, &[seedbed::PendingTask]) {
        match outcome {
            Outcome::Error(RunError::Limit { limit, at, pending, .. }) => (*limit, *at, pending),
            other => panic!("ended otherwise: {other}"),
        }
    }

    /// V1: connecting to a host behind a partition was refused at once, as if nobody listened there.
    #[seedbed::test(vary = "none", seeds = 20)]
    async fn connecting_through_a_partition_times_out_after_syn_retries() {
        with_tcp(TcpConfig { syn_retries: 3, syn_linear_timeouts: 0, ..TcpConfig::default() });
        let _listener = listen().await;
        let partition = fault::partition("main", "server");
        assert_eq!(refusal("server:7").await, (ErrorKind::TimedOut, 15 * SECOND), "1 + 2 + 4 + 8");
        assert_eq!(refusal("server:8").await, (ErrorKind::TimedOut, 15 * SECOND), "who listens is not known");
        drop(partition);
        assert_eq!(refusal("server:8").await, (ErrorKind::ConnectionRefused, 2 * MS));
        TcpStream::connect("server:7").await.unwrap();
    }

    /// V2: after a write during a partition, a stream never carried another byte and never became writable again.
    #[seedbed::test(vary = "none", seeds = 20)]
    async fn a_stream_that_both_ends_filled_in_a_partition_goes_on_after_the_repair() {
        with_jitter();
        let (client, server) = connected().await;
        let partition = fault::partition("main", "server");
        let (mut readers, mut writers) = (Vec::new(), Vec::new());
        for (host, stream) in [("main", client), ("server", server)] {
            let (reader, mut writer) = stream.into_split();
            readers.push(reader);
            writers.push(node(host).spawn(async move {
                writer.write_all(host.repeat(50_000).as_bytes()).await.unwrap();
                writer.writable().await.unwrap();
                writer
            }));
        }
        time::sleep(100 * SECOND).await;
        assert!(writers.iter().all(|writer| !writer.is_finished()), "no buffer holds that much");
        let nothing = |error: std::io::Error| error.kind() == ErrorKind::WouldBlock;
        assert!(readers.iter().all(|reader| reader.try_read(&mut [0]).is_err_and(nothing)));
        partition.heal();
        let repaired_at = time::now();
        let reading = readers.into_iter().zip(["server", "main"]).map(|(mut reader, written)| async move {
            let mut all = vec![0; 50_000 * written.len()];
            reader.read_exact(&mut all).await.unwrap();
            assert!(all == written.repeat(50_000).as_bytes(), "the bytes of {written} are others");
            reader
        });
        let (_readers, writers) = join(join_all(reading), join_all(writers)).await;
        assert!(writers.iter().all(Result::is_ok));
        assert!(time::now() - repaired_at < 120 * SECOND, "later than any retransmission");
    }
    /// V3: the fifth connect to a listener with room for four, which did not accept, made the simulator panic.
    #[seedbed::test(seeds = 20)]
    async fn connects_beyond_the_backlog_wait_until_there_is_room() {
        with_tcp(TcpConfig { accept_backlog: 4, ..TcpConfig::default() });
        let listener = listen().await;
        let connected = Rc::new(Cell::new(0));
        let clients: Vec<_> = (0..12_u8)
            .map(|number| {
                let connected = Rc::clone(&connected);
                node(&format!("client{number}")).spawn(async move {
                    // One after the other: those that ask at once are all answered, as by a Linux with SYN cookies.
                    time::sleep(u32::from(number) * Duration::from_millis(100)).await;
                    let mut stream = TcpStream::connect("server:7").await.unwrap();
                    connected.set(connected.get() + 1);
                    stream.write_all(&[number]).await.unwrap();
                    stream.close().await.unwrap();
                    stream.read(&mut [0]).await.unwrap()
                })
            })
            .collect();
        time::sleep(10 * SECOND).await;
        assert_eq!(connected.get(), 5, "Linux holds one more than it is asked to");
        let mut numbers = BTreeSet::new();
        for _ in 0..clients.len() {
            let (mut stream, _) = time::timeout(60 * SECOND, listener.accept()).await.unwrap().unwrap();
            let mut number = [0];
            stream.read_exact(&mut number).await.unwrap();
            numbers.insert(number[0]);
        }
        assert_eq!(numbers, (0..12).collect());
        assert!(join_all(clients).await.iter().all(|ended| matches!(ended, Ok(0))));
    }

    /// V4: a panic in a task that was spawned on a host left the run a success.
    #[test]
    fn a_panic_in_a_task_that_nobody_awaits_fails_the_run() {
        for keeps_the_handle in [false, true] {
            let result = Sweep::default().try_run("panics", move || async move {
                let spawner = node("server").spawn(async move {
                    let handle = spawn_named("handler", async {
                        yield_now().await;
                        panic!("of a handler");
                    });
                    if keeps_the_handle {
                        std::future::pending::<()>().await;
                    }
                    drop(handle);
                });
                time::sleep(SECOND).await;
                drop(spawner);
            });
            let failed = failed(result);
            assert_eq!(failed.run, Recipe::Production);
            let Outcome::Error(RunError::Panicked(panic)) = failed.report.outcome else {
                panic!("ended otherwise: {}", failed.report.outcome)
            };
            assert!(panic.lineage.ends_with("/handler"), "{panic}");
            assert_eq!(panic.message, "of a handler");
        }
    }

    /// V5: the answer to a SYN took no time and passed a link that was cut.
    #[seedbed::test(vary = "none", seeds = 20)]
    async fn connecting_takes_a_round_trip_and_needs_both_directions() {
        install(NetworkConfig { link: LinkConfig::fixed(40 * MS), ..NetworkConfig::default() });
        let listener = listen().await;
        let start = time::now();
        TcpStream::connect("server:7").await.unwrap();
        assert_eq!(time::now() - start, 80 * MS);
        listener.accept().await.unwrap();
        for (from, to) in [("server", "main"), ("main", "server")] {
            let _cut = fault::partition_one_way(from, to);
            assert_eq!(refusal("server:7").await.0, ErrorKind::TimedOut, "{from} -> {to} is cut");
            let accepted = time::timeout(200 * SECOND, listener.accept()).await;
            assert!(accepted.is_err(), "a handshake that its client never ended is no connection");
        }
    }

    /// What a task does for ever without waiting for anything.
    #[derive(Clone, Copy, Debug)]
    enum Spin {
        Yield,
        WakeAnother,
        SleepNothing,
        TimeOut,
        ReadTheEnd,
        SendDatagrams,
    }

    async fn spin(how: Spin) {
        let listener = TcpListener::bind("localhost:7").await.unwrap();
        let mut ended = TcpStream::connect("localhost:7").await.unwrap();
        drop(listener.accept().await.unwrap());
        ended.readable().await.unwrap();
        let socket = UdpSocket::bind("localhost:7").await.unwrap();
        time::sleep_until(Instant::START + MS).await;
        loop {
            match how {
                Spin::Yield => yield_now().await,
                Spin::WakeAnother => spawn(yield_now()).await.unwrap(),
                Spin::SleepNothing => time::sleep(Duration::ZERO).await,
                Spin::TimeOut => {
                    let waited = time::timeout(Duration::ZERO, std::future::pending::<()>()).await;
                    assert!(waited.is_err());
                }
                Spin::ReadTheEnd => assert_eq!(ended.read(&mut [0]).await.unwrap(), 0),
                Spin::SendDatagrams => assert_eq!(socket.send_to(b"x", "localhost:8").await.unwrap(), 1),
            }
        }
    }

    /// V6: a task that yielded in a loop made the run hang, whatever duration was set for it.
    #[test]
    fn a_task_that_spins_ends_the_run_and_is_named() {
        let limits = Limits {
            virtual_time_max: SECOND,
            polls_per_instant_max: 1_000,
            operations_per_poll_max: 10_000,
            ..Limits::default()
        };
        let vary = Vary::NONE;
        let sweep = Sweep { limits, vary, only: Some(Recipe::of_seed(1)), ..Sweep::default() };
        // Who yields, or is made to, is polled too often; else who has no need to wait never comes back from a poll.
        let tokios = sweep.budget;
        for (how, budget, name) in [
            (Spin::Yield, None, "polls_per_instant_max"),
            (Spin::WakeAnother, None, "polls_per_instant_max"),
            (Spin::SleepNothing, None, "operations_per_poll_max"),
            (Spin::TimeOut, None, "operations_per_poll_max"),
            (Spin::ReadTheEnd, None, "operations_per_poll_max"),
            (Spin::SendDatagrams, None, "operations_per_poll_max"),
            (Spin::SleepNothing, tokios, "polls_per_instant_max"),
            (Spin::TimeOut, tokios, "polls_per_instant_max"),
            (Spin::ReadTheEnd, tokios, "polls_per_instant_max"),
            (Spin::SendDatagrams, tokios, "polls_per_instant_max"),
        ] {
            let sweep = Sweep { budget, ..sweep.clone() };
            let result = sweep.try_run("spins", move || async move {
                node("server").spawn_named("spinner", spin(how));
                time::sleep(10 * SECOND).await;
            });
            let failed = failed(result);
            let (limit, at, pending) = limit_of(&failed.report.outcome);
            assert_eq!((limit.name, at), (name, Instant::START + MS), "{how:?}");
            assert!(pending.iter().any(|task| &*task.lineage == "server/spinner"), "{how:?}: {pending:?}");
        }
    }

    /// Counts how often the loop asks when something is due: its turns.
    #[derive(Default)]
    struct Turns(Cell<u64>);

    impl Device for Turns {
        fn next_due(&self) -> Option<Instant> {
            self.0.set(self.0.get() + 1);
            None
        }

        fn fire(&self, _now: Instant) {}

        fn describe(&self, _resource: u64) -> String {
            String::new()
        }

        fn as_any(self: Rc<Self>) -> Rc<dyn std::any::Any> {
            self
        }
    }

    /// Opens a connection to each host, and lets them be idle; how many turns that took, and what became of the run.
    fn idle(hosts: usize, idle: Duration) -> (u64, Report) {
        let config = Config { trace: TraceLevel::All, ..Config::default() };
        let mut executor = Executor::with_config(config, ProductionOrder);
        let turns = Rc::new(Turns::default());
        executor.enter(|| context::install_device(turns.clone()));
        let counted = Rc::clone(&turns);
        let turns = executor.block_on(async move {
            let mut streams = Vec::new();
            for number in 0..hosts {
                let name = format!("host{number}");
                let listener = on(&name, TcpListener::bind("0.0.0.0:7")).await.unwrap();
                node(&name).spawn(async move {
                    let (mut stream, _) = listener.accept().await.unwrap();
                    while let Ok(1) = stream.read(&mut [0]).await {}
                });
                let mut stream = TcpStream::connect((name.as_str(), 7)).await.unwrap();
                stream.write_all(&[1]).await.unwrap();
                streams.push(stream);
            }
            time::sleep(300 * SECOND).await;
            let before = counted.0.get();
            time::sleep(idle).await;
            let turns = counted.0.get() - before;
            drop(streams);
            turns
        });
        (turns.unwrap(), executor.finish(Outcome::Done))
    }

    /// V7: idle time cost a step for each host and tick, 30 times as fast as real time.
    #[test]
    fn idle_time_costs_nothing_however_long_it_is_and_however_many_hosts_wait() {
        for hosts in [3, 300] {
            let ((turns, short), (turns_long, long)) = (idle(hosts, SECOND), idle(hosts, 80_000 * SECOND));
            assert!(
                turns <= 2,
                "{turns} turns: to the end of the sleep, and the look for what is due before"
            );
            assert_eq!(turns_long, turns);
            assert_eq!(long.ended_at - short.ended_at, 79_999 * SECOND);
            assert_eq!(long.polls, short.polls);
            assert_eq!(long.decisions, short.decisions);
            assert_eq!(long.trace.records.len(), short.trace.records.len(), "events, packets among them");
        }
    }

    /// Loses the packet with this number.
    struct Lose {
        number: usize,
        asked: usize,
    }

    impl Source for Lose {
        fn needs(&self) -> Needs {
            ProductionOrder.needs()
        }

        fn decide(&mut self, point: &Point<'_>) -> Option<Value> {
            let Domain::Flag { .. } = point.domain else { return None };
            self.asked += 1;
            Some(Value::Flag(self.asked == self.number + 1))
        }

        fn describe(&self) -> String {
            format!("lose packet {}", self.number)
        }
    }

    /// Writes with silence after them, an answer, and a close each way.
    async fn talk() {
        let (mut client, mut server) = connected().await;
        let serving = node("server").spawn(async move {
            let mut buffer = vec![0; 20_000];
            for _ in 0..4 {
                server.read_exact(&mut buffer).await.unwrap();
            }
            server.write_all(&buffer).await.unwrap();
            server.close().await.unwrap();
            assert_eq!(server.read(&mut buffer).await.unwrap(), 0);
        });
        for round in 0..4 {
            client.write_all(&[round; 20_000]).await.unwrap();
            time::sleep(5 * SECOND).await;
        }
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await.unwrap();
        assert_eq!(answer, [3; 20_000]);
        client.close().await.unwrap();
        serving.await.unwrap();
    }

    /// The packets that are sent, and those that are lost, when the one with this number is to be.
    fn talk_without(number: usize) -> (Vec<String>, Vec<String>) {
        let config = Config { trace: TraceLevel::All, ..Config::default() };
        let mut executor = Executor::with_config(config, Lose { number, asked: 0 });
        let link = LinkConfig { loss: Ratio::one_in(1_000), ..LinkConfig::default() };
        // So few that a connection whose data is never acknowledged ends while nothing else is said.
        let tcp = TcpConfig { retries: 3, ..TcpConfig::default() };
        executor.enter(|| install(NetworkConfig { link, tcp, ..NetworkConfig::default() }));
        executor.block_on(talk()).unwrap_or_else(|error| panic!("without packet {number}: {error}"));
        assert!(executor.now() < Instant::START + 25 * SECOND, "without packet {number}: {}", executor.now());
        let texts: Vec<String> =
            executor.trace().records.iter().map(|record| record.event.to_string()).collect();
        let with =
            |verb: &str| texts.iter().filter_map(|text| text.strip_prefix(verb)).map(String::from).collect();
        (with("send "), with("lost "))
    }

    /// `main:49152 -> server:7 ack 20001`
    fn is_bare_ack(packet: &str) -> bool {
        let mut words = packet.split(' ').skip(3);
        words.next() == Some("ack") && words.nth(1).is_none()
    }

    /// V8: the loss of one acknowledgement ended the connection, since what came twice was not acknowledged again.
    #[test]
    fn losing_any_one_acknowledgement_breaks_nothing() {
        let (sent, lost) = talk_without(usize::MAX - 1);
        assert_eq!(lost, [""; 0]);
        let acks: Vec<usize> = (0..sent.len()).filter(|&number| is_bare_ack(&sent[number])).collect();
        assert!(acks.len() >= 5, "{sent:#?}");
        for number in acks {
            assert_eq!(talk_without(number).1, [sent[number].as_str()]);
        }
    }

    fn here() -> String {
        context::node_name(context::node()).to_string()
    }

    /// Notes on which host it is dropped, and what a task that it spawns is on.
    struct Leaves(Rc<RefCell<Vec<String>>>);

    impl Drop for Leaves {
        fn drop(&mut self) {
            self.0.borrow_mut().push(here());
            let left = Rc::clone(&self.0);
            spawn(async move { left.borrow_mut().push(here()) });
        }
    }

    /// V9: in a task spawned for each connection, sockets were those of another host.
    #[seedbed::test(seeds = 20)]
    async fn a_task_spawned_for_each_connection_acts_on_its_own_host() {
        let backend = on("backend", TcpListener::bind("0.0.0.0:9")).await.unwrap();
        let listener = listen().await;
        let left = Rc::new(RefCell::new(Vec::new()));
        let leaves = Leaves(Rc::clone(&left));
        let serving = node("server").spawn(async move {
            let _leaves = leaves;
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                spawn(async move {
                    let outbound = spawn(TcpStream::connect("backend:9")).await.unwrap().unwrap();
                    assert_eq!(outbound.local_addr().unwrap().ip(), stream.local_addr().unwrap().ip());
                    let local = TcpListener::bind("127.0.0.1:0").await.unwrap();
                    TcpStream::connect(local.local_addr().unwrap()).await.unwrap();
                    assert_eq!(spawn_blocking(here).await.unwrap(), "server");
                    let mut buffer = [0; 64];
                    while let Ok(length @ 1..) = stream.read(&mut buffer).await {
                        stream.write_all(&buffer[..length]).await.unwrap();
                    }
                });
            }
        });
        let clients = [0, 1, 2].map(|number: u8| {
            node(&format!("client{number}")).spawn(async move {
                let mut stream = TcpStream::connect("server:7").await.unwrap();
                stream.write_all(&[number; 9]).await.unwrap();
                let mut echo = [0; 9];
                stream.read_exact(&mut echo).await.unwrap();
                assert_eq!(echo, [number; 9]);
                stream.local_addr().unwrap().ip()
            })
        });
        let addresses: BTreeSet<_> = join_all(clients).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(addresses.len(), 3);
        for _ in 0..3 {
            let (_, peer) = backend.accept().await.unwrap();
            assert!(!addresses.contains(&peer.ip()), "{peer}");
        }
        serving.abort();
        assert!(serving.await.unwrap_err().is_cancelled());
        time::sleep(MS).await;
        assert_eq!(*left.borrow(), ["server", "server"]);
    }

    /// V10: what was written did not arrive until it was flushed.
    #[seedbed::test(vary = "none", seeds = 20)]
    async fn what_is_written_arrives_without_a_flush() {
        let (mut client, mut server) = connected().await;
        for round in 0..10 {
            for byte in 0..3 {
                client.write_all(&[round + byte]).await.unwrap();
            }
            let mut buffer = [0; 3];
            // The first at once, the others when it is acknowledged: Nagle's algorithm, and a delayed acknowledgement.
            time::timeout(50 * MS, server.read_exact(&mut buffer)).await.unwrap().unwrap();
            assert_eq!(buffer, [round, round + 1, round + 2]);
        }
    }

    /// V11: closing the writing half told the peer nothing, so that it read for ever.
    #[seedbed::test(seeds = 20)]
    async fn closing_the_writing_half_ends_what_the_peer_reads_and_nothing_else() {
        with_jitter();
        let (mut client, mut server) = connected().await;
        let answering = node("server").spawn(async move {
            let mut question = String::new();
            time::timeout(SECOND, server.read_to_string(&mut question)).await.unwrap().unwrap();
            server.write_all(question.repeat(30_000).as_bytes()).await.unwrap();
        });
        client.write_all(b"why").await.unwrap();
        client.close().await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(answer == "why".repeat(30_000), "{} bytes of another answer", answer.len());
        answering.await.unwrap();
    }

    /// V12: a peer that never read was sent all there was, without bound.
    #[seedbed::test(vary = "none", seeds = 5)]
    async fn a_writer_to_a_peer_that_never_reads_is_held_back() {
        const BYTES: usize = 256 << 20;
        let (mut client, server) = connected().await;
        let written = Rc::new(Cell::new(0));
        let counted = Rc::clone(&written);
        let writing = spawn(async move {
            let chunk = vec![7; 1 << 20];
            while counted.get() < BYTES {
                counted.set(counted.get() + client.write(&chunk).await.unwrap());
            }
        });
        for _ in 0..2 {
            time::sleep(500 * SECOND).await;
            // What is left of the window is less than a segment, and frees less than a third of the sender's buffer.
            let left = BUFFERS - written.get();
            assert!(left < 1_460, "{left} bytes are free");
            assert!(!writing.is_finished());
        }
        let mut some = vec![0; 3 * BUFFERS];
        let mut server = server;
        server.read_exact(&mut some).await.unwrap();
        assert!(written.get() >= 3 * BUFFERS, "it goes on once the peer reads");
    }

    /// V13: connecting across a link that let nothing through was refused after some milliseconds.
    #[seedbed::test(vary = "none", seeds = 20)]
    async fn connecting_across_a_clogged_link_waits_until_it_is_free() {
        let listener = listen().await;
        let clogged = LinkConfig { loss: Ratio::new(1, 1), ..LinkConfig::default() };
        fault::set_links("main", "server", clogged);
        assert_eq!(refusal("server:7").await, (ErrorKind::TimedOut, 131 * SECOND));
        let start = time::now();
        let (stream, ()) = join(TcpStream::connect("server:7"), async {
            time::sleep(5 * SECOND).await;
            fault::set_links("main", "server", LinkConfig::default());
        })
        .await;
        assert_eq!(time::now() - start, 7 * SECOND + 2 * MS, "the SYN after 1 + 2 + 4 seconds is answered");
        listener.accept().await.unwrap();
        drop(stream.unwrap());
        fault::set_links("main", "server", LinkConfig::fixed(10 * SECOND));
        let start = time::now();
        TcpStream::connect("server:7").await.unwrap();
        assert_eq!(time::now() - start, 20 * SECOND);
        listener.accept().await.unwrap();
        let second = time::timeout(100 * SECOND, listener.accept()).await;
        assert!(second.is_err(), "the repeated SYNs belong to one connection");
    }

    /// V14: a panic of a task tore the run down, although its handle was awaited.
    #[seedbed::test(seeds = 20)]
    async fn a_panic_of_an_awaited_task_is_its_joiners_to_see() {
        let bystander = node("server").spawn(time::sleep(SECOND));
        for host in ["main", "server"] {
            let error = node(host)
                .spawn(async {
                    yield_now().await;
                    if here() != "nowhere" {
                        panic!("on {}", here());
                    }
                })
                .await
                .unwrap_err();
            assert!(error.is_panic());
            assert!(!error.is_cancelled());
            let message = format!("on {host}");
            assert_eq!(error.message(), Some(message.as_str()));
            assert_eq!(error.into_panic().downcast_ref::<String>(), Some(&message));
        }
        bystander.await.unwrap();
    }

    /// A disk for each node: what was written is in the kernel's cache until it is synced, a kilobyte a millisecond.
    #[derive(Default)]
    struct Disks(RefCell<BTreeMap<NodeId, Disk>>);

    #[derive(Default)]
    struct Disk {
        synced: Vec<u8>,
        written: Vec<u8>,
        /// When it is done, and how many bytes are synced then.
        syncing: Option<(Instant, usize)>,
    }

    impl Disks {
        fn here<R>(call: impl FnOnce(&mut Disk) -> R) -> R {
            let disks = context::device::<Disks>().expect("the run has disks");
            let mut all = disks.0.borrow_mut();
            call(all.entry(context::node()).or_default())
        }

        fn write(data: &[u8]) {
            Disks::here(|disk| disk.written.extend_from_slice(data));
        }

        async fn sync() {
            let bytes = Disks::here(|disk| disk.written.len() - disk.synced.len());
            let done = context::now() + MS * (bytes / 1_024) as u32;
            Disks::here(|disk| disk.syncing = Some((done, disk.written.len())));
            time::sleep_until(done).await;
        }

        /// How many bytes a program would read, and how many are safe.
        async fn bytes(host: &'static str) -> (usize, usize) {
            on(host, async { Disks::here(|disk| (disk.written.len(), disk.synced.len())) }).await
        }
    }

    impl Device for Disks {
        fn next_due(&self) -> Option<Instant> {
            self.0.borrow().values().filter_map(|disk| disk.syncing.map(|(done, _)| done)).min()
        }

        fn fire(&self, now: Instant) {
            for disk in self.0.borrow_mut().values_mut() {
                if let Some((_, bytes)) = disk.syncing.take_if(|(done, _)| *done <= now) {
                    disk.synced = disk.written[..bytes].to_vec();
                }
            }
        }

        /// The cache is the machine's: it outlives the process, and not the power.
        fn node_crashed(&self, node: NodeId, kind: Crash) {
            if let (Some(disk), Crash::PowerLoss) = (self.0.borrow_mut().get_mut(&node), kind) {
                disk.written = disk.synced.clone();
                disk.syncing = None;
            }
        }

        fn describe(&self, _resource: u64) -> String {
            String::new()
        }

        fn as_any(self: Rc<Self>) -> Rc<dyn std::any::Any> {
            self
        }
    }

    /// V15: what was written and not synced was still there after a kill that was to be a loss of power.
    #[seedbed::test(seeds = 40)]
    async fn data_that_was_not_synced_outlives_the_process_and_is_lost_with_the_power() {
        context::install_device(Rc::new(Disks::default()));
        let server = node("server");
        server.run(|| async {
            if Disks::here(|disk| disk.written.is_empty()) {
                Disks::write(&[1; 10_240]);
                Disks::sync().await;
                Disks::write(&[2; 10_240]);
                Disks::sync().await;
            }
            time::sleep(100 * SECOND).await;
        });
        on("other", async { Disks::write(b"other") }).await;
        // In the middle of the second sync, at whichever moment.
        let micros = seedbed::choose_between(10_001, 19_999);
        time::sleep_until(Instant::START + Duration::from_micros(micros)).await;
        server.crash(Crash::ProcessKill);
        server.restart();
        assert_eq!(Disks::bytes("server").await, (20_480, 10_240), "all is in the cache");
        server.crash(Crash::PowerLoss);
        time::sleep(SECOND).await;
        server.restart();
        assert_eq!(Disks::bytes("server").await, (10_240, 10_240), "only what was synced");
        assert_eq!(Disks::bytes("other").await, (5, 0), "another machine's is as it was");
        // The machine goes on to sync when only the process is dead.
        on("server", async { Disks::write(&[3; 1_024]) }).await;
        let syncing = server.spawn(Disks::sync());
        time::sleep(MS / 2).await;
        server.crash(Crash::ProcessKill);
        assert!(syncing.await.unwrap_err().is_cancelled());
        time::sleep(MS).await;
        server.crash(Crash::PowerLoss);
        server.restart();
        assert_eq!(Disks::bytes("server").await, (11_264, 11_264));
    }

    /// V16: with the determinism check on, the time limit was not looked at.
    #[test]
    fn the_determinism_check_keeps_the_limits() {
        let limits = Limits { virtual_time_max: SECOND, ..Limits::default() };
        let sweep = Sweep { limits, seeds: 5, repeated: u64::MAX, ..Sweep::default() };
        let failed = failed(sweep.try_run("sleeps", || time::sleep(10 * SECOND)));
        let (limit, at, _) = limit_of(&failed.report.outcome);
        assert_eq!(limit.name, "virtual_time_max");
        assert!(at <= Instant::START + SECOND, "{at}");
    }

    /// V16, where only the second of the two equal runs does not end.
    #[test]
    fn the_second_run_of_the_determinism_check_keeps_the_limits_too() {
        static RUNS: AtomicU64 = AtomicU64::new(0);
        let limits = Limits { virtual_time_max: SECOND, ..Limits::default() };
        let result = Sweep { limits, ..Sweep::default() }.try_run("sleeps", || async {
            while RUNS.load(Ordering::Relaxed) > 0 {
                time::sleep(100 * MS).await;
            }
            RUNS.fetch_add(1, Ordering::Relaxed);
        });
        assert!(matches!(result, Err(SweepError::Diverged(_))), "{result:?}");
    }

    /// V17: a time limit was looked at only when no task was ready, so never beside a busy one.
    #[test]
    fn a_time_limit_holds_beside_tasks_that_are_always_ready() {
        let limits = Limits { virtual_time_max: SECOND, ..Limits::default() };
        for takes_cpu_by in [|| time::block_now(MS), || ()] {
            let sweep = Sweep { limits, only: Some(Recipe::of_seed(1)), ..Sweep::default() };
            let result = sweep.try_run("busy", move || async move {
                for host in ["main", "server", "server"] {
                    node(host).spawn_named("busy", async move {
                        loop {
                            takes_cpu_by();
                            yield_now().await;
                        }
                    });
                }
                time::sleep(3 * SECOND).await;
            });
            let failed = failed(result);
            let (limit, at, pending) = limit_of(&failed.report.outcome);
            let name = if at == Instant::START { "polls_per_instant_max" } else { "virtual_time_max" };
            assert_eq!(limit.name, name);
            assert!(at <= Instant::START + SECOND, "{at}");
            assert_eq!(pending.len(), 4);
        }
    }

    /// V18: a write of more than a queue of 64 KiB never completed.
    #[seedbed::test(seeds = 5)]
    async fn a_write_of_more_than_all_buffers_completes() {
        for bytes in [65_535, 65_536, 65_537, 100_000, BUFFERS, BUFFERS + 1, 500_000] {
            let (mut client, mut server) = connected().await;
            let reading = node("server").spawn(async move {
                time::sleep(SECOND).await;
                let mut all = Vec::new();
                server.read_to_end(&mut all).await.unwrap();
                all
            });
            let mut sent = (0..251).collect::<Vec<u8>>().repeat(bytes / 251 + 1);
            sent.truncate(bytes);
            time::timeout(10 * SECOND, client.write_all(&sent)).await.unwrap().unwrap();
            drop(client);
            assert!(reading.await.unwrap() == sent, "{bytes} bytes became others");
        }
    }

    /// V19: of two connects before the first accept, one was lost.
    #[seedbed::test(vary = "none", seeds = 20)]
    async fn connects_before_the_first_accept_are_all_kept_in_their_order() {
        let listener = listen().await;
        let mut clients = Vec::new();
        for number in 0..20 {
            let host = node(&format!("client{}", number % 3));
            let mut stream = host.spawn(TcpStream::connect("server:7")).await.unwrap().unwrap();
            stream.write_all(&[number]).await.unwrap();
            clients.push(stream);
        }
        for (number, client) in (0..).zip(&clients) {
            let (mut stream, peer) = listener.accept().await.unwrap();
            assert_eq!(peer, client.local_addr().unwrap());
            let mut first = [0];
            stream.read_exact(&mut first).await.unwrap();
            assert_eq!(first, [number]);
        }
    }

    /// V20: connecting to an address at which nobody listened succeeded at once, or failed by chance.
    #[seedbed::test(vary = "none", seeds = 40)]
    async fn connecting_to_nobody_fails_in_the_same_way_under_every_seed() {
        let _listener = listen().await;
        let second = on("server", TcpListener::bind("127.0.0.1:8")).await.unwrap();
        for _ in 0..10 {
            assert_eq!(refusal("server:9").await, (ErrorKind::ConnectionRefused, 2 * MS));
            assert_eq!(refusal("server:8").await, (ErrorKind::ConnectionRefused, 2 * MS));
            TcpStream::connect("server:7").await.unwrap();
        }
        drop(second);
        // A worker thread is no machine, and has no address.
        spawn_blocking(|| ()).await.unwrap();
        assert_eq!(refusal("10.0.0.3:7").await, (ErrorKind::HostUnreachable, 3 * SECOND));
        assert_eq!(refusal("192.168.0.1:7").await, (ErrorKind::NetworkUnreachable, Duration::ZERO));
        assert_eq!(refusal("nobody:7").await, (ErrorKind::NotFound, Duration::ZERO));
    }

    /// V21: with all pairs partitioned, connections were made and data arrived.
    #[seedbed::test(seeds = 20)]
    async fn nothing_crosses_while_all_pairs_are_partitioned() {
        const HOSTS: [&str; 3] = ["main", "server", "other"];
        with_jitter();
        let (mut client, mut server) = connected().await;
        let listener = on("other", TcpListener::bind("0.0.0.0:7")).await.unwrap();
        let datagrams = on("other", UdpSocket::bind("0.0.0.0:7")).await.unwrap();
        let by_address = "10.0.0.3:7";
        let partitions: Vec<_> =
            [(0, 1), (0, 2), (1, 2)].map(|(one, other)| fault::partition(HOSTS[one], HOSTS[other])).into();
        client.write_all(b"late").await.unwrap();
        for host in ["main", "server"] {
            node(host).spawn(async move {
                let socket = UdpSocket::bind("0.0.0.0:0").await.unwrap();
                socket.send_to(b"lost", by_address).await.unwrap();
                for address in [by_address, "other:7"] {
                    assert_eq!(refusal(address).await.0, ErrorKind::TimedOut);
                }
            });
        }
        let (mut late, mut datagram) = ([0; 4], [0; 4]);
        let crossed = seedbed::select! {
            _ = server.read(&mut late) => "a stream",
            _ = listener.accept() => "a connection",
            _ = datagrams.recv(&mut datagram) => "a datagram",
            () = time::sleep(300 * SECOND) => "nothing",
        };
        assert_eq!(crossed, "nothing");
        drop(partitions);
        server.read_exact(&mut late).await.unwrap();
        assert_eq!(&late, b"late");
        TcpStream::connect("other:7").await.unwrap();
    }
}

//! Two TCP connections over an arbitrary link, with arbitrary calls, against a queue of bytes in each direction.
//!
//! A property test and a fuzz target share it: bytes say what the ends do and how bad the link is; a source of choices says what
//! becomes of each packet.

use std::cell::{Cell, RefCell};
use std::io;
use std::io::ErrorKind;
use std::rc::Rc;
use std::time::Duration;

use futures::future::{join, join_all};
use futures::io::{AsyncReadExt as _, AsyncWriteExt as _};
use seedbed::net::{self, LinkConfig, NetworkConfig, TcpConfig, TcpKeepalive, TcpListener, TcpStream, fault};
use seedbed::{Executor, Ratio, Source, time};

/// What an end of a connection does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Write(usize),
    Read(usize),
    Shutdown,
    /// Drops the stream, whatever is unread.
    Drop,
    ZeroLinger,
    Nodelay(bool),
    Quickack(bool),
    Keepalive(bool),
    Pause(Duration),
}

/// Two connections, and what surrounds them.
#[derive(Clone, Debug)]
pub struct Program {
    config: NetworkConfig,
    /// By connection, then end; end 0 connects.
    scripts: [[Vec<Step>; 2]; 2],
    /// When the hosts are cut off from each other, and for how long.
    partitions: Vec<(Duration, Duration)>,
}

/// How many faults a fuzzer's bytes may ask for: connections give up after 100 packets in a row that were lost.
pub const FAULTS_MAX: u32 = 90;
/// Bytes of the head of a program.
const HEAD: usize = 10;
/// Bytes of a step.
const STEP: usize = 2;
/// Steps that are read at most.
const STEPS_MAX: usize = 80;
/// How long a call may take before it is given up.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long both ends have for what is left, whatever is lost.
const END_PATIENCE: Duration = Duration::from_secs(3_600);

const MS: Duration = Duration::from_millis(1);

fn one_in(byte: u8, denominators: [u32; 4]) -> Ratio {
    match denominators[usize::from(byte) % 4] {
        0 => Ratio::NEVER,
        denominator => Ratio::one_in(denominator),
    }
}

impl Program {
    /// Reads a program; also gives what is left of the bytes. Any bytes are a program.
    #[must_use]
    pub fn decode(data: &[u8]) -> (Program, &[u8]) {
        let mut head = [0; HEAD];
        let head_bytes = data.len().min(HEAD);
        head[..head_bytes].copy_from_slice(&data[..head_bytes]);
        let [faults, more_faults, latency, send, receive, mss, flags, short, first_cut, cut] = head;
        let link = LinkConfig {
            loss: one_in(faults, [0, 20, 6, 3]),
            duplicate: one_in(faults >> 2, [0, 20, 5, 2]),
            reorder: one_in(faults >> 4, [0, 20, 5, 2]),
            delay: one_in(faults >> 6, [0, 50, 10, 5]),
            corrupt: one_in(more_faults, [0, 0, 50, 10]),
            ..LinkConfig::uniform(MS, MS * (1 + u32::from(latency)))
        };
        let tcp = TcpConfig {
            send_buffer_bytes: 64 + 40 * u32::from(send),
            receive_buffer_bytes: 64 + 40 * u32::from(receive),
            mss_bytes: 20 + 6 * u32::from(mss),
            segment_bytes_max: if flags & 1 == 0 { 20 + 6 * u32::from(mss) } else { 65_536 },
            nodelay: flags & 2 != 0,
            short_reads: one_in(short, [0, 0, 4, 2]),
            short_writes: one_in(short >> 2, [0, 0, 4, 2]),
            held_writes: one_in(short >> 4, [0, 0, 4, 2]),
            // However bad the link is, nobody gives up.
            syn_retries: 100,
            synack_retries: 100,
            retries: 100,
            orphan_retries: 100,
            rto_max: 2_000 * MS,
            keepalive: TcpKeepalive { idle: 5_000 * MS, interval: 1_000 * MS, count: 100 },
            ..TcpConfig::default()
        };
        let cuts = usize::from(cut % 3);
        let partitions =
            (0..cuts).map(|_| (u32::from(first_cut) * 20 * MS, u32::from(cut) * 100 * MS)).collect();
        let mut program = Program {
            config: NetworkConfig { link, tcp, ..NetworkConfig::default() },
            scripts: Default::default(),
            partitions,
        };
        let mut rest = &data[head_bytes..];
        for _ in 0..STEPS_MAX {
            let Some((step, behind)) = rest.split_at_checked(STEP) else { break };
            let [kind, argument] = [step[0], step[1]];
            rest = behind;
            let end = &mut program.scripts[usize::from(kind & 1)][usize::from(kind >> 1 & 1)];
            end.push(decode_step(kind >> 2, argument));
        }
        (program, rest)
    }
}

fn decode_step(kind: u8, argument: u8) -> Step {
    let on = argument & 1 == 1;
    match kind % 20 {
        0..=5 => Step::Write(1 + 13 * usize::from(argument)),
        6..=11 => Step::Read(1 + 17 * usize::from(argument)),
        12..=14 => Step::Pause(u32::from(argument) * 7 * MS),
        15 => Step::Shutdown,
        16 if argument < 64 => Step::Drop,
        16 if argument < 80 => Step::ZeroLinger,
        16 | 17 => Step::Nodelay(on),
        18 => Step::Quickack(on),
        _ => Step::Keepalive(on),
    }
}

/// One direction: the model.
#[derive(Debug, Default)]
struct Queue {
    written: usize,
    received: usize,
    is_finished: bool,
}

/// A connection as its two ends share it.
struct Pair {
    number: usize,
    /// By the end that writes.
    queues: [RefCell<Queue>; 2],
    /// Something happened after which an error is what Linux would tell.
    may_fail: Cell<bool>,
    has_failed: Cell<bool>,
    wrong: RefCell<Option<String>>,
}

/// The byte of that number of what an end of a connection writes.
fn byte(connection: usize, end: usize, number: usize) -> u8 {
    let mixed = (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15 + 2 * (2 * connection + end) as u64);
    (mixed >> 56) as u8
}

impl Pair {
    fn fail(&self, end: usize, what: impl std::fmt::Display) {
        let text = format!("connection {} end {end}: {what}", self.number);
        self.wrong.borrow_mut().get_or_insert(text);
    }

    /// Looks at what a read gave.
    fn check_read(&self, end: usize, data: &[u8]) {
        let mut queue = self.queues[1 - end].borrow_mut();
        if data.is_empty() {
            if !queue.is_finished {
                self.fail(end, "the end is read, though the peer has not closed");
            } else if queue.received != queue.written {
                self.fail(end, format!("the end is read after {} of {}", queue.received, queue.written));
            }
            return;
        }
        for (&got, number) in data.iter().zip(queue.received..) {
            if number >= queue.written || got != byte(self.number, 1 - end, number) {
                self.fail(end, format!("byte {number} of {} is another", queue.written));
            }
        }
        queue.received += data.len();
    }

    /// Whether an error is one that Linux would tell.
    fn check_error(&self, end: usize, error: &io::Error) {
        self.has_failed.set(true);
        let is_reset = matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe);
        if !is_reset || !self.may_fail.get() {
            self.fail(end, format!("{error} ({:?})", error.kind()));
        }
    }
}

struct End {
    pair: Rc<Pair>,
    end: usize,
    stream: Option<TcpStream>,
    /// Whether dropping the stream resets it.
    lingers: bool,
}

impl End {
    async fn play(mut self, script: Vec<Step>) {
        for step in script {
            if self.step(step).await.is_err() {
                self.stream = None;
            }
            if self.stream.is_none() {
                self.pair.queues[self.end].borrow_mut().is_finished = true;
                return;
            }
        }
        self.finish().await;
    }

    /// # Errors
    /// If the connection has ended.
    async fn step(&mut self, step: Step) -> Result<(), ()> {
        let Some(stream) = &mut self.stream else { return Err(()) };
        let queue = &self.pair.queues[self.end];
        let result = match step {
            Step::Write(_) if queue.borrow().is_finished => Ok(()),
            Step::Write(length) => {
                let from = queue.borrow().written;
                let data: Vec<u8> =
                    (from..from + length).map(|number| byte(self.pair.number, self.end, number)).collect();
                // Said before, as the peer may read before this end goes on; taken back if fewer are taken.
                queue.borrow_mut().written += length;
                let written = time::timeout(PATIENCE, stream.write(&data)).await.unwrap_or(Ok(0));
                queue.borrow_mut().written = from + written.as_ref().map_or(0, |&bytes| bytes);
                written.map(|_| ())
            }
            Step::Read(length) => {
                let mut buffer = vec![0; length];
                match time::timeout(PATIENCE, stream.read(&mut buffer)).await {
                    Ok(Ok(bytes)) => {
                        self.pair.check_read(self.end, &buffer[..bytes]);
                        Ok(())
                    }
                    Ok(Err(error)) => Err(error),
                    Err(_) => Ok(()),
                }
            }
            Step::Shutdown => {
                queue.borrow_mut().is_finished = true;
                stream.close().await
            }
            Step::Drop => {
                queue.borrow_mut().is_finished = true;
                self.pair.may_fail.set(true);
                self.stream = None;
                return Ok(());
            }
            Step::ZeroLinger => {
                self.lingers = true;
                stream.set_zero_linger()
            }
            Step::Nodelay(nodelay) => stream.set_nodelay(nodelay),
            Step::Quickack(quick) => stream.set_quickack(quick),
            Step::Keepalive(keepalive) => stream.set_keepalive(keepalive),
            Step::Pause(pause) => {
                time::sleep(pause).await;
                Ok(())
            }
        };
        result.map_err(|error| self.pair.check_error(self.end, &error))
    }

    /// Closes its half, and reads to the end.
    async fn finish(mut self) {
        self.pair.queues[self.end].borrow_mut().is_finished = true;
        let Some(mut stream) = self.stream.take() else { return };
        let reading = async {
            stream.close().await?;
            let mut buffer = [0; 500];
            loop {
                let bytes = stream.read(&mut buffer).await?;
                self.pair.check_read(self.end, &buffer[..bytes]);
                if bytes == 0 {
                    return Ok::<(), io::Error>(());
                }
            }
        };
        match time::timeout(END_PATIENCE, reading).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => self.pair.check_error(self.end, &error),
            Err(_) if self.pair.may_fail.get() => {}
            Err(_) => self.pair.fail(self.end, "the rest does not come"),
        }
        if self.lingers {
            // It resets what the other has not read yet.
            self.pair.may_fail.set(true);
        }
    }
}

async fn play(program: Program) -> Result<Played, String> {
    let listening = seedbed::node("server").spawn(TcpListener::bind("0.0.0.0:7"));
    let listener = listening.await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
    let cutting = async {
        for (pause, length) in program.partitions {
            time::sleep(pause).await;
            let partition = fault::partition("main", "server");
            time::sleep(length).await;
            partition.heal();
        }
    };
    let mut pairs = Vec::new();
    let mut ends = Vec::new();
    for (number, [client_script, server_script]) in program.scripts.into_iter().enumerate() {
        let connected = join(TcpStream::connect("server:7"), listener.accept());
        let Ok((Ok(client), Ok((server, _)))) = time::timeout(END_PATIENCE, connected).await else {
            return Err("no connection".to_string());
        };
        let pair = Rc::new(Pair {
            number,
            queues: Default::default(),
            may_fail: Cell::new(false),
            has_failed: Cell::new(false),
            wrong: RefCell::default(),
        });
        for (end, (stream, script)) in
            [(client, client_script), (server, server_script)].into_iter().enumerate()
        {
            let played = End { pair: Rc::clone(&pair), end, stream: Some(stream), lingers: false };
            ends.push(played.play(script));
        }
        pairs.push(pair);
    }
    join(join_all(ends), cutting).await;
    match pairs.iter().find_map(|pair| pair.wrong.borrow().clone()) {
        Some(wrong) => Err(wrong),
        None => Ok(Played {
            received_bytes: pairs
                .iter()
                .flat_map(|pair| &pair.queues)
                .map(|queue| queue.borrow().received)
                .sum(),
            resets: pairs.iter().filter(|pair| pair.has_failed.get()).count(),
        }),
    }
}

/// What came of a program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Played {
    /// Bytes that the ends have read, together.
    pub received_bytes: usize,
    /// Connections of which an end was told an error.
    pub resets: usize,
}

/// Plays a program with the choices of a source.
///
/// # Errors
/// If an end read what a queue of bytes would not give, was told an error for no reason, or waited for ever.
pub fn run(program: Program, source: impl Source + 'static) -> Result<Played, String> {
    let mut executor = Executor::new(source);
    executor.enter(|| net::install(program.config));
    executor.block_on(play(program)).map_err(|error| error.to_string())?
}

//! Two scripted programs that talk over a connection, for the tests of it.

use std::collections::VecDeque;
use std::time::Duration;

use sim_executor::{EventQueue, Instant};

use crate::errno::Errno;
use crate::pool::Pool;
use crate::tcp::{
    Connection, Context, Ending, Flags, Options, Rules, Segment, TcpConfig, TimeWait, reset_for,
};

/// What a program does next.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Write(usize),
    /// Exactly so many bytes.
    Read(usize),
    /// To the end, in pieces of so many bytes.
    ReadToEnd(usize),
    Finish,
    Close,
    Pause(Duration),
}

/// What happens to a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Lost,
    After(Duration),
}

/// What became of one end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) received: Vec<u8>,
    pub(super) written: usize,
    pub(super) error: Option<Errno>,
    /// Steps that were never done.
    pub(super) left: usize,
}

/// Steps that are done one after the other; an end may have several such threads.
pub(super) type Script = Vec<Step>;

/// A conversation under way. End 0 connects.
pub(super) struct Conversation<F> {
    ends: [End; 2],
    wire: EventQueue<(usize, Segment)>,
    pool: Pool,
    rules: Rules,
    now: Instant,
    fate: F,
    /// Whether segments are taken and sent by the ways that are made for nearly all of them, as the network does.
    takes_short_ways: bool,
    /// What was sent, for a person to read.
    pub(super) transcript: Vec<String>,
}

#[derive(Default)]
struct End {
    connection: Option<Connection>,
    time_wait: Option<TimeWait>,
    threads: Vec<Thread>,
    outcome: Outcome,
}

#[derive(Default)]
struct Thread {
    steps: VecDeque<Step>,
    /// Bytes of the first step that are done.
    done: usize,
    paused_until: Option<Instant>,
}

/// The byte of that number of what an end writes.
pub(super) fn byte(end: usize, number: usize) -> u8 {
    let mixed = (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15 + 2 * end as u64);
    (mixed >> 56) as u8
}

/// What an end writes, up to a length.
pub(super) fn bytes(end: usize, length: usize) -> Vec<u8> {
    (0..length).map(|number| byte(end, number)).collect()
}

impl<F: FnMut(usize) -> Fate> Conversation<F> {
    /// `fate` is asked for each packet by its number.
    pub(super) fn new(config: TcpConfig, scripts: [Vec<Script>; 2], fate: F) -> Self {
        let ends = scripts.map(|threads| {
            let thread = |steps: Script| Thread { steps: steps.into(), ..Thread::default() };
            End { threads: threads.into_iter().map(thread).collect(), ..End::default() }
        });
        let (wire, rules) = (EventQueue::new(1 << 20), Rules::new(config));
        let (pool, now, transcript) = (Pool::default(), Instant::START, Vec::new());
        let takes_short_ways = true;
        let mut conversation =
            Conversation { ends, wire, pool, rules, now, fate, takes_short_ways, transcript };
        conversation.ends[0].connection = Some(Connection::connect(&rules, &Options::new(&rules.config)));
        conversation
    }

    /// The same by the long ways, which take any segment.
    pub(super) fn by_long_ways(self) -> Self {
        Conversation { takes_short_ways: false, ..self }
    }

    /// Runs to the end: until nothing more can happen.
    pub(super) fn run(mut self) -> ([Outcome; 2], Vec<String>) {
        self.pump(0);
        for _ in 0..1_000_000 {
            while self.run_threads(0) | self.run_threads(1) {}
            let Some(due) = self.next_due() else { return self.finish() };
            self.now = self.now.max(due);
            while let Some((_, (to, segment))) = self.wire.pop_due(self.now) {
                self.deliver(to, segment);
            }
            for end in 0..2 {
                self.fire(end);
            }
        }
        panic!("the conversation does not end:\n{}", self.transcript.join("\n"));
    }

    fn finish(mut self) -> ([Outcome; 2], Vec<String>) {
        for end in &mut self.ends {
            end.outcome.left = end.threads.iter().map(|thread| thread.steps.len()).sum();
            if let Some(connection) = &mut end.connection {
                connection.clear(&mut self.pool);
            }
        }
        assert_eq!(self.pool.in_use(), 0, "memory was not given back");
        (self.ends.map(|end| end.outcome), self.transcript)
    }

    fn next_due(&self) -> Option<Instant> {
        let timers = self.ends.iter().filter_map(|end| end.connection.as_ref().map(Connection::timer));
        let timers = timers.filter(|&due| due != Instant::MAX);
        let pauses = self.ends.iter().flat_map(|end| &end.threads).filter_map(|thread| thread.paused_until);
        self.wire.next_due().into_iter().chain(timers).chain(pauses).min()
    }

    fn fire(&mut self, end: usize) {
        let Conversation { ends, pool, rules, now, .. } = self;
        let Some(connection) = &mut ends[end].connection else { return };
        if connection.timer() <= *now {
            let probe = connection.handle_timeout(&mut Context { now: *now, pool, rules });
            if let Some(segment) = probe {
                self.send(end, segment);
            }
            self.pump(end);
        }
    }

    fn deliver(&mut self, to: usize, mut segment: Segment) {
        let Conversation { ends, pool, rules, now, takes_short_ways, .. } = self;
        let end = &mut ends[to];
        if to == 1 && end.connection.is_none() && segment.flags == Flags::SYN {
            end.connection = Some(Connection::accept(rules, &Options::new(&rules.config)));
            return self.pump(to);
        }
        let answer;
        match (&mut end.connection, &mut end.time_wait) {
            (Some(connection), _) if !connection.is_closed() => {
                let mut context = Context { now: *now, pool, rules };
                if *takes_short_ways {
                    connection.handle_segment(&mut context, &mut segment);
                } else {
                    connection.handle_any(&mut context, &mut segment);
                }
                return self.pump(to);
            }
            (_, Some(time_wait)) => {
                let verdict = time_wait.handle_segment(*now, &rules.config, &segment);
                answer = verdict.answer;
                if verdict.is_over {
                    end.time_wait = None;
                }
            }
            _ => answer = reset_for(&segment),
        }
        if let Some(payload) = segment.payload {
            pool.release(payload);
        }
        if let Some(answer) = answer {
            self.send(to, answer);
        }
    }

    fn send(&mut self, from: usize, segment: Segment) {
        let fate = (self.fate)(self.transcript.len());
        self.transcript.push(format!("{} {from} {segment} {fate:?}", self.now));
        match fate {
            Fate::Lost => segment.payload.into_iter().for_each(|payload| self.pool.release(payload)),
            Fate::After(latency) => {
                self.wire.push(self.now + latency, (1 - from, segment)).unwrap();
            }
        }
    }

    /// What the kernel does after each call.
    fn pump(&mut self, end: usize) {
        loop {
            let Conversation { ends, pool, rules, now, takes_short_ways, .. } = self;
            let Some(connection) = &mut ends[end].connection else { return };
            let mut context = Context { now: *now, pool, rules };
            let new = if *takes_short_ways { connection.poll_new_segment(&mut context) } else { None };
            let Some(segment) = new.or_else(|| connection.poll_segment(&mut context)) else {
                if let Ending::TimeWait(time_wait) = connection.settle(&mut context) {
                    ends[end].time_wait = Some(time_wait);
                }
                return;
            };
            self.send(end, segment);
        }
    }

    /// Lets the programs of an end go on as far as they can; whether they did anything.
    fn run_threads(&mut self, end: usize) -> bool {
        let mut progress = false;
        for thread in 0..self.ends[end].threads.len() {
            while self.run_step(end, thread) {
                progress = true;
                self.pump(end);
            }
        }
        progress
    }

    fn run_step(&mut self, end_number: usize, thread: usize) -> bool {
        let Conversation { ends, pool, rules, now, .. } = self;
        let End { connection, threads, outcome, .. } = &mut ends[end_number];
        let thread = &mut threads[thread];
        let (Some(connection), Some(&step)) = (connection, thread.steps.front()) else { return false };
        let mut context = Context { now: *now, pool, rules };
        let result = match step {
            Step::Write(length) => {
                let start = outcome.written;
                let data: Vec<u8> =
                    (start..start + length - thread.done).map(|number| byte(end_number, number)).collect();
                connection.write(context.pool, &data).inspect(|&bytes| outcome.written += bytes)
            }
            Step::Read(length) => {
                let mut buffer = vec![0; length - thread.done];
                read(connection, &mut context, &mut buffer, outcome)
            }
            Step::ReadToEnd(length) => read(connection, &mut context, &mut vec![0; length], outcome),
            Step::Finish => connection.finish().map(|()| 0),
            Step::Close => {
                connection.close(&mut context);
                Ok(0)
            }
            Step::Pause(duration) => {
                let until = *thread.paused_until.get_or_insert(*now + duration);
                if *now < until { Err(Errno::WouldBlock) } else { Ok(0) }
            }
        };
        thread.settle(step, result, outcome)
    }
}

fn read(
    connection: &mut Connection,
    context: &mut Context<'_>,
    buffer: &mut [u8],
    outcome: &mut Outcome,
) -> Result<usize, Errno> {
    let bytes = connection.read(context.pool, buffer)?;
    outcome.received.extend_from_slice(&buffer[..bytes]);
    Ok(bytes)
}

impl Thread {
    /// Notes the result of a step; whether the thread can go on.
    fn settle(&mut self, step: Step, result: Result<usize, Errno>, outcome: &mut Outcome) -> bool {
        match result {
            Err(Errno::WouldBlock | Errno::NotConnected) => return false,
            Err(error) => {
                outcome.error.get_or_insert(error);
                self.steps.clear();
                return false;
            }
            Ok(bytes) => {
                self.done += bytes;
                let is_done = match step {
                    Step::Write(length) | Step::Read(length) => bytes == 0 || self.done >= length,
                    Step::ReadToEnd(_) => bytes == 0,
                    Step::Finish | Step::Close | Step::Pause(_) => true,
                };
                if is_done {
                    self.steps.pop_front();
                    self.done = 0;
                    self.paused_until = None;
                }
            }
        }
        true
    }
}

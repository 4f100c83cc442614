//! The interpreter of the programs: a machine in, a transcript out.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, IoSlice};
use std::path::{Path, PathBuf};

use super::machine::{Machine, Named};
use super::script::{At, Half, Program, Slot, Step};

/// What tokio asks for.
const BACKLOG: u32 = 1_024;

/// Plays a program; one line for each step.
pub(super) fn play<M: Machine>(machine: M, folder: &Path, program: &Program) -> Vec<String> {
    let mut player = Player { machine, folder, sockets: BTreeMap::new(), next_byte: 0 };
    let line = |step: &Step| {
        let result = player.step(*step).unwrap_or_else(|error| describe(&error));
        format!("{step:?}: {result}")
    };
    program.steps.iter().map(line).collect()
}

struct Player<'a, M: Machine> {
    machine: M,
    folder: &'a Path,
    sockets: BTreeMap<Slot, M::Socket>,
    /// What is written counts on, so that a reader can tell what it got.
    next_byte: u8,
}

/// The kind of an error, or its number if it has no kind of its own.
fn describe(error: &io::Error) -> String {
    let kind = error.kind();
    match error.raw_os_error() {
        Some(number) if format!("{kind:?}") == "Uncategorized" => format!("error {number}"),
        _ => format!("{kind:?}"),
    }
}

fn bytes(buffer: &[u8]) -> String {
    match buffer {
        [] => "0 bytes".to_string(),
        [first, .., last] => format!("{} bytes from {first} to {last}", buffer.len()),
        [only] => format!("1 byte, {only}"),
    }
}

fn done(_: impl Sized) -> String {
    "ok".to_string()
}

impl<M: Machine> Player<'_, M> {
    fn step(&mut self, step: Step) -> io::Result<String> {
        match step {
            Step::Listen(slot, at) => {
                let listener = self.machine.listen(&self.path(at), BACKLOG)?;
                Ok(self.add(slot, listener))
            }
            Step::ListenWith(slot, at, backlog) => {
                let listener = self.machine.listen(&self.path(at), backlog)?;
                Ok(self.add(slot, listener))
            }
            Step::Connect(slot, to) => {
                let stream = self.machine.connect(None, &self.path(to))?;
                Ok(self.add(slot, stream))
            }
            Step::ConnectFrom(slot, from, to) => {
                let stream = self.machine.connect(Some(&self.path(from)), &self.path(to))?;
                Ok(self.add(slot, stream))
            }
            Step::Accept(slot, listener) => {
                let (stream, from) = self.machine.accept(self.socket(listener))?;
                self.add(slot, stream);
                Ok(format!("ok, from {}", self.show(from)))
            }
            Step::Pair(one, other) => self.machine.pair().map(|pair| self.add_both([one, other], pair)),
            Step::DatagramPair(one, other) => {
                self.machine.datagram_pair().map(|pair| self.add_both([one, other], pair))
            }
            Step::Bind(slot, at) => {
                let socket = self.machine.datagrams(Some(&self.path(at)))?;
                Ok(self.add(slot, socket))
            }
            Step::Unbound(slot) => {
                let socket = self.machine.datagrams(None)?;
                Ok(self.add(slot, socket))
            }
            Step::Close(slot) => {
                let socket = self.sockets.remove(slot);
                Ok(done(socket.unwrap_or_else(|| panic!("there is no {slot}"))))
            }
            Step::Remove(at) => self.machine.remove(&self.path(at)).map(done),
            Step::Exists(at) => Ok(self.machine.exists(&self.path(at))?.to_string()),
            Step::Shutdown(slot) => self.machine.shutdown(self.socket(slot), Half::Writing).map(done),
            Step::ShutdownHalf(slot, half) => self.machine.shutdown(self.socket(slot), half).map(done),
            Step::LocalAddr(slot) => Ok(self.show(self.machine.local_addr(self.socket(slot))?)),
            Step::PeerAddr(slot) => Ok(self.show(self.machine.peer_addr(self.socket(slot))?)),
            Step::TakeError(slot) => {
                let error = self.machine.take_error(self.socket(slot))?;
                Ok(error.map_or("none".to_string(), |error| describe(&error)))
            }
            Step::Readable(slot) => Ok(self.machine.is_readable(self.socket(slot)).to_string()),
            Step::Writable(slot) => Ok(self.machine.is_writable(self.socket(slot)).to_string()),
            _ => self.transfer(step),
        }
    }

    fn transfer(&mut self, step: Step) -> io::Result<String> {
        match step {
            Step::Write(slot, length) => {
                let data = self.data(length);
                Ok(format!("{} bytes", self.machine.write(self.socket(slot), &data)?))
            }
            Step::WriteVectored(slot, lengths) => {
                let parts: Vec<Vec<u8>> = lengths.iter().map(|&length| self.data(length)).collect();
                let parts: Vec<IoSlice<'_>> = parts.iter().map(|part| IoSlice::new(part)).collect();
                Ok(format!("{} bytes", self.machine.write_vectored(self.socket(slot), &parts)?))
            }
            Step::Read(slot, length) => {
                let mut buffer = vec![0; length];
                let read = self.machine.read(self.socket(slot), &mut buffer)?;
                Ok(bytes(&buffer[..read]))
            }
            Step::ReadAll(slot) => Ok(self.read_all(slot)),
            Step::ConnectTo(slot, to) => {
                let to = self.path(to);
                self.machine.connect_datagrams(self.socket(slot), &to).map(done)
            }
            Step::SendTo(slot, length, to) => {
                let (data, to) = (self.data(length), self.path(to));
                Ok(format!("{} bytes", self.machine.send(self.socket(slot), &data, Some(&to))?))
            }
            Step::Send(slot, length) => {
                let data = self.data(length);
                Ok(format!("{} bytes", self.machine.send(self.socket(slot), &data, None)?))
            }
            Step::SendBeyond(slot, bytes) => {
                let length = self.machine.send_buffer_bytes().saturating_add_signed(bytes);
                let data = self.data(length);
                let sent = self.machine.send(self.socket(slot), &data, None)?;
                Ok(format!("all of it: {}", sent == length))
            }
            Step::RecvFrom(slot, length) => {
                let mut buffer = vec![0; length];
                let (received, from) = self.machine.recv_from(self.socket(slot), &mut buffer)?;
                Ok(format!("{} of {}", bytes(&buffer[..received]), self.show(from)))
            }
            Step::RecvAll(slot) => {
                let (socket, mut buffer) = (self.socket(slot), vec![0; 1 << 20]);
                let (_, error) = self.until_error(|| self.machine.recv_from(socket, &mut buffer));
                Ok(describe(&error))
            }
            _ => self.fill(step),
        }
    }

    fn fill(&mut self, step: Step) -> io::Result<String> {
        match step {
            Step::Fill(slot) => {
                let (stream, data) = (self.socket(slot), vec![0; 1 << 20]);
                let blocks = self.until_error(|| self.machine.write(stream, &data)).1;
                Ok(describe(&blocks))
            }
            Step::FillBy(slot, length) => {
                let (stream, data) = (self.socket(slot), vec![0; length]);
                let (count, error) = self.until_error(|| self.machine.write(stream, &data));
                Ok(format!("{count} times, then {}", describe(&error)))
            }
            Step::SendAllTo(slot, to) => {
                let (socket, to) = (self.socket(slot), self.path(to));
                let (count, error) = self.until_error(|| self.machine.send(socket, b"x", Some(&to)));
                Ok(format!("{count} times, then {}", describe(&error)))
            }
            Step::SendAll(slot) => {
                let socket = self.socket(slot);
                let (count, error) = self.until_error(|| self.machine.send(socket, &[0; 4_096], None));
                Ok(format!("more than 20 times: {}, then {}", count > 20, describe(&error)))
            }
            Step::SendAllBy(slot, length) => {
                let (socket, data) = (self.socket(slot), vec![0; length]);
                let (count, error) = self.until_error(|| self.machine.send(socket, &data, None));
                Ok(format!("{count} times, then {}", describe(&error)))
            }
            _ => unreachable!("{step:?} transfers nothing"),
        }
    }

    /// Calls until there is an error; how often it was none.
    fn until_error<R>(&self, mut call: impl FnMut() -> io::Result<R>) -> (usize, io::Error) {
        for count in 0..1_000_000 {
            if let Err(error) = call() {
                return (count, error);
            }
        }
        (1_000_000, io::Error::other("it does not end"))
    }

    fn read_all(&self, slot: Slot) -> String {
        let (stream, mut buffer, mut is_something) = (self.socket(slot), vec![0; 65_536], false);
        let end = loop {
            match self.machine.read(stream, &mut buffer) {
                Ok(0) => break "the end".to_string(),
                Ok(_) => is_something = true,
                Err(error) => break describe(&error),
            }
        };
        format!("something: {is_something}, then {end}")
    }

    fn add(&mut self, slot: Slot, socket: M::Socket) -> String {
        done(self.sockets.insert(slot, socket))
    }

    fn add_both(&mut self, slots: [Slot; 2], (one, other): (M::Socket, M::Socket)) -> String {
        self.add(slots[0], one);
        self.add(slots[1], other)
    }

    fn data(&mut self, length: usize) -> Vec<u8> {
        let mut next = || {
            let byte = self.next_byte;
            self.next_byte = byte.wrapping_add(1);
            byte
        };
        (0..length).map(|_| next()).collect()
    }

    /// The path of a file, or an abstract name after a zero. Those that the machine has for all hold the name of the folder.
    fn path(&self, at: At) -> PathBuf {
        let folder = self.folder.to_str().expect("a temporary directory has a name in ASCII");
        match at {
            At::Path(name) => self.folder.join(name),
            At::Long(length) => self.folder.join("x".repeat(length - folder.len() - 1)),
            At::Abstract(name) => format!("\0{folder}{name}").into(),
            At::AbstractLong(length) => format!("\0{folder}{}", "x".repeat(length - folder.len())).into(),
            At::Nothing => PathBuf::new(),
        }
    }

    fn show(&self, named: Named) -> String {
        let folder = self.folder.to_str().expect("a temporary directory has a name in ASCII");
        match named {
            Named::Nothing => "unnamed".to_string(),
            Named::Path(path) => format!("path {}", path.replace(folder, "")),
            Named::Abstract(name) => {
                let name = String::from_utf8_lossy(&name).into_owned();
                let is_given = name.len() == 5 && name.chars().all(|digit| digit.is_ascii_hexdigit());
                if is_given { "given".to_string() } else { format!("abstract {}", name.replace(folder, "")) }
            }
        }
    }

    fn socket(&self, slot: Slot) -> &M::Socket {
        self.sockets.get(slot).unwrap_or_else(|| panic!("there is no {slot}"))
    }
}

/// The kind with which a call that would block ends.
pub(super) fn would_block() -> io::Error {
    ErrorKind::WouldBlock.into()
}

//! The interpreter of the programs: a machine in, a transcript out.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, IoSlice};
use std::net::SocketAddr;
use std::time::Duration;

use super::machine::Machine;
use super::script::{ANY, Address, Port, Program, Slot, Step, of};

/// How often a call is made again that would block; then it is given up, and the test fails.
const PAUSES_MAX: u32 = 10_000;
/// For how many pauses a writer must find no room until there is none.
const FULL_AFTER_PAUSES: u32 = 30;

/// How long a call that blocks may take. It is only reached when something is wrong.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long somebody tries to connect who will not be heard: less than a SYN waits to be sent again.
const SOON: Duration = Duration::from_millis(300);
/// What tokio asks for.
const BACKLOG: u32 = 1_024;

/// What a call that never stops blocking is noted as.
pub(super) const GAVE_UP: &str = "gave up";

/// Plays a program; one line for each step.
pub(super) async fn play<M: Machine>(machine: M, program: &Program) -> Vec<String> {
    let mut player = Player {
        machine,
        sockets: BTreeMap::new(),
        ports: BTreeMap::new(),
        names: BTreeMap::new(),
        next_byte: 0,
        filled_bytes: 0,
    };
    let mut lines = Vec::new();
    for step in program.steps {
        let result = player.step(step).await.unwrap_or_else(|error| describe(&error));
        lines.push(format!("{step:?}: {result}"));
    }
    player.reset_all();
    lines
}

enum Socket<M: Machine> {
    Listener(M::Listener),
    Stream(M::Stream),
    Datagrams(M::Datagrams),
}

struct Player<M: Machine> {
    machine: M,
    sockets: BTreeMap<Slot, Socket<M>>,
    ports: BTreeMap<Slot, u16>,
    /// Who had a port first, by protocol and port.
    names: BTreeMap<(&'static str, u16), Slot>,
    /// What is written counts on, so that a reader can tell what it got.
    next_byte: u8,
    /// What was written without a count that is the same everywhere.
    filled_bytes: usize,
}

const TCP: &str = "tcp";
const UDP: &str = "udp";

/// The kind of an error, or its number if it has no kind of its own.
fn describe(error: &io::Error) -> String {
    let kind = error.kind();
    match error.raw_os_error() {
        Some(number) if format!("{kind:?}") == "Uncategorized" => format!("error {number}"),
        _ if error.to_string() == GAVE_UP => GAVE_UP.to_string(),
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

impl<M: Machine> Player<M> {
    async fn step(&mut self, step: &Step) -> io::Result<String> {
        use Step::*;
        match *step {
            Listen(slot, at) => self.listen(slot, at, BACKLOG).await,
            ListenWith(slot, at, backlog) => self.listen(slot, at, backlog).await,
            Connect(slot, to) => self.connect(slot, to, PATIENCE).await,
            ConnectSoon(slot, to) => self.connect(slot, to, SOON).await,
            Accept(slot, listener) => self.accept(slot, listener, PAUSES_MAX).await,
            TryAccept(slot, listener) => self.accept(slot, listener, 0).await,
            Pair => {
                self.listen("l", ANY, BACKLOG).await?;
                self.connect("c", of("l"), PATIENCE).await?;
                self.accept("s", "l", PAUSES_MAX).await
            }
            Close(slot) => {
                let socket = self.sockets.remove(slot);
                Ok(done(socket.unwrap_or_else(|| panic!("there is no {slot}"))))
            }
            Bind(slot, at) => {
                let socket = self.machine.bind(self.address(at)).await?;
                let address = self.machine.datagram_options(&socket).local_addr()?;
                self.name(UDP, slot, address);
                self.sockets.insert(slot, Socket::Datagrams(socket));
                Ok(done(()))
            }
            LocalAddr(slot) | PeerAddr(slot) | TakeError(slot) => self.ask_any(slot, step),
            AwaitReadable(slot) | AwaitError(slot) | Readable(slot) | Writable(slot) => {
                self.readiness(slot, step).await
            }
            ConnectUdp(slot, _)
            | SendTo(slot, ..)
            | Send(slot, _)
            | RecvFrom(slot, _)
            | Recv(slot, _)
            | TryRecv(slot, _)
            | PeekFrom(slot, _)
            | TryPeekFrom(slot, _) => self.datagram_step(slot, step).await,
            Set(slot, _)
            | Get(slot, _)
            | JoinV4(slot, ..)
            | LeaveV4(slot, ..)
            | JoinV6(slot, ..)
            | LeaveV6(slot, ..) => self.datagram_option_step(slot, step),
            Write(slot, _)
            | WriteVectored(slot, _)
            | Fill(slot)
            | Read(slot, _)
            | TryRead(slot, _)
            | Peek(slot, _)
            | ReadToEnd(slot)
            | Shutdown(slot)
            | AwaitBytes(slot, _)
            | AwaitEnded(slot) => self.stream_step(slot, step).await,
            SetLinger(slot, _) | Linger(slot) | SetNodelay(slot, _) | Nodelay(slot) => {
                self.option_step(slot, step)
            }
        }
    }

    /// Leaves nothing in TIME-WAIT that is still open: a later client may get its port, which then is not free for a listener.
    fn reset_all(&self) {
        for socket in self.sockets.values() {
            if let Socket::Stream(stream) = socket {
                // What has ended already needs no reset.
                let _ended = self.machine.options(stream).set_linger(Some(Duration::ZERO));
            }
        }
    }

    async fn stream_step(&mut self, slot: Slot, step: &Step) -> io::Result<String> {
        match *step {
            Step::Write(_, length) => {
                let data = self.data(length);
                let stream = self.stream(slot);
                let written = self.retry(PAUSES_MAX, || self.machine.write(stream, &data)).await?;
                Ok(format!("{written} bytes"))
            }
            Step::WriteVectored(_, lengths) => {
                let parts: Vec<Vec<u8>> = lengths.iter().map(|&length| self.data(length)).collect();
                let parts: Vec<IoSlice<'_>> = parts.iter().map(|part| IoSlice::new(part)).collect();
                let stream = self.stream(slot);
                let written = self.retry(PAUSES_MAX, || self.machine.write_vectored(stream, &parts)).await?;
                Ok(format!("{written} bytes"))
            }
            Step::Fill(_) => self.fill(slot).await,
            Step::Read(_, length) => self.read(slot, length, PAUSES_MAX).await,
            Step::TryRead(_, length) => self.read(slot, length, 0).await,
            Step::Peek(_, length) => {
                let (stream, mut buffer) = (self.stream(slot), vec![0; length]);
                let peeked = self.retry(PAUSES_MAX, || self.machine.peek(stream, &mut buffer)).await?;
                Ok(bytes(&buffer[..peeked]))
            }
            Step::ReadToEnd(_) => self.read_to_end(slot).await,
            Step::Shutdown(_) => self.machine.shutdown(self.stream(slot)).await.map(done),
            Step::AwaitBytes(_, length) => {
                let (stream, mut buffer) = (self.stream(slot), vec![0; length]);
                self.until(|| Ok(self.machine.peek(stream, &mut buffer)? == length)).await
            }
            Step::AwaitEnded(_) => {
                let stream = self.machine.options(self.stream(slot));
                self.until(|| Ok(stream.peer_addr().is_err())).await
            }
            _ => unreachable!("{step:?} is no step of a stream"),
        }
    }

    async fn datagram_step(&mut self, slot: Slot, step: &Step) -> io::Result<String> {
        match *step {
            Step::SendTo(_, length, to) => {
                let (data, to) = (self.data(length), self.address(to));
                let sent = self.machine.send_to(self.datagrams(slot), &data, to)?;
                Ok(format!("{sent} bytes"))
            }
            Step::Send(_, length) => {
                let data = self.data(length);
                Ok(format!("{} bytes", self.machine.send(self.datagrams(slot), &data)?))
            }
            Step::ConnectUdp(_, to) => {
                let to = self.address(to);
                self.machine.connect_udp(self.datagrams(slot), to).await?;
                let address = self.machine.datagram_options(self.datagrams(slot)).local_addr()?;
                self.name(UDP, slot, address);
                Ok(done(()))
            }
            Step::RecvFrom(_, length) => {
                let (socket, mut buffer) = (self.datagrams(slot), vec![0; length]);
                let received = self.retry(PAUSES_MAX, || self.machine.recv_from(socket, &mut buffer));
                let (received, source) = received.await?;
                Ok(format!("{} of {}", bytes(&buffer[..received]), self.show(UDP, source)))
            }
            Step::PeekFrom(_, length) | Step::TryPeekFrom(_, length) => {
                let pauses = if matches!(step, Step::PeekFrom(..)) { PAUSES_MAX } else { 0 };
                let (socket, mut buffer) = (self.datagrams(slot), vec![0; length]);
                let peeked = self.retry(pauses, || self.machine.peek_from(socket, &mut buffer));
                let (peeked, source) = peeked.await?;
                Ok(format!("{} of {}", bytes(&buffer[..peeked]), self.show(UDP, source)))
            }
            Step::Recv(_, length) | Step::TryRecv(_, length) => {
                let pauses = if matches!(step, Step::Recv(..)) { PAUSES_MAX } else { 0 };
                let (socket, mut buffer) = (self.datagrams(slot), vec![0; length]);
                let received = self.retry(pauses, || self.machine.recv(socket, &mut buffer)).await?;
                Ok(bytes(&buffer[..received]))
            }
            _ => unreachable!("{step:?} is no step of a datagram socket"),
        }
    }

    fn option_step(&self, slot: Slot, step: &Step) -> io::Result<String> {
        let stream = self.machine.options(self.stream(slot));
        match *step {
            Step::SetLinger(_, seconds) => stream.set_linger(seconds.map(Duration::from_secs)).map(done),
            Step::Linger(_) => Ok(format!("{:?}", stream.linger()?)),
            Step::SetNodelay(_, nodelay) => stream.set_nodelay(nodelay).map(done),
            Step::Nodelay(_) => Ok(stream.nodelay()?.to_string()),
            _ => unreachable!("{step:?} is no option"),
        }
    }

    fn datagram_option_step(&self, slot: Slot, step: &Step) -> io::Result<String> {
        let socket = self.machine.datagram_options(self.datagrams(slot));
        match *step {
            Step::Set(_, option) => socket.set(option).map(done),
            Step::Get(_, option) => socket.get(option),
            Step::JoinV4(_, group, interface) => socket.join_v4(group, interface).map(done),
            Step::LeaveV4(_, group, interface) => socket.leave_v4(group, interface).map(done),
            Step::JoinV6(_, group, interface) => socket.join_v6(group, interface).map(done),
            Step::LeaveV6(_, group, interface) => socket.leave_v6(group, interface).map(done),
            _ => unreachable!("{step:?} is no option"),
        }
    }

    fn ask_any(&self, slot: Slot, step: &Step) -> io::Result<String> {
        let show_error = |error: Option<io::Error>| error.map_or("none".to_string(), |it| describe(&it));
        match (self.socket(slot), *step) {
            (Socket::Listener(listener), Step::LocalAddr(_)) => {
                Ok(self.show(TCP, self.machine.listener_address(listener)?))
            }
            (Socket::Stream(stream), _) => {
                let stream = self.machine.options(stream);
                match *step {
                    Step::LocalAddr(_) => Ok(self.show(TCP, stream.local_addr()?)),
                    Step::PeerAddr(_) => Ok(self.show(TCP, stream.peer_addr()?)),
                    _ => Ok(show_error(stream.take_error()?)),
                }
            }
            (Socket::Datagrams(socket), _) => {
                let socket = self.machine.datagram_options(socket);
                match *step {
                    Step::LocalAddr(_) => Ok(self.show(UDP, socket.local_addr()?)),
                    Step::PeerAddr(_) => Ok(self.show(UDP, socket.peer_addr()?)),
                    _ => Ok(show_error(socket.take_error()?)),
                }
            }
            _ => panic!("{step:?} cannot be asked of {slot}"),
        }
    }

    async fn readiness(&self, slot: Slot, step: &Step) -> io::Result<String> {
        let is_ready = || match (self.socket(slot), step) {
            (Socket::Stream(stream), Step::Readable(_) | Step::AwaitReadable(_)) => {
                self.machine.options(stream).is_readable()
            }
            (Socket::Stream(stream), Step::AwaitError(_)) => self.machine.options(stream).has_error(),
            (Socket::Stream(stream), _) => self.machine.options(stream).is_writable(),
            (Socket::Datagrams(socket), Step::Readable(_) | Step::AwaitReadable(_)) => {
                self.machine.datagram_options(socket).is_readable()
            }
            (Socket::Datagrams(socket), Step::AwaitError(_)) => {
                self.machine.datagram_options(socket).has_error()
            }
            (Socket::Datagrams(socket), _) => self.machine.datagram_options(socket).is_writable(),
            _ => panic!("{slot} has no readiness"),
        };
        match step {
            Step::Readable(_) | Step::Writable(_) => Ok(is_ready().to_string()),
            _ => self.until(|| Ok(is_ready())).await,
        }
    }

    async fn listen(&mut self, slot: Slot, at: Address, backlog: u32) -> io::Result<String> {
        let listener = self.machine.listen(self.address(at), backlog).await?;
        let address = self.machine.listener_address(&listener)?;
        self.name(TCP, slot, address);
        self.sockets.insert(slot, Socket::Listener(listener));
        Ok(done(()))
    }

    async fn connect(&mut self, slot: Slot, to: Address, patience: Duration) -> io::Result<String> {
        let stream = self.machine.connect(self.address(to), patience).await?;
        self.add_stream(slot, stream)
    }

    fn add_stream(&mut self, slot: Slot, stream: M::Stream) -> io::Result<String> {
        let address = self.machine.options(&stream).local_addr()?;
        self.name(TCP, slot, address);
        self.sockets.insert(slot, Socket::Stream(stream));
        Ok(done(()))
    }

    async fn accept(&mut self, slot: Slot, listener: Slot, pauses_max: u32) -> io::Result<String> {
        let Socket::Listener(from) = self.socket(listener) else { panic!("{listener} is no listener") };
        let (stream, peer) = self.retry(pauses_max, || self.machine.accept(from)).await?;
        self.sockets.insert(slot, Socket::Stream(stream));
        Ok(format!("ok, from {}", self.show(TCP, peer)))
    }

    async fn read(&self, slot: Slot, length: usize, pauses_max: u32) -> io::Result<String> {
        let (stream, mut buffer) = (self.stream(slot), vec![0; length]);
        let read = self.retry(pauses_max, || self.machine.read(stream, &mut buffer)).await?;
        Ok(bytes(&buffer[..read]))
    }

    async fn read_to_end(&self, slot: Slot) -> io::Result<String> {
        let (stream, mut buffer, mut total) = (self.stream(slot), vec![0; 65_536], 0);
        let end = loop {
            match self.retry(PAUSES_MAX, || self.machine.read(stream, &mut buffer)).await {
                Ok(0) => break "the end".to_string(),
                Ok(read) => total += read,
                Err(error) => break describe(&error),
            }
        };
        if self.filled_bytes == 0 {
            return Ok(format!("{total} bytes, then {end}"));
        }
        Ok(format!("all that was written: {}, then {end}", total == self.filled_bytes))
    }

    async fn fill(&mut self, slot: Slot) -> io::Result<String> {
        let (stream, data, mut total) = (self.stream(slot), vec![0; 65_536], 0);
        let error = loop {
            match self.retry(FULL_AFTER_PAUSES, || self.machine.write(stream, &data)).await {
                Ok(written) => total += written,
                Err(error) => break error,
            }
        };
        self.filled_bytes += total;
        Ok(if error.to_string() == GAVE_UP { "no more room".to_string() } else { describe(&error) })
    }

    /// Makes a call until it does not block, or has been made so often again.
    async fn retry<R>(&self, pauses_max: u32, mut call: impl FnMut() -> io::Result<R>) -> io::Result<R> {
        for pauses in 0.. {
            match call() {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if pauses_max == 0 {
                        return Err(error);
                    }
                    if pauses == pauses_max {
                        break;
                    }
                }
                result => return result,
            }
            self.machine.pause().await;
        }
        Err(io::Error::other(GAVE_UP))
    }

    async fn until(&self, mut is_so: impl FnMut() -> io::Result<bool>) -> io::Result<String> {
        let call = || match is_so() {
            Ok(true) => Ok(()),
            Ok(false) => Err(ErrorKind::WouldBlock.into()),
            Err(error) => Err(error),
        };
        self.retry(PAUSES_MAX, call).await.map(done)
    }

    fn data(&mut self, length: usize) -> Vec<u8> {
        let mut next = || {
            let byte = self.next_byte;
            self.next_byte = byte.wrapping_add(1);
            byte
        };
        (0..length).map(|_| next()).collect()
    }

    fn address(&self, Address(ip, port): Address) -> SocketAddr {
        let port = match port {
            Port::Any => 0,
            Port::Of(slot) => *self.ports.get(slot).unwrap_or_else(|| panic!("{slot} has no port")),
            Port::Closed => self.machine.closed_port(),
            Port::Is(port) => port,
        };
        SocketAddr::from((ip, port))
    }

    fn name(&mut self, protocol: &'static str, slot: Slot, address: SocketAddr) {
        self.ports.insert(slot, address.port());
        self.names.entry((protocol, address.port())).or_insert(slot);
    }

    fn show(&self, protocol: &'static str, address: SocketAddr) -> String {
        let port = match address.port() {
            0 => "0",
            port if port == self.machine.closed_port() => "closed",
            port => self.names.get(&(protocol, port)).copied().unwrap_or("unknown"),
        };
        format!("{}:{port}", address.ip())
    }

    fn socket(&self, slot: Slot) -> &Socket<M> {
        self.sockets.get(slot).unwrap_or_else(|| panic!("there is no {slot}"))
    }

    fn stream(&self, slot: Slot) -> &M::Stream {
        let Socket::Stream(stream) = self.socket(slot) else { panic!("{slot} is no stream") };
        stream
    }

    fn datagrams(&self, slot: Slot) -> &M::Datagrams {
        let Socket::Datagrams(socket) = self.socket(slot) else { panic!("{slot} takes no datagrams") };
        socket
    }
}

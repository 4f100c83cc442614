//! The language of the programs, as plain data.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The name of a socket in a program.
pub(crate) type Slot = &'static str;

/// A program and what it is about.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) name: &'static str,
    pub(crate) steps: &'static [Step],
}

/// An address, before ports are known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Address(pub(crate) IpAddr, pub(crate) Port);

#[derive(Clone, Copy, Debug)]
pub(crate) enum Port {
    /// Any free one.
    Any,
    /// The one that this socket has, or had.
    Of(Slot),
    /// One that no socket takes anything at.
    Closed,
    /// The number itself.
    Is(u16),
}

pub(crate) const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
pub(crate) const WILD: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
/// Another address of the same loopback.
pub(crate) const SECOND: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
pub(crate) const LOCAL_V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);
pub(crate) const WILD_V6: IpAddr = IpAddr::V6(Ipv6Addr::UNSPECIFIED);

/// Any free port of 127.0.0.1.
pub(crate) const ANY: Address = Address(LOCAL, Port::Any);
/// Where nobody is.
pub(crate) const CLOSED: Address = Address(LOCAL, Port::Closed);

/// Where that socket is, on 127.0.0.1.
pub(crate) const fn of(slot: Slot) -> Address {
    Address(LOCAL, Port::Of(slot))
}

/// What a datagram socket can be told; the value does not count when it is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) enum DatagramOption {
    Broadcast(bool),
    Ttl(u32),
    LoopV4(bool),
    LoopV6(bool),
    MulticastTtl(u32),
}

/// One step: a call, or a wait until what is under way has arrived.
///
/// A call that would block is made again until it does not; those whose names begin with `Try` are made once.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    Listen(Slot, Address),
    /// With a backlog.
    ListenWith(Slot, Address, u32),
    Connect(Slot, Address),
    /// Gives up soon.
    ConnectSoon(Slot, Address),
    /// From a listener, the second.
    Accept(Slot, Slot),
    TryAccept(Slot, Slot),
    /// A listener `l`, a client `c`, and `s`, which the listener has accepted.
    Pair,

    Write(Slot, usize),
    WriteVectored(Slot, &'static [usize]),
    /// Until there is no room.
    Fill(Slot),
    Read(Slot, usize),
    TryRead(Slot, usize),
    Peek(Slot, usize),
    /// Until there is an end or an error.
    ReadToEnd(Slot),
    /// Closes the writing half.
    Shutdown(Slot),
    Close(Slot),

    SetLinger(Slot, Option<u64>),
    Linger(Slot),
    SetNodelay(Slot, bool),
    Nodelay(Slot),
    LocalAddr(Slot),
    PeerAddr(Slot),
    TakeError(Slot),
    Readable(Slot),
    Writable(Slot),

    Bind(Slot, Address),
    ConnectUdp(Slot, Address),
    SendTo(Slot, usize, Address),
    Send(Slot, usize),
    RecvFrom(Slot, usize),
    Recv(Slot, usize),
    TryRecv(Slot, usize),
    PeekFrom(Slot, usize),
    TryPeekFrom(Slot, usize),
    Set(Slot, DatagramOption),
    Get(Slot, DatagramOption),
    /// A group of IPv4, with the address of the interface.
    JoinV4(Slot, Ipv4Addr, Ipv4Addr),
    LeaveV4(Slot, Ipv4Addr, Ipv4Addr),
    /// A group of IPv6, with the number of the interface.
    JoinV6(Slot, Ipv6Addr, u32),
    LeaveV6(Slot, Ipv6Addr, u32),

    /// Until so many bytes can be read at once.
    AwaitBytes(Slot, usize),
    /// Until a read would not block.
    AwaitReadable(Slot),
    /// Until there is an error to be told of.
    AwaitError(Slot),
    /// Until the connection has ended.
    AwaitEnded(Slot),
}

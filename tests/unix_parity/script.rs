//! The language of the programs, as plain data.

/// The name of a socket in a program.
pub(crate) type Slot = &'static str;

/// A program and what it is about.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) name: &'static str,
    pub(crate) steps: &'static [Step],
}

/// What a socket is bound to, or sends to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum At {
    /// A file.
    Path(&'static str),
    /// A file whose path has so many bytes in all.
    Long(usize),
    /// A name without a file.
    Abstract(&'static str),
    /// An abstract name of so many bytes.
    AbstractLong(usize),
    /// No name.
    Nothing,
}

/// Which halves are closed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Half {
    Reading,
    Writing,
    Both,
}

/// One step: a call that is made once, and does not wait.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    Listen(Slot, At),
    /// With a backlog.
    ListenWith(Slot, At, u32),
    Connect(Slot, At),
    /// From a name.
    ConnectFrom(Slot, At, At),
    /// From a listener, the second.
    Accept(Slot, Slot),
    Pair(Slot, Slot),

    Write(Slot, usize),
    WriteVectored(Slot, &'static [usize]),
    /// Until there is no room; how much went in is not said.
    Fill(Slot),
    /// Writes of so many bytes each, until there is no room; how many there were.
    FillBy(Slot, usize),
    Read(Slot, usize),
    /// Until there is an end or an error, or nothing more is there.
    ReadAll(Slot),
    Shutdown(Slot),
    Close(Slot),

    LocalAddr(Slot),
    PeerAddr(Slot),
    TakeError(Slot),
    Readable(Slot),
    Writable(Slot),
    Remove(At),
    Exists(At),

    Bind(Slot, At),
    Unbound(Slot),
    DatagramPair(Slot, Slot),
    ConnectTo(Slot, At),
    SendTo(Slot, usize, At),
    Send(Slot, usize),
    /// As often as it does not block; how often is said.
    SendAllTo(Slot, At),
    SendAll(Slot),
    /// Datagrams of so many bytes each, until there is no room; how many there were.
    SendAllBy(Slot, usize),
    /// More than fits into a send buffer by so many bytes.
    SendBeyond(Slot, isize),
    RecvFrom(Slot, usize),
    /// As often as it does not block.
    RecvAll(Slot),
    ShutdownHalf(Slot, Half),
}

//! Programs about the two families of addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::script::Step::*;
use super::script::{ANY, Address, LOCAL, LOCAL_V6, Port, Program, Slot, WILD, WILD_V6, of};

const MAPPED: IpAddr = IpAddr::V6(Ipv4Addr::LOCALHOST.to_ipv6_mapped());
const MAPPED_WILD: IpAddr = IpAddr::V6(Ipv4Addr::UNSPECIFIED.to_ipv6_mapped());
/// No machine's (RFC 3849).
const ELSEWHERE: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 7));
const GROUP_V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0xff15, 0, 0, 0, 0, 0, 0, 7));

const ANY_V6: Address = Address(LOCAL_V6, Port::Any);
const WILD_ANY_V6: Address = Address(WILD_V6, Port::Any);

const fn v6(slot: Slot) -> Address {
    Address(LOCAL_V6, Port::Of(slot))
}

const fn mapped(slot: Slot) -> Address {
    Address(MAPPED, Port::Of(slot))
}

pub(crate) const PROGRAMS: &[Program] = &[
    Program {
        name: "a connection over the loopback of ipv6",
        steps: &[
            Listen("l", ANY_V6),
            LocalAddr("l"),
            Connect("c", v6("l")),
            Accept("s", "l"),
            LocalAddr("c"),
            PeerAddr("c"),
            LocalAddr("s"),
            PeerAddr("s"),
            Write("c", 3),
            AwaitBytes("s", 3),
            Read("s", 9),
            Close("s"),
            Read("c", 1),
        ],
    },
    Program {
        name: "all addresses of ipv6 include those of ipv4",
        steps: &[
            Listen("l", WILD_ANY_V6),
            LocalAddr("l"),
            Connect("c", of("l")),
            Accept("s", "l"),
            PeerAddr("s"),
            LocalAddr("s"),
            LocalAddr("c"),
            PeerAddr("c"),
            Write("s", 2),
            AwaitBytes("c", 2),
            Read("c", 9),
        ],
    },
    Program {
        name: "connecting to ipv4 by a mapped address",
        steps: &[
            Listen("l", ANY),
            Connect("c", mapped("l")),
            Accept("s", "l"),
            PeerAddr("c"),
            LocalAddr("c"),
            PeerAddr("s"),
            LocalAddr("s"),
        ],
    },
    Program {
        name: "connecting to the unspecified address of ipv6",
        steps: &[
            Listen("l", WILD_ANY_V6),
            Connect("c", Address(WILD_V6, Port::Of("l"))),
            Accept("s", "l"),
            PeerAddr("c"),
            PeerAddr("s"),
            Listen("m", ANY),
            Connect("d", Address(WILD_V6, Port::Of("m"))),
        ],
    },
    Program {
        name: "a listener of ipv4 is not at the loopback of ipv6",
        steps: &[Listen("l", Address(WILD, Port::Any)), Connect("c", v6("l")), Listen("m", v6("l"))],
    },
    Program {
        name: "all addresses of ipv6 exclude every other listener",
        steps: &[
            Listen("l", WILD_ANY_V6),
            Listen("m", Address(WILD, Port::Of("l"))),
            Listen("m", of("l")),
            Listen("m", v6("l")),
            Listen("m", mapped("l")),
            Listen("m", Address(WILD_V6, Port::Of("l"))),
        ],
    },
    Program {
        name: "all addresses of ipv4 exclude those of ipv6 together, and none alone",
        steps: &[
            Listen("l", Address(WILD, Port::Any)),
            Listen("m", Address(WILD_V6, Port::Of("l"))),
            Listen("m", mapped("l")),
            Listen("m", Address(MAPPED_WILD, Port::Of("l"))),
            Listen("m", v6("l")),
            LocalAddr("m"),
        ],
    },
    Program {
        name: "a mapped address is that of ipv4",
        steps: &[
            Listen("l", Address(MAPPED, Port::Any)),
            LocalAddr("l"),
            Listen("m", of("l")),
            Listen("m", v6("l")),
            Connect("c", of("l")),
            Accept("s", "l"),
            PeerAddr("s"),
        ],
    },
    Program {
        name: "all addresses of ipv4, mapped",
        steps: &[
            Listen("l", Address(MAPPED_WILD, Port::Any)),
            LocalAddr("l"),
            Connect("c", of("l")),
            Accept("s", "l"),
            Connect("d", v6("l")),
        ],
    },
    Program {
        name: "datagram sockets of both families at one port",
        steps: &[
            Bind("u", WILD_ANY_V6),
            Bind("v", of("u")),
            Bind("v", v6("u")),
            Close("u"),
            Bind("v", of("u")),
            Bind("w", v6("u")),
            Bind("x", Address(WILD_V6, Port::Of("u"))),
        ],
    },
    Program {
        name: "an address of ipv6 of nobody cannot be bound",
        steps: &[Listen("l", Address(ELSEWHERE, Port::Any)), Bind("u", Address(ELSEWHERE, Port::Any))],
    },
    Program {
        name: "a closed port of ipv6 refuses",
        steps: &[Connect("c", Address(LOCAL_V6, Port::Closed))],
    },
    Program {
        name: "nobody listens at a group of ipv6, and nobody connects to one",
        steps: &[Listen("l", Address(GROUP_V6, Port::Any)), Connect("c", Address(GROUP_V6, Port::Closed))],
    },
    Program {
        name: "datagrams over the loopback of ipv6",
        steps: &[
            Bind("u", ANY_V6),
            Bind("v", ANY_V6),
            SendTo("u", 3, v6("v")),
            RecvFrom("v", 9),
            ConnectUdp("v", v6("u")),
            PeerAddr("v"),
            Send("v", 2),
            RecvFrom("u", 9),
        ],
    },
    Program {
        name: "a datagram socket of ipv4 sends nothing to ipv6",
        steps: &[
            Bind("u", ANY),
            Bind("v", WILD_ANY_V6),
            SendTo("u", 1, v6("v")),
            ConnectUdp("u", v6("v")),
            SendTo("u", 1, mapped("v")),
            SendTo("u", 2, of("v")),
            RecvFrom("v", 9),
        ],
    },
    Program {
        name: "a datagram socket at all addresses talks to both families",
        steps: &[
            Bind("u", WILD_ANY_V6),
            LocalAddr("u"),
            Bind("v", ANY),
            Bind("w", ANY_V6),
            SendTo("u", 3, of("v")),
            RecvFrom("v", 9),
            SendTo("u", 4, mapped("v")),
            RecvFrom("v", 9),
            SendTo("v", 5, of("u")),
            RecvFrom("u", 9),
            SendTo("u", 6, v6("w")),
            RecvFrom("w", 9),
            SendTo("w", 7, v6("u")),
            PeekFrom("u", 9),
            RecvFrom("u", 9),
        ],
    },
    Program {
        name: "a datagram socket at an address of ipv6 sends nothing to ipv4",
        steps: &[
            Bind("u", ANY_V6),
            Bind("v", ANY),
            SendTo("u", 1, of("v")),
            SendTo("u", 1, mapped("v")),
            ConnectUdp("u", of("v")),
            ConnectUdp("u", mapped("v")),
            LocalAddr("u"),
        ],
    },
    Program {
        name: "a datagram socket at all addresses is connected to ipv4",
        steps: &[
            Bind("u", WILD_ANY_V6),
            Bind("v", ANY),
            Bind("w", ANY_V6),
            ConnectUdp("u", of("v")),
            LocalAddr("u"),
            PeerAddr("u"),
            Send("u", 3),
            RecvFrom("v", 9),
            SendTo("v", 2, of("u")),
            RecvFrom("u", 9),
            ConnectUdp("u", v6("w")),
            PeerAddr("u"),
        ],
    },
    Program {
        name: "the longest datagram over ipv6, and one byte more",
        steps: &[
            Bind("u", WILD_ANY_V6),
            Bind("v", ANY_V6),
            SendTo("u", 65_527, v6("v")),
            RecvFrom("v", 70_000),
            SendTo("u", 65_528, v6("v")),
            SendTo("u", 100_000, v6("v")),
            SendTo("u", 65_528, Address(LOCAL_V6, Port::Is(0))),
            SendTo("u", 65_508, Address(LOCAL, Port::Closed)),
        ],
    },
    Program {
        name: "a closed port of ipv6 is told to a connected datagram socket",
        steps: &[
            Bind("u", ANY_V6),
            ConnectUdp("u", Address(LOCAL_V6, Port::Closed)),
            Send("u", 1),
            AwaitError("u"),
            TryRecv("u", 9),
            TryRecv("u", 9),
            TakeError("u"),
        ],
    },
    Program {
        name: "a failure is told by a send over ipv6, and left by one that is too long",
        steps: &[
            Bind("u", ANY_V6),
            ConnectUdp("u", Address(LOCAL_V6, Port::Closed)),
            Send("u", 1),
            AwaitError("u"),
            Send("u", 70_000),
            Send("u", 2),
            TryRecv("u", 9),
        ],
    },
    Program {
        name: "half a connection over ipv6 still carries the answer",
        steps: &[
            Listen("l", ANY_V6),
            Connect("c", v6("l")),
            Accept("s", "l"),
            Shutdown("c"),
            AwaitReadable("s"),
            Read("s", 1),
            Write("s", 3),
            AwaitBytes("c", 3),
            Peek("c", 9),
            Read("c", 9),
            Write("c", 1),
        ],
    },
    Program {
        name: "closing with unread data over ipv6 resets",
        steps: &[
            Listen("l", ANY_V6),
            Connect("c", v6("l")),
            Accept("s", "l"),
            Write("c", 3),
            AwaitBytes("s", 3),
            Close("s"),
            AwaitEnded("c"),
            Read("c", 1),
            Write("c", 1),
        ],
    },
    Program {
        name: "an error of ipv6 is taken once",
        steps: &[
            Listen("l", ANY_V6),
            Connect("c", v6("l")),
            Accept("s", "l"),
            SetLinger("s", Some(0)),
            Close("s"),
            AwaitEnded("c"),
            TakeError("c"),
            TakeError("c"),
            Readable("c"),
            Writable("c"),
        ],
    },
    Program {
        name: "peeking at a datagram of ipv6",
        steps: &[
            Bind("r", ANY_V6),
            Bind("s", ANY_V6),
            SendTo("s", 4, v6("r")),
            PeekFrom("r", 2),
            PeekFrom("r", 9),
            RecvFrom("r", 9),
            TryPeekFrom("r", 9),
        ],
    },
];

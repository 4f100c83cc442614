//! Programs about who may have which address.

use super::script::Step::*;
use super::script::{ANY, Address, Port, Program, SECOND, WILD, of};
use std::net::{IpAddr, Ipv4Addr};

/// An address that is no machine's (TEST-NET-1).
const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

pub(crate) const PROGRAMS: &[Program] = &[
    Program {
        name: "two listeners cannot have one address",
        steps: &[Listen("l", ANY), Listen("m", of("l"))],
    },
    Program {
        name: "all addresses include each one",
        steps: &[
            Listen("l", Address(WILD, Port::Any)),
            Listen("m", of("l")),
            Listen("m", Address(SECOND, Port::Of("l"))),
            Listen("m", Address(WILD, Port::Of("l"))),
        ],
    },
    Program {
        name: "one address excludes all of them together, and no other",
        steps: &[
            Listen("l", ANY),
            Listen("m", Address(WILD, Port::Of("l"))),
            Listen("n", Address(SECOND, Port::Of("l"))),
            LocalAddr("n"),
        ],
    },
    Program {
        name: "an address is free after the listener was closed",
        steps: &[Listen("l", ANY), Close("l"), Listen("m", of("l")), LocalAddr("m")],
    },
    Program {
        name: "an address is free while connections of its last listener go on",
        steps: &[
            Pair,
            Close("l"),
            Listen("m", of("l")),
            Connect("d", of("l")),
            Accept("t", "m"),
            Write("c", 2),
            AwaitBytes("s", 2),
            Read("s", 2),
        ],
    },
    Program {
        name: "an address is free after the server has closed first",
        steps: &[Pair, Close("s"), Read("c", 1), Close("c"), Close("l"), Listen("m", of("l"))],
    },
    Program { name: "a client's port is not free for a listener", steps: &[Pair, Listen("m", of("c"))] },
    // That a client's port is free again is no program: Linux gives to a client a port that an older connection may still have
    // in TIME-WAIT, so the answer depends on what the machine did before.
    Program {
        name: "a client's port is not free soon after the client has closed first",
        steps: &[
            Pair,
            Shutdown("c"),
            Read("s", 1),
            Close("s"),
            Read("c", 1),
            Close("c"),
            Listen("m", of("c")),
        ],
    },
    Program {
        name: "a client's port is not free for a listener at all addresses",
        steps: &[Pair, Listen("m", Address(WILD, Port::Of("c")))],
    },
    Program {
        name: "a client's port is free at another address",
        steps: &[Pair, Listen("m", Address(SECOND, Port::Of("c")))],
    },
    Program {
        name: "an address of nobody cannot be bound",
        steps: &[Listen("l", Address(ELSEWHERE, Port::Any)), Bind("u", Address(ELSEWHERE, Port::Any))],
    },
    Program {
        name: "port zero is another port each time",
        steps: &[
            Listen("l", ANY),
            Listen("m", ANY),
            LocalAddr("l"),
            LocalAddr("m"),
            Bind("u", ANY),
            Bind("v", ANY),
            LocalAddr("u"),
            LocalAddr("v"),
        ],
    },
    Program {
        name: "tcp and udp have ports of their own",
        steps: &[Listen("l", ANY), Bind("u", of("l")), LocalAddr("u")],
    },
    Program {
        name: "two datagram sockets cannot have one address",
        steps: &[Bind("u", ANY), Bind("v", of("u")), Close("u"), Bind("v", of("u"))],
    },
    Program {
        name: "datagram sockets at all addresses and at one",
        steps: &[
            Bind("u", Address(WILD, Port::Any)),
            LocalAddr("u"),
            Bind("v", of("u")),
            Close("u"),
            Bind("v", of("u")),
            Bind("w", Address(WILD, Port::Of("u"))),
            Bind("w", Address(SECOND, Port::Of("u"))),
        ],
    },
];

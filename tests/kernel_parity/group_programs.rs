//! Programs about datagrams to many, in the loopback.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::script::DatagramOption::*;
use super::script::Step::*;
use super::script::{ANY, Address, CLOSED, Port, Program, SECOND, Slot, WILD};

const LOCALHOST: Ipv4Addr = Ipv4Addr::LOCALHOST;
const UNSPECIFIED: Ipv4Addr = Ipv4Addr::UNSPECIFIED;
/// In TEST-NET-3, no machine's.
const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 7);
const GROUP: Ipv4Addr = Ipv4Addr::new(239, 7, 7, 7);
const OTHER_GROUP: Ipv4Addr = Ipv4Addr::new(239, 7, 7, 9);
const NO_GROUP: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 1);
const GROUP_V6: Ipv6Addr = Ipv6Addr::new(0xff15, 0, 0, 0, 0, 0, 0, 7);
const BROADCAST: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 255, 255, 255));
const EVERYWHERE: IpAddr = IpAddr::V4(Ipv4Addr::BROADCAST);
const WILD_ANY: Address = Address(WILD, Port::Any);

const fn broadcast(slot: Slot) -> Address {
    Address(BROADCAST, Port::Of(slot))
}

const fn group(slot: Slot) -> Address {
    Address(IpAddr::V4(GROUP), Port::Of(slot))
}

/// They need no group.
pub(crate) const BROADCASTS: &[Program] = &[
    Program {
        name: "a broadcast must be allowed",
        steps: &[
            Bind("u", ANY),
            Get("u", Broadcast(false)),
            SendTo("u", 1, Address(BROADCAST, Port::Closed)),
            SendTo("u", 1, Address(EVERYWHERE, Port::Closed)),
            ConnectUdp("u", Address(BROADCAST, Port::Closed)),
            Set("u", Broadcast(true)),
            Get("u", Broadcast(false)),
            SendTo("u", 1, Address(BROADCAST, Port::Closed)),
            SendTo("u", 1, Address(EVERYWHERE, Port::Closed)),
            Set("u", Broadcast(false)),
            SendTo("u", 1, Address(BROADCAST, Port::Closed)),
        ],
    },
    Program {
        name: "a broadcast comes to sockets at all addresses, and to those at its own",
        steps: &[
            Bind("u", ANY),
            Set("u", Broadcast(true)),
            Bind("v", WILD_ANY),
            SendTo("u", 3, broadcast("v")),
            RecvFrom("v", 9),
            Bind("w", Address(BROADCAST, Port::Any)),
            LocalAddr("w"),
            SendTo("u", 4, broadcast("w")),
            RecvFrom("w", 9),
            Bind("x", ANY),
            SendTo("u", 5, broadcast("x")),
            SendTo("u", 6, Address(ANY.0, Port::Of("x"))),
            RecvFrom("x", 9),
            TryRecv("x", 9),
        ],
    },
    Program {
        name: "a broadcast comes to all who share the port at different addresses",
        steps: &[
            Bind("u", WILD_ANY),
            Set("u", Broadcast(true)),
            SendTo("u", 3, broadcast("u")),
            RecvFrom("u", 9),
            TryRecv("u", 9),
        ],
    },
    Program {
        name: "a socket is connected to a broadcast and hears nobody",
        steps: &[
            Bind("u", WILD_ANY),
            Set("u", Broadcast(true)),
            Bind("v", WILD_ANY),
            ConnectUdp("u", broadcast("v")),
            LocalAddr("u"),
            PeerAddr("u"),
            Send("u", 3),
            RecvFrom("v", 9),
            SendTo("v", 2, Address(ANY.0, Port::Of("u"))),
            TryRecv("u", 9),
        ],
    },
    Program {
        name: "a broadcast without a taker is no error",
        steps: &[
            Bind("u", ANY),
            Set("u", Broadcast(true)),
            SendTo("u", 1, Address(BROADCAST, Port::Closed)),
            SendTo("u", 65_507, Address(BROADCAST, Port::Closed)),
            SendTo("u", 65_508, Address(BROADCAST, Port::Closed)),
            SendTo("u", 1, Address(BROADCAST, Port::Is(0))),
            TakeError("u"),
        ],
    },
    Program {
        name: "nobody connects a stream to many",
        steps: &[
            Connect("c", Address(BROADCAST, Port::Closed)),
            Connect("c", Address(EVERYWHERE, Port::Closed)),
            Connect("c", Address(IpAddr::V4(GROUP), Port::Closed)),
        ],
    },
    Program {
        name: "hops have bounds",
        steps: &[
            Bind("u", ANY),
            Get("u", Ttl(0)),
            Set("u", Ttl(0)),
            Set("u", Ttl(256)),
            Set("u", Ttl(255)),
            Get("u", Ttl(0)),
            Get("u", MulticastTtl(0)),
            Set("u", MulticastTtl(256)),
            Set("u", MulticastTtl(0)),
            Get("u", MulticastTtl(0)),
            Get("u", LoopV4(false)),
            Set("u", LoopV4(false)),
            Get("u", LoopV4(false)),
        ],
    },
];

pub(crate) const MULTICASTS: &[Program] = &[
    Program {
        name: "a multicast comes to who has joined",
        steps: &[
            Bind("u", ANY),
            Bind("v", WILD_ANY),
            JoinV4("v", GROUP, LOCALHOST),
            SendTo("u", 3, group("v")),
            RecvFrom("v", 9),
            LeaveV4("v", GROUP, LOCALHOST),
            SendTo("u", 4, group("v")),
            SendTo("u", 5, Address(ANY.0, Port::Of("v"))),
            RecvFrom("v", 9),
            TryRecv("v", 9),
        ],
    },
    Program {
        name: "a multicast comes to all sockets of a host that has joined",
        steps: &[
            Bind("u", ANY),
            Bind("v", WILD_ANY),
            Bind("w", WILD_ANY),
            JoinV4("v", GROUP, LOCALHOST),
            SendTo("u", 3, group("w")),
            RecvFrom("w", 9),
            Close("v"),
            SendTo("u", 4, group("w")),
            SendTo("u", 5, Address(ANY.0, Port::Of("w"))),
            RecvFrom("w", 9),
        ],
    },
    Program {
        name: "a socket at the address of a group",
        steps: &[
            Bind("u", ANY),
            Bind("v", Address(IpAddr::V4(GROUP), Port::Any)),
            LocalAddr("v"),
            JoinV4("v", GROUP, LOCALHOST),
            JoinV4("v", OTHER_GROUP, LOCALHOST),
            SendTo("u", 2, Address(IpAddr::V4(OTHER_GROUP), Port::Of("v"))),
            SendTo("u", 3, group("v")),
            RecvFrom("v", 9),
            TryRecv("v", 9),
        ],
    },
    Program {
        name: "in the loopback a sender does not keep its multicast from itself",
        steps: &[
            Bind("u", ANY),
            Bind("v", WILD_ANY),
            JoinV4("v", GROUP, LOCALHOST),
            Set("u", LoopV4(false)),
            SendTo("u", 3, group("v")),
            RecvFrom("v", 9),
            Set("u", MulticastTtl(0)),
            SendTo("u", 4, group("v")),
            RecvFrom("v", 9),
        ],
    },
    Program {
        name: "a multicast from the second loopback address",
        steps: &[
            Bind("u", Address(SECOND, Port::Any)),
            Bind("v", WILD_ANY),
            JoinV4("v", GROUP, LOCALHOST),
            SendTo("u", 3, group("v")),
            RecvFrom("v", 9),
        ],
    },
    Program {
        name: "joining and leaving what cannot be joined or left",
        steps: &[
            Bind("u", WILD_ANY),
            JoinV4("u", NO_GROUP, LOCALHOST),
            JoinV4("u", GROUP, ELSEWHERE),
            JoinV4("u", GROUP, LOCALHOST),
            JoinV4("u", GROUP, LOCALHOST),
            LeaveV4("u", OTHER_GROUP, LOCALHOST),
            LeaveV4("u", NO_GROUP, LOCALHOST),
            LeaveV4("u", GROUP, ELSEWHERE),
            LeaveV4("u", GROUP, UNSPECIFIED),
            LeaveV4("u", GROUP, LOCALHOST),
            SendTo("u", 1, CLOSED),
        ],
    },
    Program {
        name: "groups of ipv6 are not for sockets of ipv4",
        steps: &[
            Bind("u", ANY),
            JoinV6("u", GROUP_V6, 1),
            LeaveV6("u", GROUP_V6, 1),
            Get("u", LoopV6(false)),
            Set("u", LoopV6(false)),
        ],
    },
];

/// They need a loopback of IPv6.
pub(crate) const MULTICASTS_V6: &[Program] = &[
    Program {
        name: "joining and leaving groups of ipv6",
        steps: &[
            Bind("u", Address(IpAddr::V6(Ipv6Addr::UNSPECIFIED), Port::Any)),
            JoinV6("u", Ipv6Addr::LOCALHOST, 1),
            JoinV6("u", GROUP_V6, 4_000_000),
            JoinV6("u", GROUP_V6, 1),
            JoinV6("u", GROUP_V6, 1),
            LeaveV6("u", Ipv6Addr::LOCALHOST, 1),
            LeaveV6("u", GROUP_V6, 4_000_000),
            LeaveV6("u", GROUP_V6, 1),
            LeaveV6("u", GROUP_V6, 1),
            Get("u", LoopV6(false)),
            Set("u", LoopV6(false)),
            Get("u", LoopV6(false)),
            JoinV4("u", GROUP, LOCALHOST),
        ],
    },
    Program {
        name: "a multicast of ipv4 comes to a socket at all addresses of both families",
        steps: &[
            Bind("u", ANY),
            Bind("v", Address(IpAddr::V6(Ipv6Addr::UNSPECIFIED), Port::Any)),
            JoinV4("v", GROUP, LOCALHOST),
            SendTo("u", 3, group("v")),
            RecvFrom("v", 9),
        ],
    },
];

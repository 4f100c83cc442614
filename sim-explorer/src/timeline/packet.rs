//! A line of the network about a packet: `send client:49152 -> server:80 SYN`.

/// What is said of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PacketLine<'a> {
    pub(super) fate: Fate,
    /// The hosts, without their ports.
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    /// From where to where, and what is in it: the same when it is sent and when it arrives.
    pub(super) packet: &'a str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Sent,
    Arrived,
    /// It was lost, was corrupt, or found no room.
    GivenUp,
}

impl<'a> PacketLine<'a> {
    /// The packet of a line, if it is about one.
    pub(super) fn parse(line: &'a str) -> Option<Self> {
        let verbs = [
            ("send ", Fate::Sent),
            ("recv ", Fate::Arrived),
            ("lost ", Fate::GivenUp),
            ("corrupt ", Fate::GivenUp),
            ("queue full ", Fate::GivenUp),
        ];
        let (packet, fate) =
            verbs.into_iter().find_map(|(verb, fate)| Some((line.strip_prefix(verb)?, fate)))?;
        let (from, rest) = packet.split_once(" -> ")?;
        let to = rest.split_once(' ').map_or(rest, |(to, _)| to);
        Some(PacketLine { fate, from: host(from)?, to: host(to)?, packet })
    }

    /// What is in it.
    pub(super) fn content(&self) -> &'a str {
        let after = self.packet.split_once(" -> ").map_or("", |(_, rest)| rest);
        after.split_once(' ').map_or("", |(_, content)| content)
    }
}

fn host(endpoint: &str) -> Option<&str> {
    Some(endpoint.rsplit_once(':')?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_is_known_by_its_ends_and_its_content() {
        let sent = PacketLine::parse("send client:49152 -> server:80 8 bytes at 146 ack 130").unwrap();
        assert_eq!((sent.fate, sent.from, sent.to), (Fate::Sent, "client", "server"));
        assert_eq!(sent.content(), "8 bytes at 146 ack 130");
        let lost = PacketLine::parse("queue full a:1 -> [fd00::1]:80 SYN").unwrap();
        assert_eq!((lost.fate, lost.to), (Fate::GivenUp, "[fd00::1]"));
    }

    #[test]
    fn other_lines_are_about_no_packet() {
        for line in
            ["cut client -> server", "dns example removed", "lost", "send a -> b", "server has 10.0.0.7"]
        {
            assert_eq!(PacketLine::parse(line), None, "{line}");
        }
    }
}

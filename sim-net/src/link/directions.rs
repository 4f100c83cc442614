//! Which directions between hosts something is about, such as a partition.

use std::collections::BTreeMap;

use crate::address::HostId;

/// A set of directions. Links are made late, so it says of any two hosts whether it is about them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Directions {
    OneWay {
        from: HostId,
        to: HostId,
    },
    BothWays(HostId, HostId),
    /// Between hosts of different groups, by host.
    BetweenGroups(BTreeMap<HostId, usize>),
    /// To and from one host, except from it to itself.
    Around(HostId),
}

impl Directions {
    pub(crate) fn cover(&self, from: HostId, to: HostId) -> bool {
        match self {
            Directions::OneWay { from: own_from, to: own_to } => (*own_from, *own_to) == (from, to),
            Directions::BothWays(a, b) => (*a, *b) == (from, to) || (*a, *b) == (to, from),
            Directions::BetweenGroups(groups) => match (groups.get(&from), groups.get(&to)) {
                (Some(from), Some(to)) => from != to,
                _ => false,
            },
            Directions::Around(host) => from != to && (*host == from || *host == to),
        }
    }

    /// Whether it is about nothing but two hosts.
    pub(super) fn are_between_only(&self, a: HostId, b: HostId) -> bool {
        match self {
            Directions::OneWay { from, to } => (*from, *to) == (a, b) || (*from, *to) == (b, a),
            Directions::BothWays(own_a, own_b) => (*own_a, *own_b) == (a, b) || (*own_a, *own_b) == (b, a),
            Directions::BetweenGroups(_) | Directions::Around(_) => false,
        }
    }

    /// For people, a line for each: `main -> server`, `a b | c`, `around main`.
    pub(crate) fn lines(&self, name: impl Fn(HostId) -> String) -> Vec<String> {
        match self {
            Directions::OneWay { from, to } => vec![format!("{} -> {}", name(*from), name(*to))],
            Directions::BothWays(a, b) => {
                [(a, b), (b, a)].map(|(from, to)| format!("{} -> {}", name(*from), name(*to))).to_vec()
            }
            Directions::BetweenGroups(groups) => {
                let count = groups.values().max().map_or(0, |last| last + 1);
                let group = |number| -> Vec<String> {
                    let hosts = groups.iter().filter(|&(_, &group)| group == number);
                    hosts.map(|(host, _)| name(*host)).collect()
                };
                let shown: Vec<String> = (0..count).map(|number| group(number).join(" ")).collect();
                vec![shown.join(" | ")]
            }
            Directions::Around(host) => vec![format!("around {}", name(*host))],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: HostId = HostId(0);
    const B: HostId = HostId(1);
    const C: HostId = HostId(2);

    fn covered(directions: &Directions) -> Vec<(u32, u32)> {
        let all = [A, B, C].into_iter().flat_map(|from| [A, B, C].map(|to| (from, to)));
        all.filter(|&(from, to)| directions.cover(from, to)).map(|(from, to)| (from.0, to.0)).collect()
    }

    #[test]
    fn each_covers_what_it_says_and_no_more() {
        assert_eq!(covered(&Directions::OneWay { from: A, to: B }), [(0, 1)]);
        assert_eq!(covered(&Directions::BothWays(A, B)), [(0, 1), (1, 0)]);
        assert_eq!(covered(&Directions::Around(A)), [(0, 1), (0, 2), (1, 0), (2, 0)]);
        let groups = Directions::BetweenGroups([(A, 0), (B, 1), (C, 0)].into());
        assert_eq!(covered(&groups), [(0, 1), (1, 0), (1, 2), (2, 1)]);
        let without_c = Directions::BetweenGroups([(A, 0), (B, 1)].into());
        assert_eq!(covered(&without_c), [(0, 1), (1, 0)], "a host of no group reaches all");
    }
}

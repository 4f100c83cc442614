//! What lasts for a while: a partition, a crash, a CPU that is held.

use sim_executor::Instant;

/// Something that lasted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Band {
    /// In words: `cut client -> server`.
    pub text: String,
    /// The nodes that it is about.
    pub nodes: Vec<String>,
    /// The step at which it began.
    pub from: usize,
    /// The step at which it was over, if it was.
    pub to: Option<usize>,
}

/// What ends a band.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Until {
    /// A line of the network that undoes this one.
    Undone { verb: &'static str, what: String },
    /// The node starts, or is thawed.
    NodeIsBack,
    /// The time.
    Time(Instant),
}

/// The bands of a run as far as it is known.
#[derive(Debug, Default)]
pub(super) struct Bands {
    all: Vec<Band>,
    open: Vec<(usize, Until)>,
}

/// A line that begins something, and that which ends it.
const PAIRS: [(&str, &str); 2] = [("cut", "mend"), ("hold", "release")];

impl Bands {
    pub(super) fn begin(&mut self, band: Band, until: Until) {
        self.open.push((self.all.len(), until));
        self.all.push(band);
    }

    /// A line of the network that is about no packet.
    pub(super) fn note_network(&mut self, step: usize, line: &str) {
        let Some((verb, what)) = line.split_once(' ') else { return };
        if let Some((_, undo)) = PAIRS.into_iter().find(|(begin, _)| *begin == verb) {
            let nodes = what.split(' ').filter(|word| !["->", "|", "around"].contains(word));
            let band = Band {
                text: line.to_string(),
                nodes: nodes.map(str::to_string).collect(),
                from: step,
                to: None,
            };
            return self.begin(band, Until::Undone { verb: undo, what: what.to_string() });
        }
        // `heal a <-> b` mends both directions, `heal all` and `release all` everything.
        let verb = if verb == "heal" { "mend" } else { verb };
        let pair = what.split_once(" <-> ");
        let is_about = |known: &str| {
            let both = |(a, b): (&str, &str)| {
                [format!("{a} -> {b}"), format!("{b} -> {a}")].contains(&known.to_string())
            };
            what == "all" || known == what || pair.is_some_and(both)
        };
        self.end(
            step,
            |_, until| matches!(until, Until::Undone { verb: undo, what } if *undo == verb && is_about(what)),
        );
    }

    /// A node is there again.
    pub(super) fn node_is_back(&mut self, step: usize, node: &str) {
        self.end(step, |band, until| *until == Until::NodeIsBack && band.nodes == [node]);
    }

    /// It is so late.
    pub(super) fn pass(&mut self, step: usize, now: Instant) {
        if self.open.iter().any(|(_, until)| matches!(until, Until::Time(_))) {
            self.end(step, |_, until| matches!(until, Until::Time(due) if *due <= now));
        }
    }

    fn end(&mut self, step: usize, is_over: impl Fn(&Band, &Until) -> bool) {
        let all = &mut self.all;
        self.open.retain(|(place, until)| {
            let ends = is_over(&all[*place], until);
            if ends {
                all[*place].to = Some(step);
            }
            !ends
        });
    }

    pub(super) fn finish(self) -> Vec<Band> {
        self.all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bands(lines: &[&str]) -> Vec<(String, Option<usize>)> {
        let mut bands = Bands::default();
        lines.iter().enumerate().for_each(|(step, line)| bands.note_network(step, line));
        bands.finish().into_iter().map(|band| (band.text, band.to)).collect()
    }

    #[test]
    fn what_was_cut_lasts_until_it_is_mended() {
        let lines =
            ["cut a -> b", "cut b -> a", "mend a -> b", "cut around c", "heal b <-> a", "mend around c"];
        let shown = [("cut a -> b", 2), ("cut b -> a", 4), ("cut around c", 5)];
        assert_eq!(bands(&lines), shown.map(|(text, to)| (text.to_string(), Some(to))));
    }

    #[test]
    fn all_may_be_healed_and_released_at_once_each_for_itself() {
        let shown = bands(&["cut a b | c", "hold a -> b", "heal all", "release all", "cut a -> b"]);
        assert_eq!(shown.iter().map(|(_, to)| *to).collect::<Vec<_>>(), [Some(2), Some(3), None]);
    }
}

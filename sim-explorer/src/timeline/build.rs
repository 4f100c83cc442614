//! Goes through the records of a trace, one after the other.

use std::collections::{BTreeMap, VecDeque};

use sim_executor::{Event, Record, node_of};

use super::band::{Band, Bands, Until};
use super::packet::{Fate, PacketLine};
use super::{Arrow, ArrowKind, Lane, LaneKind, Mark, MarkKind, Timeline, Wait};

#[derive(Debug, Default)]
pub(super) struct Builder {
    timeline: Timeline,
    lanes: BTreeMap<String, usize>,
    hosts: BTreeMap<String, usize>,
    /// By lane, since which step it is ready.
    ready: BTreeMap<usize, usize>,
    /// By packet, where and when those were sent that are under way.
    under_way: BTreeMap<String, VecDeque<(usize, usize)>>,
    bands: Bands,
    /// The lane of the poll that goes on, as far as is known.
    polled: Option<usize>,
}

/// What the network calls itself in a trace.
const NETWORK: &str = "net";
/// Who wakes a task, if it is no task.
const TIMER: &str = "a timer";
const DEVICE: &str = "a device";

impl Builder {
    pub(super) fn add(&mut self, record: &Record) {
        let step = self.timeline.times.len();
        if self.timeline.times.last() != Some(&record.at) {
            self.polled = None;
        }
        self.timeline.times.push(record.at);
        self.bands.pass(step, record.at);
        let who: &str = &record.lineage;
        let text = record.event.to_string();
        match &record.event {
            Event::Polled => self.poll(step, who, text),
            Event::Woke { task } => self.wake(step, who, task),
            Event::Spawned { task } => self.spawn(step, who, task, text),
            Event::User { .. } => self.mark(step, who, MarkKind::Said, text),
            Event::Done | Event::Cancelled | Event::Panicked { .. } => {
                self.mark(step, who, MarkKind::Ended, text)
            }
            Event::Blocked { until } => {
                let lane = self.task(who);
                let nodes = vec![self.timeline.lanes[lane].node.clone()];
                let band = Band { text: format!("{who} holds the CPU"), nodes, from: step, to: None };
                self.bands.begin(band, Until::Time(*until));
                self.mark(step, who, MarkKind::Other, text);
            }
            Event::NodeDown { .. } | Event::NodeFrozen => {
                let band = Band {
                    text: format!("{who} {text}"),
                    nodes: vec![who.to_string()],
                    from: step,
                    to: None,
                };
                self.bands.begin(band, Until::NodeIsBack);
                self.mark_host(step, who, MarkKind::Fault, text);
            }
            Event::NodeStarted | Event::NodeThawed => {
                self.bands.node_is_back(step, who);
                self.mark_host(step, who, MarkKind::Fault, text);
            }
            Event::ClockSet { .. } | Event::ClockStepped { .. } => {
                self.mark_host(step, who, MarkKind::Fault, text)
            }
            Event::Device { text } if who == NETWORK => self.network(step, text),
            _ => self.mark_host(step, who, MarkKind::Other, text),
        }
    }

    pub(super) fn finish(self) -> Timeline {
        let Builder { mut timeline, bands, .. } = self;
        timeline.bands = bands.finish();
        sort_lanes(&mut timeline);
        timeline
    }

    fn lane(&mut self, name: &str, kind: LaneKind) -> usize {
        let known = match kind {
            LaneKind::Task => &mut self.lanes,
            LaneKind::Host => &mut self.hosts,
        };
        if let Some(&lane) = known.get(name) {
            return lane;
        }
        let lane = self.timeline.lanes.len();
        known.insert(name.to_string(), lane);
        let node = if kind == LaneKind::Host { name } else { node_of(name) };
        self.timeline.lanes.push(Lane { node: node.to_string(), name: name.to_string(), kind });
        lane
    }

    fn task(&mut self, path: &str) -> usize {
        self.lane(path, LaneKind::Task)
    }

    fn mark(&mut self, step: usize, who: &str, kind: MarkKind, text: String) {
        let lane = self.task(who);
        self.timeline.marks.push(Mark { step, lane, kind, text });
    }

    fn mark_host(&mut self, step: usize, host: &str, kind: MarkKind, text: String) {
        let lane = self.lane(host, LaneKind::Host);
        self.timeline.marks.push(Mark { step, lane, kind, text });
    }

    fn poll(&mut self, step: usize, who: &str, text: String) {
        let lane = self.task(who);
        self.polled = Some(lane);
        if let Some(from) = self.ready.remove(&lane) {
            self.timeline.waits.push(Wait { lane, from, to: step });
        }
        self.mark(step, who, MarkKind::Polled, text);
    }

    fn wake(&mut self, step: usize, waker: &str, task: &str) {
        let lane = self.task(task);
        self.ready.entry(lane).or_insert(step);
        let from = match waker {
            TIMER => return,
            DEVICE => {
                let node = self.timeline.lanes[lane].node.clone();
                match self.hosts.get(&node) {
                    Some(&host) => host,
                    None => return,
                }
            }
            waker => self.task(waker),
        };
        if from != lane {
            self.arrow(ArrowKind::Wake, (from, step), (lane, step), "");
        }
    }

    fn spawn(&mut self, step: usize, who: &str, task: &str, text: String) {
        let (from, to) = (self.task(who), self.task(task));
        self.ready.insert(to, step);
        // The root is spawned by nobody, and the trace says that it is by itself.
        if from != to {
            self.mark(step, who, MarkKind::Other, text);
            self.arrow(ArrowKind::Spawn, (from, step), (to, step), "");
        }
    }

    fn network(&mut self, step: usize, line: &str) {
        let Some(packet) = PacketLine::parse(line) else {
            self.bands.note_network(step, line);
            return self.mark_host(step, NETWORK, MarkKind::Fault, line.to_string());
        };
        let (from, to) = (self.lane(packet.from, LaneKind::Host), self.lane(packet.to, LaneKind::Host));
        let lane = if packet.fate == Fate::Sent { from } else { to };
        self.timeline.marks.push(Mark { step, lane, kind: MarkKind::Packet, text: line.to_string() });
        let under_way = self.under_way.entry(packet.packet.to_string()).or_default();
        match packet.fate {
            Fate::Sent => {
                under_way.push_back((from, step));
                let is_of_host = |task: &usize| self.timeline.lanes[*task].node == packet.from;
                if let Some(task) = self.polled.filter(is_of_host) {
                    self.arrow(ArrowKind::Send, (task, step), (from, step), packet.content());
                }
            }
            Fate::Arrived => {
                self.polled = None;
                // A duplicate has nothing before it: it was sent once.
                let sent = under_way.pop_front().unwrap_or((from, step));
                self.arrow(ArrowKind::Packet, sent, (to, step), packet.content());
            }
            Fate::GivenUp => {
                let sent = under_way.pop_back().unwrap_or((from, step));
                self.arrow(ArrowKind::LostPacket, sent, (to, step), packet.content());
            }
        }
    }

    fn arrow(&mut self, kind: ArrowKind, from: (usize, usize), to: (usize, usize), text: &str) {
        self.timeline.arrows.push(Arrow { kind, from, to, text: text.to_string() });
    }
}

/// Puts the lanes of a node together, the host first, and the nodes in the order in which they were heard of.
fn sort_lanes(timeline: &mut Timeline) {
    let mut nodes: BTreeMap<&str, usize> = BTreeMap::new();
    for lane in &timeline.lanes {
        let number = nodes.len();
        nodes.entry(&lane.node).or_insert(number);
    }
    let mut order: Vec<usize> = (0..timeline.lanes.len()).collect();
    order.sort_by_key(|&old| {
        let lane = &timeline.lanes[old];
        (nodes[lane.node.as_str()], lane.kind == LaneKind::Task, old)
    });
    let mut new_places = vec![0; order.len()];
    for (new, &old) in order.iter().enumerate() {
        new_places[old] = new;
    }
    timeline.lanes = order.iter().map(|&old| timeline.lanes[old].clone()).collect();
    timeline.marks.iter_mut().for_each(|mark| mark.lane = new_places[mark.lane]);
    timeline.waits.iter_mut().for_each(|wait| wait.lane = new_places[wait.lane]);
    for arrow in &mut timeline.arrows {
        arrow.from.0 = new_places[arrow.from.0];
        arrow.to.0 = new_places[arrow.to.0];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_executor::{Instant, Trace};

    fn timeline(records: &[(&str, Event)]) -> Timeline {
        let record = |(step, (lineage, event)): (usize, &(&str, Event))| Record {
            at: Instant::from_nanos(step as u64),
            lineage: (*lineage).into(),
            event: event.clone(),
        };
        Timeline::of(&Trace { records: records.iter().enumerate().map(record).collect() })
    }

    fn net(line: &str) -> (&'static str, Event) {
        ("net", Event::Device { text: line.to_string() })
    }

    fn names(timeline: &Timeline) -> Vec<&str> {
        timeline.lanes.iter().map(|lane| lane.name.as_str()).collect()
    }

    #[test]
    fn a_task_waits_from_its_wake_to_its_poll() {
        let woke = || Event::Woke { task: "main/b".into() };
        let spawned = Event::Spawned { task: "main/b".into() };
        let shown = timeline(&[
            ("main", spawned),
            ("main/b", Event::Polled),
            ("main", woke()),
            ("a timer", woke()),
            ("main", Event::Polled),
            ("main/b", Event::Polled),
        ]);
        assert_eq!(names(&shown), ["main", "main/b"]);
        assert_eq!(shown.waits, [Wait { lane: 1, from: 0, to: 1 }, Wait { lane: 1, from: 2, to: 5 }]);
        let kinds: Vec<ArrowKind> = shown.arrows.iter().map(|arrow| arrow.kind).collect();
        assert_eq!(kinds, [ArrowKind::Spawn, ArrowKind::Wake], "a timer has no lane");
    }

    #[test]
    fn equal_packets_arrive_in_the_order_in_which_they_were_sent() {
        let shown = timeline(&[
            net("send a:1 -> b:2 ack 1"),
            net("send a:1 -> b:2 ack 1"),
            net("lost a:1 -> b:2 ack 1"),
            net("recv a:1 -> b:2 ack 1"),
            net("recv a:1 -> b:2 ack 1"),
        ]);
        assert_eq!(names(&shown), ["a", "b"]);
        let arrows: Vec<_> = shown.arrows.iter().map(|arrow| (arrow.kind, arrow.from, arrow.to)).collect();
        assert_eq!(
            arrows,
            [
                (ArrowKind::LostPacket, (0, 1), (1, 2)),
                (ArrowKind::Packet, (0, 0), (1, 3)),
                (ArrowKind::Packet, (0, 4), (1, 4)),
            ]
        );
    }

    #[test]
    fn lanes_of_a_node_are_together_below_their_host() {
        let polled = |who| (who, Event::Polled);
        let down = ("server", Event::NodeDown { how: "power lost".to_string() });
        let shown = timeline(&[
            polled("main"),
            polled("server/a"),
            polled("main/x"),
            down,
            polled("server/b"),
            ("server", Event::NodeStarted),
            polled("odd\\/name/y"),
        ]);
        assert_eq!(names(&shown), ["main", "main/x", "server", "server/a", "server/b", "odd\\/name/y"]);
        assert_eq!(shown.lanes[5].node, "odd\\/name");
        let [band] = &shown.bands[..] else { panic!("{:?}", shown.bands) };
        assert_eq!((band.text.as_str(), band.from, band.to), ("server is down: power lost", 3, Some(5)));
    }

    #[test]
    fn a_cpu_is_held_until_its_time() {
        let blocked = Event::Blocked { until: Instant::from_nanos(2) };
        let shown = timeline(&[
            ("n/a", blocked),
            ("n/b", Event::Done),
            ("n/a", Event::Polled),
            ("n/b", Event::Polled),
        ]);
        assert_eq!((shown.bands[0].text.as_str(), shown.bands[0].to), ("n/a holds the CPU", Some(2)));
    }
}

//! What goes wrong in a run, and when: a plan that proptest draws and shrinks.

use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use sim_net::fault;

use sim_executor::{Crash, JoinHandle, Node, spawn_named, time};

/// One thing that goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No packet comes from one host to the other, in both directions.
    Partition(String, String),
    /// No packet comes from the first host to the second.
    OneWay(String, String),
    /// No packet comes to this host, or from it.
    Isolate(String),
    /// The node crashes, and is restarted when the episode is over, if it has a program: [`Node::run`](crate::Node::run).
    Crash(String, Crash),
    /// The node stands still.
    Freeze(String),
}

/// Something that goes wrong for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Episode {
    /// When it begins, from the start of the plan.
    pub after: Duration,
    /// How long it lasts.
    pub lasts: Duration,
    /// What it is.
    pub fault: Fault,
}

/// What goes wrong in a run, and when. Episodes may overlap.
///
/// ```
/// use seedbed::property::{Episode, Fault, FaultPlan};
/// use seedbed::{Executor, ProductionOrder, time};
/// use std::time::Duration;
///
/// let second = Duration::from_secs(1);
/// let fault = Fault::Isolate("db".to_string());
/// let plan = FaultPlan { episodes: vec![Episode { after: second, lasts: second, fault }] };
/// let at_the_end = Executor::new(ProductionOrder).block_on(async move {
///     let _db = seedbed::node("db");
///     plan.start().await.unwrap();
///     time::elapsed()
/// });
/// assert_eq!(at_the_end.unwrap(), 2 * second);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FaultPlan {
    /// What happens.
    pub episodes: Vec<Episode>,
}

impl FaultPlan {
    /// Makes all of it happen, beside the program. The handle is ready when the last episode is over and all is well again; dropped,
    /// it lets the plan go on.
    ///
    /// # Panics
    /// Outside a run. A node that is not there when it is isolated or cut off fails the run.
    #[expect(clippy::must_use_candidate, reason = "a plan is mostly left to itself")]
    pub fn start(&self) -> JoinHandle<()> {
        let episodes = self.episodes.clone();
        spawn_named("faults", async move {
            let episodes = episodes.into_iter().map(|episode| spawn_named("episode", episode.happen()));
            for episode in episodes.collect::<Vec<_>>() {
                episode.await.expect("an episode does not panic");
            }
        })
    }
}

impl Episode {
    async fn happen(self) {
        let Episode { after, lasts, fault } = self;
        time::sleep(after).await;
        let pause = time::sleep(lasts);
        match fault {
            Fault::Partition(one, other) => {
                let _cut = fault::partition(one.as_str(), other.as_str());
                pause.await;
            }
            Fault::OneWay(from, to) => {
                let _cut = fault::partition_one_way(from.as_str(), to.as_str());
                pause.await;
            }
            Fault::Isolate(host) => {
                let _cut = fault::isolate(host.as_str());
                pause.await;
            }
            Fault::Crash(name, kind) => {
                let node = Node::named(&name);
                node.crash(kind);
                pause.await;
                node.restart();
            }
            Fault::Freeze(name) => {
                let node = Node::named(&name);
                node.freeze();
                pause.await;
                node.thaw();
            }
        }
    }
}

/// Up to `episodes_max` things that go wrong between these nodes, each beginning before `within` and at most as long. A plan shrinks to
/// fewer episodes, then to shorter and earlier ones.
///
/// The nodes that crash are restarted; a test that cannot bear that draws its faults from fewer nodes.
///
/// # Panics
/// If there are no nodes.
pub fn fault_plans(
    nodes: &[&str],
    episodes_max: usize,
    within: Duration,
) -> impl Strategy<Value = FaultPlan> + use<> {
    assert!(!nodes.is_empty(), "a plan of faults needs the names of the nodes");
    let nodes: Vec<String> = nodes.iter().map(ToString::to_string).collect();
    let millis = u64::try_from(within.as_millis()).unwrap_or(u64::MAX).max(1);
    let episode = (0..millis, 1..=millis, faults(nodes)).prop_map(|(after, lasts, fault)| Episode {
        after: Duration::from_millis(after),
        lasts: Duration::from_millis(lasts),
        fault,
    });
    prop::collection::vec(episode, 0..=episodes_max).prop_map(|episodes| FaultPlan { episodes })
}

fn faults(nodes: Vec<String>) -> BoxedStrategy<Fault> {
    let one = select(nodes.clone());
    let freeze = one.clone().prop_map(Fault::Freeze);
    let isolate = one.clone().prop_map(Fault::Isolate);
    let kinds = select(vec![Crash::ProcessKill, Crash::PowerLoss]);
    let crash = (one, kinds).prop_map(|(node, kind)| Fault::Crash(node, kind));
    if nodes.len() < 2 {
        return prop_oneof![freeze, isolate, crash].boxed();
    }
    let pair = (any::<Index>(), any::<Index>()).prop_map(move |(first, second)| {
        let (first, second) = (first.index(nodes.len()), second.index(nodes.len() - 1));
        // Any other than the first.
        let second = second + usize::from(second >= first);
        (nodes[first].clone(), nodes[second].clone())
    });
    let partition = pair.clone().prop_map(|(one, other)| Fault::Partition(one, other));
    let one_way = pair.prop_map(|(from, to)| Fault::OneWay(from, to));
    prop_oneof![partition, one_way, isolate, freeze, crash].boxed()
}

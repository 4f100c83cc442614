//! A short stall, after which a service never recovers.

mod client;
mod shop;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use futures::future::join_all;
use seedbed::net::{self, LinkConfig, NetworkConfig};
use seedbed::{Executor, Instant, Node, event};
use sim_explorer::{Expect, Scenario, Variant, Violation, ensure};

use client::{Retry, buy_again_and_again};
use shop::{Admission, Shop};

/// A server that is behind answers requests whose clients have given up already: all its work is for nobody, and each of
/// those clients has asked again. So retries keep a service down long after what brought it down is over. Backing off does
/// not end that: it spreads the attempts, and makes no fewer of them. What ends it is fewer attempts (a budget, such as one
/// retry for every ten requests), or less work for each (a queue that is short, and refuses at once what it cannot serve in
/// time).
pub(crate) const SCENARIO: Scenario = Scenario {
    name: "http_retry_storm",
    about: "Three clients send a shop some five requests a second, of which it can serve ten. At 2 s its database stalls for \
            3 s. Who has no answer after 800 ms gives up, and asks again, six times at most.",
    invariant: "Before the stall all requests are answered; from 2.5 s after it nine of ten are.",
    patterns: &[],
    parameters: &[],
    variants: &[
        Variant {
            name: "fixed_retry_budget",
            about: "Clients back off, with jitter, and may retry once for every ten requests.",
            expect: Expect::Holds,
            body: |executor, _| run(executor, Retry::BackOffWithinBudget, Admission::All),
        },
        Variant {
            name: "fixed_load_shedding",
            about: "Clients ask again at once, but the shop refuses whom it cannot serve in time, and serves nobody who is gone.",
            expect: Expect::Holds,
            body: |executor, _| run(executor, Retry::AtOnce, Admission::ShortQueue),
        },
        Variant {
            name: "broken_retry_at_once",
            about: "Clients ask again at once: six times the load, for ever.",
            expect: Expect::Breaks,
            body: |executor, _| run(executor, Retry::AtOnce, Admission::All),
        },
        Variant {
            name: "broken_backoff_alone",
            about: "Clients back off, with jitter: six times the load all the same, only later.",
            expect: Expect::Breaks,
            body: |executor, _| run(executor, Retry::BackOff, Admission::All),
        },
    ],
};

const CLIENTS: [&str; 3] = ["ann", "bob", "eve"];
const STALL_AT: Duration = Duration::from_secs(2);
const STALL: Duration = Duration::from_secs(3);
/// When all should be well again.
const CALM_AT: Duration = Duration::from_millis(7_500);
/// When the last request is made.
const END_AT: Duration = Duration::from_secs(10);

/// A request, whatever number of attempts it took.
#[derive(Clone, Copy, Debug)]
struct Request {
    begun: Instant,
    attempts: u64,
    answered: bool,
}

type Requests = Rc<RefCell<Vec<Request>>>;

fn run(executor: &mut Executor, retry: Retry, admission: Admission) -> Result<(), Violation> {
    let link = LinkConfig::uniform(Duration::from_millis(2), Duration::from_millis(4));
    executor.enter(|| net::install(NetworkConfig { link, ..NetworkConfig::default() }));
    let requests = Requests::default();
    let shop = Shop::new(admission);
    let (made, serving) = (Rc::clone(&requests), shop.clone());
    executor.block_on(async move {
        let node = Node::named("shop");
        drop(node.spawn_named("server", serving.clone().serve()));
        drop(node.spawn_named("database", serving.work()));
        let mut begins = Duration::ZERO;
        let buying = CLIENTS.map(|name| {
            begins += Duration::from_millis(200);
            let buying = buy_again_and_again(retry, begins..END_AT, Rc::clone(&made));
            Node::named(name).spawn_named("client", buying)
        });
        join_all(buying).await
    })?;
    executor.enter(|| report(&requests.borrow(), &shop));
    check(&requests.borrow(), &shop)
}

/// The requests that were begun between two times, and how many of them were answered.
fn between(requests: &[Request], from: Duration, to: Duration) -> (usize, usize) {
    let is_within = |request: &&Request| (from..to).contains(&(request.begun - Instant::START));
    let chosen: Vec<&Request> = requests.iter().filter(is_within).collect();
    (chosen.len(), chosen.iter().filter(|request| request.answered).count())
}

fn report(requests: &[Request], shop: &Shop) {
    for second in 0..END_AT.as_secs() {
        let (from, to) = (Duration::from_secs(second), Duration::from_secs(second + 1));
        let (made, answered) = between(requests, from, to);
        event!("of {made} requests of second {second}, {answered} were answered");
    }
    let attempts: u64 = requests.iter().map(|request| request.attempts).sum();
    event!("{} requests took {attempts} attempts", requests.len());
    event!("the database worked {} times for somebody who was gone", shop.wasted());
}

fn check(requests: &[Request], shop: &Shop) -> Result<(), Violation> {
    // Who asks shortly before the stall is still on the way when it begins.
    let (made, answered) = between(requests, Duration::ZERO, STALL_AT - Duration::from_millis(800));
    ensure!(made > 0 && answered == made, "before the stall {answered} of {made} requests were answered");
    let (made, answered) = between(requests, CALM_AT, END_AT);
    ensure!(
        made > 0 && 10 * answered >= 9 * made,
        "2.5 s after the stall {answered} of {made} requests were answered: the database has worked {} times for \
         somebody who was gone",
        shop.wasted()
    );
    Ok(())
}

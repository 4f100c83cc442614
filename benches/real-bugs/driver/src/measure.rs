//! How many runs each way of searching needs.

use std::fmt::Write as _;
use std::sync::Arc;

use sim_executor::{Config, Executor, Outcome, Report, Source, World};
use sim_explorer::{AWAITS, Each, Ended, Strategy, Survey};

use crate::network::{self, IDEAL, VARYING};
use crate::{Scenario, Seedbed};

/// Seeds in which the portfolio has to find a bug.
const BLOCK: u64 = 1_000;

/// All runs of one scenario.
struct Measured {
    scenario: Scenario,
    world: World,
    survey: Arc<Survey>,
}

impl Measured {
    fn new(scenario: Scenario) -> Self {
        let mut world = World::default();
        let run = |config, source| run(&mut world, scenario, IDEAL, config, source);
        let survey = Arc::new(Survey::of(Config::default(), run));
        Measured { scenario, world, survey }
    }

    fn run(&mut self, network: u64, source: Box<dyn Source>) -> Report {
        run(&mut self.world, self.scenario, network, Config::default(), source)
    }

    fn fails(&mut self, strategy: Strategy, seed: u64, network: u64) -> bool {
        let source = strategy.source(seed, &self.survey);
        !self.run(network, source).outcome.is_done()
    }

    /// In how many of so many runs it fails.
    fn hits(&mut self, strategy: Strategy, runs: u64, network: impl Fn(u64) -> u64) -> u64 {
        (0..runs).filter(|seed| self.fails(strategy, *seed, network(*seed))).count() as u64
    }

    /// The portfolio: in how many runs it fails, and for each block of seeds in which of them first.
    fn portfolio(&mut self, runs: u64) -> (u64, Vec<Option<u64>>) {
        let (mut hits, mut firsts) = (0, Vec::new());
        for begin in (0..runs).step_by(BLOCK as usize) {
            let mut first = None;
            for place in 0..BLOCK.min(runs - begin) {
                let seed = begin + place;
                if self.fails(Strategy::Portfolio, seed, network::of_seed(seed)) {
                    hits += 1;
                    first = first.or(Some(place + 1));
                }
            }
            firsts.push(first);
        }
        (hits, firsts)
    }

    /// Every run with few deviations, in one network.
    fn each(&mut self, depth_max: u32, runs_max: u64, network: u64) -> String {
        let each = Each { depth_max, runs_max, ..Each::default() };
        let found = each.search(|source| self.run(network, source));
        match found.ended {
            Ended::Failed { deviations, .. } => format!("found:{}:{}", deviations.len(), found.runs),
            Ended::Exhausted { depth } => format!("exhausted:{depth}:{}", found.runs),
            Ended::CutOff { depth, .. } => format!("cut-off:{depth}:{}", found.runs),
        }
    }
}

pub(crate) fn run(
    world: &mut World,
    scenario: Scenario,
    network: u64,
    config: Config,
    source: Box<dyn Source>,
) -> Report {
    let mut executor = Executor::in_world(config, source, world);
    executor.enter(|| sim_net::install(network::config(network)));
    let outcome = executor.block_on(scenario(Seedbed)).map_or_else(Outcome::from, |()| Outcome::Done);
    executor.finish_into(outcome, world)
}

/// What is measured of a scenario, as `name=value` in one line.
pub(crate) fn line(bug: &str, version: &str, scenario: Scenario, runs: u64) -> String {
    let mut measured = Measured::new(scenario);
    let mut line = format!("bug={bug} version={version} runs={runs}");
    let mut say = |name: &str, value: String| {
        write!(line, " {name}={value}").expect("a String takes all that is written");
    };
    let production = measured.fails(Strategy::Production, 0, IDEAL);
    say("production", if production { "fails" } else { "passes" }.to_string());
    let few = runs.min(BLOCK);
    say("random_ideal", measured.hits(Strategy::Random, few, |_| IDEAL).to_string());
    let members = Strategy::ALL.into_iter().filter(|strategy| *strategy != Strategy::Production);
    for strategy in members.filter(|strategy| *strategy != Strategy::Portfolio) {
        say(strategy.name(), measured.hits(strategy, few, network::of_seed).to_string());
    }
    let (hits, firsts) = measured.portfolio(runs);
    say("portfolio", hits.to_string());
    let firsts: Vec<String> = firsts
        .iter()
        .map(|first| first.map_or_else(|| "never".to_string(), |first| first.to_string()))
        .collect();
    say("portfolio_firsts", firsts.join(","));
    say("each_ideal", measured.each(3, 100_000, IDEAL));
    say("each_varying", measured.each(2, 20_000, VARYING));
    line
}

/// The report of one run; nothing if the words are none of a run.
pub(crate) fn report(scenario: Scenario, seed: &str, strategy: &str, network: &str) -> Option<String> {
    let (seed, strategy) = (seed.parse().ok()?, strategy.parse::<Strategy>().ok()?);
    let network = network.parse().ok().filter(|network| *network < network::COUNT)?;
    let mut measured = Measured::new(scenario);
    let source = strategy.source(seed, &measured.survey);
    let config = Config { awaits: Some(AWAITS), ..Config::default() };
    let report = run(&mut measured.world, scenario, network, config, source);
    Some(format!("{} at {} after {} polls: {}", report.source, report.ended_at, report.polls, report.outcome))
}

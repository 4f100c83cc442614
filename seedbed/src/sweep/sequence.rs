//! Which runs a test makes, one after the other.

use std::sync::Arc;

use sim_executor::Source;
use sim_explorer::{Deviated, Each, Next, Recipe, Search, Strategy, Survey, SweepBy, Wanted};

use super::Sweep;
use super::planned::Planned;

/// The runs of a test, one after the other: what is next depends on what those before have shown.
#[derive(Debug)]
pub(super) struct Sequence {
    has_begun: bool,
    /// How many runs there are besides production order, where the search has no bound of its own.
    runs: u64,
    made: u64,
    search: Option<Search>,
    /// How many more runs the search may make.
    left_for_search: u64,
    /// The run of the search that is under way.
    wanted: Option<(Wanted, Deviated)>,
    strategy: Strategy,
    next_seed: u64,
    survey: Option<Arc<Survey>>,
}

/// What comes next in a sequence.
pub(super) enum Turn {
    /// Make this one.
    Run(Planned, Box<dyn Source>),
    /// Make a run to see what the strategy needs to know, and say it by [`Sequence::learn`].
    Survey,
    /// There are no more.
    End,
}

impl Sequence {
    pub(super) fn new(sweep: &Sweep) -> Self {
        let (strategy, search, left_for_search) = match sweep.strategy {
            None => {
                let share = sweep.seeds.checked_div(sweep.each_one_in).unwrap_or(0);
                let each = Each { depth_max: u32::MAX, runs_max: u64::MAX, ..Each::default() };
                (Strategy::Portfolio, (share > 0).then_some(each), share)
            }
            Some(SweepBy::Strategy(strategy)) => (strategy, None, 0),
            Some(SweepBy::Each(each)) => (Strategy::Production, Some(each), u64::MAX),
        };
        let is_bounded_by_itself = matches!(sweep.strategy, Some(SweepBy::Each(_)));
        Sequence {
            has_begun: false,
            runs: if is_bounded_by_itself { 0 } else { sweep.seeds },
            made: 0,
            search: search.map(Search::new),
            left_for_search,
            wanted: None,
            strategy,
            next_seed: 0,
            survey: None,
        }
    }

    /// What comes next. After a run, [`Sequence::tell`] is due.
    pub(super) fn next(&mut self) -> Turn {
        if !self.has_begun {
            self.has_begun = true;
            return Turn::of(Planned::simple(Recipe::Production));
        }
        if let Some(turn) = self.next_of_search() {
            return turn;
        }
        if self.made >= self.runs {
            return Turn::End;
        }
        if self.survey.is_none() && self.strategy.needs_survey() {
            return Turn::Survey;
        }
        self.made += 1;
        let seed = self.next_seed;
        self.next_seed += 1;
        let recipe = Recipe::Seed { seed, strategy: self.strategy.of_seed(seed) };
        Turn::of(Planned { recipe, survey: self.survey.clone().unwrap_or_default() })
    }

    fn next_of_search(&mut self) -> Option<Turn> {
        let search = self.search.as_mut()?;
        if self.left_for_search == 0 {
            search.cut_off();
        }
        // Whatever it gave was told, so it has nothing to wait for.
        let Next::Run(wanted) = search.next() else { return None };
        self.left_for_search -= 1;
        self.made += 1;
        let source = search.source(&wanted);
        let planned = Planned::simple(Recipe::Deviant(wanted.run.clone()));
        self.wanted = Some((wanted, source.deviated()));
        Some(Turn::Run(planned, Box::new(source)))
    }

    /// What the run before came to.
    pub(super) fn tell(&mut self, hash: u64, is_failure: bool) {
        if let (Some(search), Some((wanted, deviated))) = (&mut self.search, self.wanted.take()) {
            search.tell(&wanted, &deviated, hash, is_failure);
        }
    }

    /// What the strategy knows of the program from now on.
    pub(super) fn learn(&mut self, survey: Arc<Survey>) {
        self.survey = Some(survey);
    }

    /// How many runs were begun besides production order.
    pub(super) fn made(&self) -> u64 {
        self.made
    }

    /// The search of this sequence, if it has one.
    pub(super) fn search(&self) -> Option<&Search> {
        self.search.as_ref()
    }
}

impl Turn {
    fn of(planned: Planned) -> Self {
        let source = planned.recipe.source(&planned.survey);
        Turn::Run(planned, source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The texts of the runs, if each of them is another one that could deviate nowhere.
    fn recipes(sweep: &Sweep) -> Vec<String> {
        let mut sequence = Sequence::new(sweep);
        let mut texts = Vec::new();
        loop {
            match sequence.next() {
                Turn::Run(planned, _) => {
                    texts.push(planned.recipe.to_string());
                    sequence.tell(texts.len() as u64, false);
                }
                Turn::Survey => sequence.learn(Arc::default()),
                Turn::End => return texts,
            }
        }
    }

    #[test]
    fn what_each_does_not_use_of_its_share_is_left_to_the_portfolio() {
        let texts = recipes(&Sweep { seeds: 6, ..Sweep::default() });
        let of_seed = |seed| format!("{} seed={seed}", Strategy::Portfolio.of_seed(seed));
        assert_eq!(texts[..3], ["production".to_string(), "each:run=default".to_string(), of_seed(0)]);
        assert_eq!(texts.len(), 7);
        assert_eq!(texts.last(), Some(&of_seed(4)));
    }

    #[test]
    fn a_strategy_that_is_named_makes_all_runs() {
        let strategy = Some(SweepBy::Strategy(Strategy::Random));
        let texts = recipes(&Sweep { seeds: 2, strategy, ..Sweep::default() });
        assert_eq!(texts, ["production", "random seed=0", "random seed=1"]);
        let texts = recipes(&Sweep { seeds: 1, each_one_in: 0, ..Sweep::default() });
        assert_eq!(texts, ["production".to_string(), format!("{} seed=0", Strategy::Portfolio.of_seed(0))]);
    }

    #[test]
    fn a_search_that_is_named_makes_no_seeds() {
        let strategy = Some(SweepBy::Each(Each::default()));
        assert_eq!(recipes(&Sweep { strategy, ..Sweep::default() }), ["production", "each:run=default"]);
    }
}

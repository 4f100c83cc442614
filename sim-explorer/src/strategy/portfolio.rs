//! Several strategies in turn, since each is blind to some kind of bug.

use super::Strategy;

const RANDOM: Strategy = Strategy::Random;
const WALK: Strategy = Strategy::Walk;
const URW: Strategy = Strategy::Urw;
const SURW: Strategy = Strategy::Surw;
const PCT: Strategy = Strategy::PCT;
const RESTLESS: Strategy = Strategy::Restless;

/// The strategies of the portfolio, in the order in which its seeds go through them. SURW finds most, and is blind
/// where several resources matter at once, which the walk and URW are not, or where a task has to be late for all that
/// it does, which is what PCT is for: so these four have nearly all places. Two are of the restless walk, for futures
/// that bear no poll without a wake. The first places are of those that find the bugs of real crates soonest.
#[rustfmt::skip]
const MEMBERS: [Strategy; 40] = [
    RANDOM, WALK, WALK, URW, RANDOM, WALK, URW, SURW, WALK, URW,
    WALK, URW, SURW, URW, URW, URW, URW, PCT, SURW, WALK,
    PCT, SURW, PCT, URW, PCT, RESTLESS, SURW, PCT, Strategy::Pos, PCT,
    SURW, Strategy::DELAY, PCT, WALK, PCT, SURW, PCT, RESTLESS, SURW, PCT,
];

/// The strategy for this seed of the portfolio.
pub(super) const fn member(seed: u64) -> Strategy {
    MEMBERS[(seed % MEMBERS.len() as u64) as usize]
}

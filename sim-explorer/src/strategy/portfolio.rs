//! Several strategies in turn, since each is blind to some kind of bug.

use super::Strategy;

const SURW: Strategy = Strategy::Surw;
const URW: Strategy = Strategy::Urw;
const PCT: Strategy = Strategy::PCT;

/// The strategies of the portfolio, in the order in which its seeds go through them. SURW finds most, and is blind where several
/// resources matter at once, which URW is not, or where a task has to be late for all that it does, which is what PCT is for: so
/// these three have nearly all places.
#[rustfmt::skip]
const MEMBERS: [Strategy; 40] = [
    SURW, PCT, URW, Strategy::Random, SURW, URW, PCT, SURW, URW, Strategy::Walk,
    SURW, PCT, URW, SURW, Strategy::DELAY, SURW, PCT, URW, SURW, URW,
    SURW, PCT, URW, Strategy::Random, SURW, PCT, URW, SURW, Strategy::Pos, SURW,
    PCT, URW, SURW, URW, PCT, SURW, Strategy::DELAY, PCT, URW, SURW,
];

/// The strategy for this seed of the portfolio.
pub(super) const fn member(seed: u64) -> Strategy {
    MEMBERS[(seed % MEMBERS.len() as u64) as usize]
}

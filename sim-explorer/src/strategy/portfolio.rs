//! Several strategies in turn, since each is blind to some kind of bug.

use super::Strategy;

const URW: Strategy = Strategy::Urw;
const PCT: Strategy = Strategy::PCT;

/// The strategies of the portfolio, in the order in which its seeds go through them. URW and PCT are as different from each other
/// as can be: between them they find nearly all that any of the strategies finds, so they have nearly all places.
#[rustfmt::skip]
const MEMBERS: [Strategy; 40] = [
    URW, PCT, Strategy::Random, URW, PCT, URW, PCT, URW, Strategy::Walk, PCT,
    URW, PCT, URW, PCT, URW, Strategy::DELAY, URW, PCT, Strategy::Random, PCT,
    URW, PCT, Strategy::Random, URW, PCT, URW, PCT, URW, URW, PCT,
    URW, PCT, URW, PCT, URW, URW, PCT, URW, URW, PCT,
];

/// The strategy for this seed of the portfolio.
pub(super) const fn member(seed: u64) -> Strategy {
    MEMBERS[(seed % MEMBERS.len() as u64) as usize]
}

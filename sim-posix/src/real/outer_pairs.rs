//! Pairs of sockets that a static leads to, outside of runs.
//!
//! tokio keeps one pair in a static, for signals. If a process of a run has made it, threads outside of runs use numbers that lead nowhere
//! in the machine: they get a pair of the machine's in its place. If it was made outside, processes have to know that it is one.

use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};

use super::system_call;

/// Of so many pairs that runs have made there can be one outside.
const STAND_INS: usize = 64;
/// Pairs that were made outside are known if their descriptors are below this.
const OUTSIDE: usize = 1_024;

/// A pair of sockets, as it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PairKind {
    pub(crate) of_datagrams: bool,
    pub(crate) is_nonblocking: bool,
}

/// Both descriptors of the machine for the pair of that number, each with one added; zero before they were made.
static STANDING_IN: [[AtomicI32; 2]; STAND_INS] = [const { [const { AtomicI32::new(0) }; 2] }; STAND_INS];

/// What is known of each descriptor that is one of a pair: zero if it is none.
static MADE_OUTSIDE: [AtomicU32; OUTSIDE] = [const { AtomicU32::new(0) }; OUTSIDE];
const IS_PAIR: u32 = 1;
const IS_SECOND: u32 = 2;
const OF_DATAGRAMS: u32 = 4;
const IS_NONBLOCKING: u32 = 8;
const OTHER_SHIFT: u32 = 8;

/// Makes a pair of the machine's.
fn make(kind: i32, protocol: i32) -> Option<[i32; 2]> {
    let mut two = [0; 2];
    let kind = kind as usize;
    let room = two.as_mut_ptr().expose_provenance();
    let made =
        system_call(libc::SYS_socketpair, [libc::AF_UNIX as usize, kind, protocol as usize, room, 0, 0]);
    (made == 0).then_some(two)
}

/// The descriptor of the machine for one end of the pair that has this number among those that runs have made. `None`
/// if there is no room for it.
pub(crate) fn stand_in(number: usize, is_second: bool, kind: PairKind) -> Option<i32> {
    let [first, second] = STANDING_IN.get(number)?;
    let known = |end: &AtomicI32| end.load(Ordering::Acquire).checked_sub(1).filter(|end| *end >= 0);
    if known(second).is_none() {
        let of = if kind.of_datagrams { libc::SOCK_DGRAM } else { libc::SOCK_STREAM };
        let nonblocking = if kind.is_nonblocking { libc::SOCK_NONBLOCK } else { 0 };
        let [one, other] = make(of | nonblocking | libc::SOCK_CLOEXEC, 0)?;
        if first.compare_exchange(0, one + 1, Ordering::AcqRel, Ordering::Acquire).is_ok() {
            second.store(other + 1, Ordering::Release);
        } else {
            for end in [one, other] {
                system_call(libc::SYS_close, [end as usize, 0, 0, 0, 0, 0]);
            }
            while known(second).is_none() {
                std::hint::spin_loop();
            }
        }
    }
    known(if is_second { second } else { first })
}

/// Makes a pair outside of runs, and remembers it; `None` if the machine does not.
pub(crate) fn make_outside(kind: i32, protocol: i32) -> Option<[i32; 2]> {
    let [one, other] = make(kind, protocol)?;
    let flag = |flag, is: bool| if is { flag } else { 0 };
    let of_datagrams = kind & !(libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC) == libc::SOCK_DGRAM;
    let known =
        IS_PAIR | flag(OF_DATAGRAMS, of_datagrams) | flag(IS_NONBLOCKING, kind & libc::SOCK_NONBLOCK != 0);
    if one.max(other) < OUTSIDE as i32 {
        MADE_OUTSIDE[one as usize].store(known | (other as u32) << OTHER_SHIFT, Ordering::Release);
        let second = known | IS_SECOND | (one as u32) << OTHER_SHIFT;
        MADE_OUTSIDE[other as usize].store(second, Ordering::Release);
    }
    Some([one, other])
}

fn known(descriptor: i32) -> Option<&'static AtomicU32> {
    MADE_OUTSIDE.get(usize::try_from(descriptor).ok()?)
}

/// A descriptor of the machine is closed outside of runs.
pub(crate) fn closed_outside(descriptor: i32) {
    if let Some(known) = known(descriptor) {
        known.store(0, Ordering::Release);
    }
}

/// Both descriptors of the pair to which one belongs that was made outside, the first one first.
pub(crate) fn pair_of(descriptor: i32) -> Option<([i32; 2], PairKind)> {
    let known = known(descriptor)?.load(Ordering::Acquire);
    if known & IS_PAIR == 0 {
        return None;
    }
    let other = (known >> OTHER_SHIFT) as i32;
    let both = if known & IS_SECOND == 0 { [descriptor, other] } else { [other, descriptor] };
    let (of_datagrams, is_nonblocking) = (known & OF_DATAGRAMS != 0, known & IS_NONBLOCKING != 0);
    Some((both, PairKind { of_datagrams, is_nonblocking }))
}

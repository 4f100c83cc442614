//! Answers from bytes that a fuzzer made.

use std::ops::{ControlFlow, Range};

use sim_executor::{Candidates, Domain, Point, Ratio, Source, Value, hash_bytes};

/// Reads its answers from a fuzzer's input, so that a fuzzer which changes bytes changes decisions.
///
/// There are two sections that do not disturb each other: which task runs next is read from the front, values (flags
/// and numbers) from the back. A byte that the fuzzer inserts in one of them shifts nothing in the other. Where they meet
/// the input ends, and from there on every answer is the gentlest; so it is for bytes of zero. Forced decisions are
/// never asked, and so consume nothing.
///
/// ```
/// use sim_executor::{Executor, choose};
/// use sim_explorer::Bytes;
///
/// let input = [9, 3];
/// let drawn = Executor::new(Bytes::new(input)).block_on(async { [choose(10), choose(10), choose(10)] });
/// assert_eq!(drawn.unwrap(), [3, 9, 0]);
/// ```
#[derive(Clone, Debug)]
pub struct Bytes {
    input: Vec<u8>,
    /// What is not read yet.
    left: Range<usize>,
    /// To how many flags it may still say yes.
    yes_left: u32,
}

impl Bytes {
    /// The source that reads this input.
    #[must_use]
    pub fn new(input: impl Into<Vec<u8>>) -> Self {
        let input = input.into();
        Bytes { left: 0..input.len(), input, yes_left: u32::MAX }
    }

    /// The same, but it says yes to so many flags at most. Faults are flags: a packet that is lost, corrupted or doubled. So no
    /// input loses all the packets that TCP sends before it gives up, which is no bug of anybody.
    ///
    /// ```
    /// use sim_executor::{Executor, Ratio, flip};
    /// use sim_explorer::Bytes;
    ///
    /// let source = Bytes::new([255; 9]).with_yes_max(2);
    /// let flips = Executor::new(source).block_on(async { [(); 4].map(|()| flip(Ratio::new(1, 2))) });
    /// assert_eq!(flips.unwrap(), [true, true, false, false]);
    /// ```
    #[must_use]
    pub fn with_yes_max(self, yes_max: u32) -> Self {
        Bytes { yes_left: yes_max, ..self }
    }

    /// A number below `2^(8 * count_of(options))` from the front; what is missing at the end of the input is zero.
    fn schedule_number(&mut self, options: u64) -> Option<u64> {
        self.number(options, |left| left.next())
    }

    /// As [`Bytes::schedule_number`], from the back.
    fn value_number(&mut self, options: u64) -> Option<u64> {
        self.number(options, |left| left.next_back())
    }

    fn number(&mut self, options: u64, next: impl Fn(&mut Range<usize>) -> Option<usize>) -> Option<u64> {
        if self.left.is_empty() {
            return None;
        }
        let mut number = 0;
        for place in 0..bytes_for(options) {
            let byte = next(&mut self.left).map_or(0, |position| self.input[position]);
            number |= u64::from(byte) << (8 * place);
        }
        Some(number)
    }

    fn pick(&mut self, candidates: &dyn Candidates) -> Option<Value> {
        let count = candidates.count() as u64;
        let choice = self.schedule_number(count - 1)? % count;
        if choice == 0 {
            return None; // the gentlest
        }
        // The others in their fixed order, numbered from one.
        let gentlest = candidates.gentlest();
        let (mut number, mut picked) = (0, None);
        candidates.visit(&mut |candidate| {
            if candidate.task == gentlest {
                return ControlFlow::Continue(());
            }
            number += 1;
            if number < choice {
                return ControlFlow::Continue(());
            }
            picked = Some(Value::Pick { task: candidate.task, key: candidate.key });
            ControlFlow::Break(())
        });
        picked
    }

    fn flag(&mut self, probability: Ratio) -> Option<Value> {
        let byte = self.value_number(u64::from(u8::MAX))?;
        // The greatest byte says yes however improbable it is, or no input could show what is rarer than one in 256.
        let draw = if byte == u64::from(u8::MAX) { u64::MAX } else { byte << 56 };
        let says_yes = probability.says_yes(draw) && self.yes_left > 0;
        if says_yes {
            self.yes_left -= 1;
        }
        Some(Value::Flag(says_yes))
    }

    /// `simplest` for zero, then the next greater, and after the greatest from the least.
    fn int(&mut self, lo: u64, hi: u64, simplest: u64) -> Option<Value> {
        let span = u128::from(hi - lo) + 1;
        let steps = u128::from(self.value_number(hi - lo)?) % span;
        let offset = (u128::from(simplest - lo) + steps) % span;
        Some(Value::Int(lo + offset as u64))
    }
}

/// How many bytes a number from zero to `greatest` takes.
fn bytes_for(greatest: u64) -> u32 {
    (u64::BITS - greatest.leading_zeros()).div_ceil(8).max(1)
}

impl Source for Bytes {
    fn decide(&mut self, point: &Point<'_>) -> Option<Value> {
        match point.domain {
            Domain::Among(candidates) => self.pick(candidates),
            Domain::Flag { probability } => self.flag(probability),
            Domain::Int { lo, hi, simplest } => self.int(lo, hi, simplest),
        }
    }

    fn describe(&self) -> String {
        format!("bytes length={} hash={:016x}", self.input.len(), hash_bytes(&self.input))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sim_executor::{
        Config, Executor, Outcome, ProductionOrder, Report, TraceLevel, choose, choose_between, event, flip,
        spawn, yield_now,
    };

    /// What a run draws, with nothing to schedule.
    fn draws<T: 'static>(input: &[u8], draw: impl Fn() -> T + 'static) -> T {
        Executor::new(Bytes::new(input)).block_on(async move { draw() }).unwrap()
    }

    /// Four tasks that yield and draw; the order of their events shows the schedule.
    fn four_tasks(source: impl Source + 'static) -> Report {
        let config = Config { trace: TraceLevel::Events, ..Config::default() };
        let mut executor = Executor::with_config(config, source);
        let result = executor.block_on(async {
            for task in 0..4 {
                drop(spawn(async move {
                    yield_now().await;
                    event!("{task} drew {}", choose(256));
                }));
            }
            for _ in 0..4 {
                yield_now().await;
            }
        });
        result.unwrap();
        executor.finish(Outcome::Done)
    }

    #[test]
    fn no_input_is_production_order_without_its_batches() {
        assert_eq!(four_tasks(Bytes::new([])).trace, four_tasks(ProductionOrder).trace);
    }

    #[test]
    fn zeros_are_as_gentle_as_no_input() {
        assert_eq!(four_tasks(Bytes::new([0; 64])).trace, four_tasks(Bytes::new([])).trace);
    }

    #[test]
    fn the_front_decides_the_schedule() {
        assert_ne!(
            four_tasks(Bytes::new([1, 2, 3, 1, 2, 0, 0, 0, 0])).trace,
            four_tasks(Bytes::new([])).trace
        );
    }

    #[test]
    fn the_back_decides_the_values() {
        let trace = four_tasks(Bytes::new([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 6, 7])).trace;
        let drawn: Vec<_> = trace.user_events().map(|(_, text)| text.to_string()).collect();
        assert_eq!(drawn, ["0 drew 7", "1 drew 6", "2 drew 5", "3 drew 0"]);
    }

    #[test]
    fn a_number_takes_as_many_bytes_as_its_range_needs() {
        assert_eq!([0, 1, 255, 256, 65_535, 65_536, u64::MAX].map(bytes_for), [1, 1, 1, 2, 2, 3, 8]);
        assert_eq!(draws(&[1, 2], || choose(1 << 16)), 0x0102);
        assert_eq!(draws(&[1; 8], || choose_between(0, u64::MAX)), 0x0101_0101_0101_0101);
    }

    #[test]
    fn a_forced_draw_consumes_nothing() {
        assert_eq!(draws(&[8, 9], || [choose(1), choose(10), choose(1), choose(10)]), [0, 9, 0, 8]);
    }

    #[test]
    fn the_greatest_byte_makes_the_rarest_thing_happen_and_zero_does_not() {
        let rare = Ratio::new(1, 1_000_000);
        assert!(draws(&[255], move || flip(rare)));
        assert!(!draws(&[0], move || flip(rare)));
        assert!(!draws(&[], move || flip(Ratio::new(999_999, 1_000_000))));
    }

    #[test]
    fn zero_is_the_simplest_number_wherever_it_lies() {
        let mut bytes = Bytes::new([0, 1, 0]);
        let next = |bytes: &mut Bytes| bytes.int(10, 19, 19);
        assert_eq!(next(&mut bytes), Some(Value::Int(19)));
        assert_eq!(next(&mut bytes), Some(Value::Int(10)));
        assert_eq!(bytes.int(0, u64::MAX, 5), Some(Value::Int(5)));
        assert_eq!(next(&mut bytes), None, "the input is at its end");
    }

    proptest! {
        #[test]
        fn every_answer_is_in_its_domain(input in prop::collection::vec(any::<u8>(), 0..64)) {
            let report = four_tasks(Bytes::new(input));
            prop_assert_eq!(report.misaligned, 0);
        }

        #[test]
        fn a_byte_inserted_in_the_schedule_shifts_no_value(
            values in prop::collection::vec(any::<u8>(), 4..8),
            at in 0_usize..16,
            byte in any::<u8>(),
        ) {
            let values_of = |schedule: &[u8]| {
                let mut bytes = Bytes::new([schedule, values.as_slice()].concat());
                [(); 4].map(|()| bytes.value_number(255))
            };
            let mut longer = vec![0; 16];
            longer.insert(at, byte);
            prop_assert_eq!(values_of(&[0; 16]), values_of(&longer));
        }
    }
}

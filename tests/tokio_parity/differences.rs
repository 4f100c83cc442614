//! Where Seedbed differs from tokio on purpose.

/// One line that is not the same.
#[derive(Debug)]
pub(crate) struct Difference {
    pub(crate) program: &'static str,
    /// The line, counted from zero.
    pub(crate) line: usize,
    pub(crate) tokio: &'static str,
    pub(crate) seedbed: &'static str,
    #[expect(dead_code, reason = "it is for people, in the table and in its Debug form")]
    pub(crate) why: &'static str,
}

/// The order in which tasks go on that are ready at one time is not promised by tokio. Where it is another one here, it is these two
/// rules of tokio's that Seedbed does not have: all orders are to be tried, and this is only the first of them.
const MAIN_FIRST: &str = "tokio polls the future of `block_on` before all tasks; here it is a task as any other, and waits for its turn";
const YIELDED_LAST_IN_FIRST_OUT: &str =
    "tokio wakes tasks that have yielded in the reverse order; here they keep their order";

const fn differs(
    program: &'static str,
    line: usize,
    [tokio, seedbed]: [&'static str; 2],
    why: &'static str,
) -> Difference {
    Difference { program, line, tokio, seedbed, why }
}

pub(crate) const DIFFERENCES: &[Difference] = &[
    differs("two_intervals_tick_side_by_side", 12, ["35ms five", "35ms seven"], MAIN_FIRST),
    differs("two_intervals_tick_side_by_side", 13, ["35ms seven", "35ms five"], MAIN_FIRST),
    differs(
        "sleepers_that_began_at_different_times_wake_together",
        0,
        ["300ms short", "300ms long"],
        MAIN_FIRST,
    ),
    differs(
        "sleepers_that_began_at_different_times_wake_together",
        1,
        ["300ms long", "300ms short"],
        MAIN_FIRST,
    ),
    differs("two_tasks_take_turns_by_yielding", 2, ["0ns b1", "0ns a1"], YIELDED_LAST_IN_FIRST_OUT),
    differs("two_tasks_take_turns_by_yielding", 3, ["0ns a1", "0ns b1"], YIELDED_LAST_IN_FIRST_OUT),
    differs("a_value_goes_with_its_task", 0, ["0ns 3", "0ns 1"], YIELDED_LAST_IN_FIRST_OUT),
    differs("a_value_goes_with_its_task", 2, ["0ns 1", "0ns 3"], YIELDED_LAST_IN_FIRST_OUT),
];

//! Macros that reach the current run.

/// Reports an event of the program, as `format!` would write it. It gets the virtual time and the task's name, is part of the
/// run's hash, and is kept if the run is traced.
///
/// ```
/// use sim_executor::{Config, Executor, ProductionOrder, TraceLevel, event};
///
/// let config = Config { trace: TraceLevel::Events, ..Config::default() };
/// let mut executor = Executor::with_config(config, ProductionOrder);
/// executor.block_on(async { event!("got {}", 3) }).unwrap();
/// assert_eq!(executor.trace().to_string(), "0.000 main got 3\n");
/// ```
#[macro_export]
macro_rules! event {
    ($($text:tt)+) => {
        $crate::context::event(::core::format_args!($($text)+))
    };
}

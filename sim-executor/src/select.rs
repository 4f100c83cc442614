//! Waiting for the first of several futures, in an order that is a choice of the run.

use crate::choice::Label;
use crate::context;

/// Which future of a [`select!`](crate::select) was ready, with its output.
#[doc(hidden)]
#[derive(Debug)]
pub enum Branch<A, B, C, D, E, F, G, H> {
    A(A),
    B(B),
    C(C),
    D(D),
    E(E),
    F(F),
    G(G),
    H(H),
}

const SELECT: Label = Label::new("select.first");

/// The branch that a [`select!`](crate::select) polls first.
#[doc(hidden)]
#[must_use]
pub fn first_branch(branches: usize) -> usize {
    context::ask_int(context::current_actor(), SELECT, 0, branches as u64 - 1, 0) as usize
}

/// Waits for the first of up to eight futures, drops the others, and evaluates the branch of the one that was ready.
///
/// Where several are ready at once it matters which is asked first. `tokio::select!` and `futures::select!` begin at a branch
/// that a hidden generator of the thread draws, so that a run could not be repeated. Here the first branch is a choice of
/// the run: in production order the one that is written first, else drawn, recorded and replayed as any other.
/// (`join!` and `try_join!` poll in the written order, and are as deterministic as they are.)
///
/// ```
/// use sim_executor::{Executor, ProductionOrder, select, time};
/// use std::time::Duration;
///
/// let quickest = Executor::new(ProductionOrder).block_on(async {
///     select! {
///         () = time::sleep(Duration::from_secs(2)) => "slow",
///         () = time::sleep(Duration::from_secs(1)) => "quick",
///     }
/// });
/// assert_eq!(quickest.unwrap(), "quick");
/// ```
#[macro_export]
macro_rules! select {
    (@infer $branch:tt) => { _ };
    (@never $branch:tt) => { ::core::convert::Infallible };
    // One branch after the other gets a name, a number and a variant.
    (@take [$($taken:tt)*] [($name:ident $number:tt $variant:ident) $($left:tt)*]
        $pattern:pat = $future:expr => $body:expr, $($more:tt)+) => {
        $crate::select!(@take [$($taken)* ($name $number $variant [$pattern] [$future] [$body])] [$($left)*] $($more)+)
    };
    (@take [$($taken:tt)*] [($name:ident $number:tt $variant:ident) $($left:tt)*]
        $pattern:pat = $future:expr => $body:expr $(,)?) => {
        $crate::select!(@done [$($taken)* ($name $number $variant [$pattern] [$future] [$body])] [$($left)*])
    };
    (@done [$(($name:ident $number:tt $variant:ident [$pattern:pat] [$future:expr] [$body:expr]))*]
        [$(($_name:ident $_number:tt $unused:ident))*]) => {{
        $(let mut $name = ::core::pin::pin!($future);)*
        let branches = [$($number),*].len();
        let first = $crate::first_branch(branches);
        let ready: $crate::Branch<$($crate::select!(@infer $number),)* $($crate::select!(@never $_number),)*> =
            ::core::future::poll_fn(|context| {
                for offset in 0..branches {
                    match (first + offset) % branches {
                        $($number => {
                            let polled = ::core::future::Future::poll($name.as_mut(), context);
                            if let ::core::task::Poll::Ready(output) = polled {
                                return ::core::task::Poll::Ready($crate::Branch::$variant(output));
                            }
                        })*
                        _ => {}
                    }
                }
                ::core::task::Poll::Pending
            })
            .await;
        match ready {
            $($crate::Branch::$variant($pattern) => $body,)*
            $($crate::Branch::$unused(never) => match never {},)*
        }
    }};
    (@$($wrong:tt)*) => {
        ::core::compile_error!("select! takes one to eight branches of the form `pattern = future => expression,`")
    };
    ($($branches:tt)+) => {
        $crate::select!(@take [] [(a 0 A) (b 1 B) (c 2 C) (d 3 D) (e 4 E) (f 5 F) (g 6 G) (h 7 H)] $($branches)+)
    };
}

//! A variable with a value of its own in each task: `contextvars.ContextVar`.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::rc::Rc;

use crate::event_loop::EventLoop;
use crate::exc::Exc;
use crate::vars::{VarContext, VarKey};

/// A variable whose value belongs to the current context. A task gets a copy of the context in which it is created, a callback
/// one of that in which it is registered; what they set, nobody else sees. Cloning gives another reference.
///
/// ```
/// use sim_asyncio::{ContextVar, Runner, create_task};
/// use sim_executor::{Executor, ProductionOrder};
///
/// let mut executor = Executor::new(ProductionOrder);
/// let mut asyncio = Runner::new(&mut executor);
/// let main = asyncio.create_task("main", async {
///     let request = ContextVar::new("request");
///     request.set(1);
///     let inner = request.clone();
///     let child = create_task("child", async move {
///         let inherited = inner.get();
///         inner.set(2);
///         Ok((inherited, inner.get()))
///     });
///     request.set(3);
///     assert_eq!(child.await?, (Some(1), Some(2)));
///     Ok(request.get())
/// });
/// assert_eq!(asyncio.run_until_complete(&main).unwrap(), Ok(Some(3)));
/// ```
pub struct ContextVar<T> {
    key: Rc<VarKey>,
    value: PhantomData<fn() -> T>,
}

/// What a variable held before it was set, to [`reset`](ContextVar::reset) it.
pub struct VarToken<T> {
    key: Rc<VarKey>,
    before: Option<Rc<dyn Any>>,
    context: VarContext,
    value: PhantomData<fn() -> T>,
}

/// A variable was to be reset with a token that is not its own, or in another context: a `ValueError`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the token of {name} was created {}", if *elsewhere { "in a different Context" } else { "by a different ContextVar" })]
pub struct WrongToken {
    /// The name of the token's variable.
    pub name: Rc<str>,
    /// Whether it is the context that differs.
    pub elsewhere: bool,
}

impl From<WrongToken> for Exc {
    fn from(error: WrongToken) -> Self {
        Exc::raised("ValueError", error)
    }
}

impl<T: Clone + 'static> ContextVar<T> {
    /// A new variable, which holds nothing in any context.
    #[must_use]
    pub fn new(name: impl Into<Rc<str>>) -> Self {
        ContextVar { key: Rc::new(VarKey { name: name.into() }), value: PhantomData }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.key.name
    }

    /// Its value in the current context; `None` where Python raises a `LookupError`.
    ///
    /// # Panics
    /// Outside a run.
    #[must_use]
    pub fn get(&self) -> Option<T> {
        VarContext::current().get(&self.key).and_then(|value| value.downcast_ref::<T>().cloned())
    }

    /// Sets it in the current context.
    ///
    /// # Panics
    /// Outside a run.
    pub fn set(&self, value: T) -> VarToken<T> {
        let context = VarContext::current();
        let before = context.set(&self.key, Some(Rc::new(value)));
        VarToken { key: Rc::clone(&self.key), before, context, value: PhantomData }
    }

    /// Takes a `set` back. A token cannot be used again, since it is moved here.
    ///
    /// # Errors
    /// When the token is that of another variable, or of another context.
    ///
    /// # Panics
    /// Outside a run.
    pub fn reset(&self, token: VarToken<T>) -> Result<(), WrongToken> {
        let context = VarContext::current();
        let elsewhere = !token.context.is(&context);
        if elsewhere || !Rc::ptr_eq(&token.key, &self.key) {
            return Err(WrongToken { name: Rc::clone(&token.key.name), elsewhere });
        }
        context.set(&self.key, token.before);
        Ok(())
    }
}

impl<T> Clone for ContextVar<T> {
    fn clone(&self) -> Self {
        ContextVar { key: Rc::clone(&self.key), value: PhantomData }
    }
}

impl<T> fmt::Debug for ContextVar<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "ContextVar {}", self.key.name)
    }
}

impl<T> fmt::Debug for VarToken<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "VarToken of {}", self.key.name)
    }
}

impl VarContext {
    /// That of the task or callback that runs, or of the program outside of the loop.
    ///
    /// # Panics
    /// Outside a run.
    #[must_use]
    pub fn current() -> Self {
        EventLoop::current().core().current_vars()
    }

    /// Calls `function` in this context; what it sets stays there.
    ///
    /// # Panics
    /// Outside a run.
    pub fn run<R>(&self, function: impl FnOnce() -> R) -> R {
        let event_loop = EventLoop::current();
        let before = event_loop.core().enter_vars(self.clone());
        let result = function();
        event_loop.core().enter_vars(before);
        result
    }
}

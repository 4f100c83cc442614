//! A process as a test has it.

use std::cell::RefCell;
use std::fmt;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};

use sim_executor::{Crash, Node, event};

use crate::descriptor::Sent;
use crate::host::{Begin, Hosted, process_on};
use crate::process::{End, ProcessConfig};
use crate::signal::Signal;
use crate::symbols;

/// Why a process gave no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExitError {
    /// It called `exit`, before its main function had returned.
    #[error("the process ended with the status {code}")]
    Exited {
        /// The status, from 0 to 255.
        code: i32,
    },
    /// Its main function panicked.
    #[error("the process panicked: {message}")]
    Panicked {
        /// What the panic said.
        message: String,
    },
    /// A signal ended it; 9 if its node was killed, or lost its power.
    #[error("signal {signal} ended the process")]
    Signalled {
        /// The number of the signal.
        signal: i32,
    },
}

/// A program that runs unmodified on a node of its own: see [`process`].
pub struct Process<T> {
    node: Node,
    exits: Rc<RefCell<Exits<T>>>,
}

/// How the process has ended, until somebody has asked.
struct Exits<T> {
    ended: Option<Result<T, ExitError>>,
    waiting: Vec<Waker>,
}

impl<T> Exits<T> {
    /// Tells how it has ended; whether somebody waits for that.
    fn tell(exits: &RefCell<Self>, ended: Result<T, ExitError>) -> bool {
        let (before, waiting) = {
            let mut exits = exits.borrow_mut();
            (exits.ended.replace(ended), std::mem::take(&mut exits.waiting))
        };
        drop(before);
        let is_awaited = !waiting.is_empty();
        waiting.into_iter().for_each(Waker::wake);
        is_awaited
    }
}

impl<T> Clone for Process<T> {
    fn clone(&self) -> Self {
        Process { node: self.node.clone(), exits: Rc::clone(&self.exits) }
    }
}

impl<T> fmt::Debug for Process<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Process").field("node", &self.node).finish_non_exhaustive()
    }
}

/// Runs a whole program on the node with that name, as it is: `main` may block, start threads, and use the sockets of
/// `std::net` or of tokio. What it calls of the C library is answered by the run.
///
/// The node's name is that of its host. Each start of the node calls `main` again; a static of the program is one for all processes, and
/// lives on. What the program writes to its standard output or error are events of the run. If `main` panics and nobody waits
/// in [`Process::exit`], the run fails.
///
/// ```
/// use sim_executor::{Executor, KeyedRandom};
/// use std::io::{Read, Write};
/// use std::net::{TcpListener, TcpStream};
///
/// let mut executor = Executor::new(KeyedRandom::new(7));
/// let hello = executor.block_on(async {
///     sim_posix::process("server", || {
///         let listener = TcpListener::bind("0.0.0.0:7").unwrap();
///         let (mut stream, _) = listener.accept().unwrap();
///         stream.write_all(b"hello").unwrap();
///     });
///     let client = sim_posix::process("client", || {
///         std::thread::sleep(std::time::Duration::from_secs(1));
///         let mut text = String::new();
///         TcpStream::connect("server:7").unwrap().read_to_string(&mut text).unwrap();
///         text
///     });
///     client.exit().await.unwrap()
/// });
/// assert_eq!(hello.unwrap(), "hello");
/// ```
///
/// # Panics
/// Outside a run.
#[track_caller]
pub fn process<T, F>(name: &str, main: F) -> Process<T>
where
    F: Fn() -> T + Send + Sync + 'static,
    T: Send + 'static,
{
    process_with(name, ProcessConfig::default(), main)
}

/// [`process`], with what can be set.
///
/// # Panics
/// Outside a run.
#[track_caller]
pub fn process_with<T, F>(name: &str, config: ProcessConfig, main: F) -> Process<T>
where
    F: Fn() -> T + Send + Sync + 'static,
    T: Send + 'static,
{
    let node = Node::named(name);
    let exits = Rc::new(RefCell::new(Exits { ended: None, waiting: Vec::new() }));
    let process = Process { node: node.clone(), exits: Rc::clone(&exits) };
    let main = Arc::new(main);
    node.run(move || start(config, Arc::clone(&main), Rc::clone(&exits)));
    process
}

/// One life of a process.
async fn start<T, F>(config: ProcessConfig, main: Arc<F>, exits: Rc<RefCell<Exits<T>>>)
where
    F: Fn() -> T + Send + Sync + 'static,
    T: Send + 'static,
{
    // Told if the process is dropped, as it is with its node.
    let mut killed = TellKilled { exits: Some(&exits) };
    let returned = Arc::new(Mutex::new(None));
    let value = Arc::clone(&returned);
    let main = move || {
        let result = catch_unwind(AssertUnwindSafe(|| main()));
        *value.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
    };
    let begin = Begin {
        config,
        main_name: std::any::type_name::<F>(),
        upcalls: symbols::UPCALLS,
        main: Box::new(main),
    };
    let end = Hosted::new(begin).await;
    killed.exits = None;
    let value = returned.lock().unwrap_or_else(PoisonError::into_inner).take();
    match (end, value) {
        (End::Returned, Some(Ok(value))) => {
            event!("exit");
            Exits::tell(&exits, Ok(value));
        }
        (End::Returned, Some(Err(payload))) => {
            let message = text_of(&*payload);
            event!("stderr: thread 'main' panicked: {message}");
            if !Exits::tell(&exits, Err(ExitError::Panicked { message })) {
                std::panic::resume_unwind(payload);
            }
        }
        (End::Exited(code), _) => {
            event!("exit {code}");
            Exits::tell(&exits, Err(ExitError::Exited { code }));
        }
        (End::Signalled(signal), _) => {
            event!("ended by signal {signal}");
            Exits::tell(&exits, Err(ExitError::Signalled { signal }));
        }
        (End::Returned, None) => unreachable!("main says what it returns before it is done"),
    }
}

struct TellKilled<'a, T> {
    exits: Option<&'a Rc<RefCell<Exits<T>>>>,
}

impl<T> Drop for TellKilled<'_, T> {
    fn drop(&mut self) {
        if let Some(exits) = self.exits {
            Exits::tell(exits, Err(ExitError::Signalled { signal: libc::SIGKILL }));
        }
    }
}

/// The text of a panic.
fn text_of(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_string());
    text.or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a text".to_string())
}

impl<T> Process<T> {
    /// The node on which it runs, for all that a node can do.
    #[must_use]
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// Waits until it has ended, and gives what its main function has returned. Each end is told to one who asks.
    ///
    /// # Errors
    /// If it ended in another way.
    pub async fn exit(&self) -> Result<T, ExitError> {
        poll_fn(|context| {
            let mut exits = self.exits.borrow_mut();
            match exits.ended.take() {
                Some(ended) => Poll::Ready(ended),
                None => {
                    if !exits.waiting.iter().any(|waker| waker.will_wake(context.waker())) {
                        exits.waiting.push(context.waker().clone());
                    }
                    Poll::Pending
                }
            }
        })
        .await
    }

    /// Kills it, as SIGKILL does: none of its code runs any more, and its sockets are closed by the kernel.
    ///
    /// # Panics
    /// Outside its run.
    pub fn kill(&self) {
        self.node.crash(Crash::ProcessKill);
    }

    /// Sends it a signal; whether it runs, so that there is somebody to send it to.
    ///
    /// It does what it would do in Linux. A thread that does not block the signal calls the function that the program has set for it: one
    /// that waits at once, one that runs at its next call of the C library. Without such a function, the process ends with
    /// [`ExitError::Signalled`], or stops until [`Signal::CONT`], or nothing happens.
    ///
    /// # Panics
    /// Outside its run.
    #[expect(clippy::must_use_candidate, reason = "few have to know whether somebody was there")]
    pub fn signal(&self, signal: Signal) -> bool {
        let running = process_on(self.node.id());
        if let Some(process) = &running {
            process.send(signal, Sent { by: 0, is_for_thread: false }, None);
        }
        running.is_some()
    }

    /// Starts it again, after it was killed or has ended, or kills it before.
    ///
    /// # Panics
    /// Outside its run.
    pub fn restart(&self) {
        self.node.restart();
    }
}

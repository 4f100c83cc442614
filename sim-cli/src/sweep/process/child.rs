//! A process that makes runs for this one.

use std::collections::VecDeque;
use std::io::{self, Read as _, Write as _};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::ProgressBar;

use super::death::Death;
use super::frame::{self, Begun, Inbox, Message, Order, Told};

/// Set in a process that makes runs for its parent, to the id of that one.
pub(super) const PARENT: &str = "SEEDBED_SWEEP_OF";

/// While nothing is heard, it is looked so often whether the process lives and whether the user wants an end.
const PATIENCE: Duration = Duration::from_millis(50);
/// So long the last words of a process are waited for, if another one has its standard error too.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// So much is kept of what it says.
const SAID_BYTES_MAX: usize = 64 * 1_024;

/// A process of this program, with this command line.
pub(super) struct Process {
    child: Child,
    socket: UnixStream,
    inbox: Inbox,
    said: Arc<Mutex<VecDeque<u8>>>,
    /// Hears when all was read that it said.
    silence: Receiver<()>,
    /// The run that has begun and was not told to be over.
    begun: Option<Begun>,
    is_over: bool,
}

/// What is heard of a process.
pub(super) enum Heard {
    Message(Message),
    /// Nothing for a while.
    Nothing,
    /// It is no longer there.
    Gone,
}

impl Process {
    /// Starts one. What it says on standard error is passed on, past this progress bar, if one is given.
    pub(super) fn start(passes_on: Option<&ProgressBar>) -> io::Result<Process> {
        let (socket, other) = UnixStream::pair()?;
        socket.set_read_timeout(Some(PATIENCE))?;
        let mut arguments = std::env::args_os();
        let mut command = Command::new(program()?);
        if let Some(name) = arguments.next() {
            command.arg0(name);
        }
        command.args(arguments).env(PARENT, std::process::id().to_string());
        command.stdin(Stdio::from(OwnedFd::from(other))).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let said = Arc::default();
        let (tell, silence) = channel();
        if let Some(stderr) = child.stderr.take() {
            let (said, bar) = (Arc::clone(&said), passes_on.cloned());
            #[expect(clippy::disallowed_methods, reason = "it reads what another process says")]
            std::thread::spawn(move || {
                listen(stderr, &said, bar.as_ref());
                // Nobody may be waiting.
                let _ = tell.send(());
            });
        }
        Ok(Process { child, socket, inbox: Inbox::default(), said, silence, begun: None, is_over: false })
    }

    /// Asks it for something. That it is no longer there is heard later.
    pub(super) fn order(&mut self, order: &Order) {
        let _ = frame::send(&mut self.socket, order);
    }

    pub(super) fn hear(&mut self) -> io::Result<Heard> {
        loop {
            if let Some(message) = self.inbox.message()? {
                match &message {
                    Message::Told(Told::Run(begun)) => self.begun = Some(begun.clone()),
                    Message::Unit { .. } => self.begun = None,
                    Message::Told(_) => {}
                }
                return Ok(Heard::Message(message));
            }
            let mut bytes = [0; 64 * 1_024];
            match self.socket.read(&mut bytes) {
                Ok(0) => return Ok(Heard::Gone),
                Ok(count) => self.inbox.add(&bytes[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                    // Another process may have its end of the socket too.
                    return Ok(if self.child.try_wait()?.is_some() { Heard::Gone } else { Heard::Nothing });
                }
                Err(_) => return Ok(Heard::Gone),
            }
        }
    }

    /// How it has ended, once it is gone.
    pub(super) fn death(mut self) -> io::Result<Death> {
        // It may have closed the socket only.
        let _ = self.child.kill();
        let status = self.child.wait()?;
        self.is_over = true;
        let _ = self.silence.recv_timeout(LAST_WORDS);
        let said: Vec<u8> =
            self.said.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect();
        Ok(Death::new(status, &String::from_utf8_lossy(&said), self.begun.take()))
    }

    /// Lets it end: there is nothing more to do.
    pub(super) fn end(mut self) -> io::Result<()> {
        let _ = self.socket.shutdown(Shutdown::Both);
        self.child.wait()?;
        self.is_over = true;
        let _ = self.silence.recv_timeout(LAST_WORDS);
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !self.is_over {
            // Whatever it does, nobody wants it.
            let _ = self.child.kill().and_then(|()| self.child.wait());
        }
    }
}

/// The file of this program. On Linux it is the one that runs, also where a newer one stands in its place by now.
fn program() -> io::Result<std::path::PathBuf> {
    if cfg!(target_os = "linux") { Ok("/proc/self/exe".into()) } else { std::env::current_exe() }
}

fn listen(mut stderr: ChildStderr, said: &Mutex<VecDeque<u8>>, bar: Option<&ProgressBar>) {
    let mut bytes = [0; 4 * 1_024];
    while let Ok(count @ 1..) = stderr.read(&mut bytes) {
        if let Some(bar) = bar {
            // Were standard error gone, there would be nobody to tell.
            let _ = bar.suspend(|| io::stderr().write_all(&bytes[..count]));
        }
        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
        said.extend(&bytes[..count]);
        let surplus = said.len().saturating_sub(SAID_BYTES_MAX);
        said.drain(..surplus);
    }
}

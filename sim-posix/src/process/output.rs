//! What a process writes to its standard output or error: events of the run, line by line.

use std::cell::RefCell;

use sim_executor::event;

/// A line is told when it has come to its end, or to this length.
const LINE_BYTES_MAX: usize = 4_096;

pub(super) struct Output {
    name: &'static str,
    line: RefCell<Vec<u8>>,
}

impl Output {
    pub(super) fn new(name: &'static str) -> Self {
        Output { name, line: RefCell::default() }
    }

    pub(super) fn write(&self, data: &[u8]) {
        for part in data.split_inclusive(|&byte| byte == b'\n') {
            let is_whole = {
                let mut line = self.line.borrow_mut();
                line.extend_from_slice(part);
                line.ends_with(b"\n") || line.len() >= LINE_BYTES_MAX
            };
            if is_whole {
                self.tell();
            }
        }
    }

    /// Tells what has no end of line, at the end of the process.
    pub(super) fn flush(&self) {
        if !self.line.borrow().is_empty() && sim_executor::context::in_run() {
            self.tell();
        }
    }

    fn tell(&self) {
        let line = std::mem::take(&mut *self.line.borrow_mut());
        let text = String::from_utf8_lossy(&line);
        event!("{}: {}", self.name, text.trim_end_matches('\n'));
    }
}

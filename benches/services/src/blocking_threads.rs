//! The standard library alone: a server with a thread for each connection.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::retry::until_ok_blocking;

fn serve(mut socket: TcpStream, sum: &Mutex<u64>) -> io::Result<()> {
    let mut number = [0];
    loop {
        socket.read_exact(&mut number)?;
        let sum = {
            let mut sum = sum.lock().unwrap();
            *sum += u64::from(number[0]);
            *sum
        };
        socket.write_all(&sum.to_be_bytes())?;
    }
}

pub(crate) fn server(address: &str) {
    let listener = TcpListener::bind(address).unwrap();
    let sum = Arc::new(Mutex::new(0));
    for socket in listener.incoming() {
        let (socket, sum) = (socket.unwrap(), sum.clone());
        thread::spawn(move || serve(socket, &sum));
    }
}

/// Adds numbers, and says by how much the sum has grown since the first answer.
fn add(address: &str) -> io::Result<u64> {
    let mut socket = TcpStream::connect(address)?;
    socket.set_read_timeout(Some(Duration::from_secs(2)))?;
    let mut sums = Vec::new();
    for number in 1..=5 {
        socket.write_all(&[number])?;
        let mut sum = [0; 8];
        socket.read_exact(&mut sum)?;
        sums.push(u64::from_be_bytes(sum));
    }
    Ok(sums[4] - sums[0])
}

pub(crate) fn client(address: &str) {
    assert_eq!(until_ok_blocking("sum", || add(address)), 2 + 3 + 4 + 5);
}

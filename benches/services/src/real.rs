//! A service over the real loopback, in real time: what it does outside of a simulation.

use std::net::TcpListener;
use std::thread;
use std::time::Instant;

use crate::service::Service;

/// Its server goes on in a thread of its own, until the process ends.
pub(crate) fn run(service: &Service) {
    // A port that was free a moment ago.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let server = {
        let (run, address) = (service.server, address.clone());
        move || run(&address)
    };
    thread::spawn(server);
    let begin = Instant::now();
    (service.client)(&address);
    println!("{}: {:?}", service.name, begin.elapsed());
}

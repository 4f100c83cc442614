//! The same program text compiles against tokio's sockets as against the simulated ones, with the same results.

#![expect(clippy::duplicate_mod, reason = "that is what is tested: one text, two libraries")]

use std::time::Duration;

#[path = "."]
mod real {
    use std::io;
    use std::time::Duration;

    pub(crate) use tokio::io::Interest;
    pub(crate) use tokio::net;

    pub(crate) fn set_linger(stream: &net::TcpStream, linger: Option<Duration>) -> io::Result<()> {
        #[expect(deprecated, reason = "closing may block a real thread; here nothing is left to be sent")]
        stream.set_linger(linger)
    }

    pub(crate) fn set_linger_of_socket(socket: &net::TcpSocket, linger: Option<Duration>) -> io::Result<()> {
        #[expect(deprecated, reason = "closing may block a real thread; here nothing is left to be sent")]
        socket.set_linger(linger)
    }

    #[path = "api_parity/program.rs"]
    pub(crate) mod program;
}

#[path = "."]
mod simulated {
    use std::io;
    use std::time::Duration;

    pub(crate) use seedbed::net;
    pub(crate) use seedbed::net::Interest;

    pub(crate) fn set_linger(stream: &net::TcpStream, linger: Option<Duration>) -> io::Result<()> {
        stream.set_linger(linger)
    }

    pub(crate) fn set_linger_of_socket(socket: &net::TcpSocket, linger: Option<Duration>) -> io::Result<()> {
        socket.set_linger(linger)
    }

    #[path = "api_parity/program.rs"]
    pub(crate) mod program;
}

fn on_real() -> Option<Vec<String>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    runtime.block_on(async {
        if let Err(error) = tokio::net::TcpListener::bind("127.0.0.1:0").await {
            eprintln!("skipped, as the real loopback cannot be used: {error}");
            return None;
        }
        let played = tokio::time::timeout(Duration::from_secs(60), real::program::play()).await;
        Some(played.expect("the program ends on the real machine"))
    })
}

fn on_simulated() -> Vec<String> {
    let mut executor = seedbed::Executor::new(seedbed::ProductionOrder);
    executor.block_on(simulated::program::play()).expect("the program ends on the simulator")
}

#[test]
fn api_parity_of_the_sockets_with_tokio() {
    let simulated = on_simulated();
    assert!(simulated.len() > 60, "{} results", simulated.len());
    let Some(real) = on_real() else { return };
    assert_eq!(real.len(), simulated.len());
    let differing: Vec<_> =
        real.iter().zip(&simulated).filter(|(real, simulated)| real != simulated).collect();
    assert!(differing.is_empty(), "real, then simulated: {differing:#?}");
}

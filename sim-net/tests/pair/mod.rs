//! A client on `main`, connected to a server on `server`.

use futures::future::join;
use sim_executor::{Executor, Node, ProductionOrder};
use sim_net::{NetworkConfig, TcpListener, TcpStream, install};

/// Runs a program on the node `main` of a network.
pub(crate) fn run_on<F: Future + 'static>(config: NetworkConfig, program: F) -> F::Output {
    let mut executor = Executor::new(ProductionOrder);
    executor.enter(|| install(config));
    executor.block_on(program).unwrap()
}

/// Runs a program on the node `main` of a perfect network.
pub(crate) fn run<F: Future + 'static>(program: F) -> F::Output {
    run_on(NetworkConfig::default(), program)
}

/// Listens on the node `server`.
pub(crate) async fn listen(address: &'static str) -> TcpListener {
    Node::named("server").spawn(TcpListener::bind(address)).await.unwrap().unwrap()
}

/// A connection from `main` to `server`.
pub(crate) async fn connected() -> (TcpStream, TcpStream) {
    let listener = listen("0.0.0.0:7").await;
    let (client, server) = join(TcpStream::connect("server:7"), listener.accept()).await;
    (client.unwrap(), server.unwrap().0)
}

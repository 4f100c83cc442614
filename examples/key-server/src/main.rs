//! The server as a program: `cargo run -p key-server`.

#[cfg(not(feature = "sim"))]
#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = key_server::rt::net::TcpListener::bind("127.0.0.1:7600").await?;
    key_server::server::run(listener, key_server::rt::signal::ctrl_c()).await;
    Ok(())
}

#[cfg(feature = "sim")]
fn main() {
    panic!("with the feature `sim` there is no network but that of a simulated test");
}

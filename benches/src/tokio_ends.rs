//! The two ends of a connection over tokio's I/O traits, for the systems whose streams have these.

use crate::workload::{BULK_BYTES, MESSAGE_BYTES};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Sends back what comes, until the other end closes.
///
/// Each write is flushed, since one of the systems sends nothing before.
pub(crate) async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let mut buffer = [0; MESSAGE_BYTES];
    loop {
        let length = stream.read(&mut buffer).await.expect("the server reads");
        if length == 0 {
            return;
        }
        stream.write_all(&buffer[..length]).await.expect("the server writes");
        stream.flush().await.expect("the server flushes");
    }
}

/// Makes `round_trips`, then closes.
pub(crate) async fn call(mut stream: impl AsyncRead + AsyncWrite + Unpin, round_trips: u64) {
    for round in 0..round_trips {
        ask(&mut stream, round).await;
    }
}

/// Makes a round trip, and checks what comes back.
pub(crate) async fn ask(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), round: u64) {
    let mut answer = [0; MESSAGE_BYTES];
    let message = [round.to_le_bytes()[0]; MESSAGE_BYTES];
    stream.write_all(&message).await.expect("the client writes");
    stream.flush().await.expect("the client flushes");
    stream.read_exact(&mut answer).await.expect("the client reads");
    assert_eq!(answer, message, "round trip {round}");
}

/// Writes so often, then closes. As in an echo, each write is flushed.
pub(crate) async fn write_bulk(mut stream: impl AsyncWrite + Unpin, writes: u64) {
    let data = vec![7; BULK_BYTES];
    for _ in 0..writes {
        stream.write_all(&data).await.expect("the client writes");
        stream.flush().await.expect("the client flushes");
    }
}

/// Reads what [`write_bulk`] writes, to the end.
pub(crate) async fn read_bulk(mut stream: impl AsyncRead + Unpin, writes: u64) {
    let mut buffer = vec![0; BULK_BYTES];
    let mut bytes = 0;
    loop {
        match stream.read(&mut buffer).await.expect("the server reads") {
            0 => break,
            length => bytes += length as u64,
        }
    }
    assert_eq!(bytes, writes * BULK_BYTES as u64);
}

//! The two ends of an echo over tokio's I/O traits, for the systems whose streams have these.

use crate::workload::MESSAGE_BYTES;
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

/// Makes `round_trips`, checks what comes back, then closes.
pub(crate) async fn call(mut stream: impl AsyncRead + AsyncWrite + Unpin, round_trips: u64) {
    let mut answer = [0; MESSAGE_BYTES];
    for round in 0..round_trips {
        let message = [round.to_le_bytes()[0]; MESSAGE_BYTES];
        stream.write_all(&message).await.expect("the client writes");
        stream.flush().await.expect("the client flushes");
        stream.read_exact(&mut answer).await.expect("the client reads");
        assert_eq!(answer, message, "round trip {round}");
    }
}

//! A server that sends every message back.

use seedbed::event;

use super::SessionError;
use super::connection::{Received, accept, listen, receive};

/// Serves one client, reports the first messages of that number, and gives the close code.
pub(super) async fn serve(reported: u64) -> Result<Option<u16>, SessionError> {
    let listener = listen().await?;
    let mut socket = accept(&listener).await?;
    let mut echoed = 0;
    let mut close_code = None;
    while let Some(received) = receive(&mut socket).await? {
        match received {
            Received::Text(text) => {
                if echoed < reported {
                    event!("echoes message {echoed}, {} bytes", text.len());
                }
                socket.send(text.into()).await?;
                echoed += 1;
            }
            Received::Close(code) => {
                event!("is asked to close after {echoed} messages, code {code}");
                close_code = Some(code);
            }
        }
    }
    Ok(close_code)
}

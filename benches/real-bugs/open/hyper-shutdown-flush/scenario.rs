//! An HTTP/1 server with a handler that answers an upload without looking at its body; the client
//! reads the answer at its own pace.
use bugrt::{ms, pair, read_some, spawn, write_all, Rt};
use bytes::Bytes;
use http_body_util::Full;
use k::body::Incoming;
use k::service::service_fn;
use k::{Request, Response};

use crate::hyper_io::Io;

const UPLOAD: usize = 20_000;
const BODY: usize = 36_000;
const N: usize = 2;

pub async fn scenario<R: Rt>(rt: R) {
    let (mut c, s) = pair(&rt, 80).await;
    let rt2 = rt.clone();
    let server = spawn(&rt, "server", async move {
        let svc = service_fn(move |req: Request<Incoming>| {
            let rt = rt2.clone();
            async move {
                rt.sleep(ms(1)).await; // look something up
                drop(req);
                Ok::<_, std::convert::Infallible>(Response::new(Full::new(Bytes::from(vec![b'x'; BODY]))))
            }
        });
        k::server::conn::http1::Builder::new().serve_connection(Io(s), svc).await
    });
    let client = spawn(&rt, "client", {
        let rt = rt.clone();
        async move {
            // a small request, then the upload
            let mut req = String::new();
            for i in 0..N - 1 {
                req += &format!("GET /{i} HTTP/1.1\r\nHost: x\r\n\r\n");
            }
            req += &format!("POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: {UPLOAD}\r\n\r\n");
            write_all(&mut c, req.as_bytes()).await.expect("request");
            write_all(&mut c, &vec![b'u'; UPLOAD]).await.expect("upload");
            let (mut got, mut buf) = (0, vec![0u8; 16_000]);
            while got < N * BODY {
                match read_some(&mut c, &mut buf).await.expect("read") {
                    0 => break,
                    n => got += buf[..n].iter().filter(|b| **b == b'x').count(),
                }
                rt.sleep(ms(1)).await;
            }
            got
        }
    });
    let got = client.await.unwrap();
    let _ = server.await;
    assert_eq!(got, N * BODY, "a response was cut off");
}

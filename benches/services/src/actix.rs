//! actix-web with two worker threads, and reqwest: a page is asked for.

use actix_web::{App, HttpServer, get, web};

use crate::retry::until_ok;

#[get("/hello/{name}")]
async fn hello(name: web::Path<String>) -> String {
    format!("hello {name}")
}

pub(crate) fn server(address: &str) {
    let server = HttpServer::new(|| App::new().service(hello)).workers(2).bind(address).unwrap();
    actix_web::rt::System::new().block_on(server.run()).unwrap();
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn client(address: &str) {
    let http = reqwest::Client::new();
    for name in ["ann", "bob", "cleo"] {
        let url = format!("http://{address}/hello/{name}");
        let text =
            until_ok("hello", || async { http.get(&url).send().await?.error_for_status()?.text().await })
                .await;
        assert_eq!(text, format!("hello {name}"));
    }
}

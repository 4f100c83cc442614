//! What a program with the whole of tokio imports of the C library: who answers each.

use sim_posix::{Answerer, audit};

/// What stands here was looked at: children are refused, so that nobody waits for one, and identities are changed for
/// children only. Another name is a call that tokio, mio or the standard library did not make before.
const LOOKED_AT: &[&str] = &[
    "pidfd_getpid",
    "pidfd_spawnp",
    "setgid",
    "setgroups",
    "setpgid",
    "setsid",
    "setuid",
    "waitid",
    "waitpid",
];

#[test]
fn nothing_that_tokio_imports_is_unknown() {
    // Its code is in the program only if it may be called.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let command = tokio::process::Command::new("true").spawn();
        let _ = command.unwrap().wait().await;
        let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let _ = socket.try_send(b"");
        let _ = tokio::net::lookup_host("localhost:80").await.map(|found| found.count());
    });
    let imports = audit();
    let of = |answerer| {
        imports.iter().filter(move |import| import.answerer == answerer).map(|import| &*import.name)
    };
    let unknown: Vec<&str> = of(Answerer::Unknown).filter(|name| !LOOKED_AT.contains(name)).collect();
    assert!(unknown.is_empty(), "look whether a run may differ by these: {unknown:?}");
    for (name, answerer) in [
        ("epoll_wait", Answerer::Run),
        ("fork", Answerer::Run),
        ("getcwd", Answerer::Machine),
        ("malloc", Answerer::Library),
        ("waitpid", Answerer::Unknown),
    ] {
        assert!(of(answerer).any(|import| import == name), "{name} is not of {answerer:?}: {imports:?}");
    }
}

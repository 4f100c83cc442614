//! What tasks touch when they use sockets.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use futures::{AsyncReadExt, AsyncWriteExt};
use sim_executor::{Access, Executor, Fact, FactKinds, Needs, Point, Resource, Source, TaskId, Value, spawn};
use sim_net::{TcpListener, TcpStream};

/// Keeps who touches what, in the default order.
struct Listener(Rc<RefCell<BTreeMap<Resource, Vec<TaskId>>>>);

impl Source for Listener {
    fn needs(&self) -> Needs {
        Needs { facts: FactKinds::ACCESSES, ..Needs::default() }
    }

    fn decide(&mut self, _: &Point<'_>) -> Option<Value> {
        None
    }

    fn observe(&mut self, fact: &Fact) {
        if let Fact::Accessed { task, resource, access: Access::Write, .. } = fact {
            let mut touched = self.0.borrow_mut();
            let tasks = touched.entry(*resource).or_default();
            if !tasks.contains(task) {
                tasks.push(*task);
            }
        }
    }

    fn describe(&self) -> String {
        "listener".to_string()
    }
}

#[test]
fn two_who_read_one_connection_race_and_a_reader_and_a_writer_do_not() {
    let touched = Rc::default();
    Executor::new(Listener(Rc::clone(&touched)))
        .block_on(async {
            let listener = TcpListener::bind("127.0.0.1:80").await.unwrap();
            let peer = spawn(async move {
                let (mut stream, _) = listener.accept().await.unwrap();
                stream.write_all(b"ab").await.unwrap();
                stream.read_exact(&mut [0; 1]).await.unwrap();
            });
            let stream = Rc::new(TcpStream::connect("127.0.0.1:80").await.unwrap());
            let read = |stream: Rc<TcpStream>| async move {
                stream.readable().await.unwrap();
                while stream.try_read(&mut [0; 1]).is_err() {
                    sim_executor::yield_now().await;
                }
            };
            let readers = [spawn(read(Rc::clone(&stream))), spawn(read(Rc::clone(&stream)))];
            let writer = spawn(async move {
                stream.writable().await.unwrap();
                stream.try_write(b"c").unwrap();
            });
            for reader in readers {
                reader.await.unwrap();
            }
            writer.await.unwrap();
            peer.await.unwrap();
        })
        .unwrap();
    let touched = touched.borrow();
    // The client's direction of reading by both readers; that of writing by main, which connected, and the writer.
    let shared: Vec<usize> = touched.values().map(Vec::len).filter(|tasks| *tasks > 1).collect();
    assert_eq!(shared, [2, 2], "{touched:?}");
}

//! Requests that need a lock: each gives up after a while.
use bugrt::{ms, spawn, timeout, Rt};
use k::sync::Mutex;
use std::sync::Arc;

pub async fn scenario<R: Rt>(rt: R) {
    let m = Arc::new(Mutex::new(0u32));
    let mut tasks = vec![];
    for t in 0..4u64 {
        let (m, rt2) = (m.clone(), rt.clone());
        tasks.push(spawn(&rt, "request", async move {
            let mut done = 0;
            for i in 0..4u64 {
                let m2 = m.clone();
                let rt3 = rt2.clone();
                let op = async move {
                    let mut g = m2.lock().await;
                    *g += 1;
                    if (t + i) % 3 == 0 {
                        rt3.sleep(ms(1)).await; // a slow critical section
                    }
                };
                if timeout(&rt2, ms(3), op).await.is_some() {
                    done += 1;
                }
                rt2.yield_now().await;
            }
            done
        }));
    }
    for t in tasks {
        t.await.unwrap();
    }
    // nobody holds the lock any more
    let n = timeout(&rt, ms(1000), m.lock()).await.map(|g| *g);
    assert!(n.is_some(), "the mutex is free but cannot be locked");
}

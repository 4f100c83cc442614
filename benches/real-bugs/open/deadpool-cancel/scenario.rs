//! Requests that take a connection from a pool: each gives up after a while.
use bugrt::{ms, spawn, timeout, BoxFuture, Rt};
use k::{Manager, Pool};

struct Mgr(Box<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>);

#[async_trait::async_trait]
impl Manager<u32, ()> for Mgr {
    async fn create(&self) -> Result<u32, ()> {
        (self.0)().await; // connecting takes a while
        Ok(7)
    }
    #[cfg(not(feature = "fixed"))]
    async fn recycle(&self, _c: &mut u32) -> Result<(), ()> {
        Ok(())
    }
    #[cfg(feature = "fixed")]
    async fn recycle(&self, _c: &mut u32) -> k::RecycleResult<()> {
        Ok(())
    }
}

pub async fn scenario<R: Rt>(rt: R) {
    let rt2 = rt.clone();
    let pool = Pool::new(Mgr(Box::new(move || rt2.sleep(ms(3)))), 2);
    let mut tasks = vec![];
    for t in 0..5u64 {
        let (pool, rt2) = (pool.clone(), rt.clone());
        tasks.push(spawn(&rt, "request", async move {
            let patience = if t < 3 { ms(50) } else { ms(2) };
            timeout(&rt2, patience, async {
                let _c = pool.get().await.ok().expect("get");
                rt2.sleep(ms(1)).await;
            })
            .await
        }));
    }
    for t in tasks {
        t.await.unwrap();
    }
    // all are gone: the pool must be able to hand out a connection
    let c = timeout(&rt, ms(1000), pool.get()).await;
    assert!(c.is_some(), "the pool is exhausted although no connection is in use");
}

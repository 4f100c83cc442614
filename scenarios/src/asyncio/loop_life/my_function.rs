//! A task's body that says when its sleep begins, then when it ends.

use seedbed::event;
use sim_asyncio::{Exc, sleep};

use crate::asyncio::program::secs;

pub(super) async fn my_function(delay: u64) -> Result<(), Exc> {
    event!("Start {delay}");
    sleep(secs(delay)).await?;
    event!("Stop {delay}");
    Ok(())
}

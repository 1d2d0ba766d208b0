//! From starting the process to its first answer over HTTP, on a folder that was used before.

use super::{
    numbers::{Line, median, microseconds},
    server::Server,
};
use anyhow::Result;
use std::path::Path;
use tokio::time::Instant;

const STARTS: usize = 10;
/// In microseconds.
const GOAL: u64 = 150_000;

pub(super) async fn to_first_answer(folder: &Path) -> Result<Line> {
    drop(Server::start(folder).await?);
    let mut took = Vec::new();
    for _ in 0..STARTS {
        let began = Instant::now();
        let server = Server::start(folder).await?;
        server.connect().await?.exchange("GET", "/api/v1/currencies", "", 200).await?;
        took.push(u64::try_from(began.elapsed().as_micros())?);
    }
    let middle = median(&took);
    let measured = format!("{} (median of {STARTS})", microseconds(middle));
    Ok(Line::with_goal("start to first answer", measured, "150 ms or less", middle <= GOAL))
}

//! Keeping the rates of live sales young.

use super::Stop;
use farthing_domain::id::Environment;
use farthing_gateway::{gateway::Gateway, rates::RateSource};
use std::sync::Arc;

pub(super) async fn follow(gateway: Arc<Gateway>, mut stop: Stop) {
    let RateSource::Live(book) = &gateway.environment(Environment::Live).rates else {
        return stop.told().await;
    };
    while !stop.is_told() {
        book.step(gateway.clocks().real()).await;
        if stop.within(book.pause()).await {
            return;
        }
    }
}

//! Isolation by replay: what one shop does, is answered and is told is the same whether or not another shop trades beside it,
//! but for ids, addresses and hashes, which are named by their order.
//!
//! A seed writes one story of two shops, which have credentials of every dialect, permanent addresses, and references, keys and a
//! callbacks' host in common. It is played twice, the second time without the neighbour's part. Chains, clocks, restarts and the
//! outbox go on alike. The neighbour's endpoints are dead; they take no simulated time, so that even the moment of each webhook
//! and callback is compared.

mod deeds;
mod names;
mod seen;
mod snoop;
mod stage;
mod story;

use crate::{
    act::Outcome,
    simulation::{Failure, plant},
};
use farthing_domain::planted::Bug;
use stage::Stage;
use story::{Part, Scene, story};

/// Scenes of a story.
const SCENES: usize = 120;

/// What a comparison came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compared {
    /// Scenes of the neighbour that were left out in one of the two.
    pub left_out: usize,
    /// Lines of the shop's history.
    pub lines: usize,
}

/// Whose part is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cast {
    Both,
    ShopAlone,
}

/// Plays a seed's story with the neighbour and without, and compares the shop's history.
///
/// # Errors
/// The first difference, or what went wrong.
pub fn run(seed: u64, planted: Option<Bug>) -> Result<Compared, Box<Failure>> {
    let failed = |problem: String| Box::new(Failure { seed, step: None, problems: vec![problem], recent: Vec::new() });
    let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(|error| failed(error.to_string()))?;
    runtime.block_on(async {
        let scenes = story(seed, SCENES);
        let mut histories = Vec::new();
        for cast in [Cast::Both, Cast::ShopAlone] {
            plant(None);
            let played = play(seed, &scenes, cast, planted).await;
            plant(None);
            histories.push(played.map_err(failed)?);
        }
        let [beside, alone] = histories.as_slice() else { return Err(failed("two histories are compared".to_owned())) };
        if let Some((one, other)) = beside.iter().zip(alone).find(|(one, other)| one != other) {
            return Err(failed(format!("isolation: beside another shop: {one}; and alone: {other}")));
        }
        if beside.len() != alone.len() {
            return Err(failed(format!(
                "isolation: {} lines beside another shop, {} alone",
                beside.len(),
                alone.len()
            )));
        }
        let left_out = scenes.iter().filter(|scene| matches!(scene, Scene::Of(Part::Neighbour, _))).count();
        Ok(Compared { left_out, lines: alone.len() })
    })
}

async fn play(seed: u64, scenes: &[Scene], cast: Cast, planted: Option<Bug>) -> Outcome<Vec<String>> {
    let mut stage = Stage::open(seed).await?;
    plant(planted);
    let mut history = Vec::new();
    for (number, scene) in scenes.iter().enumerate() {
        // Also for what is left out: ids are in the order of their moments, and by chance within one.
        stage.tick();
        if let Scene::Of(Part::Neighbour, deed) = scene {
            if cast == Cast::Both {
                stage.perform(Part::Neighbour, deed).await?;
            }
            continue;
        }
        let answer = stage.play(scene).await?;
        history.push(format!("scene {number}, {scene:?}: {answer}"));
        history.extend(stage.seen_by_the_shop().await?);
    }
    if cast == Cast::ShopAlone {
        stage.neighbour_heard_nothing()?;
    }
    Ok(history)
}

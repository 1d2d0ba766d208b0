//! A provider whose answers contradict each other, each of them sound by itself.

use farthing_domain::{id::Environment, name::NetworkId, network::ChainId, payment::BlockRef};
use farthing_gateway::scan::ScanError;
use farthing_networks::network::{
    Answer, Header, Identity, MempoolTransfer, Network, NetworkError, Scanned, Tip, Watch,
};
use farthing_sim::world::{Around, ManualClock, START, World};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

/// Answers after which a scanner that does not give up is let go, with another error than the one looked for.
const PATIENCE: u64 = 2_000;

/// A chain of empty blocks that grows by one with each look at its tip.
#[derive(Default)]
struct Growing {
    /// Whether its ranges hang on another branch than its headers: two nodes behind one address, each on its own branch.
    contradicts: AtomicBool,
    height: AtomicU64,
    answers: AtomicU64,
}

impl Growing {
    fn count(&self) -> Result<(), NetworkError> {
        let answers = self.answers.fetch_add(1, Ordering::SeqCst);
        if answers < PATIENCE { Ok(()) } else { Err(NetworkError::Unreachable("asked for too long".to_owned())) }
    }
}

fn hash(height: u64) -> String {
    format!("{height:064x}")
}

fn header(height: u64) -> Header {
    let parent = hash(height.saturating_sub(1));
    Header { block: BlockRef { height, hash: hash(height) }, parent, time: START }
}

impl Network for Growing {
    fn identity(&self) -> Answer<'_, Identity> {
        Box::pin(async { Ok(Identity { chain: "growing".to_owned(), genesis: hash(0) }) })
    }

    fn tip(&self) -> Answer<'_, Tip> {
        Box::pin(async {
            self.count()?;
            Ok(Tip { head: header(self.height.fetch_add(1, Ordering::SeqCst)), finalized: None })
        })
    }

    fn header(&self, height: u64) -> Answer<'_, Option<Header>> {
        Box::pin(async move { Ok(Some(header(height))) })
    }

    fn transfers<'a>(&'a self, from: u64, to: u64, _: &'a Watch) -> Answer<'a, Scanned> {
        Box::pin(async move {
            self.count()?;
            let is_other_branch = self.contradicts.load(Ordering::SeqCst);
            let parent = if is_other_branch { hash(u64::MAX) } else { hash(from.saturating_sub(1)) };
            Ok(Scanned { parent, blocks: Vec::new(), end: header(to), provider: "growing".to_owned() })
        })
    }

    fn mempool<'a>(&'a self, _: &'a Watch) -> Answer<'a, Option<Vec<MempoolTransfer>>> {
        Box::pin(async { Ok(Some(Vec::new())) })
    }

    fn range_max(&self) -> u64 {
        100
    }
}

async fn world_over(provider: &Arc<Growing>) -> (World, ChainId) {
    let network: NetworkId = "bitcoin".parse().unwrap();
    let adapter: Arc<dyn Network> = Arc::<Growing>::clone(provider);
    let around = Around { adapters: BTreeMap::from([(network, adapter)]), ..Around::default() };
    let world = World::simulated(1, Arc::new(ManualClock::at(START)), around).await.unwrap();
    (world, ChainId { environment: Environment::Test, network })
}

async fn scanned_to(world: &World, id: ChainId) -> u64 {
    world.gateway.store().read(move |reader| reader.chain(id)).await.unwrap().unwrap().cursor.height
}

#[tokio::test]
async fn a_provider_that_contradicts_itself_is_given_up_and_asked_again_later() {
    let provider = Arc::new(Growing::default());
    let (world, id) = world_over(&provider).await;
    world.gateway.scan_to_tip(id).await.unwrap();
    let before = scanned_to(&world, id).await;
    provider.contradicts.store(true, Ordering::SeqCst);
    let given_up = world.gateway.scan_to_tip(id).await;
    let Err(ScanError::Network { error: NetworkError::Inconsistent(reason), .. }) = &given_up else {
        panic!("{given_up:?}")
    };
    assert_eq!(reason, "its answers contradict each other");
    assert_eq!(scanned_to(&world, id).await, before, "nothing that does not fit is taken in");
    provider.contradicts.store(false, Ordering::SeqCst);
    world.gateway.scan_to_tip(id).await.unwrap();
    assert!(scanned_to(&world, id).await > before, "it is read on from where it stood");
}

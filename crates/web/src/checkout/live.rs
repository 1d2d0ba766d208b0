//! One invoice's page as many see it: rendered once per change and language, whoever looks.
//!
//! No task runs here. Whoever waits for a change also carries the gateway's news to the others, one at a time; when nobody
//! looks, nothing is done.

use super::{
    NoPage, Shown,
    language::Tongue,
    pages::{self, Place},
    read, view_of,
};
use farthing_domain::{
    id::{Environment, InvoiceId},
    name::NetworkId,
    network::ChainId,
    time::Timestamp,
};
use farthing_gateway::gateway::{Chain, Gateway};
use std::{
    collections::HashMap,
    future::pending,
    sync::{Arc, Mutex, PoisonError, Weak},
};
use tokio::sync::{
    broadcast::{self, error::RecvError},
    watch,
};

/// Everybody who looks at a page.
pub(super) struct Audience {
    gateway: Arc<Gateway>,
    topics: Mutex<HashMap<InvoiceId, Weak<Topic>>>,
    /// Held by the watcher who carries the news at the moment.
    news: tokio::sync::Mutex<broadcast::Receiver<InvoiceId>>,
}

/// An invoice that is looked at.
struct Topic {
    invoice: InvoiceId,
    token: String,
    /// Grows with every change.
    version: watch::Sender<u64>,
    /// As last rendered; there are few languages.
    last: tokio::sync::Mutex<HashMap<Tongue, Fragment>>,
}

/// The changing part of a page as it was rendered, and what it was rendered from.
#[derive(Clone)]
pub(super) struct Fragment {
    /// The HTML.
    pub(super) html: Arc<str>,
    /// Whether nothing is expected to change any more.
    pub(super) is_final: bool,
    version: u64,
    environment: Environment,
    /// The heads by which confirmations were counted.
    heads: Vec<(NetworkId, Option<u64>)>,
    changes_at: Option<Timestamp>,
    test_offset_ms: i64,
}

impl Fragment {
    /// Whether it would be rendered alike now, if nothing happened to the invoice.
    fn is_fresh(&self, gateway: &Gateway) -> bool {
        let heads_stand =
            self.heads.iter().all(|(network, head)| *head == head_of(gateway, self.environment, *network));
        let now = gateway.clocks().now(self.environment);
        let clock_stands =
            self.environment == Environment::Live || self.test_offset_ms == gateway.clocks().test_offset_ms();
        heads_stand && clock_stands && self.changes_at.is_none_or(|at| now < at)
    }
}

/// One who looks at an invoice.
pub(super) struct Watcher {
    audience: Arc<Audience>,
    topic: Arc<Topic>,
    tongue: Tongue,
    version: watch::Receiver<u64>,
}

impl Audience {
    /// Nobody yet.
    pub(super) fn new(gateway: &Arc<Gateway>) -> Self {
        Self {
            gateway: Arc::clone(gateway),
            topics: Mutex::default(),
            news: tokio::sync::Mutex::new(gateway.changes()),
        }
    }

    /// Someone comes to look at an invoice. Changes from now on are not missed.
    pub(super) fn join(self: &Arc<Self>, invoice: InvoiceId, token: &str, tongue: Tongue) -> Watcher {
        let mut topics = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
        let topic = topics.get(&invoice).and_then(Weak::upgrade).unwrap_or_else(|| {
            let topic = Arc::new(Topic {
                invoice,
                token: token.to_owned(),
                version: watch::Sender::new(0),
                last: tokio::sync::Mutex::default(),
            });
            topics.insert(invoice, Arc::downgrade(&topic));
            topic
        });
        let version = topic.version.subscribe();
        Watcher { audience: Arc::clone(self), topic, tongue, version }
    }

    /// Carries the gateway's news to the topics for as long as it is polled. Never ends.
    async fn carry_news(&self) {
        let mut news = self.news.lock().await;
        loop {
            match news.recv().await {
                Ok(invoice) => self.tell(Some(invoice)),
                // Some were lost: everything may have changed.
                Err(RecvError::Lagged(_)) => self.tell(None),
                Err(RecvError::Closed) => pending().await,
            }
        }
    }

    /// Says that an invoice changed, or that any may have.
    fn tell(&self, invoice: Option<InvoiceId>) {
        let topics = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = |topic: Arc<Topic>| topic.version.send_modify(|version| *version = version.wrapping_add(1));
        match invoice {
            Some(invoice) => topics.get(&invoice).and_then(Weak::upgrade).into_iter().for_each(changed),
            None => topics.values().filter_map(Weak::upgrade).for_each(changed),
        }
    }
}

impl Watcher {
    /// The page's changing part now: rendered for the first who asks after a change, the same text for all others.
    ///
    /// # Errors
    /// When the invoice cannot be read.
    pub(super) async fn fragment(&self) -> Result<Fragment, NoPage> {
        let gateway = &self.audience.gateway;
        let mut last = self.topic.last.lock().await;
        let version = *self.topic.version.borrow();
        if let Some(fragment) =
            last.get(&self.tongue).filter(|fragment| fragment.version == version && fragment.is_fresh(gateway))
        {
            return Ok(fragment.clone());
        }
        let shown = read(gateway, &self.topic.token).await?;
        let place = Place { token: &self.topic.token, tongue: self.tongue };
        let fragment = render(gateway, &shown, place, version)?;
        last.insert(self.tongue, fragment.clone());
        Ok(fragment)
    }

    /// Waits until the invoice changes. Nothing is lost when this is given up and called again.
    pub(super) async fn changed(&mut self) {
        let Self { audience, version, .. } = self;
        tokio::select! {
            // The sender lives as long as this watcher's topic.
            _ = version.changed() => {}
            () = audience.carry_news() => {}
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let mut topics = self.audience.topics.lock().unwrap_or_else(PoisonError::into_inner);
        // Under the lock nobody else can come to look; so one means this watcher.
        if Arc::strong_count(&self.topic) == 1 {
            topics.remove(&self.topic.invoice);
        }
    }
}

fn render(gateway: &Gateway, shown: &Shown, place: Place<'_>, version: u64) -> Result<Fragment, NoPage> {
    let environment = shown.invoice.owner.environment;
    let test_offset_ms = gateway.clocks().test_offset_ms();
    let networks = shown.invoice.payments.iter().map(|payment| payment.key.network);
    let mut heads: Vec<_> = networks.map(|network| (network, head_of(gateway, environment, network))).collect();
    heads.dedup();
    let view = view_of(gateway, shown, place.tongue);
    let html = pages::live(&view, &shown.merchant, place).map_err(|error| {
        tracing::error!(%error, "a page cannot be rendered");
        NoPage::Unavailable
    })?;
    let html = Arc::from(html);
    Ok(Fragment {
        html,
        is_final: view.is_final,
        version,
        environment,
        heads,
        changes_at: view.changes_at,
        test_offset_ms,
    })
}

fn head_of(gateway: &Gateway, environment: Environment, network: NetworkId) -> Option<u64> {
    gateway.chain(ChainId { environment, network }).and_then(Chain::head)
}

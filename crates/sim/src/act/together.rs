//! Several things at once: the dice decide whose turn it is at each await, and when the process ends.

use super::{Outcome, shop::Asked, unexpected};
use crate::{
    memory::KnownRedelivery,
    simulation::{Simulation, TEST, test_chain, wake_all},
};
use farthing_domain::{
    asset::AssetId,
    id::{EndpointId, InvoiceId, MerchantId, Owner},
    invoice::Invoice,
    name::NetworkId,
    policy::Dialect,
};
use farthing_gateway::{
    change_invoice::ChangeError,
    create_invoice::{CreateError, Created},
    endpoints::EndpointError,
    expire::Waiting,
    scan::{Progress, ScanError},
};
use farthing_store::StoreError;
use std::{future::Future, pin::Pin, sync::Arc, task::Poll};

/// One of several things that are done at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// A shop creates an invoice.
    Create {
        /// Which shop.
        owner: Owner,
        /// The request.
        body: String,
        /// By which rules.
        dialect: Dialect,
    },
    /// It sends a request again.
    Repeat {
        /// Which shop.
        merchant: MerchantId,
        /// The key.
        key: String,
        /// Whether the request is the same.
        is_same: bool,
    },
    /// Somebody chooses a coin.
    Activate {
        /// Of which invoice.
        invoice: InvoiceId,
        /// Which.
        asset: AssetId,
    },
    /// Somebody cancels.
    Cancel {
        /// Which invoice.
        invoice: InvoiceId,
        /// Whether on the page.
        by_page: bool,
    },
    /// The scanner takes a step.
    Scan(NetworkId),
    /// Due invoices are settled.
    Expire,
    /// An endpoint's lane.
    Deliver(EndpointId),
    /// A shop asks for one of an endpoint's deliveries again.
    Redeliver {
        /// Whose.
        endpoint: EndpointId,
        /// Which, counted from the newest one and around.
        which: u64,
    },
}

enum Answered {
    Created(Asked, Result<Created, CreateError>),
    Changed { invoice: InvoiceId, is_cancelled: bool, result: Result<Invoice, ChangeError> },
    Scanned(Result<Progress, ScanError>),
    Settled(Result<Progress, StoreError>),
    Delivered(EndpointId, Result<usize, StoreError>),
    Repeated(Result<Option<KnownRedelivery>, EndpointError>),
}

type Running = Pin<Box<dyn Future<Output = Answered>>>;

impl Simulation {
    /// Does all of it at once, up to the await at which the process ends.
    pub(super) async fn together(&mut self, tasks: Vec<Task>, dies_after: Option<u32>) -> Outcome<String> {
        let mut running = Vec::new();
        for task in tasks {
            running.push(self.begin(task)?);
        }
        let mut turns: u32 = 0;
        let mut answers = Vec::new();
        while !running.is_empty() && dies_after.is_none_or(|end| turns < end) {
            turns = turns.saturating_add(1);
            let count = u64::try_from(running.len()).unwrap_or(1);
            let turn = usize::try_from(self.dice.below(count)).unwrap_or_default();
            let Some(task) = running.get_mut(turn) else { break };
            let polled = std::future::poll_fn(|context| Poll::Ready(task.as_mut().poll(context))).await;
            if let Poll::Ready(answered) = polled {
                drop(running.swap_remove(turn));
                answers.push(self.judge(answered));
            }
            wake_all().await;
        }
        let has_died = !running.is_empty();
        drop(running);
        let told: Vec<String> = answers.into_iter().map(|answer| self.forgive(answer)).collect::<Outcome<_>>()?;
        if has_died {
            self.restart().await?;
        }
        Ok(format!("{} answered in {turns} turns: {}", told.len(), told.join("; ")))
    }

    fn begin(&mut self, task: Task) -> Outcome<Running> {
        let gateway = Arc::clone(self.gateway()?);
        Ok(match task {
            Task::Create { owner, body, dialect } => {
                let (asked, command) = self.ask(owner, &body, dialect)?;
                Box::pin(async move { Answered::Created(asked, gateway.create_invoice(command).await) })
            }
            Task::Repeat { merchant, key, is_same } => {
                let (body, dialect) = self.body_again(merchant, &key, is_same)?;
                let (asked, command) = self.ask(Owner { merchant, environment: TEST }, &body, dialect)?;
                Box::pin(async move { Answered::Created(asked, gateway.create_invoice(command).await) })
            }
            Task::Activate { invoice, asset } => {
                let which = self.which(invoice, false)?;
                Box::pin(async move {
                    let result = gateway.activate(which, asset).await;
                    Answered::Changed { invoice, is_cancelled: false, result }
                })
            }
            Task::Cancel { invoice, by_page } => {
                let which = self.which(invoice, by_page)?;
                self.intend_to_cancel(invoice);
                Box::pin(async move {
                    let result = gateway.cancel(which).await;
                    Answered::Changed { invoice, is_cancelled: true, result }
                })
            }
            Task::Scan(network) => Box::pin(async move { Answered::Scanned(gateway.scan(test_chain(network)).await) }),
            Task::Expire => Box::pin(async move { Answered::Settled(gateway.expire(TEST, Waiting::Now).await) }),
            Task::Deliver(id) => Box::pin(async move { Answered::Delivered(id, gateway.deliver_to(id).await) }),
            Task::Redeliver { endpoint, which } => {
                let wish = self.wish(endpoint, which)?;
                Box::pin(async move { Answered::Repeated(wish.ask(gateway).await) })
            }
        })
    }

    fn judge(&mut self, answered: Answered) -> Outcome<String> {
        match answered {
            Answered::Created(asked, result) => self.judge_created(&asked, result),
            Answered::Changed { invoice, is_cancelled, result } => self.judge_changed(invoice, is_cancelled, result),
            Answered::Scanned(result) => self.scanned(result.map(|progress| format!("{progress:?}"))),
            Answered::Settled(result) => result.map(|progress| format!("{progress:?}")).map_err(unexpected),
            Answered::Delivered(endpoint, result) => {
                let made = result.map_err(unexpected)?;
                self.memory.attempted(endpoint, made);
                Ok(format!("{made} attempts"))
            }
            Answered::Repeated(answered) => self.judge_wish(answered),
        }
    }
}

//! The invoice: its terms, the facts recorded of it, and the few ways in which facts are added.
//!
//! Every method records a fact, settles, and answers what is to be told. None reads a clock and none can fail half-way.

mod observe;

use crate::{
    asset::AssetId,
    decimal::Decimal,
    event::{self, Event, EventKind},
    id::{CredentialId, InvoiceId, Owner, StaticAddressId},
    payment::{Acceptance, Payment, PaymentKey},
    policy::{Dialect, LateMoney, MerchantCancel, Policy, WindowStart},
    price::Price,
    quote::Quote,
    settle,
    standing::{PaymentStatus, Standing, Status},
    time::Timestamp,
};
use alloc::{string::String, vec::Vec};
use serde::{Deserialize, Serialize};

/// What a payer may pay with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// This asset only.
    Fixed(AssetId),
    /// Any asset on sale; the payer chooses.
    Any,
}

/// Where an invoice came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// An API call, by that API.
    Api(Dialect),
    /// A deposit to this permanent address.
    StaticAddress(StaticAddressId),
}

impl Source {
    /// As the native API shows it: `api`, `static_address`, or a dialect's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Api(Dialect::Native) => "api",
            Self::Api(dialect) => dialect.as_str(),
            Self::StaticAddress(_) => "static_address",
        }
    }
}

/// What a request of another API than the native one said beyond its terms, kept to be echoed. It decides nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Foreign {
    /// The credential that made the invoice: its callbacks are signed with it.
    pub credential: CredentialId,
    /// What that API calls the invoice.
    pub name: String,
    /// Where callbacks of this invoice go; `None`: where the credential's go.
    pub callback_url: Option<String>,
    /// The rest, as JSON text that only that API's forms read.
    pub said: String,
}

/// What the merchant asked for. Never changes after creation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The price.
    pub price: Price,
    /// What it may be paid with.
    pub choice: Choice,
    /// Whether it starts as a draft that the payer activates.
    pub is_deferred: bool,
    /// The largest shortfall that still counts as paid, in the price's own currency; less than the price.
    pub tolerance: Decimal,
    /// The window's length in seconds where the merchant set one.
    pub window_seconds: Option<i64>,
    /// What is being paid for.
    pub description: Option<String>,
    /// The merchant's own reference.
    pub external_id: Option<String>,
    /// The key under which a repeated creation answers this invoice.
    pub idempotency_key: Option<String>,
    /// The merchant's own object, as JSON text; `{}` when there is none.
    pub metadata: String,
    /// Where the payer returns to.
    pub redirect_url: Option<String>,
    /// Where to write to the payer.
    pub customer_email: Option<String>,
    /// The assets to choose from where the choice is open; empty: all that are on sale.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub coins: Vec<AssetId>,
    /// What another API needs to remember; `None` for the native one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreign: Option<Foreign>,
}

impl Terms {
    /// Whether it may be paid with this asset, by the choice alone.
    #[must_use]
    pub fn offers(&self, asset: AssetId) -> bool {
        match self.choice {
            Choice::Fixed(fixed) => fixed == asset,
            Choice::Any => self.coins.is_empty() || self.coins.contains(&asset),
        }
    }
}

/// Who cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Canceller {
    /// The merchant, by API.
    Merchant,
    /// The payer, on the checkout page.
    Payer,
}

/// That an invoice was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancellation {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Canceller,
}

/// Why something cannot be done to an invoice. The texts are fit for an answer to a client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Its status does not allow it.
    #[error("an invoice that is {status} cannot be {action}")]
    State {
        /// Its status.
        status: Status,
        /// What was asked for: `cancelled`, `activated`.
        action: &'static str,
    },
    /// It is locked to one asset.
    #[error("this invoice can be paid only with {0}")]
    Locked(AssetId),
    /// It is not among those to choose from.
    #[error("this invoice cannot be paid with {0}")]
    NotOffered(AssetId),
    /// The policy never allows it.
    #[error("this kind of invoice cannot be {0}")]
    Policy(&'static str),
    /// There is no such payment on it.
    #[error("the invoice has no such payment")]
    NoSuchPayment,
    /// Another choice was made often enough: each adds a quote that is kept for ever.
    #[error("the currency of this invoice was chosen {ACTIVATIONS_MAX} times already")]
    TooManyChoices,
}

/// How often a quote may be chosen for one invoice.
pub const ACTIVATIONS_MAX: u32 = 50;

/// An invoice with everything recorded of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invoice {
    /// Its id.
    pub id: InvoiceId,
    /// Whose it is.
    pub owner: Owner,
    /// The rules it follows; fixed at creation.
    pub policy: Policy,
    /// Where it came from.
    pub source: Source,
    /// The secret part of its checkout page's address: at least 128 random bits.
    pub token: String,
    /// What the merchant asked for.
    pub terms: Terms,
    /// When it was created.
    pub created_at: Timestamp,
    /// Until when a draft waits; `None` for an invoice that never was one.
    pub draft_deadline: Option<Timestamp>,
    /// When the payer's window ends; `None` before activation and for deposits to permanent addresses.
    pub deadline: Option<Timestamp>,
    /// When it was first activated; `None` for an invoice that never was a draft.
    pub activated_at: Option<Timestamp>,
    /// How often a quote was chosen.
    pub activation_count: u32,
    /// That it was cancelled.
    pub cancellation: Option<Cancellation>,
    /// When the merchant marked it invalid.
    pub marked_invalid_at: Option<Timestamp>,
    /// Every network of the invoice was scanned to a tip that was read at or after this moment.
    pub scanned_through: Option<Timestamp>,
    /// When it first became paid.
    pub paid_once_at: Option<Timestamp>,
    /// What it comes to in each asset chosen so far, oldest first.
    pub quotes: Vec<Quote>,
    /// What chains said about its addresses, in the order of recording.
    pub payments: Vec<Payment>,
    /// What all this comes to.
    pub standing: Standing,
}

/// What is needed to open an invoice.
#[derive(Debug, Clone)]
pub struct NewInvoice {
    /// Its id.
    pub id: InvoiceId,
    /// Whose it is.
    pub owner: Owner,
    /// The rules it follows.
    pub policy: Policy,
    /// Where it comes from.
    pub source: Source,
    /// The secret of its checkout page.
    pub token: String,
    /// What the merchant asks for.
    pub terms: Terms,
    /// The quote, unless the payer is to choose or to activate first.
    pub quote: Option<Quote>,
}

impl Invoice {
    /// Opens an invoice and says that it was created.
    #[must_use]
    pub fn open(new: NewInvoice, now: Timestamp) -> (Self, Vec<Event>) {
        let is_draft = new.terms.is_deferred;
        let mut invoice = Self {
            id: new.id,
            owner: new.owner,
            source: new.source,
            token: new.token,
            created_at: now,
            draft_deadline: new.policy.draft_seconds.filter(|_| is_draft).map(|seconds| now.plus_seconds(seconds)),
            deadline: None,
            activated_at: None,
            activation_count: 0,
            cancellation: None,
            marked_invalid_at: None,
            scanned_through: None,
            paid_once_at: None,
            quotes: new.quote.into_iter().collect(),
            payments: Vec::new(),
            standing: Standing::unsettled(now),
            policy: new.policy,
            terms: new.terms,
        };
        let waits_for_activation =
            is_draft && invoice.policy.window.is_some_and(|window| window.start == WindowStart::FirstActivation);
        if !waits_for_activation {
            invoice.deadline = invoice.window_end(now);
        }
        invoice.standing = settle::settle(&invoice, now);
        (invoice, alloc::vec![Event::of(EventKind::Created)])
    }

    /// When a window that starts now ends; `None` where the policy has none.
    #[must_use]
    pub fn window_end(&self, now: Timestamp) -> Option<Timestamp> {
        let window = self.policy.window?;
        Some(now.plus_seconds(self.terms.window_seconds.unwrap_or(window.seconds)))
    }

    /// When a quote made now would lapse: with the policy's quote window, at the latest with the invoice's.
    #[must_use]
    pub fn quote_end(&self, now: Timestamp) -> Option<Timestamp> {
        let invoice_end = self.deadline.or_else(|| self.window_end(now))?;
        let held = self.policy.quote_seconds.map(|seconds| now.plus_seconds(seconds));
        Some(held.map_or(invoice_end, |end| end.min(invoice_end)))
    }

    /// Whether a quote in `asset` may be asked for now.
    ///
    /// # Errors
    /// When the status does not allow it or the invoice is locked to another asset.
    pub fn may_activate(&self, asset: AssetId, now: Timestamp) -> Result<(), Refusal> {
        let standing = settle::settle(self, now);
        let status = standing.status;
        let refused = Err(Refusal::State { status, action: "activated" });
        match status {
            Status::Draft if self.draft_deadline.is_none_or(|deadline| now < deadline) => {}
            Status::Pending | Status::Underpaid if !standing.is_final && self.deadline.is_none_or(|end| now < end) => {}
            Status::Draft
            | Status::Pending
            | Status::Underpaid
            | Status::Confirming
            | Status::Paid
            | Status::Overpaid
            | Status::Expired
            | Status::DraftExpired
            | Status::Cancelled
            | Status::Invalid => return refused,
        }
        if self.activation_count >= ACTIVATIONS_MAX {
            return Err(Refusal::TooManyChoices);
        }
        match self.terms.choice {
            Choice::Fixed(locked) if locked != asset => Err(Refusal::Locked(locked)),
            Choice::Fixed(_) if !self.quotes.is_empty() => refused,
            Choice::Any if !self.terms.offers(asset) => Err(Refusal::NotOffered(asset)),
            Choice::Fixed(_) | Choice::Any => Ok(()),
        }
    }

    /// Records the payer's choice. The first one starts the window where the policy says so.
    ///
    /// # Errors
    /// As [`Self::may_activate`].
    pub fn activate(&mut self, quote: Quote, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        self.may_activate(quote.due.asset, now)?;
        if self.terms.is_deferred && self.activated_at.is_none() {
            self.activated_at = Some(now);
        }
        self.deadline = self.deadline.or_else(|| self.window_end(now));
        self.activation_count = self.activation_count.saturating_add(1);
        self.quotes.push(quote);
        let mut events = alloc::vec![Event::of(EventKind::Activated)];
        events.extend(self.resettle(now));
        Ok(events)
    }

    /// Whether the rate held for `asset` has lapsed and is to be renewed: the policy says so, the window is open, and the
    /// payer still has something to pay.
    #[must_use]
    pub fn may_renew(&self, asset: AssetId, now: Timestamp) -> bool {
        let latest = self.quotes.iter().rfind(|quote| quote.due.asset == asset);
        let has_lapsed = latest.is_some_and(|quote| quote.ends_at.is_some_and(|end| now >= end));
        let is_open = self.deadline.is_some_and(|deadline| now < deadline);
        let standing = settle::settle(self, now);
        let is_owed = matches!(standing.status, Status::Pending | Status::Underpaid) && !standing.is_final;
        self.policy.quote_renews && has_lapsed && is_open && is_owed
    }

    /// Records a new quote in place of a lapsed one, on the same address. It is no choice of the payer's: nothing is counted
    /// and nothing is told.
    ///
    /// # Errors
    /// When there is nothing to renew ([`Self::may_renew`]).
    pub fn renew(&mut self, quote: Quote, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        if !self.may_renew(quote.due.asset, now) {
            return Err(Refusal::State { status: self.standing.status, action: "renewed" });
        }
        self.quotes.push(quote);
        Ok(self.resettle(now))
    }

    /// Cancels, if the policy lets that person.
    ///
    /// # Errors
    /// When the policy never does, or not in this status.
    pub fn cancel(&mut self, by: Canceller, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        let nothing_seen = !self.payments.iter().any(Payment::stands);
        let standing = settle::settle(self, now);
        let waits = matches!(standing.status, Status::Draft | Status::Pending);
        let allowed = match (by, self.policy.merchant_cancel) {
            (Canceller::Payer, _) if !self.policy.payer_cancel => {
                return Err(Refusal::Policy("cancelled by the payer"));
            }
            (Canceller::Merchant, MerchantCancel::Never) => return Err(Refusal::Policy("cancelled")),
            (Canceller::Payer, _) | (Canceller::Merchant, MerchantCancel::WhileNothingSeen) => waits && nothing_seen,
            (Canceller::Merchant, MerchantCancel::WhileNotFinal) => !standing.is_final,
        };
        if !allowed {
            return Err(Refusal::State { status: standing.status, action: "cancelled" });
        }
        self.cancellation = Some(Cancellation { at: now, by });
        Ok(self.resettle(now))
    }

    /// Records that the merchant holds the invoice for invalid.
    pub fn mark_invalid(&mut self, now: Timestamp) -> Vec<Event> {
        self.marked_invalid_at.get_or_insert(now);
        self.resettle(now)
    }

    /// Records that the merchant lets late money count.
    ///
    /// # Errors
    /// When its policy never counts late money, or it has no such payment.
    pub fn accept(&mut self, key: &PaymentKey, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        if self.policy.late == LateMoney::Never {
            return Err(Refusal::Policy("credited with late money"));
        }
        let payment = self.payments.iter_mut().find(|payment| payment.key == *key).ok_or(Refusal::NoSuchPayment)?;
        payment.acceptance.get_or_insert(Acceptance { at: now });
        Ok(self.resettle(now))
    }

    /// Records that every network of the invoice was scanned to a tip read at or after `through`.
    pub fn scanned(&mut self, through: Timestamp, now: Timestamp) -> Vec<Event> {
        self.scanned_through = self.scanned_through.max(Some(through));
        self.resettle(now)
    }

    /// Settles anew and says what changed.
    pub fn resettle(&mut self, now: Timestamp) -> Vec<Event> {
        let after = settle::settle(self, now);
        if matches!(after.status, Status::Paid | Status::Overpaid) && self.paid_once_at.is_none() {
            self.paid_once_at = after.paid_at;
        }
        let events = event::difference(&self.standing, self, &after);
        self.standing = after;
        events
    }

    /// The quote by which money in an asset counts when it was first seen at `seen`: the latest made before, else the first.
    #[must_use]
    pub fn quote_for(&self, asset: AssetId, seen: Timestamp) -> Option<&Quote> {
        let mut of_asset = self.quotes.iter().filter(|quote| quote.due.asset == asset);
        let first = of_asset.next()?;
        Some(of_asset.rfind(|quote| quote.made_at <= seen).unwrap_or(first))
    }

    /// The quote that the payer sees: the latest.
    #[must_use]
    pub fn latest_quote(&self) -> Option<&Quote> {
        self.quotes.last()
    }

    /// The address that the invoice has for an asset.
    #[must_use]
    pub fn address_for(&self, asset: AssetId) -> Option<&str> {
        self.quotes.iter().find(|quote| quote.due.asset == asset).map(|quote| quote.address.as_str())
    }

    /// What a payment's status is, as the facts have it.
    #[must_use]
    pub const fn status_of(payment: &Payment) -> PaymentStatus {
        match payment {
            Payment { rejection: Some(_), .. } => PaymentStatus::Rejected,
            Payment { reversed_at: Some(_), .. } => PaymentStatus::Reversed,
            Payment { final_since: Some(_), .. } => PaymentStatus::Confirmed,
            Payment { block: Some(_), .. } => PaymentStatus::Confirming,
            _ => PaymentStatus::Detected,
        }
    }
}

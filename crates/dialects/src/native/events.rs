//! Events on the wire: their names, who gets which, and their bodies (contract, sections 7.3, 7.4 and 11).
//!
//! A body is rendered once, when the event is written, and sent and fed as those bytes for ever.

use core::{fmt, str::FromStr};
use farthing_domain::{
    event::{Event, EventKind},
    id::Environment,
    invoice::Invoice,
    payment::Payment,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::{
    moment::rfc3339,
    present::{Context, InvoiceView, PaymentView, payments},
};

/// The name of an event that an endpoint can subscribe to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventName {
    /// An event of an invoice.
    Invoice(EventKind),
    /// Money became spendable.
    BalanceCredited,
    /// A payout was confirmed.
    PayoutCompleted,
    /// A payout failed.
    PayoutFailed,
    /// A test message.
    Test,
}

impl EventName {
    /// The fifteen that are documented, in the documentation's order: what an endpoint gets that names none.
    pub const DOCUMENTED: [Self; 15] = [
        Self::Invoice(EventKind::Activated),
        Self::Invoice(EventKind::Confirming),
        Self::Invoice(EventKind::DraftExpired),
        Self::Invoice(EventKind::Paid),
        Self::Invoice(EventKind::Overpaid),
        Self::Invoice(EventKind::Underpaid),
        Self::Invoice(EventKind::Sent),
        Self::Invoice(EventKind::Expired),
        Self::Invoice(EventKind::Invalid),
        Self::Invoice(EventKind::LateDeposit),
        Self::Invoice(EventKind::DepositReversed),
        Self::BalanceCredited,
        Self::PayoutCompleted,
        Self::PayoutFailed,
        Self::Test,
    ];

    /// The five beyond, which an endpoint gets only by name.
    pub const ON_REQUEST: [Self; 5] = [
        Self::Invoice(EventKind::Created),
        Self::Invoice(EventKind::PaymentDetected),
        Self::Invoice(EventKind::PaymentDropped),
        Self::Invoice(EventKind::Cancelled),
        Self::Invoice(EventKind::DepositRejected),
    ];

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invoice(kind) => kind.as_str(),
            Self::BalanceCredited => "balance.credited",
            Self::PayoutCompleted => "payout.completed",
            Self::PayoutFailed => "payout.failed",
            Self::Test => "test",
        }
    }

    /// All twenty, the documented first.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::DOCUMENTED.into_iter().chain(Self::ON_REQUEST)
    }

    /// The documented fifteen as texts, for an endpoint that names none.
    #[must_use]
    pub fn documented() -> Vec<String> {
        Self::DOCUMENTED.iter().map(ToString::to_string).collect()
    }
}

impl fmt::Display for EventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A text that names no event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not an event")]
pub struct UnknownEventName;

impl FromStr for EventName {
    type Err = UnknownEventName;
    fn from_str(text: &str) -> Result<Self, UnknownEventName> {
        Self::all().find(|name| name.as_str() == text).ok_or(UnknownEventName)
    }
}

/// The body of an event of an invoice, as webhooks send it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = InvoiceEvent)]
pub struct InvoiceEventBody {
    /// The event's name.
    #[schema(value_type = String, example = "invoice.paid")]
    pub event: &'static str,
    /// When it happened.
    #[schema(format = DateTime, example = "2026-03-01T12:09:30Z")]
    pub created_at: String,
    /// The invoice as it was then.
    pub data: InvoiceEventData,
}

/// An invoice as an event tells of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct InvoiceEventData {
    /// All fields of the invoice.
    #[serde(flatten)]
    pub invoice: InvoiceView,
    /// The invoice's id again, under the name that receivers look for.
    #[schema(format = "uuid", example = "0197f6a2-c1d2-7b7e-8a51-3b2f3a6f9b10")]
    pub invoice_id: String,
    /// The payment that the event is about: with `invoice.payment_detected`, `invoice.payment_dropped`,
    /// `invoice.late_deposit`, `invoice.deposit_reversed` and `invoice.deposit_rejected` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment: Option<EventPayment>,
}

/// The payment that an event is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct EventPayment {
    /// All fields of the payment.
    #[serde(flatten)]
    pub payment: PaymentView,
    /// Why it is told: `late`, `reversed`, `dropped`, `wrong_asset`, `nothing`; null for a payment that was detected.
    #[schema(required = true, value_type = Option<String>, example = "late")]
    pub reason: Option<&'static str>,
}

/// Renders an event of an invoice, as it is sent and fed.
#[must_use]
pub fn event_body(event: &Event, created_at: Timestamp, invoice: &Invoice, context: &Context<'_>) -> Vec<u8> {
    let about = event.payment.as_ref();
    let told = payments(invoice, context).find(|(payment, _)| Some(&payment.key) == about);
    let body = InvoiceEventBody {
        event: event.kind.as_str(),
        created_at: rfc3339(created_at),
        data: InvoiceEventData {
            invoice: InvoiceView::of(invoice, context),
            invoice_id: invoice.id.to_string(),
            payment: told.map(|(payment, view)| EventPayment { payment: view, reason: reason(event.kind, payment) }),
        },
    };
    written(&body)
}

fn reason(kind: EventKind, payment: &Payment) -> Option<&'static str> {
    match kind {
        EventKind::LateDeposit => Some("late"),
        EventKind::DepositReversed => Some("reversed"),
        EventKind::PaymentDropped => Some("dropped"),
        EventKind::DepositRejected => payment.rejection.map(farthing_domain::payment::Rejection::as_str),
        EventKind::Created
        | EventKind::Activated
        | EventKind::PaymentDetected
        | EventKind::Confirming
        | EventKind::Paid
        | EventKind::Overpaid
        | EventKind::Underpaid
        | EventKind::Expired
        | EventKind::DraftExpired
        | EventKind::Cancelled
        | EventKind::Invalid
        | EventKind::Sent => None,
    }
}

/// The body of a test message: the only one with `type`, and without `event` and `data`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TestEventBody {
    /// Always `test`.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "test")]
    pub type_: &'static str,
    /// A sentence.
    #[schema(example = "This is a test event from Farthing.")]
    pub message: String,
    /// `live` or `test`.
    #[schema(value_type = String, example = "test")]
    pub environment: &'static str,
    /// When it was asked for.
    #[schema(format = DateTime, example = "2026-03-01T12:00:00Z")]
    pub created_at: String,
}

/// Renders a test message.
#[must_use]
pub fn test_body(environment: Environment, created_at: Timestamp) -> Vec<u8> {
    written(&TestEventBody {
        type_: EventName::Test.as_str(),
        message: "This is a test event from Farthing.".to_owned(),
        environment: environment.as_str(),
        created_at: rfc3339(created_at),
    })
}

fn written(body: &impl Serialize) -> Vec<u8> {
    #[expect(clippy::expect_used, reason = "the bodies' maps have text keys and nothing in them can fail to serialise")]
    serde_json::to_vec(body).expect("bodies serialise")
}

/// An event of the feed `GET /api/v1/events`.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = FeedEvent)]
pub struct EventItem {
    /// The event's id: the `webhook-id` of its deliveries.
    #[schema(format = "uuid", example = "0197f6ab-0c3d-7a52-b0f4-5e2c8d1f9a77")]
    pub id: String,
    /// Its number: without gaps per merchant and environment, from 1.
    #[schema(example = 20)]
    pub sequence: u64,
    /// Its name.
    #[schema(example = "invoice.paid")]
    pub event: String,
    /// When it happened.
    #[schema(format = DateTime, example = "2026-03-01T12:09:30Z")]
    pub created_at: String,
    /// What the webhook's `data` holds.
    #[schema(value_type = InvoiceEventData)]
    pub data: Box<RawValue>,
}

/// A stored body that is not one: the store was changed by something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a stored event's body cannot be read")]
pub struct UnreadableBody;

impl EventItem {
    /// Shows a stored event by the bytes that its webhooks sent.
    ///
    /// # Errors
    /// When the bytes are no body of [`event_body`].
    pub fn of(id: String, sequence: u64, body: &[u8]) -> Result<Self, UnreadableBody> {
        #[derive(Deserialize)]
        struct Stored {
            event: String,
            created_at: String,
            data: Box<RawValue>,
        }
        let Stored { event, created_at, data } = serde_json::from_slice(body).map_err(|_| UnreadableBody)?;
        Ok(Self { id, sequence, event, created_at, data })
    }
}

#[cfg(test)]
mod tests;

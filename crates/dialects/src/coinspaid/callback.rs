//! What `CoinsPaid` tells of an invoice (A.9): on every change of its status, and on each instalment.

use super::{
    currencies,
    deposits::{self, DepositStatus, SaidOfAddress},
    php_json::Php,
    present::{Times, code_said, currency, id, price, rounded_down, rounded_up},
    request::Said,
    signature,
    status::{InvoiceStatus, error, was_slow},
};
use crate::{
    callbacks::{Around, Attempt, Change},
    naming::Numbered,
};
use farthing_domain::{
    asset::AssetId,
    event::EventKind,
    invoice::{Invoice, Source},
    money::Amount,
    payment::{Payment, PaymentKey},
    quote::Quote,
    settle::still_due_by,
    standing::{PaymentStanding, PaymentStatus, Standing, Timeliness},
    time::Timestamp,
};

/// Which callback a change makes: none for creation and for the choice of a coin, which are documented for nobody.
#[must_use]
pub fn told(change: &Change<'_>) -> Option<&'static str> {
    match change.invoice.source {
        Source::StaticAddress(_) => told_of_deposit(change),
        Source::Api(_) => told_of_invoice(change),
    }
}

/// A deposit is told when it is seen, and on every change of its status; one that never counted is not.
fn told_of_deposit(change: &Change<'_>) -> Option<&'static str> {
    let now = DepositStatus::of(&change.invoice.standing);
    let is_told = match change.before {
        None => now != DepositStatus::Cancelled,
        Some(before) => now != DepositStatus::of(before),
    };
    is_told.then_some("deposit")
}

fn told_of_invoice(change: &Change<'_>) -> Option<&'static str> {
    let now = InvoiceStatus::of(change.invoice, &change.invoice.standing);
    let then = InvoiceStatus::of(change.invoice, change.before?);
    let is_instalment = now == InvoiceStatus::Pending && has_new_money(change);
    let is_choice = then == InvoiceStatus::Created && now == InvoiceStatus::Pending;
    let is_told = is_instalment || (now != then && !is_choice && now != InvoiceStatus::Created);
    is_told.then_some("invoice")
}

/// Whether money that counts was seen for the first time.
fn has_new_money(change: &Change<'_>) -> bool {
    let invoice = change.invoice;
    let counts = |key: &PaymentKey| {
        let pairs = invoice.payments.iter().zip(&invoice.standing.payments);
        pairs.into_iter().any(|(payment, standing)| payment.key == *key && standing.counts())
    };
    let seen = change.events.iter().filter(|event| event.kind == EventKind::PaymentDetected);
    seen.filter_map(|event| event.payment.as_ref()).any(counts)
}

/// What is numbered beside the invoice: its address and its payments.
#[must_use]
pub fn numbered(invoice: &Invoice) -> Vec<(Numbered, String)> {
    let address = invoice.latest_quote().map(|quote| (Numbered::Address, quote.address.clone()));
    let payments = invoice.payments.iter().map(|payment| (Numbered::Transaction, thing(&payment.key)));
    address.into_iter().chain(payments).collect()
}

/// How a payment is known by its number.
fn thing(key: &PaymentKey) -> String {
    format!("{}/{}/{}", key.network, key.transaction, key.position)
}

/// The body.
#[must_use]
pub fn body(invoice: &Invoice, around: &Around<'_>) -> Vec<u8> {
    match invoice.source {
        Source::StaticAddress(_) => deposit_body(invoice, around),
        Source::Api(_) => invoice_body(invoice, around),
    }
}

/// A deposit's body (A.9.5).
fn deposit_body(invoice: &Invoice, around: &Around<'_>) -> Vec<u8> {
    let said = SaidOfAddress::of(invoice);
    let status = DepositStatus::of(&invoice.standing);
    let mut members = vec![("id", id(invoice))];
    if let Some(payer) = said.as_ref().and_then(|said| said.end_user_reference.as_deref()) {
        members.push(("end_user_reference", Php::text(payer)));
    }
    members.push(("type", Php::text("deposit")));
    if let Some(quote) = invoice.latest_quote() {
        let code = deposits::code(invoice, quote.due.asset);
        let amount = rounded_down(quote.due);
        let of_coin = |more: Vec<(&'static str, Php)>| {
            let both = [("currency", Php::text(code.as_str())), ("amount", Php::text(amount.as_str()))];
            Php::Object(both.into_iter().chain(more).collect())
        };
        let fee = [("type", "deposit"), ("currency", code.as_str()), ("amount", "0.00000000")];
        members.extend([
            ("crypto_address", deposit_address(quote, &code, said.as_ref(), around)),
            ("currency_sent", of_coin(Vec::new())),
            ("currency_received", of_coin(vec![("amount_minus_fee", Php::text(amount.as_str()))])),
            ("transactions", Php::List(all_transactions(invoice, around))),
            ("fees", Php::List(vec![Php::Object(fee.map(|(name, value)| (name, Php::text(value))).into())])),
        ]);
    }
    members.extend([("error", Php::text(status.error())), ("status", Php::text(status.as_str()))]);
    Php::Object(members).bytes()
}

fn deposit_address(quote: &Quote, code: &str, said: Option<&SaidOfAddress>, around: &Around<'_>) -> Php {
    Php::Object(vec![
        ("id", Php::Int(around.numbers.of(Numbered::Address, &quote.address).into())),
        ("currency", Php::text(code)),
        ("address", Php::text(quote.address.as_str())),
        ("tag", Php::Null),
        ("foreign_id", Php::text_or_null(said.map(|said| said.foreign_id.as_str()))),
    ])
}

/// An invoice's body (A.9.2), in the documented order.
fn invoice_body(invoice: &Invoice, around: &Around<'_>) -> Vec<u8> {
    let said = Said::of(invoice);
    let said = said.as_ref();
    let code = |asset| code_said(asset, said);
    let status = InvoiceStatus::of(invoice, &invoice.standing);
    let quote = invoice.latest_quote();
    let currency = currency(invoice, said);
    let times = Times::of(invoice);
    let mut members =
        vec![("id", id(invoice)), ("foreign_id", Php::text_or_null(invoice.terms.external_id.as_deref()))];
    if let Some(payer) = said.and_then(|said| said.end_user_reference.as_deref()) {
        members.push(("end_user_reference", Php::text(payer)));
    }
    members.extend([
        ("type", Php::text("invoice")),
        ("crypto_address", quote.map_or(Php::Null, |quote| address(quote, &code(quote.due.asset), &currency, around))),
        ("currency_sent", quote.map_or(Php::Null, |quote| sent(invoice, quote, code(quote.due.asset)))),
        (
            "currency_received",
            Php::Object(vec![("currency", Php::text(currency.as_str())), ("amount", Php::text(price(invoice)))]),
        ),
        ("transactions", Php::List(transactions(invoice, &code, around))),
        ("fees", Php::List(fees(status, &currency))),
        ("error", Php::text(error(invoice))),
        ("status", Php::text(status.as_str())),
        ("fixed_at", Php::int_or_null(times.fixed_at)),
        ("expires_at", Php::int_or_null(expires_at(invoice, status, &times))),
    ]);
    Php::Object(members).bytes()
}

fn address(quote: &Quote, code: &str, credited: &str, around: &Around<'_>) -> Php {
    let mut members = vec![
        ("id", Php::Int(around.numbers.of(Numbered::Address, &quote.address).into())),
        ("currency", Php::text(code)),
    ];
    if !currencies::means(credited, quote.due.asset) {
        members.push(("convert_to", Php::text(credited)));
    }
    members.extend([("address", Php::text(quote.address.as_str())), ("tag", Php::Null)]);
    Php::Object(members)
}

/// The whole amount that was expected, and what of it is missing.
fn sent(invoice: &Invoice, quote: &Quote, code: String) -> Php {
    let remaining = still_due_by(invoice, &as_received(invoice), quote.due.asset);
    let remaining = remaining.unwrap_or(Amount { units: 0, ..quote.due });
    Php::Object(vec![
        ("currency", Php::text(code)),
        ("amount", Php::text(rounded_up(quote.due))),
        ("remaining_amount", Php::text(rounded_up(remaining))),
    ])
}

/// The standing with money that came in time and was only too slow: an invoice that failed for it was not short.
fn as_received(invoice: &Invoice) -> Standing {
    let mut standing = invoice.standing.clone();
    for (payment, of) in invoice.payments.iter().zip(&mut standing.payments) {
        if was_slow(invoice, payment, of.timeliness) {
            of.timeliness = Timeliness::InTime;
        }
    }
    standing
}

/// Everything that stands on the chain, in the order in which it was recorded.
fn transactions(invoice: &Invoice, code: &dyn Fn(AssetId) -> String, around: &Around<'_>) -> Vec<Php> {
    let pairs = invoice.payments.iter().zip(&invoice.standing.payments);
    let standing =
        pairs.filter(|(payment, standing)| standing.counts() || was_slow(invoice, payment, standing.timeliness));
    let shown = |(payment, standing): (&Payment, &PaymentStanding)| {
        transaction(invoice, (payment, *standing), code(payment.asset), around)
    };
    standing.map(shown).collect()
}

/// A deposit's one transfer, whether or not it still stands.
fn all_transactions(invoice: &Invoice, around: &Around<'_>) -> Vec<Php> {
    let pairs = invoice.payments.iter().zip(&invoice.standing.payments);
    let shown = |(payment, standing): (&Payment, &PaymentStanding)| {
        transaction(invoice, (payment, *standing), deposits::code(invoice, payment.asset), around)
    };
    pairs.map(shown).collect()
}

fn transaction(
    invoice: &Invoice,
    (payment, standing): (&Payment, PaymentStanding),
    code: String,
    around: &Around<'_>,
) -> Php {
    let address = invoice.address_for(payment.asset).unwrap_or_default();
    Php::Object(vec![
        ("id", Php::Int(around.numbers.of(Numbered::Transaction, &thing(&payment.key)).into())),
        ("currency", Php::text(code)),
        ("transaction_type", Php::text("blockchain")),
        ("type", Php::text("deposit")),
        ("address", Php::text(address)),
        ("tag", Php::Null),
        ("amount", Php::text(rounded_down(payment.amount()))),
        ("txid", Php::text(payment.key.transaction.as_str())),
        ("confirmations", Php::text(confirmations(payment, standing, around).to_string())),
    ])
}

/// Clients need a text (A.9.2). What is final has at least one, also where a finality tag was faster than the count.
fn confirmations(payment: &Payment, standing: PaymentStanding, around: &Around<'_>) -> u64 {
    let counted = (around.context.heads)(payment.key.network).map_or(0, |head| payment.confirmations(head));
    match standing.status {
        PaymentStatus::Confirmed => counted.max(1),
        PaymentStatus::Detected | PaymentStatus::Confirming | PaymentStatus::Reversed | PaymentStatus::Rejected => {
            counted
        }
    }
}

/// Nobody takes a fee; a confirmed invoice says so where clients look for one.
fn fees(status: InvoiceStatus, currency: &str) -> Vec<Php> {
    let fee = || {
        let amount = Php::text("0.00000000");
        Php::Object(vec![
            ("type", Php::text("fee_crypto_deposit")),
            ("currency", Php::text(currency)),
            ("amount", amount),
        ])
    };
    match status {
        InvoiceStatus::Confirmed => vec![fee()],
        InvoiceStatus::Created | InvoiceStatus::Pending | InvoiceStatus::Processing | InvoiceStatus::Failed => {
            Vec::new()
        }
    }
}

/// While the whole amount waits for confirmations, patience ends 24 hours after the latest sighting (A.8.4).
fn expires_at(invoice: &Invoice, status: InvoiceStatus, times: &Times) -> Option<i64> {
    let pairs = invoice.payments.iter().zip(&invoice.standing.payments);
    let latest = pairs.filter(|(_, standing)| standing.counts()).map(|(payment, _)| payment.first_seen).max();
    let patience = match invoice.policy.grace {
        farthing_domain::policy::Grace::AfterLatestSighting(seconds) => latest.map(|seen| seen.plus_seconds(seconds)),
        farthing_domain::policy::Grace::AfterWindow(_) | farthing_domain::policy::Grace::AfterCreation(_) => None,
    };
    match status {
        InvoiceStatus::Processing | InvoiceStatus::Confirmed => patience.map(Timestamp::seconds).or(times.release_at),
        InvoiceStatus::Created | InvoiceStatus::Pending | InvoiceStatus::Failed => times.release_at,
    }
}

/// The headers: the same key and signature as of requests. The client that sends them writes names in title case.
#[must_use]
pub fn headers(attempt: &Attempt<'_>) -> Vec<(&'static str, String)> {
    vec![
        ("content-type", "application/json".to_owned()),
        (signature::KEY_HEADER, attempt.public_key.to_owned()),
        (signature::SIGNATURE_HEADER, signature::sign(attempt.secret, attempt.body)),
    ]
}

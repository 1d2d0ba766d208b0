//! Smaller parts of the page: time left, payments, details, notes, and how addresses and moments are written.

use super::{PaymentLine, Surroundings, TimeLeft, phase::Phase};
use crate::checkout::language::texts::Texts;
use farthing_dialects::native::moment::rfc3339;
use farthing_domain::{
    invoice::Invoice,
    price::Price,
    standing::{PaymentStanding, PaymentStatus, Timeliness},
    time::Timestamp,
};

/// Characters at both ends of an address that people compare.
const ENDS: usize = 6;

impl Surroundings<'_> {
    /// What else the payer should know.
    pub(super) fn notes(&self, invoice: &Invoice, phase: Phase) -> Vec<String> {
        let mut notes = Vec::new();
        for (payment, standing) in invoice.payments.iter().zip(&invoice.standing.payments) {
            let amount = self.amount(payment.amount());
            if standing.status == PaymentStatus::Rejected && payment.reversed_at.is_none() {
                notes.push(self.texts.fill(self.texts.rejected_note, &[("amount", &amount)]));
            } else if is_late(*standing) && !matches!(phase, Phase::Expired { .. }) {
                notes.push(self.texts.fill(self.texts.late_note, &[("amount", &amount)]));
            } else if standing.status == PaymentStatus::Reversed && phase.asks_for_money(invoice, self.now) {
                // Who does not know that it vanished may wait for it in vain, and who does may pay twice.
                notes.push(self.texts.fill(self.texts.gone_note, &[("amount", &amount)]));
            }
        }
        notes.dedup();
        notes
    }

    /// Money that arrived, oldest first.
    pub(super) fn payments(&self, invoice: &Invoice) -> Vec<PaymentLine> {
        let pairs = invoice.payments.iter().zip(&invoice.standing.payments);
        pairs
            .map(|(payment, standing)| PaymentLine {
                amount: self.amount(payment.amount()),
                status: payment_words(*standing, self.texts),
                transaction: payment.key.transaction.clone(),
            })
            .collect()
    }

    /// What is folded away at the end of the page.
    pub(super) fn details(&self, invoice: &Invoice) -> Vec<(&'static str, String)> {
        let mut rows = Vec::new();
        if let Price::Fiat(price) = invoice.terms.price {
            rows.push((self.texts.price, format!("{price} {}", price.currency)));
        }
        if let Some(quote) = invoice.latest_quote() {
            rows.push((self.texts.amount, self.amount(quote.due)));
            if let Some(rate) = &quote.rate {
                rows.push((self.texts.rate, format!("1 {} = {} {}", quote.due.asset.code, rate.value, rate.currency)));
                rows.push((self.texts.rate_of, readable(rate.at)));
            }
            rows.push((self.texts.network, self.network_name(quote.due.asset.network)));
            let contract = self.catalog.asset(quote.due.asset).and_then(|asset| asset.contract.clone());
            rows.extend(contract.map(|contract| (self.texts.token_contract, contract)));
            rows.push((self.texts.address, quote.address.clone()));
        }
        rows.push((self.texts.invoice, invoice.id.to_string()));
        rows.push((self.texts.created, readable(invoice.created_at)));
        rows
    }
}

fn is_late(standing: PaymentStanding) -> bool {
    standing.status.stands() && standing.timeliness == Timeliness::Late
}

const fn payment_words(standing: PaymentStanding, texts: &Texts) -> &'static str {
    match (standing.status, standing.timeliness) {
        (PaymentStatus::Reversed, _) => texts.gone,
        (PaymentStatus::Rejected, _) => texts.not_accepted,
        (PaymentStatus::Detected | PaymentStatus::Confirming | PaymentStatus::Confirmed, Timeliness::Late) => {
            texts.late
        }
        (PaymentStatus::Detected, _) => texts.seen,
        (PaymentStatus::Confirming, _) => texts.confirming,
        (PaymentStatus::Confirmed, _) => texts.confirmed,
    }
}

/// The end of what the payer looks at: of the amount's rate or of the invoice, whichever comes first.
fn end(invoice: &Invoice) -> Option<Timestamp> {
    let quote_end = invoice.latest_quote().and_then(|quote| quote.ends_at);
    match (invoice.deadline, quote_end) {
        (Some(deadline), Some(quote_end)) => Some(deadline.min(quote_end)),
        (one, other) => one.or(other),
    }
}

/// When the countdown that shows an end began.
fn beginning(invoice: &Invoice) -> Timestamp {
    invoice.latest_quote().map_or(invoice.created_at, |quote| quote.made_at)
}

/// How long the payer still has, while it matters.
pub(super) fn time_left(invoice: &Invoice, phase: Phase, now: Timestamp, texts: &'static Texts) -> Option<TimeLeft> {
    let asks = matches!(phase, Phase::Waiting | Phase::ShortOpen) || phase.asks_for_money(invoice, now);
    let end = match phase {
        Phase::Choosing => invoice.deadline?,
        _ if asks => end(invoice).filter(|end| *end > now).or(invoice.deadline)?,
        _ => return None,
    };
    let seconds = end.seconds_since(now).max(0);
    let whole = end.seconds_since(beginning(invoice));
    let last_quarter_seconds = whole.checked_div(4).unwrap_or_default();
    let then = if invoice.deadline.is_none_or(|deadline| end < deadline) { texts.then_rate } else { texts.then_end };
    Some(TimeLeft {
        clock: clock(seconds, texts),
        seconds,
        last_quarter_seconds,
        is_short: seconds <= last_quarter_seconds,
        then,
    })
}

/// The next moment after `now` at which the page changes by time alone.
pub(super) fn changes_at(invoice: &Invoice, now: Timestamp) -> Option<Timestamp> {
    let quote_end = invoice.latest_quote().and_then(|quote| quote.ends_at);
    let moments = [quote_end, invoice.deadline, invoice.draft_deadline];
    moments.into_iter().flatten().filter(|moment| *moment > now).min()
}

/// `29:41`, `6:00:00`, `5 days`.
pub(super) fn clock(seconds: i64, texts: &Texts) -> String {
    let (minutes, rest) = (seconds.div_euclid(60), seconds.rem_euclid(60));
    let (hours, minutes_rest) = (minutes.div_euclid(60), minutes.rem_euclid(60));
    match hours {
        0 => format!("{minutes}:{rest:02}"),
        1..48 => format!("{hours}:{minutes_rest:02}:{rest:02}"),
        _ => texts.fill(texts.days, &[("days", &hours.div_euclid(24).to_string())]),
    }
}

/// The first and last characters of an address, and what is between.
pub(super) fn in_three(address: &str) -> [String; 3] {
    let characters: Vec<char> = address.chars().collect();
    let Some(middle) = characters.len().checked_sub(ENDS.saturating_mul(2)) else {
        return [address.to_owned(), String::new(), String::new()];
    };
    let text = |from: usize, count: usize| characters.iter().skip(from).take(count).collect();
    [text(0, ENDS), text(ENDS, middle), text(ENDS.saturating_add(middle), ENDS)]
}

/// `2026-03-01 12:00:05 UTC`.
fn readable(at: Timestamp) -> String {
    let whole = Timestamp::from_seconds(at.seconds());
    rfc3339(whole).replace('T', " ").replace('Z', " UTC")
}

//! What the page says in each phase. Calm and precise; no promise that the gateway does not keep.

use super::phase::{Confirmations, Phase};

/// How a status looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// The payer's turn.
    Waiting,
    /// Money is on its way.
    Moving,
    /// All is well.
    Done,
    /// Something to read with care.
    Warning,
    /// Over.
    Ended,
}

impl Tone {
    /// Its class in the style sheet.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Moving => "moving",
            Self::Done => "done",
            Self::Warning => "warning",
            Self::Ended => "ended",
        }
    }
}

/// The status in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wording {
    /// How it looks.
    pub(crate) tone: Tone,
    /// In a few words.
    pub(crate) headline: String,
    /// In a sentence or two; may be empty.
    pub(crate) message: String,
}

/// Sums that sentences speak of, as `0.5 BTC on Bitcoin`.
pub(crate) struct Sums<'a> {
    /// What was seen.
    pub(crate) received: &'a str,
    /// What is missing; `None` when it is enough.
    pub(crate) rest: Option<&'a str>,
    /// How long the confirmations that are missing usually take.
    pub(crate) wait: &'a str,
}

impl Wording {
    fn new(tone: Tone, headline: impl Into<String>, message: impl Into<String>) -> Self {
        Self { tone, headline: headline.into(), message: message.into() }
    }

    /// Before a start that is the only thing to choose.
    pub(crate) fn ready() -> Self {
        Self::new(
            Tone::Waiting,
            "Ready to pay",
            "The amount and the address are shown when you start; your time runs from then.",
        )
    }

    /// The words for a phase.
    pub(crate) fn of(phase: Phase, sums: &Sums<'_>) -> Self {
        let Sums { received, .. } = sums;
        match phase {
            Phase::Choosing => Self::new(Tone::Waiting, "Choose how to pay", "The amount and the address follow."),
            Phase::Waiting => Self::new(Tone::Waiting, "Waiting for your payment", ""),
            Phase::RateLapsed => Self::new(
                Tone::Warning,
                "The rate has lapsed",
                "Ask for a new amount before you pay. If you already sent the payment, do not send it again: it will be found.",
            ),
            Phase::Checking => Self::new(
                Tone::Moving,
                "The time is over",
                "Payments that were sent in time are still looked for. Please do not start a new one.",
            ),
            Phase::Seen => Self::seen(sums),
            Phase::Confirming(count) => Self::confirming(count, sums),
            Phase::Paid => Self::new(Tone::Done, "Paid", "Thank you. The payment is complete."),
            Phase::Overpaid => Self::new(
                Tone::Done,
                "Paid, with more than was due",
                format!("Received {received}. Please contact the merchant about the difference."),
            ),
            Phase::ShortOpen => Self::new(
                Tone::Warning,
                "Part of the amount has arrived",
                format!("Received {received}.{}", sums.still_due("Please pay the rest to the same address.")),
            ),
            Phase::ShortEnded => Self::new(
                Tone::Ended,
                "Not fully paid",
                format!("The time is over. Received {received}. Please do not pay more; contact the merchant."),
            ),
            Phase::Expired { with_late_money: false } => Self::new(
                Tone::Ended,
                "This invoice has expired",
                "Do not pay this address again. If you already sent the payment, it will still be found.",
            ),
            Phase::Expired { with_late_money: true } => Self::new(
                Tone::Warning,
                "Your payment came late",
                "It was found after this invoice had expired, and the merchant has been told. Do not pay this address again; contact the merchant.",
            ),
            Phase::DraftExpired => {
                Self::new(Tone::Ended, "This invoice has expired", "It was never started, so there is nothing to pay.")
            }
            Phase::Cancelled => Self::new(
                Tone::Ended,
                "This invoice was cancelled",
                "Please do not pay it. Payments that arrive are still found.",
            ),
            Phase::Invalid => {
                Self::new(Tone::Ended, "This invoice is invalid", "Please do not pay it, and contact the merchant.")
            }
        }
    }

    fn seen(sums: &Sums<'_>) -> Self {
        match sums.rest {
            None => {
                Self::new(Tone::Moving, "Payment seen", "It waits for its first confirmation. You may close this page.")
            }
            Some(_) => Self::part_seen("It waits for its first confirmation.", sums),
        }
    }

    fn confirming(count: Confirmations, sums: &Sums<'_>) -> Self {
        let Confirmations { have, need, .. } = count;
        let headline = format!("Confirming: {have} of {need}");
        match sums.rest {
            None => {
                Self::new(Tone::Moving, headline, format!("Nothing more to do. The rest usually takes {}.", sums.wait))
            }
            Some(_) => Self::part_seen(&format!("It has {have} of {need} confirmations."), sums),
        }
    }

    fn part_seen(progress: &str, sums: &Sums<'_>) -> Self {
        let message = format!(
            "Received {}. {progress}{}",
            sums.received,
            sums.still_due("Please pay the rest to the same address.")
        );
        Self::new(Tone::Warning, "Part of the amount has arrived", message)
    }
}

impl Sums<'_> {
    fn still_due(&self, what_to_do: &str) -> String {
        self.rest.map(|rest| format!(" Still due: {rest}. {what_to_do}")).unwrap_or_default()
    }
}

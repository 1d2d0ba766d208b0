//! What the page says in each phase. Calm and precise; no promise that the gateway does not keep.

use super::phase::{Confirmations, Phase};
use crate::checkout::language::texts::Texts;

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
    /// The language.
    pub(crate) texts: &'a Texts,
}

impl Wording {
    fn new(tone: Tone, headline: impl Into<String>, message: impl Into<String>) -> Self {
        Self { tone, headline: headline.into(), message: message.into() }
    }

    /// Before a start that is the only thing to choose.
    pub(crate) fn ready(texts: &Texts) -> Self {
        Self::new(Tone::Waiting, texts.ready_head, texts.ready)
    }

    /// The words for a phase.
    pub(crate) fn of(phase: Phase, sums: &Sums<'_>) -> Self {
        let texts = sums.texts;
        match phase {
            Phase::Choosing => Self::new(Tone::Waiting, texts.choosing_head, texts.choosing),
            Phase::Waiting => Self::new(Tone::Waiting, texts.waiting_head, ""),
            Phase::RateLapsed => Self::new(Tone::Warning, texts.lapsed_head, texts.lapsed),
            Phase::Checking => Self::new(Tone::Moving, texts.checking_head, texts.checking),
            Phase::Seen => Self::seen(sums),
            Phase::Confirming(count) => Self::confirming(count, sums),
            Phase::Paid => Self::new(Tone::Done, texts.paid_head, texts.paid),
            Phase::Overpaid => Self::new(Tone::Done, texts.overpaid_head, sums.received_in(texts.overpaid)),
            Phase::ShortOpen => Self::part(None, sums),
            Phase::ShortEnded => Self::new(Tone::Ended, texts.short_head, sums.received_in(texts.short)),
            Phase::Expired { with_late_money: false } => Self::new(Tone::Ended, texts.expired_head, texts.expired),
            Phase::Expired { with_late_money: true } => Self::new(Tone::Warning, texts.late_head, texts.late_text),
            Phase::DraftExpired => Self::new(Tone::Ended, texts.expired_head, texts.never_started),
            Phase::Cancelled => Self::new(Tone::Ended, texts.cancelled_head, texts.cancelled),
            Phase::Invalid => Self::new(Tone::Ended, texts.invalid_head, texts.invalid),
        }
    }

    fn seen(sums: &Sums<'_>) -> Self {
        let texts = sums.texts;
        match sums.rest {
            None => Self::new(Tone::Moving, texts.seen_head, texts.seen_enough),
            Some(_) => Self::part(Some(texts.waits_first.to_owned()), sums),
        }
    }

    fn confirming(count: Confirmations, sums: &Sums<'_>) -> Self {
        let texts = sums.texts;
        let (have, need) = (count.have.to_string(), count.need.to_string());
        let counts = [("have", have.as_str()), ("need", need.as_str())];
        match sums.rest {
            None => {
                let message = texts.fill(texts.confirming_enough, &[("wait", sums.wait)]);
                Self::new(Tone::Moving, texts.fill(texts.confirming_head, &counts), message)
            }
            Some(_) => Self::part(Some(texts.fill(texts.has_confirmations, &counts)), sums),
        }
    }

    /// Not enough yet: what arrived, how far it is where it is not final, and what to do about the rest.
    fn part(progress: Option<String>, sums: &Sums<'_>) -> Self {
        let texts = sums.texts;
        let rest = sums.rest.map(|rest| texts.fill(texts.pay_the_rest, &[("rest", rest)]));
        let sentences = [Some(sums.received_in(texts.received)), progress, rest];
        let message = sentences.into_iter().flatten().collect::<Vec<_>>().join(" ");
        Self::new(Tone::Warning, texts.part_head, message)
    }
}

impl Sums<'_> {
    fn received_in(&self, text: &str) -> String {
        self.texts.fill(text, &[("received", self.received)])
    }
}

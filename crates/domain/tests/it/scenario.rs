//! Life cycles as text. A scenario opens with `## its name`; then one step a line, its columns two or more spaces apart:
//!
//! `time   fact   status [final] [late]   events`
//!
//! Events are `-` or a list such as `payment_detected a, confirming`; a refusal is `refused: its text`. `#` opens a comment.
//! Several observations joined by `&` are one batch. A line whose fact begins with `check` has no further columns.

use crate::world;
use farthing_domain::{
    asset::Asset,
    decimal::Decimal,
    event::Event,
    invoice::{Canceller, Choice, Invoice, Refusal},
    payment::{Observation, Place, Sighting},
    policy::{Dialect, Policy},
    price::Price,
    quote::Quote,
    settle::{self, Money},
    standing::Timeliness,
    static_address,
    time::Timestamp,
};
use std::collections::{BTreeMap, BTreeSet};

/// What a set of scenarios showed, to find what they leave out.
#[derive(Default)]
pub(crate) struct Shown {
    pub(crate) statuses: BTreeSet<String>,
    pub(crate) events: BTreeSet<String>,
    pub(crate) refusals: BTreeSet<String>,
}

/// Plays every scenario of a file; panics with all that went otherwise than written.
pub(crate) fn play(file: &str, text: &str, shown: &mut Shown) {
    let mut failures = Vec::new();
    let mut story = Story::default();
    let mut title = "";
    for (number, line) in text.lines().enumerate().map(|(index, line)| (index + 1, line.trim())) {
        if let Some(name) = line.strip_prefix("## ") {
            (story, title) = (Story::default(), name);
        } else if !line.is_empty()
            && !line.starts_with('#')
            && let Err(failure) = story.step(line, shown)
        {
            failures.push(format!("{file}:{number} ({title})\n    {line}\n    {failure}"));
        }
    }
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n"));
}

#[derive(Default)]
struct Story {
    invoice: Option<Invoice>,
    sightings: BTreeMap<String, (Asset, Sighting)>,
}

type Outcome = Result<Vec<Event>, Refusal>;

impl Story {
    fn step(&mut self, line: &str, shown: &mut Shown) -> Result<(), String> {
        let columns: Vec<&str> = line.split("  ").map(str::trim).filter(|column| !column.is_empty()).collect();
        let [time, fact, expected @ ..] = columns.as_slice() else {
            return Err("needs at least a time and a fact".into());
        };
        let now = moment(time)?;
        let words: Vec<&str> = fact.split_whitespace().collect();
        if let ["check", what @ ..] = words.as_slice() {
            return self.check(what);
        }
        let &[status, events] = expected else {
            return Err(format!("expected a status and events, found {} columns", columns.len()));
        };
        let outcome = self.apply(&words, now)?;
        let invoice = self.invoice.as_ref().ok_or("nothing was opened")?;
        let got_status = status_text(invoice);
        let got_events = outcome_text(&outcome);
        shown.statuses.insert(invoice.standing.status.to_string());
        match &outcome {
            Ok(events) => shown.events.extend(events.iter().map(|event| event.kind.to_string())),
            Err(refusal) => drop(shown.refusals.insert(refusal.to_string())),
        }
        if got_status != status || got_events != events {
            return Err(format!("got:  {got_status}  {got_events}"));
        }
        self.holds_together(&words, now)
    }

    /// What is true after every step of every story.
    fn holds_together(&mut self, words: &[&str], now: Timestamp) -> Result<(), String> {
        let before = self.invoice.clone().ok_or("nothing was opened")?;
        if settle::settle(&before, before.standing.settled_at) != before.standing {
            return Err("the stored standing is not what its facts come to".into());
        }
        let is_observation = matches!(
            words.first(),
            Some(&("pay" | "mine" | "final" | "gone" | "move" | "return" | "time" | "scanned"))
        );
        if is_observation {
            let again = self.apply(words, now)?;
            if again.as_ref().is_ok_and(|events| !events.is_empty()) || self.invoice.as_ref() != Some(&before) {
                return Err(format!("told or changed something when repeated: {again:?}"));
            }
        }
        Ok(())
    }

    fn apply(&mut self, words: &[&str], now: Timestamp) -> Result<Outcome, String> {
        if let ["open", terms @ ..] = words {
            let (invoice, events) = open(terms, now)?;
            self.invoice = Some(invoice);
            return Ok(Ok(events));
        }
        let is_observation = matches!(words.first(), Some(&("pay" | "mine" | "final" | "gone" | "move" | "return")));
        if is_observation {
            return self.observe(words, now).map(Ok);
        }
        let accepted = |name: &&str| self.sightings.get(*name).map(|(asset, _)| world::key(asset, name));
        let unknown = || world::key(&world::asset("BTC").unwrap(), "unknown");
        let key = words.get(1).and_then(accepted).unwrap_or_else(unknown);
        let invoice = self.invoice.as_mut().ok_or("nothing was opened")?;
        Ok(match words {
            ["activate", name, rest @ ..] => {
                let quote = quote_now(invoice, name, rest, now)?;
                invoice.activate(quote, now)
            }
            ["cancel", "merchant"] => invoice.cancel(Canceller::Merchant, now),
            ["cancel", "payer"] => invoice.cancel(Canceller::Payer, now),
            ["invalid"] => Ok(invoice.mark_invalid(now)),
            ["accept", _] => invoice.accept(&key, now),
            ["scanned"] => Ok(invoice.scanned(now, now)),
            ["scanned", through] => Ok(invoice.scanned(moment(through)?, now)),
            ["time"] => Ok(invoice.resettle(now)),
            other => return Err(format!("unknown fact {other:?}")),
        })
    }

    fn observe(&mut self, words: &[&str], now: Timestamp) -> Result<Vec<Event>, String> {
        let mut seen = Vec::new();
        let mut valued = None;
        for one in words.split(|word| *word == "&") {
            seen.extend(self.observation(one, now, &mut valued)?);
        }
        let invoice = self.invoice.as_mut().ok_or("nothing was opened")?;
        Ok(invoice.observe(seen, valued.as_ref(), now))
    }

    fn observation(
        &mut self,
        words: &[&str],
        now: Timestamp,
        valued: &mut Option<Quote>,
    ) -> Result<Vec<Observation>, String> {
        if let ["pay", amount, name, payment, rest @ ..] = words {
            let asset = world::asset(name).ok_or_else(|| format!("unknown asset {name}"))?;
            let units = parse_amount(amount)?.units(asset.decimals).map_err(|error| error.to_string())?;
            let sighting = world::sighting(&asset, payment, units, Place::Mempool { since: None });
            self.sightings.insert((*payment).into(), (asset.clone(), sighting));
            if let Some(rate) = after("valued", rest) {
                let invoice = self.invoice.as_ref().ok_or("nothing was opened")?;
                *valued = Some(world::quote(invoice.terms.price, &asset, rate, now, None));
            }
            return self.seen(payment, rest, now);
        }
        let [fact, payment, rest @ ..] = words else { return Err(format!("unreadable observation {words:?}")) };
        let (asset, _) = self.sightings.get(*payment).ok_or_else(|| format!("no payment {payment}"))?;
        let key = world::key(asset, payment);
        match *fact {
            "mine" => self.seen(payment, rest, now),
            "final" => Ok(vec![Observation::Final(key)]),
            "gone" => Ok(vec![Observation::Gone(key)]),
            "move" | "return" => {
                let mut both = vec![Observation::Gone(key)];
                both.extend(self.seen(payment, rest, now)?);
                Ok(both)
            }
            other => Err(format!("unknown observation {other}")),
        }
    }

    /// `mempool`, `block 7`, `final 7`, each perhaps `dated 5m`.
    fn seen(&self, payment: &str, rest: &[&str], now: Timestamp) -> Result<Vec<Observation>, String> {
        let (asset, sighting) = self.sightings.get(payment).ok_or_else(|| format!("no payment {payment}"))?;
        let dated = after("dated", rest).map(moment).transpose()?;
        let height = |word: &str| word.parse::<u64>().map_err(|error| format!("{word}: {error}"));
        let place = match rest {
            ["mempool", ..] => Place::Mempool { since: dated },
            ["block" | "final", number, ..] => world::block(height(number)?, dated.unwrap_or(now)),
            other => return Err(format!("expected mempool, block N or final N, found {other:?}")),
        };
        let mut seen = vec![Observation::Seen(Sighting { place, ..sighting.clone() })];
        if rest.first() == Some(&"final") {
            seen.push(Observation::Final(world::key(asset, payment)));
        }
        Ok(seen)
    }

    fn check(&self, what: &[&str]) -> Result<(), String> {
        let invoice = self.invoice.as_ref().ok_or("nothing was opened")?;
        let of = |name: &str| world::asset(name).map(|asset| asset.id).ok_or_else(|| format!("unknown asset {name}"));
        let show = |amount: Option<farthing_domain::money::Amount>| amount.map_or("none".into(), |a| a.to_string());
        let clock = |moment: Option<Timestamp>| moment.map_or("none".into(), clock_text);
        let (expected, got): (String, String) = match what {
            ["due", expected, name] => ((*expected).into(), show(settle::still_due(invoice, of(name)?))),
            ["received", expected, name] => {
                ((*expected).into(), show(settle::received_in(invoice, of(name)?, Money::Final)))
            }
            ["seen", expected, name] => {
                ((*expected).into(), show(settle::received_in(invoice, of(name)?, Money::Seen)))
            }
            ["paid_at", expected] => (normal(expected)?, clock(invoice.standing.paid_at)),
            ["next", expected] => (normal(expected)?, clock(invoice.standing.next_change)),
            ["deadline", expected] => (normal(expected)?, clock(invoice.deadline)),
            ["draft_deadline", expected] => (normal(expected)?, clock(invoice.draft_deadline)),
            ["quote_ends", expected] => {
                (normal(expected)?, clock(invoice.latest_quote().and_then(|quote| quote.ends_at)))
            }
            ["activations", expected] => ((*expected).into(), invoice.activation_count.to_string()),
            ["deposited", expected] => {
                let units = static_address::deposited(invoice).map_or("none".into(), |(_, units)| units.to_string());
                ((*expected).into(), units)
            }
            ["payment", name, expected @ ..] => (expected.join(" "), payment_text(invoice, name)),
            other => return Err(format!("unknown check {other:?}")),
        };
        if expected == got { Ok(()) } else { Err(format!("got:  {got}")) }
    }
}

/// `native 0.5 BTC`, `native 50 USD any deferred`, `txnpro 50 USD for USDT`, `… tolerance 0.1 window 60`;
/// `native permanent 1 BTC`, and for money in another asset than the address's own `native permanent 5 USDC@bsc to USDT@bsc`.
fn open(words: &[&str], now: Timestamp) -> Result<(Invoice, Vec<Event>), String> {
    let [dialect, rest @ ..] = words else { return Err("open what?".into()) };
    let dialect: Dialect = dialect.parse().map_err(|_| format!("unknown dialect {dialect}"))?;
    if let ["permanent", amount, name, rest @ ..] = rest {
        return open_deposit(dialect, amount, name, after("to", rest).unwrap_or(name), now);
    }
    let policy = Policy::of(dialect);
    let [amount, currency, options @ ..] = rest else { return Err("a price needs an amount and a currency".into()) };
    let is_fiat = *currency == "USD";
    let price = if is_fiat { world::dollars(amount) } else { world::coins(amount, currency) };
    let has = |word: &str| options.contains(&word);
    let fixed = if is_fiat { after("for", options) } else { Some(*currency) };
    let locked = fixed.filter(|_| !has("any")).map(|name| world::asset(name).ok_or("unknown asset")).transpose()?;
    let mut terms = world::terms(price, locked.as_ref().map_or(Choice::Any, |asset| Choice::Fixed(asset.id)));
    terms.is_deferred = has("deferred");
    if let Some(tolerance) = after("tolerance", options) {
        terms.tolerance = parse_amount(tolerance)?;
    }
    if let Some(seconds) = after("window", options) {
        terms.window_seconds = Some(seconds.parse().map_err(|_| format!("{seconds} is no number of seconds"))?);
    }
    let deferred = terms.is_deferred;
    let mut new = world::new_invoice(policy, terms, None);
    if let Some(asset) = locked.filter(|_| !deferred) {
        // The quote's window is the invoice's own: asked of a twin, as the gateway asks of the terms.
        let (twin, _) = Invoice::open(new.clone(), now);
        new.quote = Some(world::quote(price, &asset, world::usual_rate(&asset), now, twin.quote_end(now)));
    }
    Ok(Invoice::open(new, now))
}

/// The invoice of a deposit to a permanent address in the asset `to`, before the deposit is recorded on it.
fn open_deposit(
    dialect: Dialect,
    amount: &str,
    name: &str,
    to: &str,
    now: Timestamp,
) -> Result<(Invoice, Vec<Event>), String> {
    let asset = |name: &str| world::asset(name).ok_or_else(|| format!("unknown asset {name}"));
    let (moved, own) = (asset(name)?, asset(to)?);
    let units = parse_amount(amount)?.units(moved.decimals).map_err(|error| error.to_string())?;
    let seen = world::sighting(&moved, "a", units, Place::Mempool { since: None });
    let new = world::static_address(dialect, &own).deposit(world::invoice_id(), "token".into(), &seen, now);
    Ok(Invoice::open(new, now))
}

fn quote_now(invoice: &Invoice, name: &str, rest: &[&str], now: Timestamp) -> Result<Quote, String> {
    let asset = world::asset(name).ok_or_else(|| format!("unknown asset {name}"))?;
    let rate = after("at", rest).unwrap_or_else(|| world::usual_rate(&asset));
    Ok(match invoice.terms.price {
        // A refusal is expected when the asset is another one; any due will do for that.
        Price::Asset(due) if due.asset != asset.id => world::quote(world::dollars("1"), &asset, rate, now, None),
        price => world::quote(price, &asset, rate, now, invoice.quote_end(now)),
    })
}

fn after<'a>(word: &str, words: &[&'a str]) -> Option<&'a str> {
    let position = words.iter().position(|candidate| *candidate == word)?;
    words.get(position + 1).copied()
}

fn parse_amount(text: &str) -> Result<Decimal, String> {
    text.parse().map_err(|error| format!("{text} {error}"))
}

/// `0s`, `90m`, `7d1ms`: after the story's start.
fn moment(text: &str) -> Result<Timestamp, String> {
    let unreadable = || format!("unreadable time {text}");
    let mut milliseconds: i64 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(unreadable)?;
        let (number, tail) = rest.split_at(digits);
        let letters = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        let length = match unit {
            "d" => 86_400_000,
            "h" => 3_600_000,
            "m" => 60_000,
            "s" => 1000,
            "ms" => 1,
            _ => return Err(unreadable()),
        };
        milliseconds += number.parse::<i64>().map_err(|_| unreadable())? * length;
        rest = tail;
    }
    Ok(world::at(milliseconds))
}

fn clock_text(moment: Timestamp) -> String {
    format!("{}ms", moment.milliseconds() - world::START.milliseconds())
}

fn normal(time: &str) -> Result<String, String> {
    if time == "none" { Ok("none".into()) } else { moment(time).map(clock_text) }
}

fn status_text(invoice: &Invoice) -> String {
    let standing = &invoice.standing;
    let mut text = standing.status.to_string();
    if standing.is_final {
        text.push_str(" final");
    }
    if standing.is_late {
        text.push_str(" late");
    }
    text
}

fn outcome_text(outcome: &Outcome) -> String {
    let one = |event: &Event| {
        let kind = event.kind.to_string().replace("invoice.", "");
        event.payment.as_ref().map_or(kind.clone(), |key| format!("{kind} {}", key.transaction))
    };
    match outcome {
        Ok(events) if events.is_empty() => "-".into(),
        Ok(events) => events.iter().map(one).collect::<Vec<_>>().join(", "),
        Err(refusal) => format!("refused: {refusal}"),
    }
}

fn payment_text(invoice: &Invoice, name: &str) -> String {
    let found = invoice.payments.iter().zip(&invoice.standing.payments).find(|(p, _)| p.key.transaction == name);
    found.map_or("none".into(), |(payment, standing)| {
        let timeliness = match standing.timeliness {
            Timeliness::InTime => "in time",
            Timeliness::LateCounted => "late, counted",
            Timeliness::Late => "late",
        };
        let reason = payment.rejection.map_or(timeliness, farthing_domain::payment::Rejection::as_str);
        format!("{} {reason}", standing.status.as_str())
    })
}

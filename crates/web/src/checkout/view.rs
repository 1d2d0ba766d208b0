//! What the checkout page shows: a pure function of an invoice and what is known around it.
//!
//! It decides nothing about the invoice; statuses and sums are the domain's. It escapes nothing either: that is the templates'.

mod parts;
pub(crate) mod phase;
mod wording;

#[cfg(test)]
mod tests;

use super::{language::texts::Texts, qr::Qr, uri::payment_uri};
use farthing_dialects::returns::return_url;
use farthing_domain::{
    asset::{Asset, AssetId},
    catalog::Catalog,
    id::Environment,
    invoice::{ACTIVATIONS_MAX, Invoice},
    money::Amount,
    name::NetworkId,
    price::Price,
    quote::Quote,
    settle::{Money, received_in},
    standing::Status,
    time::Timestamp,
};
use phase::{Chains, Phase, rest};
use wording::{Sums, Tone, Wording};

/// What is known around the invoice.
pub(crate) struct Surroundings<'a> {
    /// The merchant's name.
    pub(crate) merchant: &'a str,
    /// The page's language.
    pub(crate) texts: &'static Texts,
    /// Networks and assets.
    pub(crate) catalog: &'a Catalog,
    /// Heads and needed confirmations.
    pub(crate) chains: Chains<'a>,
    /// What can be bought with now.
    pub(crate) on_sale: &'a [AssetId],
    /// The environment's time.
    pub(crate) now: Timestamp,
}

/// Everything on the page that depends on the invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct View {
    /// The class of the status.
    pub(crate) tone: &'static str,
    /// The status in a few words.
    pub(crate) headline: String,
    /// The status in a sentence or two.
    pub(crate) message: String,
    /// More to know: money that was not asked for, money that came late.
    pub(crate) notes: Vec<String>,
    /// Whether it is good news that deserves a tick.
    pub(crate) is_done: bool,
    /// Confirmations so far and needed.
    pub(crate) progress: Option<Progress>,
    /// How long the payer still has.
    pub(crate) time_left: Option<TimeLeft>,
    /// The sum in large.
    pub(crate) sum: Sum,
    /// Where to pay; `None` when nothing is to be paid.
    pub(crate) pay: Option<Pay>,
    /// The rate has lapsed: what a new amount is asked for with.
    pub(crate) renewal: Option<Method>,
    /// The only coin and network that the invoice can be started with.
    pub(crate) start: Option<Method>,
    /// Coins and networks to choose from, by coin; empty when there is nothing to choose.
    pub(crate) picker: Vec<Coin>,
    /// Whether a choice was made that the picker would change.
    pub(crate) is_chosen: bool,
    /// Money that arrived.
    pub(crate) payments: Vec<PaymentLine>,
    /// Label and text of each detail.
    pub(crate) details: Vec<(&'static str, String)>,
    /// The invoice's id, to be named to the merchant.
    pub(crate) invoice: String,
    /// Where the payer goes back to.
    pub(crate) return_to: Option<ReturnTo>,
    /// Whether the payer may cancel.
    pub(crate) may_cancel: bool,
    /// Whether it belongs to the test environment.
    pub(crate) is_test: bool,
    /// Whether a simulated payment has an address to go to.
    pub(crate) can_simulate: bool,
    /// Whether nothing is expected to change any more.
    pub(crate) is_final: bool,
    /// The next moment at which the page changes by time alone.
    pub(crate) changes_at: Option<Timestamp>,
}

/// Confirmations so far and needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Progress {
    /// So far.
    pub(crate) have: u64,
    /// Needed.
    pub(crate) need: u64,
}

/// How long the payer still has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TimeLeft {
    /// As a clock shows it.
    pub(crate) clock: String,
    /// Seconds left.
    pub(crate) seconds: i64,
    /// From this many seconds on it is shown prominently.
    pub(crate) last_quarter_seconds: i64,
    /// Whether it is the last quarter.
    pub(crate) is_short: bool,
    /// What happens then.
    pub(crate) then: &'static str,
}

/// The sum in large.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sum {
    /// What it is: `Amount due`, `Still due`, `Price`.
    pub(crate) label: &'static str,
    /// The bare number.
    pub(crate) number: String,
    /// The currency's code.
    pub(crate) code: String,
    /// The network's name; `None` for fiat.
    pub(crate) network: Option<String>,
    /// About what that is in the price's fiat currency.
    pub(crate) fiat: Option<String>,
}

/// Where to pay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pay {
    /// The code, for who hears it.
    pub(crate) qr_label: String,
    /// The address, for who hears it.
    pub(crate) address_label: String,
    /// What to mind when an exchange sends it.
    pub(crate) from_exchange: String,
    /// What to send, as `USDT on Tron`.
    pub(crate) method: String,
    /// What it is called where that differs from the coin: `Wrapped Ether` for ETH on Polygon.
    pub(crate) alias: Option<String>,
    /// The address in three parts, the middle of which may be shortened by the style sheet.
    pub(crate) address: [String; 3],
    /// The same in one.
    pub(crate) whole_address: String,
    /// The code to scan.
    pub(crate) qr: Option<Qr>,
    /// What a wallet on the same device opens.
    pub(crate) wallet_link: Option<String>,
}

/// A heading of the picker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Coin {
    /// The coin's code; empty for coins of several codes.
    pub(crate) code: String,
    /// What it says.
    pub(crate) name: String,
    /// What to choose from.
    pub(crate) methods: Vec<Method>,
}

/// A coin on a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Method {
    /// As the form sends it: `USDT.tron`.
    pub(crate) value: String,
    /// The coin's code.
    pub(crate) code: String,
    /// The network's name.
    pub(crate) network: String,
    /// Both: `USDT on Tron`.
    pub(crate) name: String,
    /// Whether it is the one chosen.
    pub(crate) is_chosen: bool,
}

/// Money that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PaymentLine {
    /// As `0.5 BTC on Bitcoin`.
    pub(crate) amount: String,
    /// What became of it.
    pub(crate) status: &'static str,
    /// The transaction.
    pub(crate) transaction: String,
}

/// Where the payer goes back to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReturnTo {
    /// The link.
    pub(crate) href: String,
    /// Its host, which is shown.
    pub(crate) host: String,
}

impl View {
    /// What the page shows of `invoice`.
    pub(crate) fn of(invoice: &Invoice, around: &Surroundings<'_>) -> Self {
        let phase = Phase::of(invoice, &around.chains, around.now);
        let asks = phase.asks_for_money(invoice, around.now);
        let time_left = parts::time_left(invoice, phase, around.now, around.texts);
        let (start, picker) = start_or_choose(around.picker(invoice, phase));
        let words = if start.is_some() { Wording::ready(around.texts) } else { around.words(invoice, phase) };
        let is_test = invoice.owner.environment == Environment::Test;
        Self {
            tone: words.tone.class(),
            is_done: words.tone == Tone::Done,
            headline: words.headline,
            message: words.message,
            notes: around.notes(invoice, phase),
            progress: progress(phase),
            sum: around.sum(invoice, asks),
            pay: invoice.latest_quote().filter(|_| asks).and_then(|quote| around.pay(invoice, quote)),
            renewal: around.renewal(invoice, phase),
            start,
            picker,
            is_chosen: !invoice.quotes.is_empty(),
            payments: around.payments(invoice),
            details: around.details(invoice),
            invoice: invoice.id.to_string(),
            return_to: return_url(invoice).as_deref().and_then(ReturnTo::of),
            may_cancel: may_cancel(invoice, phase),
            is_test,
            can_simulate: is_test && !invoice.quotes.is_empty(),
            is_final: invoice.standing.is_final || phase == Phase::DraftExpired,
            changes_at: parts::changes_at(invoice, around.now),
            time_left,
        }
    }
}

impl Surroundings<'_> {
    fn words(&self, invoice: &Invoice, phase: Phase) -> Wording {
        let asset = invoice.latest_quote().map(|quote| quote.due.asset);
        let received = asset.and_then(|asset| received_in(invoice, asset, Money::Seen)).map(|sum| self.amount(sum));
        let rest = rest(invoice).map(|sum| self.amount(sum));
        let wait = match phase {
            Phase::Confirming(count) => self.wait(count.network, count.need.saturating_sub(count.have)),
            _ => String::new(),
        };
        let received = received.as_deref().unwrap_or("0");
        let sums = Sums { received, rest: rest.as_deref(), wait: &wait, texts: self.texts };
        Wording::of(phase, &sums)
    }

    /// How long so many blocks usually take.
    fn wait(&self, network: NetworkId, blocks: u64) -> String {
        let seconds =
            self.catalog.network(network).map_or(60, |network| u64::from(network.block_seconds)).saturating_mul(blocks);
        match seconds.div_ceil(60) {
            0 | 1 => self.texts.short_wait.to_owned(),
            minutes => self.texts.fill(self.texts.wait, &[("minutes", &minutes.to_string())]),
        }
    }

    /// The amount and what it is of: `0.5 BTC on Bitcoin`.
    fn amount(&self, amount: Amount) -> String {
        let sum = self.texts.apart(format!("{amount} {}", amount.asset.code));
        format!("{sum} {} {}", self.texts.on, self.network_name(amount.asset.network))
    }

    /// `USDT on Tron`.
    fn method_name(&self, asset: AssetId) -> String {
        format!("{} {} {}", asset.code, self.texts.on, self.network_name(asset.network))
    }

    fn network_name(&self, network: NetworkId) -> String {
        self.catalog.network(network).map_or_else(|| network.to_string(), |network| network.name.clone())
    }

    fn sum(&self, invoice: &Invoice, asks: bool) -> Sum {
        let Some(quote) = invoice.latest_quote() else { return self.price(invoice) };
        let (label, amount) = match rest(invoice).filter(|_| asks) {
            Some(rest) if rest != quote.due => (self.texts.still_due, rest),
            Some(_) => (self.texts.amount_due, quote.due),
            None => (self.texts.amount, quote.due),
        };
        let fiat = match (invoice.terms.price, &quote.rate) {
            (Price::Fiat(price), _) if amount == quote.due => Some(format!("{price} {}", price.currency)),
            (_, Some(rate)) => rate.worth(amount).map(|worth| {
                let worth = format!("{worth} {}", worth.currency);
                self.texts.fill(self.texts.about, &[("worth", &worth)])
            }),
            (Price::Asset(_) | Price::Fiat(_), None) => None,
        };
        Sum {
            label,
            number: amount.to_string(),
            code: amount.asset.code.to_string(),
            network: Some(self.network_name(amount.asset.network)),
            fiat,
        }
    }

    fn price(&self, invoice: &Invoice) -> Sum {
        let (number, code, network) = match invoice.terms.price {
            Price::Asset(amount) => {
                (amount.to_string(), amount.asset.code.to_string(), Some(self.network_name(amount.asset.network)))
            }
            Price::Fiat(amount) => (amount.to_string(), amount.currency.to_string(), None),
        };
        Sum { label: self.texts.price, number, code, network, fiat: None }
    }

    fn pay(&self, invoice: &Invoice, quote: &Quote) -> Option<Pay> {
        let asset = self.catalog.asset(quote.due.asset)?;
        let network = self.catalog.network(asset.id.network)?;
        let texts = self.texts;
        let due = rest(invoice).unwrap_or(quote.due);
        let uri = payment_uri(asset, network.family, invoice.owner.environment, due, &quote.address, self.merchant);
        Some(Pay {
            method: self.method_name(asset.id),
            alias: self.alias(asset),
            qr_label: texts.fill(texts.qr, &[("method", &self.method_name(asset.id))]),
            address_label: texts.fill(texts.address_on, &[("network", &network.name), ("address", &quote.address)]),
            from_exchange: texts
                .fill(texts.from_exchange, &[("amount", &texts.apart(format!("{due} {}", asset.id.code)))]),
            address: parts::in_three(&quote.address),
            whole_address: quote.address.clone(),
            qr: Qr::of(&uri.qr),
            wallet_link: uri.link,
        })
    }

    /// The asset's name where the same code usually has another.
    fn alias(&self, asset: &Asset) -> Option<String> {
        let usual = self.catalog.assets().iter().find(|other| other.id.code == asset.id.code)?;
        (usual.name != asset.name).then(|| asset.name.clone())
    }

    fn method(&self, asset: AssetId, chosen: Option<AssetId>) -> Method {
        Method {
            value: format!("{}.{}", asset.code, asset.network),
            code: asset.code.to_string(),
            network: self.network_name(asset.network),
            name: self.method_name(asset),
            is_chosen: chosen == Some(asset),
        }
    }

    /// What a new amount is asked for with, when the old one's rate has lapsed and the invoice allows another.
    fn renewal(&self, invoice: &Invoice, phase: Phase) -> Option<Method> {
        let asset = invoice.latest_quote()?.due.asset;
        let may = phase == Phase::RateLapsed && self.may_choose(invoice, asset);
        may.then(|| self.method(asset, None))
    }

    fn may_choose(&self, invoice: &Invoice, asset: AssetId) -> bool {
        invoice.activation_count < ACTIVATIONS_MAX
            && self.on_sale.contains(&asset)
            && invoice.may_activate(asset, self.now).is_ok()
    }

    fn picker(&self, invoice: &Invoice, phase: Phase) -> Vec<Coin> {
        if !matches!(phase, Phase::Choosing | Phase::Waiting | Phase::RateLapsed | Phase::ShortOpen) {
            return Vec::new();
        }
        let chosen = invoice.latest_quote().map(|quote| quote.due.asset);
        let mut coins: Vec<Coin> = Vec::new();
        for asset in self.catalog.assets().iter().filter(|asset| is_offered(invoice, asset.id)) {
            if !self.may_choose(invoice, asset.id) {
                continue;
            }
            let method = self.method(asset.id, chosen);
            match coins.iter_mut().find(|coin| coin.code == method.code) {
                Some(coin) => coin.methods.push(method),
                None => coins.push(Coin { code: method.code.clone(), name: asset.name.clone(), methods: vec![method] }),
            }
        }
        let is_one = matches!(coins.as_slice(), [only] if only.methods.len() == 1);
        if is_one && chosen.is_some() { Vec::new() } else { with_single_ones_together(coins, self.texts.coins) }
    }
}

/// A single method needs no picker: the payer only starts.
fn start_or_choose(mut coins: Vec<Coin>) -> (Option<Method>, Vec<Coin>) {
    match coins.as_mut_slice() {
        [only] if only.methods.len() == 1 => (only.methods.pop(), Vec::new()),
        _ => (None, coins),
    }
}

/// Coins that one network carries need no heading each: they come first, under one.
fn with_single_ones_together(coins: Vec<Coin>, title: &str) -> Vec<Coin> {
    let (single, several): (Vec<Coin>, Vec<Coin>) = coins.into_iter().partition(|coin| coin.methods.len() == 1);
    let methods: Vec<Method> = single.into_iter().flat_map(|coin| coin.methods).collect();
    let together = Coin { code: String::new(), name: title.to_owned(), methods };
    std::iter::once(together).filter(|coin| !coin.methods.is_empty()).chain(several).collect()
}

/// Whether the invoice's terms let it be paid with an asset at all.
fn is_offered(invoice: &Invoice, asset: AssetId) -> bool {
    let by_price = match invoice.terms.price {
        Price::Asset(amount) => amount.asset == asset,
        Price::Fiat(_) => true,
    };
    invoice.terms.offers(asset) && by_price
}

fn may_cancel(invoice: &Invoice, phase: Phase) -> bool {
    let status_lets = matches!(invoice.standing.status, Status::Draft | Status::Pending);
    let is_open = !matches!(phase, Phase::DraftExpired | Phase::Checking | Phase::Expired { .. });
    invoice.policy.payer_cancel && status_lets && is_open
}

const fn progress(phase: Phase) -> Option<Progress> {
    match phase {
        Phase::Confirming(count) => Some(Progress { have: count.have, need: count.need }),
        _ => None,
    }
}

impl ReturnTo {
    /// The link, if it is one that a page may carry. It was vetted when the invoice was created; this is the second look.
    fn of(url: &str) -> Option<Self> {
        let parsed = url::Url::parse(url).ok()?;
        let is_web =
            matches!(parsed.scheme(), "https" | "http") && parsed.username().is_empty() && parsed.password().is_none();
        let host = parsed.host_str().filter(|host| !host.is_empty() && is_web)?.to_owned();
        Some(Self { href: parsed.into(), host })
    }
}

//! One run of facts, told to an invoice of each API: the same terms, the same quote, the same transfers at the same moments.
//!
//! Chains are honest here: what was seen stays, and is seen when it comes. Reorganisations and a merchant's decisions may end
//! every end, and are tried by the domain's own properties.

use farthing_domain::{
    asset::Asset,
    catalog::Catalog,
    decimal::Decimal,
    fiat::Fiat,
    id::{Environment, InvoiceId, MerchantId, Owner},
    invoice::{Canceller, Choice, Invoice, NewInvoice, Source, Terms},
    money::FiatAmount,
    payment::{BlockRef, Observation, PaymentKey, Place, Sighting},
    policy::{Dialect, Policy},
    price::Price,
    quote::Quote,
    rate::{Rate, unit_of_due},
    time::Timestamp,
};
use proptest::{collection::vec, prelude::*, sample::select};
use std::sync::LazyLock;
use uuid::Uuid;

const START: Timestamp = Timestamp::from_seconds(1_700_000_000);
const MINUTE: i64 = 60;
const HOUR: i64 = 3600;
/// What every invoice of a story asks for, in USDT's atomic units.
pub(crate) const DUE: u128 = 60_000_000;
const PRICE: &str = "60";

static USDT: LazyLock<Asset> =
    LazyLock::new(|| Catalog::shipped().resolve("USDT", Some("ethereum")).expect("it is shipped").clone());

/// Something that happens.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fact {
    /// So much comes into the mempool.
    Pay(u128),
    /// So much is seen when it is final already.
    PayFinally(u128),
    /// So many of those that wait are in a block, and final: the oldest first.
    Final(usize),
    /// The merchant cancels, where its API and the invoice's state let it.
    Cancel,
    /// The payer does.
    Leave,
    /// Nothing but time.
    Wait,
}

/// Facts, each so many seconds after the one before.
pub(crate) type Story = Vec<(i64, Fact)>;

fn amounts() -> impl Strategy<Value = Fact> {
    let parts = (1_u128..=6, -1_i128..=1);
    let amount = parts.prop_map(|(quarters, units)| (DUE * quarters / 4).saturating_add_signed(units));
    prop_oneof![3 => amount.clone().prop_map(Fact::Pay), 1 => amount.prop_map(Fact::PayFinally)]
}

fn finals() -> impl Strategy<Value = Fact> {
    prop_oneof![Just(Fact::Final(1)), Just(Fact::Final(usize::MAX))]
}

fn facts() -> impl Strategy<Value = Fact> {
    prop_oneof![8 => amounts(), 5 => finals(), 1 => Just(Fact::Cancel), 1 => Just(Fact::Leave), 4 => Just(Fact::Wait)]
}

/// Stories in which anything may come at any time.
pub(crate) fn stories() -> impl Strategy<Value = Story> {
    let waits = prop_oneof![
        6 => 1..5 * MINUTE,
        2 => select(vec![15 * MINUTE, 20 * MINUTE, 30 * MINUTE, HOUR]),
        1 => select(vec![24 * HOUR, 25 * HOUR, 168 * HOUR]),
    ];
    vec((waits, facts()), 1..14)
}

/// Stories that are over within every API's window, and in which nobody cancels.
pub(crate) fn quick_stories() -> impl Strategy<Value = Story> {
    let facts = prop_oneof![3 => amounts(), 2 => finals()];
    vec((1..MINUTE, facts), 1..14)
}

/// An invoice of one API while a story is told to it.
pub(crate) struct Teller {
    pub(crate) invoice: Invoice,
    elapsed: i64,
}

impl Teller {
    /// A new invoice over [`DUE`], its rate held.
    pub(crate) fn of(dialect: Dialect) -> Self {
        let new = NewInvoice {
            id: InvoiceId(Uuid::from_u128(1)),
            owner: Owner { merchant: MerchantId(Uuid::from_u128(2)), environment: Environment::Test },
            policy: Policy::of(dialect),
            source: Source::Api(dialect),
            token: "token".to_owned(),
            terms: terms(),
            quote: Some(quote(START)),
        };
        Self { invoice: Invoice::open(new, START).0, elapsed: 0 }
    }

    /// Tells the next part of a story. What came by time alone is looked at by itself, as the gateway does; everything was
    /// scanned by then.
    pub(crate) fn tell(&mut self, (wait, fact): (i64, Fact), mut look: impl FnMut(&Invoice)) {
        let until = self.elapsed + wait;
        while self.elapsed < until {
            // The gateway wakes when something is due; nothing is shown later than that.
            let due =
                self.invoice.standing.next_change.map(|at| (at.milliseconds() - START.milliseconds() + 999) / 1000);
            self.elapsed = due.filter(|due| (self.elapsed + 1..until).contains(due)).unwrap_or(until);
            self.invoice.scanned(self.now(), self.now());
            look(&self.invoice);
        }
        // What happens does not fall together with an end, which is a matter of milliseconds.
        self.happens(fact, Timestamp::from_milliseconds(self.now().milliseconds() + 1));
        look(&self.invoice);
    }

    fn happens(&mut self, fact: Fact, now: Timestamp) {
        match fact {
            Fact::Pay(units) => {
                let seen = sighting(self.next_key(), units, Place::Mempool { since: None });
                self.invoice.observe(vec![seen], Some(&quote(now)), now);
            }
            Fact::PayFinally(units) => {
                let seen = sighting(self.next_key(), units, Place::Block { block: block(), time: now });
                self.invoice.observe(vec![seen, Observation::Final(self.next_key())], Some(&quote(now)), now);
            }
            Fact::Final(count) => {
                let waiting = self.invoice.payments.iter().filter(|payment| payment.final_since.is_none());
                let waiting: Vec<_> = waiting.take(count).collect();
                let seen = waiting.iter().flat_map(|payment| {
                    let place = Place::Block { block: block(), time: now };
                    [sighting(payment.key.clone(), payment.units, place), Observation::Final(payment.key.clone())]
                });
                let seen = seen.collect();
                self.invoice.observe(seen, None, now);
            }
            // Whether it may is the policy's.
            Fact::Cancel => drop(self.invoice.cancel(Canceller::Merchant, now)),
            Fact::Leave => drop(self.invoice.cancel(Canceller::Payer, now)),
            Fact::Wait => {}
        }
    }

    fn next_key(&self) -> PaymentKey {
        key(self.invoice.payments.len())
    }

    fn now(&self) -> Timestamp {
        START.plus_seconds(self.elapsed)
    }
}

fn terms() -> Terms {
    Terms {
        price: Price::Fiat(FiatAmount::parse(Fiat::USD, PRICE).expect("a price")),
        choice: Choice::Fixed(USDT.id),
        is_deferred: false,
        tolerance: Decimal::ZERO,
        window_seconds: None,
        description: None,
        external_id: None,
        idempotency_key: None,
        metadata: "{}".to_owned(),
        redirect_url: None,
        customer_email: None,
        coins: Vec::new(),
        foreign: None,
    }
}

/// A dollar a coin.
fn quote(made_at: Timestamp) -> Quote {
    let fiat = FiatAmount::parse(Fiat::USD, PRICE).expect("a price");
    let rate = Rate::fixed("1".parse().expect("a rate"), Fiat::USD, made_at, vec!["test".to_owned()]).expect("a rate");
    let (due, step) = (rate.due(fiat, &USDT).expect("a due"), unit_of_due(&USDT).expect("a step"));
    assert_eq!(due.units, DUE);
    Quote { due, step, rate: Some(rate), address: "address".to_owned(), made_at, ends_at: None }
}

fn block() -> BlockRef {
    BlockRef { height: 1, hash: "block".to_owned() }
}

fn key(number: usize) -> PaymentKey {
    PaymentKey { network: USDT.id.network, transaction: format!("transaction-{number}"), position: "0".to_owned() }
}

fn sighting(key: PaymentKey, units: u128, place: Place) -> Observation {
    Observation::Seen(Sighting { key, asset: USDT.id, decimals: USDT.decimals, units, place, matures_at: None })
}

//! The same terms and the same payments through all five APIs: the same money in the core, and each API's own word for it.

use super::merchant::{Merchant, Named, ground};
use crate::native::{Answer, Shop};
use farthing_domain::{
    invoice::Invoice,
    policy::{Dialect, Policy, ShortMoney},
    settle::{Money, received_in},
};
use proptest::{collection::vec, prelude::*, strategy::ValueTree, test_runner::TestRunner};
use serde_json::Value;

/// USDT's atomic units in a cent, at a dollar a coin.
const UNITS: u128 = 10_000;
/// Stories told; each goes through all APIs.
const CASES: u32 = 24;

/// What happens to an invoice.
#[derive(Debug, Clone, Copy)]
enum Fact {
    /// So many thousandths of the price are paid.
    Pay(u128),
    /// Blocks make final what waits.
    Mine,
}

/// What a story comes to, in plain integers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Expected {
    due: u128,
    seen: u128,
    final_: u128,
    /// Nothing more counts.
    has_ended: bool,
}

impl Expected {
    fn after(mut self, fact: Fact, short: ShortMoney) -> Self {
        match fact {
            Fact::Pay(_) if self.has_ended => {}
            Fact::Pay(thousandths) => self.seen += paid(self.due, thousandths),
            Fact::Mine => {
                self.final_ = self.seen;
                let ends_short = short == ShortMoney::EndsWithFirstFinal && self.final_ > 0;
                self.has_ended |= ends_short || self.final_ >= self.due;
            }
        }
        self
    }

    /// The word for it in an API.
    fn word(self, dialect: Dialect) -> &'static str {
        let (waits, is_covered) = (self.seen > self.final_, self.seen >= self.due);
        let is_over = self.final_ > self.due + STEP;
        let words = match dialect {
            Dialect::Native => ["pending", "confirming", "confirming", "underpaid", "paid", "overpaid"],
            Dialect::CoinsPaid => ["pending", "pending", "processing", "pending", "confirmed", "confirmed"],
            Dialect::Payhubix => ["Created", "Pending", "Pending", "Partially", "Paid", "Paid"],
            Dialect::TxCash if self.final_ > 0 => ["0", "2", "2", "2", "1", "3"],
            Dialect::TxCash => ["0", "0", "0", "2", "1", "3"],
            Dialect::TxnPro => [
                "pending unpaid",
                "processing unpaid",
                "processing unpaid",
                "completed underpaid",
                "completed full",
                "completed overpaid",
            ],
        };
        let [nothing, part_waits, all_waits, part, whole, over] = words;
        match (waits, is_covered) {
            _ if is_over => over,
            _ if self.final_ >= self.due => whole,
            (true, true) => all_waits,
            (true, false) => part_waits,
            (false, _) if self.final_ > 0 => part,
            (false, _) => nothing,
        }
    }
}

/// What more than the amount must exceed to be too much: one payable unit.
const STEP: u128 = 1;

fn paid(due: u128, thousandths: u128) -> u128 {
    due * thousandths / 1000
}

fn stories() -> impl Strategy<Value = (u64, Vec<Fact>)> {
    let fact = prop_oneof![3 => (1_u128..1300).prop_map(Fact::Pay), 2 => Just(Fact::Mine), 1 => Just(Fact::Pay(1000))];
    (1000_u64..50_000, vec(fact, 1..6))
}

fn shown(dialect: Dialect, answer: &Answer) -> String {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let json = &answer.json;
    match dialect {
        Dialect::Native => text(&json["data"]["status"]),
        Dialect::CoinsPaid => text(&json["status"]),
        Dialect::Payhubix => text(&json["message"]["status"]),
        Dialect::TxCash => text(&json["status_code"]),
        Dialect::TxnPro => {
            let attributes = &json["data"]["attributes"];
            format!("{} {}", text(&attributes["status"]), text(&attributes["statusContext"]))
        }
    }
}

/// What the core has, by its own reckoning and as facts.
fn booked(invoice: &Invoice) -> (u128, u128, Vec<u128>) {
    let asset = invoice.quotes[0].due.asset;
    let received = |money| received_in(invoice, asset, money).expect("it was quoted").units;
    let payments = invoice.payments.iter().map(|payment| payment.units).collect();
    (received(Money::Seen), received(Money::Final), payments)
}

async fn check(shop: &Shop, merchant: &Merchant, named: &Named, expected: Expected, told: &[u128]) {
    let dialect = named.dialect;
    let invoice = merchant.core(shop, named).await;
    assert_eq!(invoice.policy.dialect, dialect);
    assert_eq!(invoice.quotes.len(), 1, "{dialect}");
    assert_eq!(invoice.quotes[0].due.units, expected.due, "{dialect}: the same due");
    assert_eq!(booked(&invoice), (expected.seen, expected.final_, told.to_vec()), "{dialect}");
    let answer = merchant.read(shop, named).await;
    assert_eq!(shown(dialect, &answer), expected.word(dialect), "{dialect}: {answer:?}");
}

/// An order in every API, and what each is expected to come to.
async fn ordered(shop: &Shop, merchant: &Merchant, cents: u64, reference: &str) -> Vec<(Named, Expected)> {
    let start = Expected { due: u128::from(cents) * UNITS, ..Expected::default() };
    let mut all = Vec::new();
    for dialect in Dialect::ALL {
        // Each at a moment of its own, so that the newest is this one.
        shop.world.clock.move_by_ms(1);
        all.push((merchant.order(shop, dialect, cents, reference).await.0, start));
    }
    all
}

/// Lets it happen to all of them; answers what was paid.
async fn happens(shop: &Shop, merchant: &Merchant, all: &[(Named, Expected)], fact: Fact) -> Option<u128> {
    merchant.advance(shop, 1).await;
    let Fact::Pay(thousandths) = fact else {
        merchant.mine(shop).await;
        return None;
    };
    let mut units = None;
    for (named, expected) in all {
        units = Some(paid(expected.due, thousandths));
        merchant.pay(shop, named, paid(expected.due, thousandths)).await;
    }
    units
}

async fn story(shop: &Shop, merchant: &Merchant, mut all: Vec<(Named, Expected)>, facts: &[Fact]) {
    let mut told = Vec::new();
    for fact in facts {
        told.extend(happens(shop, merchant, &all, *fact).await);
        for (named, expected) in &mut all {
            *expected = expected.after(*fact, Policy::of(named.dialect).short);
            check(shop, merchant, named, *expected, &told).await;
        }
    }
}

#[tokio::test]
async fn the_same_payments_come_to_the_same_money_through_every_api() {
    let (shop, _) = ground(7).await;
    let merchant = Merchant::open(&shop, "https://shop.example/hook").await;
    let mut runner = TestRunner::deterministic();
    for case in 0..CASES {
        let (cents, facts) = stories().new_tree(&mut runner).expect("a story").current();
        let all = ordered(&shop, &merchant, cents, &case.to_string()).await;
        story(&shop, &merchant, all, &facts).await;
        let listed = merchant.native(&shop, "GET", "/invoices?limit=5", &Value::Null).await;
        let listed = listed.json["data"].as_array().expect("a list").clone();
        let mut sources: Vec<_> = listed.iter().map(|invoice| invoice["source"].to_string()).collect();
        sources.sort();
        assert_eq!(sources, ["api", "coinspaid", "payhubix", "txcash", "txnpro"].map(|source| format!("\"{source}\"")));
    }
}

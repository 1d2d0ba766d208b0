//! Removing one merchant's traffic changes nothing for another: the same run with and without it, compared as the other sees it.

use super::merchant::{Merchant, Named, Receivers, ground};
use crate::native::{Answer, Shop};
use farthing_domain::policy::Dialect;
use proptest::{collection::vec, prelude::*, sample::select, strategy::ValueTree, test_runner::TestRunner};
use serde_json::Value;
use std::collections::BTreeMap;

/// Runs that are compared.
const CASES: u32 = 12;
/// Attempts in a row that a step may cause.
const ROUNDS: u32 = 50;

/// What one merchant does, over its API.
#[derive(Debug, Clone, Copy)]
enum Act {
    Order { cents: u64 },
    Pay { which: usize, thousandths: u128 },
    Read { which: usize },
    List,
    Refused,
}

/// A step of a run.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// The one that is watched.
    Watched(Act),
    /// The one that is there in one run only.
    Other(Act),
    /// The chain goes on.
    Mine,
    /// Time does.
    Pass(u32),
}

fn acts() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (1000_u64..20_000).prop_map(|cents| Act::Order { cents }),
        5 => (0_usize..4, 1_u128..1400).prop_map(|(which, thousandths)| Act::Pay { which, thousandths }),
        2 => (0_usize..4).prop_map(|which| Act::Read { which }),
        1 => Just(Act::List),
        1 => Just(Act::Refused),
    ]
}

fn runs() -> impl Strategy<Value = (Dialect, Dialect, Vec<Step>)> {
    let step = prop_oneof![
        6 => acts().prop_map(Step::Watched),
        6 => acts().prop_map(Step::Other),
        2 => Just(Step::Mine),
        1 => select(vec![1, 60, 901, 90_000]).prop_map(Step::Pass),
    ];
    (select(Dialect::ALL.to_vec()), select(Dialect::ALL.to_vec()), vec(step, 12..24))
}

/// A merchant at work, and all that it was answered.
struct Working {
    merchant: Merchant,
    dialect: Dialect,
    invoices: Vec<(Named, u128)>,
    answered: Vec<String>,
}

impl Working {
    async fn open(shop: &Shop, dialect: Dialect, url: &str) -> Self {
        let merchant = Merchant::open(shop, url).await;
        let events = serde_json::json!({ "url": format!("{url}-native") });
        merchant.native(shop, "POST", "/webhook-endpoints", &events).await;
        Self { merchant, dialect, invoices: Vec::new(), answered: Vec::new() }
    }

    async fn act(&mut self, shop: &Shop, act: Act) {
        match act {
            Act::Order { cents } => {
                let reference = format!("order {}", self.invoices.len());
                let (named, answer) = self.merchant.order(shop, self.dialect, cents, &reference).await;
                self.invoices.push((named, u128::from(cents) * 10_000));
                self.keep(&answer);
            }
            Act::Pay { which, thousandths } => {
                let Some((named, due)) = self.invoices.get(which) else { return };
                let answer = self.merchant.pay(shop, named, due * thousandths / 1000).await;
                self.keep(&answer);
            }
            Act::Read { which } => {
                let Some((named, _)) = self.invoices.get(which) else { return };
                let answer = self.merchant.read(shop, named).await;
                self.keep(&answer);
            }
            Act::List => {
                let lists = match self.dialect {
                    Dialect::Native | Dialect::TxnPro | Dialect::Payhubix => {
                        [("GET", "/invoices", ""), ("GET", "/nothing", "")]
                    }
                    Dialect::CoinsPaid => [("POST", "/accounts/list", "{}"), ("POST", "/currencies/list", "{}")],
                    Dialect::TxCash => [("GET", "/invoice/none", ""), ("GET", "/nothing", "")],
                };
                for (method, path, body) in lists {
                    let answer = self.merchant.ask(shop, self.dialect, (method, path), body).await;
                    self.keep(&answer);
                }
            }
            Act::Refused => {
                let path = match self.dialect {
                    Dialect::Native | Dialect::TxnPro | Dialect::Payhubix => "/invoices",
                    Dialect::CoinsPaid => "/invoices/create",
                    Dialect::TxCash => "/invoice",
                };
                let answer = self.merchant.ask(shop, self.dialect, ("POST", path), "{}").await;
                assert!((400..500).contains(&answer.status), "{answer:?}");
                self.keep(&answer);
            }
        }
    }

    fn keep(&mut self, answer: &Answer) {
        let mut headers: Vec<_> =
            answer.headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().expect("text"))).collect();
        headers.sort();
        self.answered.push(format!("{} {headers:?} {}", answer.status, answer.text));
    }

    /// All that it sees in the end: answers, invoices, events, callbacks with their headers.
    async fn seen(mut self, shop: &Shop, receivers: &Receivers, url: &str) -> Vec<String> {
        for path in ["/invoices?limit=100", "/events?after=0&limit=100"] {
            let answer = self.merchant.native(shop, "GET", path, &Value::Null).await;
            self.keep(&answer);
        }
        for at in [url.to_owned(), format!("{url}-native")] {
            for (_, headers, body) in receivers.at(&at) {
                let signed = |name: &str| name.contains("signature");
                let headers: Vec<_> = headers.into_iter().filter(|(name, _)| !signed(&name.to_lowercase())).collect();
                self.answered.push(format!("{headers:?} {}", String::from_utf8(body).expect("text")));
            }
        }
        self.answered
    }
}

/// Sends what is due, until nothing is.
async fn deliver(shop: &Shop) {
    for _ in 0..ROUNDS {
        let due = shop.world.gateway.due_endpoints().await.expect("the store reads");
        if due.is_empty() {
            return;
        }
        for endpoint in due {
            shop.world.gateway.deliver_to(endpoint).await.expect("the store writes");
        }
    }
    panic!("there is always more to deliver");
}

async fn run(watched: Dialect, other: Option<Dialect>, steps: &[Step]) -> Vec<String> {
    const WATCHED: &str = "https://watched.example/hook";
    let (shop, receivers) = ground(11).await;
    let mut ours = Working::open(&shop, watched, WATCHED).await;
    let mut theirs = match other {
        Some(dialect) => Some(Working::open(&shop, dialect, "https://dead.example/hook").await),
        None => None,
    };
    for step in steps {
        // Each at a moment of its own, so that what is sorted by time is sorted alike.
        shop.world.clock.move_by_ms(1000);
        match (step, &mut theirs) {
            (Step::Watched(act), _) => ours.act(&shop, *act).await,
            (Step::Other(act), Some(theirs)) => theirs.act(&shop, *act).await,
            (Step::Other(_), None) => {}
            (Step::Mine, _) => {
                let answer = ours.merchant.mine(&shop).await;
                ours.keep(&answer);
            }
            (Step::Pass(seconds), _) => {
                let answer = ours.merchant.advance(&shop, *seconds).await;
                ours.keep(&answer);
            }
        }
        deliver(&shop).await;
    }
    ours.seen(&shop, &receivers, WATCHED).await
}

/// Puts what is random by a number, in the order in which it first comes: ids, addresses, hashes, names. Amounts, counts,
/// times and small numbers stay as they are.
fn without_chance(seen: &[String]) -> Vec<String> {
    let mut known = BTreeMap::new();
    seen.iter().map(|text| named_by_number(text, &mut known)).collect()
}

fn named_by_number(text: &str, known: &mut BTreeMap<String, usize>) -> String {
    let mut named = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (word, after) = rest.split_once(is_between).unwrap_or((rest, ""));
        let count = known.len();
        if is_random(word) {
            named.push_str(&format!("#{}", known.entry(word.to_owned()).or_insert(count)));
        } else {
            named.push_str(word);
        }
        named.extend(rest.chars().nth(word.chars().count()));
        rest = after;
    }
    named
}

fn is_between(c: char) -> bool {
    !c.is_ascii_alphanumeric() && c != '-' && c != '_'
}

fn is_random(word: &str) -> bool {
    let has = |of: fn(&char) -> bool| word.chars().any(|c| of(&c));
    let is_time = word.len() == 13 && word.as_bytes().get(10) == Some(&b'T') && word.starts_with("20");
    let is_mixed = has(char::is_ascii_digit) && has(char::is_ascii_alphabetic);
    !is_time && word.len() >= 8 && (is_mixed || word.len() >= 24)
}

#[tokio::test]
async fn one_merchant_s_traffic_changes_nothing_for_another() {
    let mut runner = TestRunner::deterministic();
    for case in 0..CASES {
        let (watched, other, steps) = runs().new_tree(&mut runner).expect("a run").current();
        let alone = without_chance(&run(watched, None, &steps).await);
        let beside = without_chance(&run(watched, Some(other), &steps).await);
        for (without, with) in alone.iter().zip(&beside) {
            assert_eq!(without, with, "{case}: {watched} beside {other}: {steps:?}");
        }
        assert_eq!(alone.len(), beside.len(), "{case}: {watched} beside {other}");
    }
}

#[test]
fn only_what_is_random_is_put_by_a_number() {
    let text = r#"{"id":"0197f6a2-c1d2-7b7e-8a51-3b2f3a6f9b10","at":"2026-01-01T00:15:00Z","amount":"12.345678","n":1767225600}"#;
    let mut known = BTreeMap::new();
    let named = named_by_number(text, &mut known);
    assert_eq!(named, r##"{"id":"#0","at":"2026-01-01T00:15:00Z","amount":"12.345678","n":1767225600}"##);
    assert_eq!(named_by_number("0197f6a2-c1d2-7b7e-8a51-3b2f3a6f9b10 INV-ABCD6789", &mut known), "#0 #1");
}

//! The story of a seed: chosen whole before anything is played, so that leaving out one part changes nothing of the other.

use crate::{dice::Dice, plan::ASSETS};
use serde_json::{Map, Value, json};

/// Whose part a deed belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// The shop whose history is compared.
    Shop,
    /// The one beside it.
    Neighbour,
}

/// What a shop or its payers do. Invoices are meant by their order.
#[derive(Debug, Clone)]
pub(super) enum Deed {
    Create(String),
    /// The same request once more.
    Repeat(usize),
    Activate(usize),
    Cancel(usize),
    /// So many per cent of what is due.
    Pay {
        invoice: usize,
        percent: u64,
        salt: [u8; 16],
    },
    /// The payer takes an unconfirmed payment back.
    TakeBack(usize),
    SendTestEvent,
    /// Asks for an invoice of the other shop's, and to cancel it.
    Snoop(usize),
}

/// What happens next.
#[derive(Debug, Clone)]
pub(super) enum Scene {
    Of(Part, Deed),
    Mine { network: &'static str, count: u64, salt: [u8; 16] },
    Reorganise { network: &'static str, depth: u64, to_mempool: bool, salt: [u8; 16] },
    Scan,
    Expire,
    MoveClock(i64),
    AdvanceTestClock(i64),
    Deliver,
    Restart,
}

/// Both shops' story.
pub(super) fn story(seed: u64, scenes: usize) -> Vec<Scene> {
    let mut author = Author { dice: Dice::of(seed), made: [0, 0], paid: [0, 0] };
    (0..scenes).map(|_| author.scene()).collect()
}

struct Author {
    dice: Dice,
    /// Invoices asked for, by part.
    made: [usize; 2],
    paid: [usize; 2],
}

impl Author {
    fn scene(&mut self) -> Scene {
        match self.dice.below(100) {
            0..=24 => self.of(Part::Shop),
            25..=51 => self.of(Part::Neighbour),
            52..=61 => Scene::Mine { network: self.network(), count: self.dice.between(1, 4), salt: self.dice.salt() },
            62..=65 => Scene::Reorganise {
                network: self.network(),
                depth: self.dice.between(1, 3),
                to_mempool: self.dice.percent(50),
                salt: self.dice.salt(),
            },
            66..=80 => Scene::Scan,
            81..=84 => Scene::Expire,
            85..=88 => Scene::MoveClock(self.seconds(1, 900)),
            89..=90 => Scene::AdvanceTestClock(self.seconds(60, 7_200)),
            91..=97 => Scene::Deliver,
            _ => Scene::Restart,
        }
    }

    fn of(&mut self, part: Part) -> Scene {
        let deed = match self.dice.below(20) {
            0..=6 => self.create(part),
            7 => Deed::Repeat(self.one_of(self.made, part)),
            8 => Deed::Activate(self.one_of(self.made, part)),
            9 => Deed::Cancel(self.one_of(self.made, part)),
            10..=16 => self.pay(part),
            17 => Deed::TakeBack(self.one_of(self.paid, part)),
            18 => Deed::SendTestEvent,
            _ => Deed::Snoop(self.dice.below(10).try_into().unwrap_or_default()),
        };
        Scene::Of(part, deed)
    }

    fn create(&mut self, part: Part) -> Deed {
        let number = count(&mut self.made, part);
        let mut request = Map::new();
        let (code, network) = self.dice.pick(&ASSETS).copied().unwrap_or(("BTC", "bitcoin"));
        let mut say = |name: &str, value: Value| request.insert(name.to_owned(), value);
        say("currency", json!(code));
        say("network", json!(network));
        if self.dice.percent(70) {
            say("amount", json!(format!("0.{:05}", self.dice.between(1, 99_999))));
        } else {
            say("fiat_currency", json!("EUR"));
            say("amount_fiat", json!("12.34"));
            say("deferred", json!(true));
        }
        if self.dice.percent(60) {
            // Shops number their keys and orders alike.
            say("idempotency_key", json!(format!("key-{number}")));
        }
        say("external_id", json!(format!("order-{number}")));
        say("expiry_minutes", json!(self.dice.between(5, 60)));
        Deed::Create(Value::Object(request).to_string())
    }

    fn pay(&mut self, part: Part) -> Deed {
        count(&mut self.paid, part);
        let percent = self.dice.pick(&[100, 100, 100, 50, 130]).copied().unwrap_or(100);
        Deed::Pay { invoice: self.one_of(self.made, part), percent, salt: self.dice.salt() }
    }

    /// One of the latest.
    fn one_of(&mut self, counts: [usize; 2], part: Part) -> usize {
        let [shop, neighbour] = counts;
        let count = if part == Part::Shop { shop } else { neighbour };
        let back: usize = self.dice.between(1, 4).try_into().unwrap_or(1);
        count.saturating_sub(back)
    }

    fn network(&mut self) -> &'static str {
        self.dice.pick(&ASSETS).map_or("bitcoin", |(_, network)| *network)
    }

    fn seconds(&mut self, first: u64, last: u64) -> i64 {
        i64::try_from(self.dice.between(first, last)).unwrap_or_default()
    }
}

/// The next number of a part's.
fn count(counts: &mut [usize; 2], part: Part) -> usize {
    let [shop, neighbour] = counts;
    let count = if part == Part::Shop { shop } else { neighbour };
    let number = *count;
    *count = number.saturating_add(1);
    number
}

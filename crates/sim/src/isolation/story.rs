//! The story of a seed: chosen whole before anything is played, so that leaving out one part changes nothing of the other.

use crate::{
    dice::Dice,
    plan::{ASSETS, CALLING_BACK},
};
use farthing_domain::policy::Dialect;
use serde_json::{Map, Value, json};

/// Whose part a deed belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// The shop whose history is compared.
    Shop,
    /// The one beside it.
    Neighbour,
}

impl Part {
    /// The one beside it.
    pub(super) const fn other(self) -> Self {
        match self {
            Self::Shop => Self::Neighbour,
            Self::Neighbour => Self::Shop,
        }
    }
}

/// A request to create an invoice. Both shops number their keys and references alike.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) dialect: Dialect,
    pub(super) body: String,
    /// Whether its callbacks go to an address of its own.
    pub(super) has_own_url: bool,
}

/// A permanent address to take.
#[derive(Debug, Clone)]
pub(super) struct Take {
    pub(super) dialect: Dialect,
    pub(super) code: &'static str,
    pub(super) network: &'static str,
    pub(super) reference: String,
    pub(super) key: Option<String>,
}

/// What a shop or its payers do. Invoices and permanent addresses are meant by their order.
#[derive(Debug, Clone)]
pub(super) enum Deed {
    Create(Request),
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
    Take(Take),
    /// To a permanent address, and in the same transaction to one of the other shop's, where it has one of that asset's network.
    Deposit {
        address: usize,
        beside: Option<usize>,
        units: u128,
        salt: [u8; 16],
    },
    /// Disables a permanent address of the dialects', or changes the note on one.
    Switch(usize),
    SendTestEvent,
    /// Asks for one of the latest callbacks again.
    Redeliver(usize),
    /// The receiver of a dialect's callbacks fails, or is well again. None whose waits have a part by chance.
    Ail(Dialect, bool),
    /// Looks for what names and references mean in every dialect.
    LookUp(usize),
    /// Asks for everything of the other shop's of that number, and to change it.
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
    let mut author =
        Author { dice: Dice::of(seed), made: [0, 0], paid: [0, 0], taken: [0, 0], has_deposited: [false, false] };
    (0..scenes).map(|_| author.scene()).collect()
}

struct Author {
    dice: Dice,
    /// Invoices asked for, by part.
    made: [usize; 2],
    paid: [usize; 2],
    /// Permanent addresses.
    taken: [usize; 2],
    /// Whether there is a deposit that no scan has seen yet, by part. Those that one scan sees first become invoices in the order of
    /// their hashes, which is chance: a second one waits.
    has_deposited: [bool; 2],
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
            66..=80 => {
                self.has_deposited = [false, false];
                Scene::Scan
            }
            81..=84 => Scene::Expire,
            85..=88 => Scene::MoveClock(self.seconds(1, 900)),
            89..=90 => Scene::AdvanceTestClock(self.seconds(60, 7_200)),
            91..=97 => Scene::Deliver,
            _ => Scene::Restart,
        }
    }

    fn of(&mut self, part: Part) -> Scene {
        let deed = match self.dice.below(32) {
            0..=7 => self.create(part),
            8 => Deed::Repeat(self.one_of(self.made, part)),
            9 => Deed::Activate(self.one_of(self.made, part)),
            10 => Deed::Cancel(self.one_of(self.made, part)),
            11..=17 => self.pay(part),
            18 => Deed::TakeBack(self.one_of(self.paid, part)),
            19..=21 => self.take(part),
            22..=25 => self.deposit(part),
            26 => Deed::Switch(self.one_of(self.taken, part)),
            27 => Deed::SendTestEvent,
            28 => Deed::Redeliver(self.number(4)),
            29 => Deed::Ail(self.without_chance(), self.dice.percent(50)),
            30 => Deed::LookUp(self.number(10)),
            _ => Deed::Snoop(self.number(10)),
        };
        Scene::Of(part, deed)
    }

    fn number(&mut self, end: u64) -> usize {
        self.dice.below(end).try_into().unwrap_or_default()
    }

    /// A dialect whose retries are documented to the minute.
    fn without_chance(&mut self) -> Dialect {
        self.dice.pick(&[Dialect::CoinsPaid, Dialect::TxnPro]).copied().unwrap_or(Dialect::CoinsPaid)
    }

    fn take(&mut self, part: Part) -> Deed {
        let number = count(&mut self.taken, part);
        let (code, network) = self.dice.pick(&ASSETS).copied().unwrap_or(("BTC", "bitcoin"));
        let dialect = if self.dice.percent(40) { Dialect::Native } else { self.without_chance() };
        let has_key = dialect == Dialect::Native && self.dice.percent(60);
        // Several addresses may have one reference.
        let reference = format!("customer-{}", self.dice.below(3));
        Deed::Take(Take { dialect, code, network, reference, key: has_key.then(|| format!("permanent-{number}")) })
    }

    fn deposit(&mut self, part: Part) -> Deed {
        if *of(&mut self.taken, part) == 0 {
            return self.take(part);
        }
        if *of(&mut self.has_deposited, part) {
            return self.pay(part);
        }
        *of(&mut self.has_deposited, part) = true;
        count(&mut self.paid, part);
        let beside = (part == Part::Shop).then(|| self.number(6));
        let units = u128::from(self.dice.between(1_000, 5_000_000));
        Deed::Deposit { address: self.one_of(self.taken, part), beside, units, salt: self.dice.salt() }
    }

    fn create(&mut self, part: Part) -> Deed {
        let number = count(&mut self.made, part);
        let mut request = Map::new();
        let (code, network) = self.dice.pick(&ASSETS).copied().unwrap_or(("BTC", "bitcoin"));
        let dialect = if self.dice.percent(40) { None } else { self.dice.pick(&CALLING_BACK).copied() };
        let dialect = dialect.unwrap_or(Dialect::Native);
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
        if dialect == Dialect::Native && self.dice.percent(60) {
            say("idempotency_key", json!(format!("key-{number}")));
        }
        say("external_id", json!(format!("order-{number}")));
        say("expiry_minutes", json!(self.dice.between(5, 60)));
        Deed::Create(Request { dialect, body: Value::Object(request).to_string(), has_own_url: self.dice.percent(30) })
    }

    fn pay(&mut self, part: Part) -> Deed {
        count(&mut self.paid, part);
        let percent = self.dice.pick(&[100, 100, 100, 50, 130]).copied().unwrap_or(100);
        Deed::Pay { invoice: self.one_of(self.made, part), percent, salt: self.dice.salt() }
    }

    /// One of the latest.
    fn one_of(&mut self, mut counts: [usize; 2], part: Part) -> usize {
        let back: usize = self.dice.between(1, 4).try_into().unwrap_or(1);
        of(&mut counts, part).saturating_sub(back)
    }

    fn network(&mut self) -> &'static str {
        self.dice.pick(&ASSETS).map_or("bitcoin", |(_, network)| *network)
    }

    fn seconds(&mut self, first: u64, last: u64) -> i64 {
        i64::try_from(self.dice.between(first, last)).unwrap_or_default()
    }
}

/// A part's own.
const fn of<T>(both: &mut [T; 2], part: Part) -> &mut T {
    let [shop, neighbour] = both;
    match part {
        Part::Shop => shop,
        Part::Neighbour => neighbour,
    }
}

/// The next number of a part's.
fn count(counts: &mut [usize; 2], part: Part) -> usize {
    let count = of(counts, part);
    let number = *count;
    *count = number.saturating_add(1);
    number
}

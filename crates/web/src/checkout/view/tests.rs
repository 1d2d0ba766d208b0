//! The page in every state, as a table of stories.

use super::{
    phase::{Chains, Phase},
    *,
};
use crate::checkout::language::Language;
use farthing_domain::{
    id::{InvoiceId, MerchantId, Owner},
    invoice::{ACTIVATIONS_MAX, Canceller, Choice, NewInvoice, Source, Terms},
    money::FiatAmount,
    payment::{BlockRef, Observation, PaymentKey, Place, Sighting},
    policy::{Dialect, Policy},
    rate::{Rate, unit_of_due},
};

const SEGWIT: &str = "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx";
const HEAD: u64 = 100;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_772_366_400).plus_seconds(seconds)
}

fn asset(code: &str, network: &str) -> Asset {
    Catalog::shipped().resolve(code, Some(network)).unwrap().clone()
}

fn bitcoin() -> Asset {
    asset("BTC", "bitcoin")
}

fn terms(price: Price, choice: Choice) -> Terms {
    Terms {
        price,
        choice,
        is_deferred: false,
        tolerance: "0".parse().unwrap(),
        window_seconds: None,
        description: Some("Two tickets".to_owned()),
        external_id: None,
        idempotency_key: None,
        metadata: "{}".to_owned(),
        redirect_url: Some("https://shop.example/thanks?order=1".to_owned()),
        customer_email: None,
        coins: Vec::new(),
        foreign: None,
    }
}

/// An invoice and the moment at which it is looked at.
struct Story {
    invoice: Invoice,
    now: Timestamp,
    head: u64,
}

impl Story {
    fn open(dialect: Dialect, terms: Terms, quote: Option<Quote>) -> Self {
        let new = NewInvoice {
            id: InvoiceId(uuid::Uuid::from_u128(7)),
            owner: Owner { merchant: MerchantId(uuid::Uuid::from_u128(1)), environment: Environment::Test },
            policy: Policy::of(dialect),
            source: Source::Api(dialect),
            token: "token".to_owned(),
            terms,
            quote,
        };
        Self { invoice: Invoice::open(new, at(0)).0, now: at(0), head: HEAD }
    }

    /// 0.5 BTC, for half an hour.
    fn half_bitcoin() -> Self {
        Self::half_bitcoin_by(Dialect::Native)
    }

    fn half_bitcoin_by(dialect: Dialect) -> Self {
        let due = Amount::parse(&bitcoin(), "0.5").unwrap();
        let quote =
            Quote { due, step: 1, rate: None, address: SEGWIT.to_owned(), made_at: at(0), ends_at: Some(at(1800)) };
        Self::open(dialect, terms(Price::Asset(due), Choice::Fixed(bitcoin().id)), Some(quote))
    }

    /// 50.00 USD in whatever the payer chooses.
    fn fifty_dollars() -> Self {
        let price = FiatAmount::parse("USD".parse().unwrap(), "50").unwrap();
        let deferred = Terms { is_deferred: true, ..terms(Price::Fiat(price), Choice::Any) };
        Self::open(Dialect::Native, deferred, None)
    }

    fn choosing(mut self, asset: &Asset, rate: &str, seconds: i64) -> Self {
        let Price::Fiat(price) = self.invoice.terms.price else { panic!("priced in fiat") };
        let rate = Rate::fixed(rate.parse().unwrap(), price.currency, at(seconds), vec!["offline".to_owned()]).unwrap();
        let due = rate.due(price, asset).unwrap();
        let quote = Quote {
            due,
            step: unit_of_due(asset).unwrap(),
            rate: Some(rate),
            address: SEGWIT.to_owned(),
            made_at: at(seconds),
            ends_at: self.invoice.quote_end(at(seconds)),
        };
        self.invoice.activate(quote, at(seconds)).unwrap();
        self.after(seconds)
    }

    /// Money of an asset in a block of that height, or in the mempool.
    fn receiving(mut self, asset: &Asset, amount: &str, height: Option<u64>, seconds: i64) -> Self {
        let place = height.map_or(Place::Mempool { since: None }, |height| Place::Block {
            block: BlockRef { height, hash: format!("block{height}") },
            time: at(seconds),
        });
        let sighting = Sighting {
            key: key(asset, self.invoice.payments.len()),
            asset: asset.id,
            decimals: asset.decimals,
            units: Amount::parse(asset, amount).unwrap().units,
            place,
            matures_at: None,
        };
        self.invoice.observe(vec![Observation::Seen(sighting)], None, at(seconds));
        self.after(seconds)
    }

    /// Everything in a block becomes final.
    fn finally(mut self, seconds: i64) -> Self {
        let keys = self.invoice.payments.iter().map(|payment| Observation::Final(payment.key.clone())).collect();
        self.invoice.observe(keys, None, at(seconds));
        self.after(seconds)
    }

    /// All money is gone from the chain.
    fn losing_it(mut self, seconds: i64) -> Self {
        let keys = self.invoice.payments.iter().map(|payment| Observation::Gone(payment.key.clone())).collect();
        self.invoice.observe(keys, None, at(seconds));
        self.after(seconds)
    }

    /// Every network was scanned beyond that moment.
    fn scanned(mut self, seconds: i64) -> Self {
        self.invoice.scanned(at(seconds), at(seconds));
        self.after(seconds)
    }

    fn after(mut self, seconds: i64) -> Self {
        self.now = at(seconds);
        self
    }

    fn tolerating(mut self, tolerance: &str) -> Self {
        self.invoice.terms.tolerance = tolerance.parse().unwrap();
        self
    }

    fn around<T>(&self, language: Language, look: impl FnOnce(&Surroundings<'_>) -> T) -> T {
        let catalog = Catalog::shipped();
        let on_sale: Vec<AssetId> = catalog.assets().iter().map(|asset| asset.id).collect();
        look(&Surroundings {
            merchant: "Example Shop",
            texts: language.texts(),
            catalog: &catalog,
            chains: Chains {
                head: &|_| Some(self.head),
                required: &|network| catalog.network(network).map(|found| found.confirmations),
            },
            on_sale: &on_sale,
            now: self.now,
        })
    }

    fn view(&self) -> View {
        self.view_in(Language::English)
    }

    fn view_in(&self, language: Language) -> View {
        self.around(language, |around| View::of(&self.invoice, around))
    }

    fn phase(&self) -> Phase {
        self.around(Language::English, |around| Phase::of(&self.invoice, &around.chains, around.now))
    }
}

fn key(asset: &Asset, number: usize) -> PaymentKey {
    PaymentKey { network: asset.id.network, transaction: format!("tx{number}"), position: "0".to_owned() }
}

#[test]
fn every_state_has_its_words_and_shows_an_address_only_while_money_is_asked_for() {
    let half = Story::half_bitcoin;
    let coin = bitcoin();
    let cancelled = || {
        let mut story = Story::half_bitcoin_by(Dialect::Payhubix);
        story.invoice.cancel(Canceller::Payer, at(10)).unwrap();
        story.after(11)
    };
    let invalid = || {
        let mut story = half();
        story.invoice.mark_invalid(at(10));
        story.after(11)
    };
    let lapsed = || {
        let mut story = half();
        story.invoice.quotes[0].ends_at = Some(at(600));
        story.after(601)
    };
    let table = [
        ("draft", Story::fifty_dollars(), "Choose how to pay", false, false),
        ("draft, over", Story::fifty_dollars().after(8 * 86_400), "This invoice has expired", false, true),
        ("pending", half(), "Waiting for your payment", true, false),
        ("rate lapsed", lapsed(), "The rate has lapsed", false, false),
        ("window over", half().after(1801), "The time is over", false, false),
        ("seen", half().receiving(&coin, "0.5", None, 60), "Payment seen", false, false),
        ("confirming", half().receiving(&coin, "0.5", Some(HEAD), 60), "Confirming: 1 of 2", false, false),
        ("paid", half().receiving(&coin, "0.5", Some(HEAD), 60).finally(90), "Paid", false, true),
        (
            "overpaid",
            half().receiving(&coin, "0.7", Some(HEAD), 60).finally(90),
            "Paid, with more than was due",
            false,
            true,
        ),
        ("part seen", half().receiving(&coin, "0.2", None, 60), "Part of the amount has arrived", true, false),
        (
            "part final",
            half().receiving(&coin, "0.2", Some(HEAD), 60).finally(90),
            "Part of the amount has arrived",
            true,
            false,
        ),
        (
            "short",
            half().receiving(&coin, "0.2", Some(HEAD), 60).finally(90).scanned(1900),
            "Not fully paid",
            false,
            true,
        ),
        ("expired", half().scanned(1900), "This invoice has expired", false, true),
        ("late", half().scanned(1900).receiving(&coin, "0.5", None, 2000), "Your payment came late", false, true),
        ("cancelled", cancelled(), "This invoice was cancelled", false, true),
        ("invalid", invalid(), "This invoice is invalid", false, true),
        ("dropped", half().receiving(&coin, "0.5", None, 60).losing_it(70), "Waiting for your payment", true, false),
    ];
    for (name, story, headline, asks, is_final) in table {
        let view = story.view();
        assert_eq!(view.headline, headline, "{name}: {:?}", story.phase());
        assert_eq!(view.pay.is_some(), asks, "{name}");
        assert_eq!(view.is_final, is_final, "{name}");
        assert_eq!(view.time_left.is_some(), asks, "{name}");
        assert!(view.return_to.is_some(), "{name}");
    }
}

#[test]
fn a_part_payment_asks_for_the_rest_in_a_new_code() {
    let coin = bitcoin();
    let before = Story::half_bitcoin();
    let after = Story::half_bitcoin().receiving(&coin, "0.2", None, 60);
    let (first, second) = (before.view(), after.view());
    assert_eq!((first.sum.label, first.sum.number.as_str()), ("Amount due", "0.5"));
    assert_eq!((second.sum.label, second.sum.number.as_str()), ("Still due", "0.3"));
    assert!(second.message.contains("Received 0.2 BTC on Bitcoin"), "{}", second.message);
    assert!(second.message.contains("Still due: 0.3 BTC on Bitcoin"), "{}", second.message);
    let (first, second) = (first.pay.unwrap(), second.pay.unwrap());
    assert_ne!(first.qr, second.qr);
    assert_eq!(first.address, second.address);
    assert!(second.wallet_link.unwrap().contains("?amount=0.3&"));
}

#[test]
fn what_is_tolerated_is_not_asked_for() {
    let story = Story::half_bitcoin().tolerating("0.01").receiving(&bitcoin(), "0.495", None, 60);
    assert_eq!(story.view().headline, "Payment seen");
    assert!(story.view().pay.is_none());
    let story = Story::fifty_dollars().tolerating("1").choosing(&bitcoin(), "50000", 10).receiving(
        &bitcoin(),
        "0.00098",
        None,
        60,
    );
    assert_eq!(story.view().headline, "Payment seen");
}

#[test]
fn a_price_in_dollars_shows_what_it_comes_to_and_by_which_rate() {
    let story = Story::fifty_dollars();
    let view = story.view();
    assert_eq!((view.sum.label, view.sum.number.as_str(), view.sum.code.as_str()), ("Price", "50.00", "USD"));
    assert!(!view.can_simulate);
    let view = story.choosing(&asset("USDT", "tron"), "0.9997", 10).view();
    assert_eq!((view.sum.number.as_str(), view.sum.code.as_str()), ("50.015005", "USDT"));
    assert_eq!(view.sum.network.as_deref(), Some("Tron"));
    assert_eq!(view.sum.fiat.as_deref(), Some("50.00 USD"));
    assert!(view.details.contains(&("Rate", "1 USDT = 0.9997 USD".to_owned())));
    assert!(view.details.contains(&("Rate of", "2026-03-01 12:00:10 UTC".to_owned())));
    assert!(view.details.iter().any(|(label, text)| *label == "Token contract" && text.starts_with("TR7N")));
    assert!(view.pay.unwrap().wallet_link.is_none());
}

#[test]
fn with_one_method_there_is_a_start_and_no_picker() {
    let mut story = Story::fifty_dollars();
    story.invoice.terms.choice = Choice::Fixed(bitcoin().id);
    let view = story.view();
    assert_eq!(view.headline, "Ready to pay");
    assert_eq!(view.start.unwrap().value, "BTC.bitcoin");
    assert!(view.picker.is_empty());
}

#[test]
fn an_asset_with_a_name_of_its_own_is_called_by_it() {
    let alias = |network| Story::fifty_dollars().choosing(&asset("ETH", network), "2500", 10).view().pay.unwrap().alias;
    assert_eq!(alias("polygon").as_deref(), Some("Wrapped Ether"));
    assert_eq!(alias("base"), None);
}

#[test]
fn the_picker_groups_networks_by_coin_and_hides_when_there_is_nothing_to_choose() {
    let view = Story::fifty_dollars().view();
    let tether = view.picker.iter().find(|coin| coin.code == "USDT").unwrap();
    assert!(tether.methods.len() > 3 && tether.methods.iter().any(|method| method.value == "USDT.tron"));
    assert_eq!(view.picker[0].name, "Coins");
    assert!(view.picker[0].methods.iter().any(|method| method.value == "BTC.bitcoin"));
    let chosen = Story::fifty_dollars().choosing(&asset("USDT", "tron"), "1", 10);
    let view = chosen.view();
    assert!(view.is_chosen);
    let marked: Vec<_> = view.picker.iter().flat_map(|coin| &coin.methods).filter(|method| method.is_chosen).collect();
    assert_eq!(marked.len(), 1);
    assert_eq!(marked[0].value, "USDT.tron");
    assert!(Story::half_bitcoin().view().picker.is_empty());
    let mut worn = chosen;
    worn.invoice.activation_count = ACTIVATIONS_MAX;
    assert!(worn.view().picker.is_empty());
}

#[test]
fn a_lapsed_rate_is_renewed_only_where_the_invoice_lets_it() {
    let mut story = Story::fifty_dollars().choosing(&asset("USDT", "tron"), "1", 10);
    story.invoice.quotes[0].ends_at = Some(at(600));
    assert_eq!(story.view().changes_at, Some(at(600)));
    assert!(story.view().renewal.is_none());
    let story = story.after(601);
    assert_eq!(story.view().renewal.unwrap().value, "USDT.tron");
    assert_eq!(story.view().changes_at, story.invoice.deadline);
    let mut fixed = Story::half_bitcoin();
    fixed.invoice.quotes[0].ends_at = Some(at(600));
    assert!(fixed.after(601).view().renewal.is_none());
}

#[test]
fn confirmations_are_those_of_the_payment_that_needs_most() {
    let coin = bitcoin();
    let mut story =
        Story::half_bitcoin().receiving(&coin, "0.2", Some(HEAD - 1), 60).receiving(&coin, "0.3", Some(HEAD), 70);
    assert_eq!(story.view().progress, Some(Progress { have: 1, need: 2 }));
    story.head = HEAD + 5;
    assert_eq!(story.view().progress, Some(Progress { have: 2, need: 2 }));
    let story = story.receiving(&coin, "0.1", None, 80);
    assert_eq!(story.view().headline, "Payment seen");
}

#[test]
fn a_wrong_token_and_late_money_are_pointed_out() {
    let story = Story::fifty_dollars().choosing(&asset("USDT", "tron"), "1", 10).receiving(
        &asset("TRX", "tron"),
        "50",
        Some(HEAD),
        60,
    );
    let view = story.view();
    assert_eq!(view.headline, "Waiting for your payment");
    assert!(
        view.notes[0].starts_with("50 TRX on Tron arrived, which this invoice cannot be paid with."),
        "{:?}",
        view.notes
    );
    assert_eq!(view.payments[0].status, "not accepted");
    let coin = bitcoin();
    let paid =
        Story::half_bitcoin().receiving(&coin, "0.5", Some(HEAD), 60).finally(90).receiving(&coin, "0.5", None, 100);
    assert!(paid.view().notes[0].contains("came after this invoice had ended"), "{:?}", paid.view().notes);
}

#[test]
fn a_payment_that_vanished_is_told_while_another_is_asked_for() {
    let coin = bitcoin();
    let vanished = || Story::half_bitcoin().receiving(&coin, "0.5", None, 60).losing_it(70);
    let notes = vanished().view().notes;
    assert!(notes[0].starts_with("0.5 BTC on Bitcoin was seen and is gone from the network again."), "{notes:?}");
    let replaced = vanished().receiving(&coin, "0.5", None, 80).view();
    assert_eq!((replaced.headline.as_str(), replaced.notes.len()), ("Payment seen", 0));
    assert!(vanished().scanned(1900).view().notes.is_empty());
}

#[test]
fn who_pays_from_an_exchange_is_told_what_must_arrive() {
    let part = Story::half_bitcoin().receiving(&bitcoin(), "0.2", None, 60).view();
    let hint = part.pay.unwrap().from_exchange;
    assert!(hint.contains("so that 0.3 BTC arrives"), "{hint}");
}

#[test]
fn every_language_asks_for_the_same_money_at_the_same_address() {
    let part = Story::fifty_dollars().choosing(&asset("USDT", "tron"), "1", 10).receiving(
        &asset("USDT", "tron"),
        "20",
        Some(HEAD),
        60,
    );
    let english = part.view();
    for language in Language::ALL {
        let view = part.view_in(language);
        assert_eq!((&view.sum.number, &view.sum.code), (&english.sum.number, &english.sum.code), "{language:?}");
        let (own, model) = (view.pay.as_ref().unwrap(), english.pay.as_ref().unwrap());
        assert_eq!((&own.whole_address, &own.qr), (&model.whole_address, &model.qr), "{language:?}");
        assert!(view.message.contains("20 USDT") && view.message.contains("30 USDT"), "{}", view.message);
        assert!(!view.message.contains('{') && !own.from_exchange.contains('{'), "{language:?}");
        assert!(language == Language::English || view.headline != english.headline, "{language:?}");
    }
}

#[test]
fn time_left_is_prominent_in_the_last_quarter_only() {
    let view = |seconds| Story::half_bitcoin().after(seconds).view().time_left.unwrap();
    assert_eq!((view(0).clock.as_str(), view(0).is_short), ("30:00", false));
    assert_eq!((view(1349).clock.as_str(), view(1349).is_short), ("7:31", false));
    assert_eq!((view(1350).clock.as_str(), view(1350).is_short), ("7:30", true));
    assert_eq!(view(0).then, "Then the invoice ends; please do not pay after that.");
    assert_eq!(parts::clock(6 * 3600, Language::English.texts()), "6:00:00");
    assert_eq!(parts::clock(7 * 86_400, Language::English.texts()), "7 days");
}

#[test]
fn only_a_policy_that_says_so_lets_the_payer_cancel() {
    assert!(!Story::half_bitcoin().view().may_cancel);
    assert!(Story::half_bitcoin_by(Dialect::Payhubix).view().may_cancel);
    assert!(!Story::half_bitcoin_by(Dialect::Payhubix).receiving(&bitcoin(), "0.1", None, 60).view().may_cancel);
}

#[test]
fn the_way_back_is_a_web_address_or_nothing() {
    let back = ReturnTo::of("https://shop.example:8443/a?b=c#d").unwrap();
    assert_eq!((back.href.as_str(), back.host.as_str()), ("https://shop.example:8443/a?b=c#d", "shop.example"));
    for text in [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "//evil.example",
        "https://good.example@evil.example/",
        "https://a:b@evil.example/",
        "ftp://shop.example/",
        "",
        "/back",
    ] {
        assert_eq!(ReturnTo::of(text), None, "{text}");
    }
}

#[test]
fn an_address_is_split_without_losing_a_character() {
    for address in [SEGWIT, "short", "é12345ü67890ß", ""] {
        assert_eq!(parts::in_three(address).concat(), address);
    }
    assert_eq!(parts::in_three(SEGWIT)[0], "tb1qw5");
    assert_eq!(parts::in_three(SEGWIT)[2], "xpjzsx");
}

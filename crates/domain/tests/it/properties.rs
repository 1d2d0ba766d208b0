//! What holds of every invoice, whatever happens to it.
//!
//! A story is a random run of facts through the invoice's own methods, so that each state is one that can come about; only
//! totality is tried on facts that nobody could record.

use crate::world;
use farthing_domain::{
    decimal::Decimal,
    event::{Event, EventKind},
    invoice::{Canceller, Choice, Invoice},
    payment::{Acceptance, BlockRef, Observation, Payment, Place, Rejection},
    policy::{Dialect, Grace, LateMoney, Policy, ShortMoney},
    quote::Quote,
    settle::{self, Money},
    standing::{PaymentStanding, PaymentStatus, Standing, Status, Timeliness},
    time::Timestamp,
};
use num_bigint::BigInt;
use num_rational::BigRational;
use proptest::{collection::vec, prelude::*, sample::select, strategy::ValueTree, test_runner::TestRunner};
use std::collections::BTreeSet;

const ASSETS: [&str; 3] = ["BTC", "USDT", "USDT@bsc"];
const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

#[derive(Debug, Clone)]
enum Fact {
    Activate {
        asset: &'static str,
        rate: &'static str,
    },
    See {
        name: &'static str,
        asset: &'static str,
        quarters: u128,
        units: i8,
        height: Option<u64>,
        is_final: bool,
        age: i64,
    },
    Final(&'static str),
    Gone(&'static str),
    Move(&'static str, u64),
    Cancel(Canceller),
    Invalid,
    Accept(&'static str),
    Scanned {
        lag: i64,
    },
    Nothing,
}

/// A run of facts, each so many milliseconds after the one before.
#[derive(Debug, Clone)]
struct Story {
    dialect: Dialect,
    is_permanent: bool,
    is_deferred: bool,
    tolerance: &'static str,
    steps: Vec<(i64, Fact)>,
}

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

fn waits() -> impl Strategy<Value = i64> {
    prop_oneof![
        8 => select(vec![0, 1, 1000, MINUTE, 2 * MINUTE]),
        2 => select(vec![5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR]),
        1 => select(vec![24 * HOUR, 168 * HOUR]),
    ]
}

fn fact() -> impl Strategy<Value = Fact> {
    let name = || select(NAMES.to_vec());
    let asset = || select(ASSETS.to_vec());
    let age = select(vec![0, 0, 0, 1, MINUTE, 10 * MINUTE, 2 * HOUR]);
    let place = (proptest::option::of(100_u64..104), any::<bool>(), age);
    let see = (name(), asset(), 0_u128..=6, -3_i8..=3, place).prop_map(
        |(name, asset, quarters, units, (height, is_final, age))| Fact::See {
            name,
            asset,
            quarters,
            units,
            height,
            is_final,
            age,
        },
    );
    prop_oneof![
        12 => (asset(), select(vec!["1", "3", "50000"])).prop_map(|(asset, rate)| Fact::Activate { asset, rate }),
        32 => see,
        24 => name().prop_map(Fact::Final),
        12 => name().prop_map(Fact::Gone),
        8 => (name(), 100_u64..104).prop_map(|(name, height)| Fact::Move(name, height)),
        8 => select(vec![Canceller::Merchant, Canceller::Payer]).prop_map(Fact::Cancel),
        1 => Just(Fact::Invalid),
        8 => name().prop_map(Fact::Accept),
        16 => select(vec![0, 0, MINUTE, HOUR]).prop_map(|lag| Fact::Scanned { lag }),
        12 => Just(Fact::Nothing),
    ]
}

fn story() -> impl Strategy<Value = Story> {
    let tolerance = select(vec!["0", "0", "0.01", "12.5", "49.99"]);
    let chosen = prop_oneof![4 => choices(), 1 => Just(Vec::new())];
    let steps = (chosen, vec((waits(), fact()), 1..30)).prop_map(|(chosen, rest)| [chosen, rest].concat());
    (select(Dialect::ALL.to_vec()), (0_u8..10).prop_map(|draw| draw == 0), any::<bool>(), tolerance, steps).prop_map(
        |(dialect, is_permanent, is_deferred, tolerance, steps)| Story {
            dialect,
            is_permanent,
            is_deferred,
            tolerance,
            steps,
        },
    )
}

fn choices() -> impl Strategy<Value = Vec<(i64, Fact)>> {
    vec(select(ASSETS.to_vec()).prop_map(|asset| (0, Fact::Activate { asset, rate: "3" })), 1..4)
}

/// A story whose invoice is most likely still open at its end: short, quick, and nobody decides anything.
fn open_story() -> impl Strategy<Value = Story> {
    let quick = (select(vec![0, 1, 1000, MINUTE]), fact())
        .prop_filter("nobody decides", |(_, fact)| !matches!(fact, Fact::Cancel(_) | Fact::Invalid | Fact::Accept(_)));
    let steps = (choices(), vec(quick, 0..8)).prop_map(|(choices, rest)| [choices, rest].concat());
    let dialect = select(Dialect::ALL.to_vec())
        .prop_filter("short money leaves it open", |dialect| Policy::of(*dialect).short == ShortMoney::StaysOpen);
    (dialect, any::<bool>(), steps).prop_map(|(dialect, is_deferred, steps)| Story {
        dialect,
        is_permanent: false,
        is_deferred,
        tolerance: "0",
        steps,
    })
}

fn opened(story: &Story) -> Invoice {
    let policy = if story.is_permanent { Policy::permanent_address(story.dialect) } else { Policy::of(story.dialect) };
    let mut terms = world::terms(world::dollars("50"), Choice::Any);
    terms.is_deferred = story.is_deferred && !story.is_permanent;
    terms.tolerance = story.tolerance.parse().unwrap();
    let btc = world::asset("BTC").unwrap();
    let quote = story.is_permanent.then(|| world::quote(terms.price, &btc, "50000", world::START, None));
    Invoice::open(world::new_invoice(policy, terms, quote), world::START).0
}

fn quoted(invoice: &Invoice, name: &str, rate: &str, now: Timestamp) -> Quote {
    world::quote(invoice.terms.price, &world::asset(name).unwrap(), rate, now, invoice.quote_end(now))
}

/// The observations that a fact stands for, if it is one of a chain.
fn observations(invoice: &Invoice, fact: &Fact, now: Timestamp) -> Vec<Observation> {
    let known = |name: &str| invoice.payments.iter().find(|payment| payment.key.transaction == name);
    let seen = |payment: &Payment, place| {
        let asset = ASSETS.iter().filter_map(|name| world::asset(name)).find(|asset| asset.id == payment.asset);
        Observation::Seen(world::sighting(&asset.unwrap(), &payment.key.transaction, payment.units, place))
    };
    match fact {
        Fact::See { name, asset, quarters, units, height, is_final, age } => {
            let dated = Timestamp::from_milliseconds(now.milliseconds() - age);
            let place = height.map_or(Place::Mempool { since: Some(dated) }, |height| world::block(height, dated));
            if let Some(payment) = known(name) {
                return vec![seen(payment, place)];
            }
            let also_final = is_final.then(|| Observation::Final(world::key(&world::asset(asset).unwrap(), name)));
            let asset = world::asset(asset).unwrap();
            let due = invoice.quotes.iter().rfind(|quote| quote.due.asset == asset.id).map_or(400, |q| q.due.units);
            let paid = (due * quarters / 4).saturating_add_signed(i128::from(*units));
            let first = Observation::Seen(world::sighting(&asset, name, paid, place));
            [Some(first), also_final].into_iter().flatten().collect()
        }
        Fact::Final(name) => known(name).map(|payment| Observation::Final(payment.key.clone())).into_iter().collect(),
        Fact::Gone(name) => known(name).map(|payment| Observation::Gone(payment.key.clone())).into_iter().collect(),
        Fact::Move(name, height) => known(name).map_or_else(Vec::new, |payment| {
            vec![Observation::Gone(payment.key.clone()), seen(payment, world::block(*height, now))]
        }),
        Fact::Activate { .. }
        | Fact::Cancel(_)
        | Fact::Invalid
        | Fact::Accept(_)
        | Fact::Scanned { .. }
        | Fact::Nothing => Vec::new(),
    }
}

fn apply(invoice: &mut Invoice, fact: &Fact, now: Timestamp) -> Vec<Event> {
    let key = |invoice: &Invoice, name: &str| {
        invoice.payments.iter().find(|payment| payment.key.transaction == name).map(|payment| payment.key.clone())
    };
    match fact {
        Fact::Activate { asset, rate } => {
            let quote = quoted(invoice, asset, rate, now);
            invoice.activate(quote, now).unwrap_or_default()
        }
        Fact::Cancel(by) => invoice.cancel(*by, now).unwrap_or_default(),
        Fact::Invalid => invoice.mark_invalid(now),
        Fact::Accept(name) => {
            key(invoice, name).map_or_else(Vec::new, |key| invoice.accept(&key, now).unwrap_or_default())
        }
        Fact::Scanned { lag } => invoice.scanned(Timestamp::from_milliseconds(now.milliseconds() - lag), now),
        Fact::Nothing => invoice.resettle(now),
        Fact::See { asset, .. } => {
            let current = quoted(invoice, asset, "3", now);
            let seen = observations(invoice, fact, now);
            invoice.observe(seen, Some(&current), now)
        }
        Fact::Final(_) | Fact::Gone(_) | Fact::Move(..) => {
            let seen = observations(invoice, fact, now);
            invoice.observe(seen, None, now)
        }
    }
}

/// Plays a story and shows each step: the invoice before, the fact, the invoice after, what was told, and when.
fn play(
    story: &Story,
    mut look: impl FnMut(&Invoice, &Fact, &Invoice, &[Event], Timestamp) -> Result<(), TestCaseError>,
) -> Result<Invoice, TestCaseError> {
    let mut invoice = opened(story);
    let mut elapsed = 0;
    for (wait, fact) in &story.steps {
        elapsed += wait;
        let now = world::at(elapsed);
        // What came by time alone is a step of its own, as in the gateway.
        let earlier = invoice.clone();
        let by_time = invoice.resettle(now);
        look(&earlier, &Fact::Nothing, &invoice, &by_time, now)?;
        let before = invoice.clone();
        let events = apply(&mut invoice, fact, now);
        look(&before, fact, &invoice, &events, now)?;
    }
    Ok(invoice)
}

fn has_been_paid(status: Status) -> bool {
    matches!(status, Status::Paid | Status::Overpaid)
}

/// Written anew, apart from the domain's: the sum of the final money that counts, as a fraction of the amount.
fn final_fraction(invoice: &Invoice) -> BigRational {
    let whole = |units: u128| BigRational::from(BigInt::from(units));
    let mut sum = whole(0);
    for (payment, standing) in invoice.payments.iter().zip(&invoice.standing.payments) {
        if standing.status != PaymentStatus::Confirmed || standing.timeliness == Timeliness::Late {
            continue;
        }
        let of_asset = || invoice.quotes.iter().filter(|quote| quote.due.asset == payment.asset);
        let in_force = of_asset().rfind(|quote| quote.made_at <= payment.first_seen).or_else(|| of_asset().next());
        let current = payment.current_quote.as_ref().filter(|_| standing.timeliness == Timeliness::LateCounted);
        sum += whole(payment.units) / whole(current.or(in_force).unwrap().due.units);
    }
    sum
}

fn told(events: &[Event], kind: EventKind) -> bool {
    events.iter().any(|event| event.kind == kind)
}

/// The event of its own that a status has.
fn own_event(standing: &Standing) -> Option<EventKind> {
    match standing.status {
        Status::Paid => Some(EventKind::Paid),
        Status::Overpaid => Some(EventKind::Overpaid),
        Status::Underpaid if standing.is_final => Some(EventKind::Underpaid),
        Status::Expired => Some(EventKind::Expired),
        Status::DraftExpired => Some(EventKind::DraftExpired),
        Status::Cancelled => Some(EventKind::Cancelled),
        Status::Invalid => Some(EventKind::Invalid),
        Status::Confirming => Some(EventKind::Confirming),
        Status::Underpaid | Status::Draft | Status::Pending => None,
    }
}

fn cause_of(event: &Event, before: &Invoice, after: &Invoice) -> Result<(), TestCaseError> {
    let standing_of = |invoice: &Invoice| {
        let key = event.payment.as_ref()?;
        invoice.payments.iter().position(|p| p.key == *key).and_then(|i| invoice.standing.payments.get(i).copied())
    };
    let (then, now) = (standing_of(before), standing_of(after));
    let stands = |standing: Option<PaymentStanding>| standing.is_some_and(|s| s.status.stands());
    let is_late = |standing: Option<PaymentStanding>| standing.is_some_and(|s| s.timeliness != Timeliness::InTime);
    let holds = match event.kind {
        EventKind::PaymentDetected => !stands(then) && stands(now),
        EventKind::PaymentDropped | EventKind::DepositReversed => {
            stands(then) && now.is_some_and(|now| now.status == PaymentStatus::Reversed)
        }
        EventKind::DepositRejected => then.is_none() && now.is_some_and(|now| now.status == PaymentStatus::Rejected),
        EventKind::LateDeposit => stands(now) && is_late(now) && !(stands(then) && is_late(then)),
        EventKind::Confirming => after.standing.payments.iter().any(|payment| payment.counts()),
        EventKind::Activated => after.activation_count > before.activation_count,
        EventKind::Created | EventKind::Sent => false,
        EventKind::Paid
        | EventKind::Overpaid
        | EventKind::Underpaid
        | EventKind::Expired
        | EventKind::DraftExpired
        | EventKind::Cancelled
        | EventKind::Invalid => {
            let changed = before.standing.status != after.standing.status || !before.standing.is_final;
            changed && own_event(&after.standing) == Some(event.kind)
        }
    };
    prop_assert!(holds, "{event:?} without a cause: {then:?} -> {now:?}");
    Ok(())
}

/// An honest `next_change`: nothing that is shown changes before it by time alone.
fn keeps_until_next_change(invoice: &Invoice, now: Timestamp) -> Result<(), TestCaseError> {
    let far = now.plus_seconds(400 * 86_400);
    let end = invoice.standing.next_change.unwrap_or(far).milliseconds();
    let start = now.milliseconds();
    let inside = [start, start + 1, start + (end - start) / 2, end - HOUR, end - 2, end - 1];
    for moment in inside.into_iter().filter(|moment| (start..end).contains(moment)) {
        let then = settle::settle(invoice, Timestamp::from_milliseconds(moment));
        let show =
            |standing: &Standing| (standing.status, standing.is_final, standing.is_late, standing.payments.clone());
        prop_assert_eq!(show(&then), show(&invoice.standing), "{}ms before it was due", end - moment);
    }
    Ok(())
}

fn stays_paid(invoice: &Invoice, now: Timestamp) -> Result<(), TestCaseError> {
    if has_been_paid(invoice.standing.status) {
        for wait in [1, MINUTE, 24 * HOUR + 1, 168 * HOUR + 1, 9000 * HOUR] {
            let then = settle::settle(invoice, Timestamp::from_milliseconds(now.milliseconds() + wait));
            prop_assert!(has_been_paid(then.status), "{} after {}ms", then.status, wait);
            prop_assert_eq!(then.paid_at, invoice.standing.paid_at);
        }
    }
    Ok(())
}

/// Only money that counts pays; with one quote also by plain integers.
fn is_paid_by_money(invoice: &Invoice) -> Result<(), TestCaseError> {
    let cents = |text: Decimal| text.units(2).unwrap();
    let (price, tolerance) = (invoice.terms.price.units(), cents(invoice.terms.tolerance));
    let needed = BigRational::new(BigInt::from(price - tolerance), BigInt::from(price));
    let allowed = BigRational::new(BigInt::from(price + tolerance), BigInt::from(price));
    let sum = final_fraction(invoice);
    let status = invoice.standing.status;
    if has_been_paid(status) {
        prop_assert!(sum >= needed, "{status} with {sum}");
        prop_assert!(invoice.standing.paid_at.is_some());
    } else if !matches!(status, Status::Cancelled | Status::Invalid) {
        prop_assert!(sum < needed, "{status} with {sum}");
        prop_assert_eq!(invoice.standing.paid_at, None);
    }
    if status == Status::Overpaid {
        prop_assert!(sum > allowed, "overpaid with {sum}");
    }
    let counted = |(payment, standing): (&Payment, &PaymentStanding)| {
        (standing.counts() && standing.status == PaymentStatus::Confirmed).then_some(payment.units)
    };
    if let ([quote], true) = (invoice.quotes.as_slice(), invoice.payments.iter().all(|p| p.current_quote.is_none())) {
        let units: u128 = invoice.payments.iter().zip(&invoice.standing.payments).filter_map(counted).sum();
        let due = quote.due.units;
        if has_been_paid(status) {
            prop_assert!(units * price >= due * (price - tolerance));
            let exceeds = units > due + quote.step && units * price > due * (price + tolerance);
            prop_assert_eq!(status == Status::Overpaid, exceeds);
        }
    }
    Ok(())
}

/// The properties below are worth what their stories reach.
#[test]
fn the_stories_reach_every_status_and_every_event() {
    let mut runner = TestRunner::deterministic();
    let (mut statuses, mut kinds) = (BTreeSet::new(), BTreeSet::new());
    for _ in 0..1500 {
        let story = story().new_tree(&mut runner).unwrap().current();
        play(&story, |before, _, after, events, _| {
            statuses.extend([before.standing.status, after.standing.status]);
            kinds.extend(events.iter().map(|event| event.kind));
            Ok(())
        })
        .unwrap();
    }
    assert_eq!(statuses.len(), Status::ALL.len(), "only {statuses:?}");
    // `invoice.created` is told by opening, `invoice.sent` by whoever mails.
    for kind in EventKind::ALL.into_iter().filter(|kind| !matches!(kind, EventKind::Created | EventKind::Sent)) {
        assert!(kinds.contains(&kind), "no story tells {kind}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 768, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_state_of_every_story_keeps_its_promises(story in story()) {
        play(&story, |_, _, invoice, _, now| {
            prop_assert_eq!(settle::settle(invoice, invoice.standing.settled_at), invoice.standing.clone());
            prop_assert_eq!(invoice.clone().resettle(now), Vec::new());
            is_paid_by_money(invoice)?;
            stays_paid(invoice, now)?;
            keeps_until_next_change(invoice, now)
        })?;
    }

    #[test]
    fn every_event_has_its_cause_and_every_change_its_event(story in story()) {
        play(&story, |before, _, after, events, _| {
            for event in events {
                cause_of(event, before, after)?;
            }
            if before.standing.status != after.standing.status
&& let Some(kind) = own_event(&after.standing) {
                    prop_assert!(told(events, kind), "{kind} was not told");
}
            for (index, (payment, now)) in after.payments.iter().zip(&after.standing.payments).enumerate() {
                let then = before.standing.payments.get(index);
                let appears = now.status.stands() && then.is_none_or(|then| !then.status.stands());
                let detected = events.iter().filter(|event| {
                    event.kind == EventKind::PaymentDetected && event.payment.as_ref() == Some(&payment.key)
                });
                prop_assert_eq!(detected.count(), usize::from(appears));
            }
            Ok(())
        })?;
    }

    #[test]
    fn seeing_the_same_twice_tells_and_changes_nothing(story in story()) {
        play(&story, |before, fact, after, _, now| {
            let seen = observations(before, fact, now);
            let mut again = after.clone();
            prop_assert_eq!(again.observe(seen, None, now), Vec::new());
            prop_assert_eq!(&again, after);
            Ok(())
        })?;
    }

    #[test]
    fn the_order_in_which_payments_were_recorded_does_not_matter(
        story in story(), order in Just(vec![0_usize, 1, 2, 3, 4]).prop_shuffle(),
    ) {
        let invoice = play(&story, |_, _, _, _, _| Ok(()))?;
        let mut shuffled = invoice.clone();
        shuffled.payments = order.iter().filter_map(|index| invoice.payments.get(*index).cloned()).collect();
        shuffled.standing = settle::settle(&shuffled, invoice.standing.settled_at);
        let shown = |invoice: &Invoice| {
            let standing = &invoice.standing;
            (standing.status, standing.is_final, standing.is_late, standing.paid_at, standing.next_change)
        };
        prop_assert_eq!(shown(&shuffled), shown(&invoice));
        for money in [Money::Seen, Money::Final] {
            let covered = |invoice: &Invoice| settle::covered(invoice, &invoice.standing, money);
            prop_assert_eq!(covered(&shuffled), covered(&invoice));
        }
        for name in ASSETS {
            let asset = world::asset(name).unwrap().id;
            prop_assert_eq!(settle::still_due(&shuffled, asset), settle::still_due(&invoice, asset));
        }
    }

    #[test]
    fn a_reversed_payment_undoes_itself(story in story(), asset in select(ASSETS.to_vec()), is_final: bool, quarters in 0_u128..=8) {
        let mut invoice = play(&story, |_, _, _, _, _| Ok(()))?;
        // A sighting prolongs this grace also when the money goes: taking time back could make others' money late.
        if matches!(invoice.policy.grace, Grace::AfterLatestSighting(_)) {
            return Ok(());
        }
        let now = invoice.standing.settled_at.plus_seconds(1);
        invoice.resettle(now);
        let asset = world::asset(asset).unwrap();
        let due = invoice.quotes.iter().rfind(|quote| quote.due.asset == asset.id).map_or(400, |q| q.due.units);
        let key = world::key(&asset, "another");
        let mut with = invoice.clone();
        let seen = world::sighting(&asset, "another", due * quarters / 4, world::block(200, now));
        with.observe(vec![Observation::Seen(seen)], None, now);
        if is_final {
            with.observe(vec![Observation::Final(key.clone())], None, now);
        }
        with.observe(vec![Observation::Gone(key)], None, now);
        let was_paid_only_by_it = with.paid_once_at.is_some() && invoice.paid_once_at.is_none();
        if with.standing.status == Status::Invalid && was_paid_only_by_it {
            return Ok(());
        }
        let shown = |standing: &Standing| (standing.status, standing.is_final, standing.is_late, standing.paid_at);
        prop_assert_eq!(shown(&with.standing), shown(&invoice.standing));
        let count = invoice.standing.payments.len();
        prop_assert_eq!(&with.standing.payments[..count], &invoice.standing.payments[..]);
    }

    #[test]
    fn paying_what_is_still_due_pays(story in open_story(), asset in select(ASSETS.to_vec())) {
        let mut invoice = play(&story, |_, _, _, _, _| Ok(()))?;
        let now = invoice.standing.settled_at;
        let asset = world::asset(asset).unwrap();
        let is_open = matches!(invoice.standing.status, Status::Pending | Status::Confirming | Status::Underpaid)
            && !invoice.standing.is_final && !settle::is_after_window(&invoice, now);
        prop_assume!(is_open);
        let Some(due) = settle::still_due(&invoice, asset.id) else { return Ok(()) };
        if due.units > 0 {
            let step = invoice.quotes.iter().rfind(|quote| quote.due.asset == asset.id).unwrap().step;
            prop_assert!(due.units.is_multiple_of(step), "nobody can type {due}");
            world::pay_finally(&mut invoice, &asset, "rest", due.units, now);
        }
        let waiting: Vec<_> = invoice.payments.iter().filter(|payment| payment.stands()).cloned().collect();
        let finals = waiting.iter().flat_map(|payment| {
            let asset = ASSETS.iter().filter_map(|name| world::asset(name)).find(|asset| asset.id == payment.asset).unwrap();
            let mined = world::sighting(&asset, &payment.key.transaction, payment.units, world::block(300, now));
            [Observation::Seen(mined), Observation::Final(payment.key.clone())]
        });
        invoice.observe(finals.collect(), None, now);
        prop_assert!(has_been_paid(invoice.standing.status), "{}", invoice.standing.status);
    }
}

fn any_moment() -> impl Strategy<Value = Timestamp> {
    prop_oneof![
        (-2_000_000_000_i64..4_000_000_000_i64).prop_map(world::at),
        any::<i64>().prop_map(Timestamp::from_milliseconds),
        select(vec![i64::MIN, i64::MAX, 0]).prop_map(Timestamp::from_milliseconds),
    ]
}

fn any_units() -> impl Strategy<Value = u128> {
    prop_oneof![any::<u128>(), select(vec![0, 1, u128::MAX]), 0_u128..10_000]
}

fn any_quote() -> impl Strategy<Value = Quote> {
    (select(ASSETS.to_vec()), any_units(), any_units(), any_moment(), proptest::option::of(any_moment())).prop_map(
        |(name, due, step, made_at, ends_at)| {
            let asset = world::asset(name).unwrap();
            let mut quote = world::quote(world::dollars("1"), &asset, "1", made_at, ends_at);
            quote.due.units = due;
            quote.step = step;
            quote
        },
    )
}

fn any_payment() -> impl Strategy<Value = Payment> {
    let moments = (any_moment(), any_moment(), vec(proptest::option::of(any_moment()), 4));
    let rest = (any::<bool>(), (0_u8..10).prop_map(|draw| draw == 0), proptest::option::of(any_quote()));
    (select(NAMES.to_vec()), select(ASSETS.to_vec()), any_units(), moments, rest).prop_map(
        |(name, asset, units, (first_seen, recorded_at, others), (in_block, is_rejected, current_quote))| {
            let asset = world::asset(asset).unwrap();
            let other = |index: usize| others.get(index).copied().flatten();
            Payment {
                key: world::key(&asset, name),
                asset: asset.id,
                decimals: asset.decimals,
                units,
                first_seen,
                recorded_at,
                block: in_block.then(|| BlockRef { height: 7, hash: "seven".into() }),
                matures_at: None,
                final_since: other(0),
                was_final_at: other(1),
                reversed_at: other(2),
                rejection: is_rejected.then_some(Rejection::WrongAsset),
                acceptance: other(3).map(|at| Acceptance { at }),
                current_quote,
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn settling_is_total_whatever_the_facts(
        story in story(), quotes in vec(any_quote(), 0..4), payments in vec(any_payment(), 0..5), tolerance in any_units(),
        moments in vec(proptest::option::of(any_moment()), 6), now in any_moment(), asset in select(ASSETS.to_vec()),
        locked: bool,
    ) {
        let mut invoice = opened(&story);
        let moment = |index: usize| moments.get(index).copied().flatten();
        if locked {
            invoice.policy.late = LateMoney::CreditLockedRate;
        }
        invoice.terms.tolerance = Decimal::new(tolerance, 2).unwrap();
        (invoice.quotes, invoice.payments) = (quotes, payments);
        (invoice.deadline, invoice.draft_deadline, invoice.activated_at) = (moment(0), moment(1), moment(2));
        (invoice.marked_invalid_at, invoice.scanned_through, invoice.paid_once_at) = (moment(3), moment(4), moment(5));
        invoice.resettle(now);
        prop_assert_eq!(settle::settle(&invoice, now), invoice.standing.clone());
        prop_assert_eq!(invoice.resettle(now), Vec::new());
        let asset = world::asset(asset).unwrap();
        for money in [Money::Seen, Money::Final] {
            drop(settle::covered(&invoice, &invoice.standing, money));
            let _ = settle::received_in(&invoice, asset.id, money);
        }
        let _ = settle::still_due(&invoice, asset.id);
        let _ = invoice.may_activate(asset.id, now);
        let _ = invoice.quote_end(now);
        drop(invoice.clone().cancel(Canceller::Merchant, now));
        drop(invoice.clone().mark_invalid(now));
        drop(invoice.scanned(now, now));
    }
}

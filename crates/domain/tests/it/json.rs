//! What the store keeps as JSON comes back as it was, to the last unit.

use crate::world;
use farthing_domain::{
    decimal::Decimal,
    fiat::Fiat,
    id::StaticAddressId,
    invoice::{Cancellation, Canceller, Choice, Source, Terms},
    money::{Amount, FiatAmount},
    payment::{Acceptance, BlockRef, Payment, Rejection},
    policy::{Dialect, Grace, LateMoney, MerchantCancel, Policy, ShortMoney, Window, WindowStart},
    price::Price,
    quote::Quote,
    rate::Rate,
    standing::{PaymentStanding, PaymentStatus, Standing, Status, Timeliness},
    time::Timestamp,
};
use proptest::{collection::vec, option::of, prelude::*, sample::select};
use serde::{Serialize, de::DeserializeOwned};
use std::fmt::Debug;

fn comes_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) -> Result<(), TestCaseError> {
    let text = serde_json::to_string(value).unwrap();
    prop_assert_eq!(&serde_json::from_str::<T>(&text).unwrap(), value, "from text {}", text);
    prop_assert_eq!(&serde_json::from_slice::<T>(text.as_bytes()).unwrap(), value);
    prop_assert_eq!(&serde_json::from_reader::<_, T>(text.as_bytes()).unwrap(), value);
    Ok(())
}

fn moment() -> impl Strategy<Value = Timestamp> {
    any::<i64>().prop_map(Timestamp::from_milliseconds)
}

fn amount() -> impl Strategy<Value = Amount> {
    (select(vec!["BTC", "USDT", "USDT@bsc", "ETH@polygon"]), any::<u128>())
        .prop_map(|(name, units)| Amount::of(&world::asset(name).unwrap(), units))
}

fn decimal() -> impl Strategy<Value = Decimal> {
    (any::<u128>(), 0_u8..=36).prop_map(|(mantissa, scale)| Decimal::new(mantissa, scale).unwrap())
}

fn fiat() -> impl Strategy<Value = Fiat> {
    select(vec!["USD", "JPY", "KWD"]).prop_map(|code| code.parse().unwrap())
}

fn rate() -> impl Strategy<Value = Rate> {
    (decimal(), fiat(), moment(), vec(any::<String>(), 0..3)).prop_map(|(value, currency, at, sources)| Rate {
        value,
        currency,
        at,
        sources,
    })
}

fn quote() -> impl Strategy<Value = Quote> {
    (amount(), any::<u128>(), of(rate()), any::<String>(), moment(), of(moment()))
        .prop_map(|(due, step, rate, address, made_at, ends_at)| Quote { due, step, rate, address, made_at, ends_at })
}

fn payment() -> impl Strategy<Value = Payment> {
    let texts = (any::<String>(), any::<String>(), any::<u64>());
    let rejection = of(select(vec![Rejection::WrongAsset, Rejection::Nothing]));
    (amount(), texts, vec(moment(), 2), vec(of(moment()), 5), rejection, of(quote())).prop_map(
        |(amount, (transaction, hash, height), seen, others, rejection, current_quote)| {
            let asset = world::asset("BTC").unwrap();
            Payment {
                key: world::key(&asset, &transaction),
                asset: amount.asset,
                decimals: amount.decimals,
                units: amount.units,
                first_seen: seen[0],
                recorded_at: seen[1],
                block: others[0].map(|_| BlockRef { height, hash }),
                matures_at: others[1].map(|_| height),
                final_since: others[1],
                was_final_at: others[2],
                reversed_at: others[3],
                rejection,
                acceptance: others[4].map(|at| Acceptance { at }),
                current_quote,
            }
        },
    )
}

fn standing() -> impl Strategy<Value = Standing> {
    let status = select(vec![
        PaymentStatus::Detected,
        PaymentStatus::Confirming,
        PaymentStatus::Confirmed,
        PaymentStatus::Reversed,
        PaymentStatus::Rejected,
    ]);
    let timeliness = select(vec![Timeliness::InTime, Timeliness::LateCounted, Timeliness::Late]);
    let payments =
        vec((status, timeliness).prop_map(|(status, timeliness)| PaymentStanding { status, timeliness }), 0..4);
    (select(Status::ALL.to_vec()), any::<bool>(), any::<bool>(), of(moment()), moment(), of(moment()), payments)
        .prop_map(|(status, is_final, is_late, paid_at, settled_at, next_change, payments)| Standing {
            status,
            is_final,
            is_late,
            paid_at,
            settled_at,
            next_change,
            payments,
        })
}

fn policy() -> impl Strategy<Value = Policy> {
    let grace = (0_u8..3, any::<i64>()).prop_map(|(kind, seconds)| match kind {
        0 => Grace::AfterWindow(seconds),
        1 => Grace::AfterLatestSighting(seconds),
        _ => Grace::AfterCreation(seconds),
    });
    let late = (0_u8..4, of(any::<i64>())).prop_map(|(kind, until)| match kind {
        0 => LateMoney::Ask,
        1 => LateMoney::Never,
        2 => LateMoney::CreditLockedRate,
        _ => LateMoney::CreditCurrentRate { until },
    });
    let start = select(vec![WindowStart::Creation, WindowStart::FirstActivation]);
    let window = of((any::<i64>(), start).prop_map(|(seconds, start)| Window { seconds, start }));
    let short = select(vec![ShortMoney::StaysOpen, ShortMoney::EndsWithFirstFinal]);
    let cancel = select(vec![MerchantCancel::WhileNothingSeen, MerchantCancel::WhileNotFinal, MerchantCancel::Never]);
    let times = vec(of(any::<i64>()), 3);
    let flags = (any::<bool>(), any::<bool>());
    (select(Dialect::ALL.to_vec()), grace, late, window, short, cancel, times, flags).prop_map(
        |(dialect, grace, late, window, short, merchant_cancel, times, (quote_renews, payer_cancel))| Policy {
            dialect,
            draft_seconds: times[0],
            window,
            quote_seconds: times[1],
            quote_renews,
            grace,
            late,
            short,
            expired_open_seconds: times[2],
            merchant_cancel,
            payer_cancel,
        },
    )
}

fn terms() -> impl Strategy<Value = Terms> {
    let price = prop_oneof![
        amount().prop_map(Price::Asset),
        (fiat(), any::<u128>()).prop_map(|(currency, minor)| Price::Fiat(FiatAmount { currency, minor })),
    ];
    let choice = prop_oneof![Just(Choice::Any), amount().prop_map(|amount| Choice::Fixed(amount.asset))];
    let texts = vec(of(any::<String>()), 5);
    (price, choice, any::<bool>(), decimal(), of(any::<i64>()), texts, any::<String>()).prop_map(
        |(price, choice, is_deferred, tolerance, window_seconds, texts, metadata)| Terms {
            price,
            choice,
            is_deferred,
            tolerance,
            window_seconds,
            description: texts[0].clone(),
            external_id: texts[1].clone(),
            idempotency_key: texts[2].clone(),
            metadata,
            redirect_url: texts[3].clone(),
            customer_email: texts[4].clone(),
            coins: Vec::new(),
            foreign: None,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_quote_comes_back(quote in quote()) {
        comes_back(&quote)?;
    }

    #[test]
    fn a_payment_comes_back(payment in payment()) {
        comes_back(&payment)?;
    }

    #[test]
    fn a_standing_comes_back(standing in standing()) {
        comes_back(&standing)?;
    }

    #[test]
    fn a_policy_comes_back(policy in policy()) {
        comes_back(&policy)?;
    }

    #[test]
    fn terms_come_back(terms in terms()) {
        comes_back(&terms)?;
    }

    #[test]
    fn who_made_and_who_cancelled_comes_back(
        dialect in select(Dialect::ALL.to_vec()), at in moment(), by in select(vec![Canceller::Merchant, Canceller::Payer]),
    ) {
        comes_back(&Source::Api(dialect))?;
        comes_back(&Source::StaticAddress(StaticAddressId(uuid::Uuid::from_u128(7))))?;
        comes_back(&Cancellation { at, by })?;
    }
}

#[test]
fn units_are_text_so_that_no_reader_loses_digits() {
    let amount = Amount::of(&world::asset("BTC").unwrap(), u128::MAX);
    let json = serde_json::to_value(amount).unwrap();
    assert_eq!(json["units"], "340282366920938463463374607431768211455");
}

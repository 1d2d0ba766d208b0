//! Creating, activating, cancelling.

use crate::shop::{HALF_BITCOIN, Shop};
use farthing_domain::{invoice::Refusal, standing::Status};
use farthing_gateway::{
    change_invoice::{ChangeError, Which},
    create_invoice::{CreateError, Created},
};
use farthing_store::StoreError;
use std::collections::BTreeSet;

#[tokio::test]
async fn a_new_invoice_is_pending_with_an_address_of_its_own() {
    let shop = Shop::open().await;
    let (first, second) = (shop.create(HALF_BITCOIN).await, shop.create(HALF_BITCOIN).await);
    assert_eq!(first.standing.status, Status::Pending);
    assert!(first.quotes[0].address.starts_with("tb1q"), "{}", first.quotes[0].address);
    assert_ne!(first.quotes[0].address, second.quotes[0].address);
    assert_ne!(first.token, second.token);
    assert_eq!(shop.events(first.id).await, ["created"]);
}

#[tokio::test]
async fn a_hundred_parallel_twins_make_one_invoice() {
    let shop = Shop::open().await;
    let body = r#"{"currency":"BTC","amount":"0.5","idempotency_key":"one"}"#;
    let twins: Vec<_> = (0..100)
        .map(|_| {
            let (gateway, command) = (std::sync::Arc::clone(&shop.world.gateway), shop.command(body));
            async move { gateway.create_invoice(command).await.unwrap() }
        })
        .collect();
    let mut ids = BTreeSet::new();
    let mut new = 0;
    for twin in futures_util::future::join_all(twins).await {
        match twin {
            Created::New(invoice) => {
                new += 1;
                ids.insert(invoice.id);
            }
            Created::Replayed(invoice) => {
                ids.insert(invoice.id);
            }
        }
    }
    assert_eq!((new, ids.len()), (1, 1));
}

#[tokio::test]
async fn a_key_used_for_another_request_is_refused_and_nothing_is_stored() {
    let shop = Shop::open().await;
    shop.create(r#"{"currency":"BTC","amount":"0.5","idempotency_key":"one"}"#).await;
    let other = shop.try_create(r#"{"currency":"BTC","amount":"0.6","idempotency_key":"one"}"#).await;
    assert!(matches!(other, Err(CreateError::KeyMismatch)));
    let owner = shop.owner;
    let last = shop.world.gateway.store().read(move |reader| reader.last_event(owner)).await.unwrap();
    assert_eq!(last, 1, "only the first was told of");
}

#[tokio::test]
async fn an_address_that_somebody_wrote_into_the_row_is_answered_by_no_change_and_no_repetition() {
    let shop = Shop::open().await;
    let body = r#"{"currency":"BTC","amount":"0.5","idempotency_key":"one"}"#;
    let (invoice, other) = (shop.create(body).await, shop.create(HALF_BITCOIN).await);
    let (gateway, address) = (&shop.world.gateway, other.quotes[0].address.clone());
    let write = move |transaction: &mut farthing_store::Transaction<'_>| {
        let mut invoice = transaction.lock_any_invoice(invoice.id)?.unwrap();
        invoice.quotes[0].address.clone_from(&address);
        transaction.save_invoice(&invoice, None)
    };
    gateway.store().decide(write).await.unwrap();
    let by_token = gateway.cancel(Which::ByToken(invoice.token)).await;
    let by_id = gateway.cancel(Which::ById(shop.owner, invoice.id)).await;
    for answer in [by_token, by_id] {
        assert!(matches!(answer, Err(ChangeError::Store(StoreError::Corrupt(_)))), "{answer:?}");
    }
    let again = shop.try_create(body).await;
    assert!(matches!(again, Err(CreateError::Store(StoreError::Corrupt(_)))), "{again:?}");
    assert_eq!(shop.events(invoice.id).await, ["created"], "nothing changed and nothing was told");
}

#[tokio::test]
async fn a_draft_gets_its_address_and_window_when_it_is_activated() {
    let shop = Shop::open().await;
    let draft = shop.create(r#"{"amount_fiat":"49.90","fiat_currency":"EUR"}"#).await;
    assert_eq!(draft.standing.status, Status::Draft);
    let which = Which::ById(shop.owner, draft.id);
    let gateway = &shop.world.gateway;
    let tron = gateway.environment(shop.owner.environment).catalog.resolve("USDT", Some("tron")).unwrap().id;
    let active = gateway.activate(which.clone(), tron).await.unwrap();
    assert_eq!(active.standing.status, Status::Pending);
    assert_eq!(active.quotes[0].due.to_string(), "62.375");
    let bitcoin = gateway.environment(shop.owner.environment).catalog.resolve("BTC", None).unwrap().id;
    let changed = gateway.activate(which, bitcoin).await.unwrap();
    assert_eq!((changed.activation_count, changed.deadline), (2, active.deadline));
    assert_eq!(shop.events(draft.id).await, ["created", "activated", "activated"]);
}

#[tokio::test]
async fn what_a_choice_finds_unsettled_is_told_before_it() {
    let shop = Shop::open().await;
    let draft = shop.create(r#"{"amount_fiat":"49.90","fiat_currency":"EUR"}"#).await;
    let (gateway, which) = (&shop.world.gateway, Which::ById(shop.owner, draft.id));
    let asset = |code, network| gateway.environment(shop.owner.environment).catalog.resolve(code, network).unwrap().id;
    let unpaid = gateway.activate(which.clone(), asset("USDT", Some("tron"))).await.unwrap();
    shop.pay(&unpaid, "10", 19).await;
    assert_eq!(shop.status(draft.id).await, Status::Underpaid);
    let told = ["created", "activated", "payment_detected", "confirming"];
    assert_eq!(shop.events(draft.id).await, told);
    // A standing that is behind what is recorded, as one is that an older version wrote.
    let stale: Result<(), StoreError> = gateway
        .store()
        .decide(move |transaction| {
            let mut invoice = transaction.lock_any_invoice(draft.id)?.unwrap();
            invoice.standing = unpaid.standing.clone();
            transaction.save_invoice(&invoice, None)
        })
        .await;
    stale.unwrap();
    gateway.activate(which, asset("BTC", None)).await.unwrap();
    let again = ["payment_detected", "confirming", "activated"];
    assert_eq!(shop.events(draft.id).await, [&told[..], &again[..]].concat());
}

#[tokio::test]
async fn evm_networks_of_one_invoice_share_its_address() {
    let shop = Shop::open().await;
    let draft = shop.create(r#"{"amount_fiat":"10"}"#).await;
    let gateway = &shop.world.gateway;
    for network in ["polygon", "base"] {
        let asset = gateway.environment(shop.owner.environment).catalog.resolve("USDC", Some(network)).unwrap().id;
        gateway.activate(Which::ById(shop.owner, draft.id), asset).await.unwrap();
    }
    let quotes = shop.read(draft.id).await.quotes;
    assert_eq!(quotes[0].address, quotes[1].address);
}

#[tokio::test]
async fn a_cancelled_invoice_stays_cancelled_and_a_paid_one_cannot_be() {
    let shop = Shop::open().await;
    let (first, second) = (shop.create(HALF_BITCOIN).await, shop.create(HALF_BITCOIN).await);
    let gateway = &shop.world.gateway;
    let cancelled = gateway.cancel(Which::ById(shop.owner, first.id)).await.unwrap();
    assert_eq!(cancelled.standing.status, Status::Cancelled);
    shop.pay(&first, "0.5", 2).await;
    assert_eq!(shop.status(first.id).await, Status::Cancelled);
    assert_eq!(shop.events(first.id).await, ["created", "cancelled", "payment_detected", "late_deposit"]);
    shop.pay(&second, "0.5", 2).await;
    let refused = gateway.cancel(Which::ById(shop.owner, second.id)).await;
    assert!(matches!(refused, Err(ChangeError::Refused(_))));
    assert!(
        matches!(gateway.cancel(Which::ByToken(second.token)).await, Err(ChangeError::Refused(_))),
        "payers may not"
    );
}

#[tokio::test]
async fn who_chooses_another_coin_and_comes_back_finds_the_same_amount_due_and_may_choose_fifty_times() {
    let shop = Shop::open().await;
    let draft = shop.create(r#"{"amount_fiat":"10"}"#).await;
    let gateway = &shop.world.gateway;
    let catalog = &gateway.environment(shop.owner.environment).catalog;
    let [first, second] = ["BTC", "LTC"].map(|code| catalog.resolve(code, None).unwrap().id);
    for turn in 0..50 {
        let asset = if turn % 2 == 0 { first } else { second };
        gateway.activate(Which::ById(shop.owner, draft.id), asset).await.unwrap();
        shop.world.clock.move_by_ms(1000);
    }
    let quotes = shop.read(draft.id).await.quotes;
    let rate_times: BTreeSet<_> = quotes.iter().map(|quote| quote.rate.as_ref().unwrap().at).collect();
    assert_eq!((quotes.len(), rate_times.len()), (50, 2), "one rate a coin");
    let refused = gateway.activate(Which::ById(shop.owner, draft.id), first).await;
    assert!(matches!(refused, Err(ChangeError::Refused(Refusal::TooManyChoices))));
}

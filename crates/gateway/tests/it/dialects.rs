//! What all dialects stand on: choices among named coins, rates that are renewed, callbacks with a lane for each host.

use crate::{receiver::Receiver, shop::Shop};
use farthing_domain::{
    asset::AssetId,
    id::CredentialId,
    invoice::{Foreign, Invoice, Refusal, Source},
    policy::{Dialect, Policy},
};
use farthing_gateway::{
    change_invoice::{ChangeError, Which},
    create_invoice::{CreateInvoice, Created},
};
use farthing_store::{
    Transaction,
    records::{Credential, DeliveryStage, NameKind, Page},
};
use uuid::Uuid;

/// Ten dollars, in whatever the payer chooses, for two hours.
async fn create(shop: &Shop, dialect: Dialect, change: impl FnOnce(&mut CreateInvoice)) -> Invoice {
    let mut command = shop.command(r#"{"amount_fiat":"10","fiat_currency":"USD"}"#);
    command.policy = Policy::of(dialect);
    command.source = Source::Api(dialect);
    command.terms.is_deferred = false;
    command.terms.window_seconds = Some(7200);
    change(&mut command);
    match shop.world.gateway.create_invoice(command).await.unwrap() {
        Created::New(invoice) | Created::Replayed(invoice) => invoice,
    }
}

fn asset(code: &str, network: &str) -> AssetId {
    AssetId { code: code.parse().unwrap(), network: network.parse().unwrap() }
}

fn which(invoice: &Invoice) -> Which {
    Which::ById(invoice.owner, invoice.id)
}

#[tokio::test]
async fn a_link_that_was_given_before_is_drawn_again() {
    // Two shops of one seed draw the same links.
    let link_of = async |shop: &Shop| {
        let invoice = create(shop, Dialect::Payhubix, |command| {
            let credential = CredentialId(Uuid::nil());
            command.terms.foreign =
                Some(Foreign { credential, name: String::new(), callback_url: None, said: "{}".to_owned() });
        })
        .await;
        invoice.terms.foreign.unwrap().name
    };
    let drawn = link_of(&Shop::open().await).await;
    let shop = Shop::open().await;
    let (owner, taken) = (shop.owner, drawn.clone());
    let take = move |transaction: &mut Transaction<'_>| {
        transaction.put_name(owner, Dialect::Payhubix, NameKind::Invoice, (&taken, "another"))
    };
    assert!(shop.world.gateway.store().decide(take).await.unwrap());
    let again = link_of(&shop).await;
    assert!(again != drawn && again.starts_with("INV-"), "{drawn}, {again}");
}

#[tokio::test]
async fn a_payer_chooses_among_the_coins_that_were_named() {
    let shop = Shop::open().await;
    let (bitcoin, litecoin) = (asset("BTC", "bitcoin"), asset("LTC", "litecoin"));
    let invoice = create(&shop, Dialect::TxCash, |command| command.terms.coins = vec![bitcoin]).await;
    let gateway = &shop.world.gateway;
    let refused = gateway.activate(which(&invoice), litecoin).await;
    assert!(matches!(refused, Err(ChangeError::Refused(Refusal::NotOffered(asset))) if asset == litecoin));
    assert_eq!(gateway.activate(which(&invoice), bitcoin).await.unwrap().quotes.len(), 1);
}

#[tokio::test]
async fn a_rate_that_lapsed_is_renewed_on_the_same_address_and_counts_as_no_choice() {
    let shop = Shop::open().await;
    let gateway = &shop.world.gateway;
    let invoice = create(&shop, Dialect::Payhubix, |_| {}).await;
    let chosen = gateway.activate(which(&invoice), asset("BTC", "bitcoin")).await.unwrap();
    gateway.advance_test_clock(1799).await.unwrap();
    assert_eq!(gateway.renewed(shop.read(invoice.id).await).await.unwrap().quotes.len(), 1);
    gateway.advance_test_clock(2).await.unwrap();
    let before = shop.events(invoice.id).await;
    let renewed = gateway.renewed(shop.read(invoice.id).await).await.unwrap();
    assert_eq!((renewed.quotes.len(), renewed.activation_count), (2, chosen.activation_count));
    assert_eq!(renewed.quotes[1].address, renewed.quotes[0].address);
    assert!(renewed.quotes[1].ends_at > chosen.quotes[0].ends_at && renewed.quotes[1].ends_at <= renewed.deadline);
    assert_eq!(shop.events(invoice.id).await, before);
    // Once more changes nothing: the new rate is held.
    assert_eq!(gateway.renewed(shop.read(invoice.id).await).await.unwrap().quotes.len(), 2);
    gateway.advance_test_clock(7200).await.unwrap();
    assert_eq!(gateway.renewed(shop.read(invoice.id).await).await.unwrap().quotes.len(), 2);
}

#[tokio::test]
async fn a_policy_that_renews_nothing_leaves_a_lapsed_rate() {
    let shop = Shop::open().await;
    let gateway = &shop.world.gateway;
    let invoice = create(&shop, Dialect::CoinsPaid, |_| {}).await;
    gateway.activate(which(&invoice), asset("BTC", "bitcoin")).await.unwrap();
    gateway.advance_test_clock(901).await.unwrap();
    assert_eq!(gateway.renewed(shop.read(invoice.id).await).await.unwrap().quotes.len(), 1);
    assert!(gateway.renew(which(&invoice), asset("BTC", "bitcoin")).await.is_err());
}

async fn paid(shop: &Shop, credential: &Credential, url: Option<String>) {
    let id = credential.id;
    let invoice = create(shop, Dialect::CoinsPaid, move |command| {
        command.terms.foreign =
            Some(Foreign { credential: id, name: String::new(), callback_url: url, said: "{}".to_owned() });
    })
    .await;
    let invoice = shop.world.gateway.activate(which(&invoice), asset("BTC", "bitcoin")).await.unwrap();
    let due = invoice.quotes[0].due;
    shop.world.gateway.pay_test_invoice(&invoice, due, 2).await.unwrap();
}

#[tokio::test]
async fn callbacks_go_where_an_invoice_says_and_each_host_has_a_lane_of_its_own() {
    let shop = Shop::open().await;
    let gateway = &shop.world.gateway;
    let (at_one, at_two) = (Receiver::answering(vec![200]).await, Receiver::answering(vec![200, 200]).await);
    let (one, two) = (&at_one.host, &at_two.host);
    let made =
        gateway.create_credential(shop.owner, Dialect::CoinsPaid, Some(format!("{one}/of-the-credential"))).await;
    let (credential, _) = made.unwrap();
    paid(&shop, &credential, None).await;
    paid(&shop, &credential, Some(format!("{two}/first?order=1"))).await;
    paid(&shop, &credential, Some(format!("{two}/second?order=2"))).await;
    let lanes = gateway.due_endpoints().await.unwrap();
    assert_eq!(lanes.len(), 2);
    for lane in lanes {
        gateway.deliver_to(lane).await.unwrap();
    }
    assert_eq!(at_one.paths(), ["/of-the-credential"]);
    assert_eq!(at_two.paths(), ["/first?order=1", "/second?order=2"]);
    assert!(gateway.next_delivery_due().await.unwrap().is_none());
}

#[tokio::test]
async fn a_callback_is_acknowledged_and_tried_again_by_its_dialect_s_own_rules() {
    let shop = Shop::open().await;
    let gateway = &shop.world.gateway;
    let host = Receiver::answering(vec![201, 302, 200]).await.host;
    let made = gateway.create_credential(shop.owner, Dialect::CoinsPaid, Some(host)).await;
    paid(&shop, &made.unwrap().0, None).await;
    let lane = gateway.due_endpoints().await.unwrap()[0];
    for minutes in [1, 5] {
        let began = gateway.clocks().real();
        assert_eq!(gateway.deliver_to(lane).await.unwrap(), 1);
        let due = gateway.next_delivery_due().await.unwrap().unwrap();
        assert_eq!(due.seconds_since(began), minutes * 60);
        shop.world.clock.move_by_ms(minutes * 60_000);
    }
    assert_eq!(gateway.deliver_to(lane).await.unwrap(), 1);
    let all = Page { limit: 10, offset: 0 };
    let (deliveries, _) = gateway.store().read(move |reader| reader.deliveries(lane, all)).await.unwrap();
    assert_eq!((deliveries[0].stage, deliveries[0].attempts), (DeliveryStage::Delivered, 3));
}

#[tokio::test]
async fn callbacks_go_in_the_order_in_which_they_were_written_though_the_clock_was_set_back_in_between() {
    let mut shop = Shop::open().await;
    let receiver = Receiver::answering(vec![200; 4]).await;
    let made = shop.world.gateway.create_credential(shop.owner, Dialect::TxCash, Some(receiver.host.clone())).await;
    let credential = made.unwrap().0.id;
    let invoice = create(&shop, Dialect::TxCash, move |command| {
        command.terms.foreign =
            Some(Foreign { credential, name: String::new(), callback_url: None, said: "{}".to_owned() });
    })
    .await;
    let invoice = shop.world.gateway.activate(which(&invoice), asset("BTC", "bitcoin")).await.unwrap();
    let due = invoice.quotes[0].due;
    shop.world.gateway.pay_test_invoice(&invoice, due, 0).await.unwrap();
    // The process starts again with a clock that is right, and its ids are smaller than those before.
    shop.world.clock.move_by_ms(-3_600_000);
    shop.world = shop.world.restart().await.unwrap();
    let gateway = &shop.world.gateway;
    gateway.mine_test_blocks(due.asset.network, 3).await.unwrap();
    shop.world.clock.move_by_ms(3_600_000);
    let lane = gateway.due_endpoints().await.unwrap()[0];
    assert!(gateway.deliver_to(lane).await.unwrap() >= 2);
    let rows = rusqlite::Connection::open(shop.world.folder().join("farthing.db")).unwrap();
    let sql = "SELECT CAST(body AS TEXT) FROM deliveries ORDER BY rowid DESC LIMIT 1";
    let last: String = rows.query_row(sql, [], |row| row.get(0)).unwrap();
    let requests = receiver.requests();
    assert!(requests.last().unwrap().ends_with(&last), "{requests:?}");
}

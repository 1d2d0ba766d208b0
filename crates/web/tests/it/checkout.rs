//! The checkout page as a payer meets it.

mod payer;

use farthing_domain::policy::Dialect;
use farthing_sim::world::World;
use payer::{FIFTY_DOLLARS, HALF_BITCOIN, Shop};

fn app(world: &World) -> axum::Router {
    farthing_web::router(std::sync::Arc::clone(&world.gateway), farthing_web::settings::WebSettings::default())
}

#[tokio::test]
async fn the_page_shows_amount_network_address_and_code() {
    let shop = Shop::open().await;
    let invoice = shop.create(HALF_BITCOIN).await;
    let page = shop.page(&invoice).await;
    let address = &invoice.quotes[0].address;
    for part in [
        "Tea shop",
        ">0.5</span>",
        "BTC on <strong>Bitcoin</strong>",
        "Send only <strong>BTC on Bitcoin</strong>",
        "Waiting for your payment",
        "<svg class=\"qr\"",
        "30:00",
        "TEST",
        &format!("data-copy=\"{address}\""),
        &format!("bitcoin:{address}?amount=0.5&#38;label=Tea%20shop"),
        "</span><b>",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
}

#[tokio::test]
async fn the_page_is_in_the_payer_s_language_and_keeps_the_one_that_was_chosen() {
    let shop = Shop::open().await;
    let invoice = shop.create(FIFTY_DOLLARS).await;
    let path = format!("/pay/{}", invoice.token);
    let page = shop.get_accepting(&path, "pt-BR,pt;q=0.9,en;q=0.5").await.body;
    assert!(page.contains("<html lang=\"pt\" dir=\"ltr\">") && page.contains("Escolha como pagar"), "{page}");
    let page = shop.get_accepting(&format!("{path}?lang=ar"), "pt-BR").await.body;
    for part in [
        "<html lang=\"ar\" dir=\"rtl\">",
        "اختر طريقة الدفع",
        &format!("{path}/events?lang=ar"),
        &format!("{path}/activate?lang=ar"),
        "href=\"?lang=de\"",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
    let chosen = shop.post(&format!("{path}/activate?lang=ar"), "asset=USDT.tron").await;
    assert_eq!((chosen.status, chosen.header("location")), (303, format!("{path}?lang=ar").as_str()));
    let refused = shop.post(&format!("{path}/activate?lang=de"), "asset=nonsense").await;
    assert!(refused.status == 400 && refused.body.contains("Diese Auswahl ist unbekannt"), "{}", refused.body);
    assert!(refused.body.contains(&format!("{path}?lang=de")), "{}", refused.body);
    // The address keeps its order of characters, whatever the page's direction.
    let page = shop.get(&format!("{path}?lang=ar")).await.body;
    assert!(page.contains("id=\"address\" dir=\"ltr\""), "{page}");
}

#[tokio::test]
async fn those_who_look_in_several_languages_are_each_told_in_their_own() {
    let shop = Shop::open().await;
    let invoice = shop.create(HALF_BITCOIN).await;
    let mut german = shop.watch_in(&invoice.token, "?lang=de").await;
    let mut english = shop.watch_in(&invoice.token, "").await;
    german.until("Wir warten auf Ihre Zahlung").await;
    english.until("Waiting for your payment").await;
    shop.pay(&invoice, "0.5", 0).await;
    german.until("Zahlung gesehen").await;
    english.until("Payment seen").await;
}

#[tokio::test]
async fn every_wrong_token_gets_the_same_page() {
    let shop = Shop::open().await;
    let first = shop.get("/pay/no-such-token").await;
    assert_eq!(first.status, 404);
    let long = "x".repeat(3000);
    for path in ["/pay/%00", "/pay/..%2f", "/pay/%F0%9F%8E%89", &format!("/pay/{long}"), "/pay/no-such-token/events"] {
        let answer = shop.get(path).await;
        assert_eq!((answer.status, &answer.body), (404, &first.body), "{path}");
    }
    for path in ["/pay/no-such-token/activate", "/pay/no-such-token/cancel", "/pay/no-such-token/simulate"] {
        let answer = shop.post(path, "asset=BTC.bitcoin").await;
        assert_eq!((answer.status, &answer.body), (404, &first.body), "{path}");
    }
}

#[tokio::test]
async fn the_headers_let_the_page_do_nothing_but_its_own() {
    let shop = Shop::open().await;
    let invoice = shop.create(HALF_BITCOIN).await;
    for path in [format!("/pay/{}", invoice.token), "/pay/no-such-token".to_owned()] {
        let answer = shop.get(&path).await;
        let policy = answer.header("content-security-policy");
        for rule in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "connect-src 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ] {
            assert!(policy.split("; ").any(|found| found == rule), "{rule} in {policy}");
        }
        assert!(!policy.contains("unsafe"));
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("set-cookie"), "");
    }
}

#[tokio::test]
async fn the_page_names_nothing_of_anybody_else_and_has_nothing_inline() {
    let shop = Shop::open().await;
    let invoice = shop.create(HALF_BITCOIN).await;
    let page = shop.page(&invoice).await;
    assert!(!page.contains("://") && !page.contains("src=\"//") && !page.contains("href=\"//"), "{page}");
    assert!(!page.contains("style=") && !page.contains("<style") && !page.contains(" onclick"));
    assert_eq!(page.matches("<script").count(), 1);
}

#[tokio::test]
async fn an_address_that_somebody_changed_in_the_database_is_never_shown() {
    let shop = Shop::open().await;
    let invoice = shop.create(HALF_BITCOIN).await;
    let foreign = "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx";
    let (owner, id) = (shop.owner, invoice.id);
    let changed = shop.world.gateway.store().decide(move |transaction| {
        let mut locked = transaction.lock_invoice(owner, id)?.unwrap();
        locked.quotes[0].address = foreign.to_owned();
        transaction.save_invoice(&locked, None)?;
        Ok::<_, farthing_gateway::read_invoice::ReadError>(())
    });
    changed.await.unwrap();
    for path in [format!("/pay/{}", invoice.token), format!("/pay/{}/events", invoice.token)] {
        let answer = shop.get(&path).await;
        assert_eq!(answer.status, 500, "{}", answer.body);
        assert!(!answer.body.contains(foreign) && answer.body.contains("do not pay"), "{}", answer.body);
    }
}

#[tokio::test]
async fn style_and_script_are_kept_for_ever_under_names_made_of_their_content() {
    let shop = Shop::open().await;
    let page = shop.page(&shop.create(HALF_BITCOIN).await).await;
    for (begin, kind) in [("href=\"/assets/checkout.", "text/css"), ("src=\"/assets/checkout.", "text/javascript")] {
        let path = page.split(begin).nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        let answer = shop.get(&format!("/assets/checkout.{path}")).await;
        assert_eq!(answer.status, 200);
        assert!(answer.header("content-type").starts_with(kind));
        assert!(answer.header("cache-control").contains("immutable"));
        assert!(!answer.body.contains("://"), "{path}");
    }
    let script = include_str!("../../assets/checkout.js");
    assert!(script.len() < 7 * 1024, "{}", script.len());
    assert_eq!(shop.get("/assets/checkout.0000000000000000.js").await.status, 404);
}

#[tokio::test]
async fn text_of_the_merchant_s_stays_text() {
    let mut shop = Shop::open().await;
    for hostile in [
        "<svg onload=alert(1)>",
        "{{7*7}}",
        "</script><script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "' autofocus onfocus='alert(1)",
        "a\u{2028}b\u{2029}c",
        "\u{202e}evil\u{2066}",
        &"\u{200d}".repeat(1000),
        "amount=1&address=x",
    ] {
        let merchant = shop.world.gateway.create_merchant(hostile.to_owned()).await.unwrap();
        shop.owner.merchant = merchant.id;
        let invoice =
            shop.create_as(HALF_BITCOIN, Dialect::Native, |terms| terms.description = Some(hostile.to_owned())).await;
        let page = shop.page(&invoice).await;
        for tag in ["<svg onload", "<img", "<script>", "onfocus='", "49</"] {
            assert!(!page.contains(tag), "{hostile:?} became {tag}");
        }
        let inside = page.split("<bdi>").skip(1).map(|rest| rest.split("</bdi>").next().unwrap());
        assert_eq!(inside.clone().count(), 2, "{hostile:?}");
        assert!(inside.into_iter().all(|text| !text.contains('<')), "{hostile:?}");
        let link = page.split("href=\"bitcoin:").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        assert_eq!(link.matches("amount=").count(), 1, "{link}");
        assert!(link.is_ascii(), "{link}");
    }
}

#[tokio::test]
async fn the_way_back_is_shown_with_its_host_and_tells_nobody_where_the_payer_was() {
    let shop = Shop::open().await;
    let with = async |url: &str| {
        let url = url.to_owned();
        let invoice = shop.create_as(HALF_BITCOIN, Dialect::Native, |terms| terms.redirect_url = Some(url)).await;
        shop.page(&invoice).await
    };
    let page = with("https://shop.example/thanks?a=1&b=2").await;
    assert!(page.contains("href=\"https://shop.example/thanks?a=1&#38;b=2\" rel=\"noreferrer noopener\""), "{page}");
    assert!(page.contains("Return to <bdi>shop.example</bdi>"));
    for url in ["javascript:alert(1)", "//evil.example", "data:text/html,x", "https://good.example@evil.example/"] {
        assert!(!with(url).await.contains("Return to"), "{url}");
    }
}

#[tokio::test]
async fn without_scripts_the_page_reloads_itself_and_has_forms() {
    let shop = Shop::open().await;
    let invoice = shop.create_as(FIFTY_DOLLARS, Dialect::Payhubix, |_| {}).await;
    let page = shop.page(&invoice).await;
    let path = format!("/pay/{}", invoice.token);
    assert!(page.contains("<noscript><meta http-equiv=\"refresh\""));
    assert!(page.contains(&format!("<form method=\"post\" action=\"{path}/activate\">")), "{page}");
    assert!(page.contains("name=\"asset\" value=\"USDT.tron\""));
    let chosen = shop.post(&format!("{path}/activate"), "asset=USDT.tron").await;
    assert_eq!((chosen.status, chosen.header("location")), (303, path.to_ascii_lowercase().as_str()));
    let page = shop.page(&invoice).await;
    assert!(page.contains("USDT on <strong>Tron</strong>") && page.contains("50.00 USD"), "{page}");
    assert!(page.contains("Pay with another coin or network"));
    shop.post(&format!("{path}/activate"), "asset=BTC.bitcoin").await;
    assert!(shop.page(&invoice).await.contains("0.00083334"));
    shop.post(&format!("{path}/cancel"), "").await;
    let page = shop.page(&invoice).await;
    assert!(page.contains("This invoice was cancelled") && !page.contains("http-equiv=\"refresh\""));
    assert_eq!(shop.post(&format!("{path}/cancel"), "").await.status, 409);
}

#[tokio::test]
async fn forms_of_other_sites_and_unknown_choices_change_nothing() {
    let shop = Shop::open().await;
    let invoice = shop.create(FIFTY_DOLLARS).await;
    let path = format!("/pay/{}/activate", invoice.token);
    for headers in ["Sec-Fetch-Site: cross-site\r\n", "Origin: https://evil.example\r\n"] {
        assert_eq!(shop.post_with(&path, "asset=USDT.tron", headers).await.status, 403, "{headers}");
    }
    for form in ["", "asset=", "asset=USDT", "asset=US%44T.tron", "asset=.", "x=USDT.tron", &"a".repeat(300)] {
        assert_eq!(shop.post(&path, form).await.status, 400, "{form}");
    }
    for form in ["asset=XMR.monero", "asset=BTC.tron"] {
        assert_eq!(shop.post(&path, form).await.status, 409, "{form}");
    }
    assert!(shop.page(&invoice).await.contains("Choose how to pay"));
}

#[tokio::test]
async fn a_payer_cannot_choose_for_ever() {
    let shop = Shop::open().await;
    let invoice = shop.create(FIFTY_DOLLARS).await;
    let path = format!("/pay/{}/activate", invoice.token);
    let mut answers = Vec::new();
    for turn in 0..52 {
        // The limit per address is by the minute of real time.
        shop.world.clock.move_by_ms(5_000);
        let asset = if turn % 2 == 0 { "asset=USDT.tron" } else { "asset=BTC.bitcoin" };
        answers.push(shop.post(&path, asset).await.status);
    }
    assert!(answers[..50].iter().all(|status| *status == 303), "{answers:?}");
    assert_eq!(answers[50..], [409, 409]);
}

/// One of two coins, in turn.
fn choose(shop: &std::sync::Arc<Shop>, path: &str, turn: u32) -> impl Future<Output = u16> + use<> {
    let (shop, path) = (std::sync::Arc::clone(shop), path.to_owned());
    let asset = if turn.is_multiple_of(2) { "asset=USDT.tron" } else { "asset=BTC.bitcoin" };
    async move { shop.post(&path, asset).await.status }
}

#[tokio::test]
async fn choices_that_race_are_counted_one_by_one() {
    let shop = std::sync::Arc::new(Shop::open().await);
    let invoice = shop.create(FIFTY_DOLLARS).await;
    let path = format!("/pay/{}/activate", invoice.token);
    let mut answers = Vec::new();
    for _ in 0..10 {
        shop.world.clock.move_by_ms(60_000);
        let racing: tokio::task::JoinSet<u16> = (0..50).map(|turn| choose(&shop, &path, turn)).collect();
        answers.extend(racing.join_all().await);
    }
    assert!(answers.iter().all(|status| [303, 409].contains(status)), "{answers:?}");
    let owner = shop.owner;
    let after =
        shop.world.gateway.store().read(move |reader| reader.invoice(owner, invoice.id)).await.unwrap().unwrap();
    assert!((1..=50).contains(&after.activation_count), "{}", after.activation_count);
}

#[tokio::test]
async fn one_address_may_change_so_much_a_minute() {
    let shop = Shop::open().await;
    let invoice = shop.create(HALF_BITCOIN).await;
    let path = format!("/pay/{}/cancel", invoice.token);
    let mut last = 0;
    for _ in 0..61 {
        last = shop.post(&path, "").await.status;
    }
    assert_eq!(last, 429);
    shop.world.clock.move_by_ms(60_000);
    assert_eq!(shop.post(&path, "").await.status, 409);
}

#[tokio::test]
async fn the_panel_pays_test_invoices_and_there_is_none_for_live_ones() {
    let shop = Shop::open().await;
    for (play, headline) in [
        ("play=exact", "Paid"),
        ("play=split", "Paid"),
        ("play=reorg", "Paid"),
        ("play=unconfirmed", "Payment seen"),
        ("play=underpay", "Part of the amount has arrived"),
        ("play=overpay", "Paid, with more than was due"),
        ("play=double_spend", "Waiting for your payment"),
        ("play=wrong_token", "Waiting for your payment"),
        ("play=late", "Your payment came late"),
    ] {
        let asset = r#"{"currency":"USDT","network":"tron","amount":"25"}"#;
        let invoice = shop.create(asset).await;
        let path = format!("/pay/{}/simulate", invoice.token);
        let answer = shop.post(&path, play).await;
        assert_eq!(answer.status, 303, "{play}: {}", answer.body);
        let page = shop.page(&invoice).await;
        let shown = page.split("</h2>").next().and_then(|head| head.rsplit('>').next()).unwrap();
        assert_eq!(shown, headline, "{play}");
    }
    let live = shop.create_live().await;
    let page = shop.page(&live).await;
    assert!(!page.contains("Simulate") && !page.contains("TEST"), "{page}");
    let unknown = shop.get("/pay/no-such-token").await;
    let refused = shop.post(&format!("/pay/{}/simulate", live.token), "play=exact").await;
    assert_eq!((refused.status, refused.body), (404, unknown.body));
}

#[tokio::test]
async fn blocks_are_mined_from_the_panel_and_counted_on_the_page() {
    let shop = Shop::open().await;
    let invoice = shop.create(HALF_BITCOIN).await;
    let path = format!("/pay/{}/simulate", invoice.token);
    shop.post(&path, "play=unconfirmed").await;
    shop.post(&path, "blocks=1").await;
    assert!(shop.page(&invoice).await.contains("Confirming: 1 of 2"));
    shop.post(&path, "blocks=1").await;
    assert!(shop.page(&invoice).await.contains("The payment is complete"));
    for form in ["blocks=0", "blocks=101", "blocks=-1", "play=exact&blocks=1", "play=steal", ""] {
        assert_eq!(shop.post(&path, form).await.status, 400, "{form}");
    }
}

#[tokio::test]
async fn a_stream_shows_the_page_at_once_every_change_and_ends_with_the_invoice() {
    let shop = Shop::open().await;
    let invoice = shop.create(HALF_BITCOIN).await;
    let mut stream = shop.watch(&invoice.token).await;
    let head = stream.head.to_ascii_lowercase();
    for line in ["content-type: text/event-stream", "cache-control: no-store", "x-content-type-options: nosniff"] {
        assert!(head.contains(line), "{line} in {head}");
    }
    let first = stream.until("\n\n").await;
    assert!(first.contains("event: view") && first.contains("Waiting for your payment"), "{first}");
    assert!(first.contains("data: <div id=\"live\""), "{first}");
    shop.pay(&invoice, "0.5", 0).await;
    stream.until("Payment seen").await;
    shop.world.gateway.mine_test_blocks(invoice.quotes[0].due.asset.network, 1).await.unwrap();
    stream.until("Confirming: 1 of 2").await;
    shop.world.gateway.mine_test_blocks(invoice.quotes[0].due.asset.network, 1).await.unwrap();
    let rest = stream.end().await;
    assert!(rest.contains("The payment is complete") && rest.ends_with("event: end\ndata: final\n\n"), "{rest}");
    let again = shop.watch(&invoice.token).await.end().await;
    assert!(again.contains("The payment is complete") && again.ends_with("event: end\ndata: final\n\n"), "{again}");
}

#[tokio::test]
async fn a_block_without_the_invoice_still_counts_confirmations_on_a_stream() {
    let shop = Shop::open().await;
    let invoice = shop.create(r#"{"currency":"USDT","network":"tron","amount":"25"}"#).await;
    shop.pay(&invoice, "25", 1).await;
    let mut stream = shop.watch(&invoice.token).await;
    stream.until("Confirming: 1 of 19").await;
    shop.world.gateway.mine_test_blocks(invoice.quotes[0].due.asset.network, 5).await.unwrap();
    stream.until("Confirming: 6 of 19").await;
}

#[tokio::test]
async fn all_who_look_are_told_also_when_the_first_of_them_leaves() {
    let shop = Shop::open().await;
    let invoice = shop.create(HALF_BITCOIN).await;
    let other = shop.create(HALF_BITCOIN).await;
    let mut streams = Vec::new();
    for token in [&invoice.token, &other.token, &invoice.token, &invoice.token] {
        let mut stream = shop.watch(token).await;
        stream.until("\n\n").await;
        streams.push(stream);
    }
    drop(streams.remove(0));
    shop.pay(&invoice, "0.2", 0).await;
    for stream in &mut streams[1..] {
        stream.until("Still due: 0.3 BTC on Bitcoin").await;
    }
    shop.pay(&other, "0.5", 0).await;
    streams[0].until("Payment seen").await;
}

#[tokio::test]
async fn one_address_may_watch_so_many_pages() {
    let shop = Shop::open().await;
    let invoice = shop.create(HALF_BITCOIN).await;
    let mut streams = Vec::new();
    for _ in 0..20 {
        let mut stream = shop.watch(&invoice.token).await;
        stream.until("event: view").await;
        streams.push(stream);
    }
    let refused = shop.get(&format!("/pay/{}/events", invoice.token)).await;
    assert_eq!(refused.status, 429);
    // A place is free again as soon as one leaves.
    drop(streams.pop());
    let mut tries = 0;
    while shop.get(&format!("/pay/{}", invoice.token)).await.status == 200 && tries < 50 {
        tries += 1;
        let mut stream = shop.watch(&invoice.token).await;
        if stream.head.starts_with("HTTP/1.0 200") || stream.head.starts_with("HTTP/1.1 200") {
            stream.until("event: view").await;
            return;
        }
    }
    panic!("no place became free");
}

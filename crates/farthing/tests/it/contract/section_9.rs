//! Section 9: the payer's page, as a browser without JavaScript uses it.

use super::{
    http::{Answer, Ask},
    shop::{Shop, half_a_bitcoin, ten_dollars, with},
};
use serde_json::{Value, json};

/// The path of an invoice's page.
fn page(shop: &Shop<'_>, invoice: &Value) -> String {
    let url = invoice["checkout_url"].as_str().unwrap();
    url.strip_prefix(&shop.server.base_url()).unwrap_or_else(|| panic!("{url}")).to_owned()
}

/// The page as a payer sees it, who has no key.
fn opened(shop: &Shop<'_>, invoice: &Value) -> String {
    let answer = shop.server.ask(&Ask::get(&page(shop, invoice)));
    assert_eq!(answer.status, 200, "{answer}");
    assert!(answer.header("content-type").unwrap().starts_with("text/html"));
    answer.text()
}

/// Presses a button of the page.
fn press(shop: &Shop<'_>, invoice: &Value, form: &str, fields: &str) -> Answer {
    let ask = Ask::new("POST", &format!("{}/{form}", page(shop, invoice)));
    shop.server.ask(&ask.bytes("application/x-www-form-urlencoded", fields.as_bytes()))
}

#[test]
fn section_9_checkout_url_opens_a_page_with_amount_network_address_and_code() {
    let shop = Shop::shared();
    let invoice = shop.create(&with(&half_a_bitcoin(), "description", "First-flush tea"));
    let html = opened(&shop, &invoice);
    for shown in ["0.5", "BTC", "Bitcoin", invoice["deposit_address"].as_str().unwrap(), "First-flush tea", "<svg"] {
        assert!(html.contains(shown), "{shown} is not on the page");
    }
}

#[test]
fn section_5_1_checkout_url_is_pay_and_a_token() {
    let shop = Shop::shared();
    let invoice = shop.create(&half_a_bitcoin());
    let token = page(&shop, &invoice).strip_prefix("/pay/").unwrap().to_owned();
    assert!(token.len() >= 22 && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
    let demo = shop.server.demo["invoice"]["checkout_url"].as_str().unwrap();
    assert!(demo.starts_with(&format!("{}/pay/", shop.server.base_url())));
}

#[test]
fn section_9_an_unknown_token_is_404_whatever_it_looks_like() {
    let shop = Shop::shared();
    let invoice = shop.create(&half_a_bitcoin());
    let other = page(&shop, &invoice).replace("/pay/", "/pay/x");
    let id = format!("/pay/{}", invoice["id"].as_str().unwrap());
    let long = format!("/pay/{}", "a".repeat(500));
    for path in [other.as_str(), &id, &long, "/pay/x", "/pay/%00", "/pay/..%2fapi", "/pay/%3Cscript%3E", "/pay/'--"] {
        let answer = shop.server.ask(&Ask::get(path));
        assert_eq!(answer.status, 404, "{answer}");
        assert!(!answer.text().contains("<script>"), "{answer}");
    }
}

#[test]
fn section_9_the_page_is_whole_without_javascript() {
    let shop = Shop::shared();
    let html = opened(&shop, &shop.create(&ten_dollars()));
    assert!(html.contains(r#"<form method="post""#) && html.contains("USDT on Tron"), "{html}");
    for script in html.split("<script").skip(1) {
        assert!(script.trim_start().starts_with("src=\"/"), "nothing inline and nothing from elsewhere: {script}");
    }
    assert!(!html.contains("http-equiv=\"refresh\"") || html.contains("<noscript><meta http-equiv=\"refresh\""));
}

#[test]
fn section_9_the_payer_activates_a_draft_on_the_page() {
    let shop = Shop::shared();
    let draft = shop.create(&ten_dollars());
    let html = opened(&shop, &draft);
    let button = html.split(r#"name="asset" value=""#).find(|part| part.contains(r#"aria-label="USDT on Tron""#));
    let value = button.unwrap().split('"').next().unwrap();
    let answer = press(&shop, &draft, "activate", &format!("asset={value}"));
    assert_eq!((answer.status, answer.header("location")), (303, Some(page(&shop, &draft).as_str())));
    let invoice = shop.invoice(&draft);
    assert_eq!((&invoice["status"], &invoice["currency"]), (&json!("pending"), &json!("USDT")));
    assert!(opened(&shop, &draft).contains(invoice["deposit_address"].as_str().unwrap()));
}

#[test]
fn section_9_the_payer_of_a_native_invoice_cannot_cancel_it() {
    let shop = Shop::shared();
    let invoice = shop.create(&half_a_bitcoin());
    let answer = press(&shop, &invoice, "cancel", "");
    assert!((400..500).contains(&answer.status), "{answer}");
    assert_eq!(shop.invoice(&invoice)["status"], "pending");
}

#[test]
fn section_9_another_site_cannot_press_the_page_s_buttons() {
    let shop = Shop::shared();
    let draft = shop.create(&ten_dollars());
    let ask = Ask::new("POST", &format!("{}/activate", page(&shop, &draft)))
        .header("Sec-Fetch-Site", "cross-site")
        .bytes("application/x-www-form-urlencoded", b"asset=BTC.bitcoin");
    let answer = shop.server.ask(&ask);
    assert!((400..500).contains(&answer.status), "{answer}");
    assert_eq!(shop.invoice(&draft)["status"], "draft");
}

#[test]
fn section_9_a_simulated_payment_on_the_page_pays_the_invoice() {
    let shop = Shop::moving();
    let invoice = shop.create(&half_a_bitcoin());
    let answer = press(&shop, &invoice, "simulate", "play=exact");
    assert_eq!(answer.status, 303, "{answer}");
    assert_eq!(shop.invoice(&invoice)["status"], "paid");
    assert!(opened(&shop, &invoice).contains("data-final"));
}

#[test]
fn section_9_text_of_the_merchant_s_stays_text() {
    let shop = Shop::shared();
    let evil = "<script>alert(1)</script>\"'&<img src=x onerror=alert(2)>";
    let body = with(&half_a_bitcoin(), "description", evil);
    let html = opened(&shop, &shop.create(&with(&body, "external_id", evil)));
    assert!(!html.contains("<script>alert") && !html.contains("<img src=x"));
}

#[test]
fn section_9_the_page_lets_nothing_in_and_is_in_nobody_s_frame() {
    let shop = Shop::shared();
    let invoice = shop.create(&half_a_bitcoin());
    let answer = shop.server.ask(&Ask::get(&page(&shop, &invoice)));
    let policy = answer.header("content-security-policy").unwrap();
    for part in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    for (name, value) in
        [("x-content-type-options", "nosniff"), ("referrer-policy", "no-referrer"), ("cache-control", "no-store")]
    {
        assert_eq!(answer.header(name), Some(value));
    }
}

#[test]
fn section_9_the_page_leads_back_to_redirect_url() {
    let shop = Shop::shared();
    let url = "https://shop.example/done?order=7";
    let html = opened(&shop, &shop.create(&with(&half_a_bitcoin(), "redirect_url", url)));
    assert!(html.contains(r#"href="https://shop.example/done?order=7""#), "{html}");
}

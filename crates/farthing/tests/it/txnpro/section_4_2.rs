//! B.4.2 and B.4.3: an invoice with what is beside it.

use super::{
    json_api::is_whole,
    shop::{Merchant, id, included, seed},
};
use serde_json::{Value, json};

/// A moment as milliseconds, after a look at its form: UTC, always with milliseconds (B.1).
fn milliseconds(moment: &Value) -> i64 {
    let text = moment.as_str().unwrap_or_else(|| panic!("{moment}"));
    let (_, fraction) = text.strip_suffix('Z').unwrap().split_once('.').unwrap();
    assert_eq!(fraction.len(), 3, "{text}");
    text.parse::<jiff::Timestamp>().unwrap().as_millisecond()
}

#[test]
fn b_4_2_the_seed_s_request_is_answered_in_the_seed_s_form() {
    let shop = Merchant::fresh();
    let invoice = shop.create(&seed("9556e207-b785-4faf-9486-8e79fb442e76"));
    assert_eq!(id(&invoice).len(), 36);
    assert_eq!(invoice["data"]["type"], "invoices");
    assert_eq!(invoice["meta"], json!({}));
    let shown = &invoice["data"]["attributes"];
    for (name, value) in [
        ("amountBilled", "100.00"),
        ("amountCharged", "100.000000"),
        ("billedCurrency", "USD"),
        ("chargedCurrency", "USDT"),
        ("reference", "9556e207-b785-4faf-9486-8e79fb442e76"),
        ("statusContext", "unpaid"),
        ("network", "TTRX:USDT"),
        ("networkName", "Tron (TRC20)"),
        ("status", "pending"),
        ("paymentStatus", "expecting"),
        ("exchangeRate", "1.0"),
    ] {
        assert_eq!(shown[name], value, "{name}");
    }
    assert_eq!(milliseconds(&shown["expiresAt"]) - milliseconds(&shown["createdAt"]), 20 * 60 * 1000);
    let address = &invoice["included"][0];
    assert_eq!(invoice["included"].as_array().unwrap().len(), 1);
    assert_eq!(
        invoice["data"]["relationships"],
        json!({
            "address": { "data": { "type": "addresses", "id": address["id"] } },
            "invoiceTransactions": { "meta": { "included": false } },
            "coinDeposits": { "meta": { "included": false } },
        })
    );
    assert_eq!((&address["type"], &address["attributes"]["label"]), (&json!("addresses"), &json!("USDT TTRX")));
    assert!(address["attributes"]["value"].as_str().unwrap().starts_with('T'));
    milliseconds(&address["attributes"]["createdAt"]);
    let not_loaded = json!({ "meta": { "included": false } });
    assert_eq!(address["relationships"], json!({ "account": not_loaded, "network": not_loaded }));
}

#[test]
fn b_4_2_newer_attributes_are_there_and_null_where_there_is_nothing() {
    let shop = Merchant::fresh();
    let mut body = seed("");
    body.as_object_mut().unwrap().remove("reference");
    let invoice = shop.create(&body);
    let shown = invoice["data"]["attributes"].as_object().unwrap();
    let nothing = [
        "reference",
        "successRedirectUrl",
        "unsuccessRedirectUrl",
        "targetAmount",
        "targetCurrency",
        "targetAccountId",
        "chargedTargetRate",
        "chargedTargetRateCurrency",
    ];
    for name in nothing {
        assert_eq!(shown.get(name), Some(&Value::Null), "{name}");
    }
    assert_eq!(shown["paymentMethods"], json!(["on_chain"]));
    let page = shown["hostedPageUrl"].as_str().unwrap();
    assert!(page.starts_with(&shop.native.server.base_url()), "{page}");
    assert_eq!(shown.len(), 22, "{shown:?}");
}

#[test]
fn b_4_3_a_read_invoice_has_lists_where_the_new_one_has_marks() {
    let shop = Merchant::fresh();
    let created = shop.create(&seed("lists"));
    let read = shop.invoice(&created);
    is_whole(&read);
    assert_eq!(read["data"]["attributes"], created["data"]["attributes"]);
    let relationships = &read["data"]["relationships"];
    assert_eq!(relationships["address"], created["data"]["relationships"]["address"]);
    for name in ["invoiceTransactions", "coinDeposits", "refundLinks"] {
        assert_eq!(relationships[name], json!({ "data": [] }), "{name}");
    }
}

#[test]
fn b_4_3_a_paid_invoice_includes_its_deposits_and_what_they_were_credited_as() {
    let shop = Merchant::moving();
    let invoice = shop.create(&seed("paid"));
    shop.pay(&invoice, "60", 1);
    let seen = shop.invoice(&invoice);
    is_whole(&seen);
    let deposit = included(&seen, "coinTransactions")[0];
    assert_eq!((&deposit["attributes"]["state"], &deposit["attributes"]["amount"]), (&json!("pending"), &json!("60")));
    assert!(included(&seen, "invoiceTransactions").is_empty());
    shop.pay(&invoice, "40", 0);
    shop.native.mine("tron", 19);
    let paid = shop.invoice(&invoice);
    is_whole(&paid);
    let states: Vec<&Value> =
        included(&paid, "coinTransactions").iter().map(|deposit| &deposit["attributes"]["state"]).collect();
    assert_eq!(states, ["processed", "processed"]);
    let deposit = &included(&paid, "coinTransactions")[0]["attributes"];
    assert_eq!((&deposit["currencyCode"], &deposit["accountId"]), (&json!("USDT"), &Value::Null));
    assert!(deposit["txHash"].is_string());
    milliseconds(&deposit["createdAt"]);
    let credited = included(&paid, "invoiceTransactions");
    let amounts: Vec<&Value> = credited.iter().map(|credit| &credit["attributes"]["amountBilled"]).collect();
    assert_eq!(amounts, ["60.00", "40.00"]);
    for credit in credited {
        let shown = &credit["attributes"];
        for fee in ["transactionFee", "consolidationFee", "targetTransactionFee"] {
            assert_eq!(shown[fee], "0.0");
        }
        assert_eq!((&shown["transactionFeeCurrency"], &shown["billedChargedRate"]), (&json!("USDT"), &json!("1.0")));
        assert_eq!(credit["relationships"]["exchangeQuote"], json!({ "data": null }));
        assert_eq!(credit["relationships"]["invoice"], json!({ "meta": { "included": false } }));
    }
    let transactions = included(&paid, "transactions");
    assert_eq!(transactions.len(), 2);
    let shown = &transactions[0]["attributes"];
    assert_eq!((&shown["amount"], &shown["reference"]), (&json!("60.000000"), &json!("paid")));
    assert_eq!(
        (&shown["transactionType"], &shown["simplifiedState"]),
        (&json!("InvoiceTransaction"), &json!("completed"))
    );
    milliseconds(&shown["createdAt"]);
}

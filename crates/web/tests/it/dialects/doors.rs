//! Who may call what in the APIs beside the native one: every route of their tables, against every kind of credential.

use super::merchant::{Merchant, Named, ask_with, ground, shown, wanted};
use crate::native::{Answer, Shop};
use farthing_domain::{
    id::{Environment, Owner},
    policy::Dialect,
};
use farthing_web::dialects::{Mounted, mounted};
use serde_json::{Value, json};

/// In the merchant's own texts, and in no answer to anybody else.
const WORD: &str = "canary of this merchant";
const URL: &str = "https://shop.example/hook";

/// Names of a merchant's things, as routes have them.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Things {
    shop: String,
    reference: String,
    link: String,
    token: String,
    invoice: String,
    channel: String,
    deposit: String,
    account: String,
}

impl Things {
    /// One of each kind, made by their own APIs; the deposit is paid.
    async fn of(shop: &Shop, merchant: &Merchant) -> Self {
        let mut names = Vec::new();
        for dialect in [Dialect::CoinsPaid, Dialect::Payhubix, Dialect::TxCash, Dialect::TxnPro] {
            shop.world.clock.move_by_ms(1000);
            let (Named { name, .. }, _) = merchant.order(shop, dialect, 1200, WORD).await;
            names.push(name);
        }
        let [_, link, token, invoice] = names.try_into().expect("four");
        let asked = json!({ "data": { "type": "channels", "attributes": {
            "targetCurrency": "BTC", "payNetwork": "tbtc", "status": "enabled", "reference": WORD,
        } } });
        let made = merchant.ask(shop, Dialect::TxnPro, ("POST", "/channels"), &asked.to_string()).await;
        let channel = text(&made.json["data"]["id"]);
        let payment = json!({ "amount": "0.1", "confirmations": 6 });
        merchant.native(shop, "POST", &format!("/test/addresses/{channel}/payments"), &payment).await;
        let list = async |path: &str| {
            let answer = merchant.ask(shop, Dialect::TxnPro, ("GET", path), "").await;
            text(&answer.json["data"][0]["id"])
        };
        let deposit = list(&format!("/channels/{channel}/transactions")).await;
        let account = list("/accounts").await;
        let owner = merchant.owner.merchant.to_string();
        Self { shop: owner, reference: WORD.to_owned(), link, token, invoice, channel, deposit, account }
    }

    /// Names of the same forms that nobody's things have.
    fn nobodys(&self) -> Self {
        let id = || "0197f6a2-c1d2-7b7e-8a51-3b2f3a6f9b10".to_owned();
        Self {
            shop: id(),
            reference: "nobody's".to_owned(),
            link: "INV-QQQQQQQQ".to_owned(),
            token: "q".repeat(self.token.len()),
            invoice: id(),
            channel: id(),
            deposit: id(),
            account: id(),
        }
    }

    /// A text without them.
    fn left_out_of(&self, text: &str) -> String {
        let Self { shop, reference, link, token, invoice, channel, deposit, account } = self;
        let names = [shop, reference, link, token, invoice, channel, deposit, account];
        names.into_iter().fold(text.to_owned(), |text, name| text.replace(name.as_str(), "…"))
    }

    /// Where a route is for these things.
    fn path(&self, route: &Mounted) -> String {
        let of = |part: &str| route.path.contains(part);
        let id = match route.dialect {
            Dialect::TxCash => &self.token,
            _ if of("/channels/") => &self.channel,
            _ if of("/accounts/") => &self.account,
            _ => &self.invoice,
        };
        let named = [
            ("{foreign_id}", percent_encoded(&self.reference)),
            ("{link}", self.link.clone()),
            ("{shop_id}", self.shop.clone()),
            ("{fiat}", "EUR".to_owned()),
            ("{file}", "BTC.svg".to_owned()),
            ("{network}", "testnet".to_owned()),
            ("{id}", id.clone()),
            ("{deposit_id}", self.deposit.clone()),
            ("{txid}", self.deposit.clone()),
        ];
        let path = named.into_iter().fold(route.path.clone(), |path, (place, name)| path.replace(place, &name));
        assert!(!path.contains('{'), "say here what a route's placeholder stands for: {path}");
        path
    }

    /// A body that a route takes. A route that has none here is not covered.
    fn body(&self, route: &Mounted, turn: usize) -> String {
        let Mounted { dialect, method, path, .. } = route;
        let order = || wanted(*dialect, "12.00", &format!("order {turn}")).1;
        let channel = |attributes: Value| json!({ "data": { "type": "channels", "attributes": attributes } });
        let path = path.as_str();
        match (dialect, *method) {
            (Dialect::CoinsPaid, "GET") if path.ends_with("/info") => {
                json!({ "foreign_id": self.reference }).to_string()
            }
            (_, "GET") => String::new(),
            (Dialect::CoinsPaid, "POST") => match path.trim_start_matches("/api/v2") {
                "/invoices/create" => order(),
                "/addresses/take" => json!({ "foreign_id": "user", "currency": "BTC" }).to_string(),
                "/invoices/{foreign_id}/cancel"
                | "/currencies/list"
                | "/currencies/pairs"
                | "/currencies/rates"
                | "/accounts/list"
                | "/withdrawal/crypto"
                | "/exchange/calculate"
                | "/exchange/fixed"
                | "/exchange/now"
                | "/futures/rates"
                | "/futures/confirm" => "{}".to_owned(),
                _ => uncovered(route),
            },
            (Dialect::Payhubix, "POST") if path.ends_with("/invoices") => order(),
            (Dialect::TxCash, "POST") if path.ends_with("/invoice") => order(),
            (Dialect::TxCash, "POST") if path.ends_with("/payment/address") => {
                json!({ "payment_currency": "eth_usdt" }).to_string()
            }
            (Dialect::TxnPro, method) => match (method, path.trim_start_matches("/api/public/v1")) {
                ("POST", "/invoices") => order(),
                ("POST", "/channels") => {
                    channel(json!({ "targetCurrency": "BTC", "payNetwork": "tbtc", "status": "enabled" })).to_string()
                }
                ("PATCH" | "PUT", "/channels/{id}") => channel(json!({ "status": "disabled" })).to_string(),
                ("POST", "/addresses/validate") => json!({ "address": "x", "network": "tbtc" }).to_string(),
                ("POST", "/accounts/{id}/addresses" | "/exchange/quotes" | "/payouts" | "/payouts/draft")
                | ("POST", "/payment_links" | "/payment_links/{id}/expiration")
                | ("PATCH", "/exchange/quotes/{id}")
                | ("PUT", "/payouts/{id}") => "{}".to_owned(),
                _ => uncovered(route),
            },
            _ => uncovered(route),
        }
    }

    /// Whether a route names one of them.
    fn are_named_by(&self, route: &Mounted) -> bool {
        let nobodys = self.nobodys();
        self.path(route) != nobodys.path(route) || self.body(route, 0) != nobodys.body(route, 0)
    }
}

/// Whether a route is of what nobody has here: whatever is named, the answer is the same.
fn is_never_there(route: &Mounted) -> bool {
    let parts = ["/payouts", "/exchange", "/payment_links", "/accounts/{id}/"];
    route.dialect == Dialect::TxnPro && parts.iter().any(|part| route.path.contains(part))
}

fn uncovered(route: &Mounted) -> String {
    panic!("say here what {} {} is asked with", route.method, route.path)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value}")).to_owned()
}

fn percent_encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Whether an API said that it does not know who calls, in its own form.
fn is_refused(dialect: Dialect, answer: &Answer) -> bool {
    match dialect {
        Dialect::Native => answer.status == 401 && answer.code() == "unauthorized",
        Dialect::CoinsPaid => {
            let codes = ["required_header_key", "bad_header_key", "required_header_signature", "bad_header_signature"];
            answer.status == 403 && codes.map(Value::from).contains(&answer.json["code"])
        }
        Dialect::Payhubix => answer.status == 401 && answer.json["error"] == true,
        Dialect::TxCash => answer.status == 401 && answer.json["message"].is_string(),
        Dialect::TxnPro => answer.status == 401 && answer.json["errors"][0]["code"] == "unauthorized",
    }
}

/// All that a merchant can see of its invoices and addresses.
async fn books(shop: &Shop, merchant: &Merchant) -> Vec<Value> {
    let mut seen = Vec::new();
    for path in ["/invoices?limit=100", "/addresses?limit=100", "/events?limit=100"] {
        seen.push(merchant.native(shop, "GET", path, &Value::Null).await.data().clone());
    }
    seen
}

/// Ways to call without being who may, as headers; the body is signed where that API signs.
async fn not_the_callers(shop: &Shop, merchant: &Merchant, dialect: Dialect) -> Vec<(&'static str, String, String)> {
    let (key, secret) = merchant.shown_to(dialect);
    let mut ways: Vec<_> = [("nothing", ""), ("an empty one", ""), ("an unknown one", &"k".repeat(64))]
        .map(|(way, key)| (way, key.to_owned(), secret.to_owned()))
        .to_vec();
    for other in Dialect::ALL.into_iter().filter(|other| *other != dialect) {
        let (key, secret) = merchant.shown_to(other);
        // A native key below /v1 is told what base it means; that is tried in the tests of that API.
        if (other, dialect) != (Dialect::Native, Dialect::Payhubix) {
            ways.push((other.as_str(), key.to_owned(), secret.to_owned()));
        }
    }
    ways.push(("with a space", format!("{key} x"), secret.to_owned()));
    ways.push(("in the other case", in_the_other_case(key), secret.to_owned()));
    let revoked = shop.world.gateway.create_credential(merchant.owner, dialect, None).await.expect("a credential");
    let (id, now) = (revoked.0.id, shop.world.gateway.clocks().real());
    let ended = shop.world.gateway.store().decide(move |transaction| transaction.revoke_credential(id, now)).await;
    assert!(ended.is_ok_and(|was_there| was_there));
    ways.push(("revoked", revoked.1.key, revoked.1.secret));
    ways
}

fn in_the_other_case(key: &str) -> String {
    let other = |c: char| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
    key.chars().map(other).collect()
}

/// Its own headers with each of them twice, the right one in front or behind: nobody can say which of them a proxy looked at.
fn shown_twice(own: &[(&'static str, String)]) -> Vec<Vec<(&'static str, String)>> {
    let twice = |number: usize, at: usize| {
        let mut headers = own.to_vec();
        headers.insert(at, (own[number].0, "Bearer of another".to_owned()));
        headers
    };
    (0..own.len()).flat_map(|number| [twice(number, 0), twice(number, number + 1)]).collect()
}

/// Routes of an API that need a credential.
fn guarded(dialect: Dialect) -> Vec<Mounted> {
    mounted().into_iter().filter(|route| route.dialect == dialect && !route.is_public).collect()
}

#[tokio::test]
async fn without_a_credential_of_its_own_no_route_is_answered_but_the_public_ones() {
    let (shop, _) = ground(21).await;
    let merchant = Merchant::open(&shop, URL).await;
    let things = Things::of(&shop, &merchant).await;
    let before = books(&shop, &merchant).await;
    let mut cells = 0;
    for dialect in Dialect::ALL.into_iter().filter(|dialect| *dialect != Dialect::Native) {
        let ways = not_the_callers(&shop, &merchant, dialect).await;
        for route in guarded(dialect) {
            cells += is_shut(&shop, &merchant, (&route, &things), &ways).await;
        }
    }
    assert!(cells >= 700, "{cells}");
    assert_eq!(books(&shop, &merchant).await, before, "nothing was done by any of them");
}

/// Asserts that a route is answered to none of those who are not who may call it. Answers how many were tried.
async fn is_shut(
    shop: &Shop,
    merchant: &Merchant,
    (route, things): (&Mounted, &Things),
    ways: &[(&'static str, String, String)],
) -> usize {
    let (dialect, path, body) = (route.dialect, things.path(route), things.body(route, 0));
    let (key, secret) = merchant.shown_to(dialect);
    let twice = shown_twice(&shown(dialect, key, secret, body.as_bytes()));
    let twice = twice.into_iter().map(|headers| ("twice", headers));
    let others = ways.iter().map(|(way, key, secret)| match *way {
        "nothing" => (*way, Vec::new()),
        _ => (*way, shown(dialect, key, secret, body.as_bytes())),
    });
    let mut tried = 0;
    for (way, headers) in others.chain(twice) {
        let answer = ask_with(shop, dialect, (route.method, &path), &headers, body.as_bytes()).await;
        assert!(is_refused(dialect, &answer), "{way}: {} {path}: {answer:?}", route.method);
        assert!(!answer.text.contains(WORD), "{way}: {} {path}: {answer:?}", route.method);
        tried += 1;
    }
    tried
}

#[tokio::test]
async fn with_its_own_credential_every_route_lets_a_caller_in() {
    let (shop, _) = ground(22).await;
    let merchant = Merchant::open(&shop, URL).await;
    let things = Things::of(&shop, &merchant).await;
    for (turn, route) in mounted().iter().enumerate() {
        let (path, body) = (things.path(route), things.body(route, turn));
        let answer = merchant.send(&shop, route.dialect, (route.method, &path), body.as_bytes()).await;
        assert!(!is_refused(route.dialect, &answer) && answer.status < 500, "{} {path}: {answer:?}", route.method);
        if things.are_named_by(route) && !is_never_there(route) {
            assert_ne!(answer.status, 404, "{} {path}: {answer:?}", route.method);
        }
    }
}

#[tokio::test]
async fn somebody_elses_things_are_answered_as_if_nobody_had_them() {
    let (shop, _) = ground(23).await;
    let merchant = Merchant::open(&shop, URL).await;
    let things = Things::of(&shop, &merchant).await;
    let before = books(&shop, &merchant).await;
    let stranger = Merchant::open(&shop, URL).await;
    // The stranger has things of every kind, too: what is looked for is not simply everything.
    let own = stranger.order(&shop, Dialect::CoinsPaid, 1200, "the stranger's").await.0;
    let live = Owner { environment: Environment::Live, ..merchant.owner };
    let live = Merchant::of(&shop, live, URL).await;
    let mut compared = 0;
    let all = Dialect::ALL.into_iter().flat_map(guarded).filter(|route| things.are_named_by(route));
    for route in all {
        is_nobodys(&shop, &stranger, &route, &things).await;
        compared += 1;
        // A merchant's own shop is its own in both environments.
        if !route.path.contains("{shop_id}") {
            is_nobodys(&shop, &live, &route, &things).await;
            compared += 1;
        }
    }
    assert!(compared >= 30, "{compared}");
    assert_eq!(books(&shop, &merchant).await, before, "nothing of the merchant's changed");
    assert_eq!(stranger.core(&shop, &own).await.terms.external_id.as_deref(), Some("the stranger's"));
}

/// Asserts that a route tells a caller of somebody's things what it tells of nobody's.
async fn is_nobodys(shop: &Shop, caller: &Merchant, route: &Mounted, things: &Things) {
    let ask = async |things: &Things| {
        let (path, body) = (things.path(route), things.body(route, 0));
        let answer = caller.send(shop, route.dialect, (route.method, &path), body.as_bytes()).await;
        (answer.status, things.left_out_of(&answer.text))
    };
    let (told, of_nobodys) = (ask(things).await, ask(&things.nobodys()).await);
    assert_eq!(told, of_nobodys, "{:?}: {} {}", caller.owner, route.method, route.path);
    let is_refused = (400..500).contains(&told.0);
    assert!(is_refused, "{:?}: {} {}: {told:?}", caller.owner, route.method, route.path);
}

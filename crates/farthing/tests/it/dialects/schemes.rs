//! No vector of one scheme is accepted by another: neither a request by another API, nor a callback by another API's receiver.
//!
//! All credentials here are one merchant's, so that nothing but the scheme is wrong with them.

use super::{
    merchant::{Api, Credential},
    outside::complaint,
    signatures::{coinspaid, is_coinspaid, is_native, is_standard, key_of},
};
use crate::{
    coinspaid::shop::CoinsPaid,
    contract::{
        http::{Answer, Ask},
        receiver::{Receiver, Webhook},
        shop::Shop,
    },
    payhubix::shop::{Payhubix, refusal},
    txcash::shop::{TxCash, told},
    txnpro::shop::{MEDIA_TYPE, TxnPro, refused},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

/// The five schemes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Native,
    CoinsPaid,
    Payhubix,
    TxCash,
    TxnPro,
}

const ALL: [Scheme; 5] = [Scheme::Native, Scheme::CoinsPaid, Scheme::Payhubix, Scheme::TxCash, Scheme::TxnPro];

/// One merchant with a credential of each.
struct Everything {
    native: Shop<'static>,
    native_secret: String,
    /// Where the native API's webhooks come, which tell of every invoice.
    native_receiver: Receiver,
    /// Where the others' callbacks come.
    receiver: Receiver,
    made: [(Scheme, Credential); 4],
}

impl Everything {
    fn of(native: Shop<'static>) -> Self {
        let (native_receiver, receiver) = (Receiver::new(), Receiver::new());
        let endpoint = native.endpoint(&json!({ "url": native_receiver.url, "events": ["invoice.confirming"] }));
        let native_secret = endpoint["secret"].as_str().unwrap().to_owned();
        let made = [
            (Scheme::CoinsPaid, credential::<CoinsPaid>(&native, &receiver)),
            (Scheme::Payhubix, credential::<Payhubix>(&native, &receiver)),
            (Scheme::TxCash, credential::<TxCash>(&native, &receiver)),
            (Scheme::TxnPro, credential::<TxnPro>(&native, &receiver)),
        ];
        Self { native, native_secret, native_receiver, receiver, made }
    }

    fn host(&self) -> &'static str {
        self.native.server.host()
    }

    /// What requests carry and what signs.
    fn key_and_secret(&self, scheme: Scheme) -> (&str, &str) {
        let made = self.made.iter().find(|(of, _)| *of == scheme);
        made.map_or((&self.native.key, &self.native_secret), |(_, made)| (&made.key, &made.secret))
    }
}

fn credential<A: Api>(native: &Shop<'static>, receiver: &Receiver) -> Credential {
    Credential::of::<A>(native.server, &native.merchant, "test", Some(&receiver.url))
}

/// Where an API makes invoices, and a body that it takes.
fn order(scheme: Scheme) -> (&'static str, Value) {
    match scheme {
        Scheme::Native => ("/api/v1/invoices", json!({ "amount": "0.001", "currency": "BTC" })),
        Scheme::CoinsPaid => ("/api/v2/invoices/create", crate::coinspaid::shop::timed("scheme")),
        Scheme::Payhubix => (
            "/v1/invoices/",
            json!({ "currency_amount": 60, "currency_symbol": "USD", "time_for_payment": "02:00", "currencies": [] }),
        ),
        Scheme::TxCash => ("/invoice/v1/testnet/invoice", json!({ "amount": 10, "payment_currencies": "eth_usdt" })),
        Scheme::TxnPro => {
            let attributes = crate::txnpro::shop::seed("scheme");
            ("/api/public/v1/invoices", crate::txnpro::shop::invoices(&attributes))
        }
    }
}

fn request(scheme: Scheme) -> (Ask, Vec<u8>) {
    let (path, body) = order(scheme);
    let body = body.to_string().into_bytes();
    let media_type = if scheme == Scheme::TxnPro { MEDIA_TYPE } else { "application/json" };
    (Ask::new("POST", path).bytes(media_type, &body), body)
}

/// A request with everything by which a scheme's clients show who they are: the forms it has, each with the key given.
fn shown_by(scheme: Scheme, ask: &Ask, body: &[u8], key: &str, secret: &str) -> Vec<Ask> {
    let with = |name: &str, value: &str| ask.clone().header(name, value);
    match scheme {
        Scheme::Native | Scheme::Payhubix => vec![with("X-Api-Key", key)],
        Scheme::CoinsPaid => {
            vec![with("X-Processing-Key", key).header("X-Processing-Signature", &coinspaid(secret, body))]
        }
        Scheme::TxCash => vec![
            with("Authorization", &format!("Bearer {key}")),
            with("X-API-Key", key),
            with("Api-Key", key),
            with("Authorization", &format!("Basic {}", STANDARD.encode(format!("{key}:")))),
        ],
        Scheme::TxnPro => vec![with("Authorization", &format!("Bearer {key}"))],
    }
}

/// Asserts that an API refuses whoever it does not know, in its own form.
fn is_refused(scheme: Scheme, answer: &Answer) {
    match scheme {
        Scheme::Native => drop(answer.refusal(401, "unauthorized")),
        Scheme::CoinsPaid => {
            let told = answer.json();
            let known = ["required_header_key", "bad_header_key"].map(Value::from);
            assert!(answer.status == 403 && known.contains(&told["code"]), "{answer}");
        }
        Scheme::Payhubix => drop(refusal(answer, 401)),
        Scheme::TxCash => assert!(told(answer, 401).is_empty()),
        Scheme::TxnPro => refused(answer, &[(401, "unauthorized", "HTTP Token: Access denied.")]),
    }
}

#[test]
fn each_scheme_s_own_request_is_accepted() {
    let shop = Everything::of(Shop::fresh());
    for scheme in ALL {
        let (ask, body) = request(scheme);
        let (key, secret) = shop.key_and_secret(scheme);
        for (number, ask) in shown_by(scheme, &ask, &body, key, secret).iter().enumerate() {
            let answer = ask.send(shop.host());
            assert!([200, 201].contains(&answer.status), "{scheme:?} {number}: {answer}");
        }
    }
}

#[test]
fn no_request_of_one_scheme_is_accepted_by_another() {
    let shop = Everything::of(Shop::fresh());
    for (target, foreign) in ALL.iter().flat_map(|target| ALL.map(|foreign| (*target, foreign))) {
        if target == foreign {
            continue;
        }
        let (ask, body) = request(target);
        let (key, secret) = shop.key_and_secret(foreign);
        // As the foreign scheme's clients send it; and its key and its secret in the places where this one looks.
        let mut asked = shown_by(foreign, &ask, &body, key, secret);
        for text in [key, secret] {
            asked.extend(shown_by(target, &ask, &body, text, secret));
        }
        for ask in asked {
            let answer = ask.send(shop.host());
            // The native key at `/v1` means a native call whose base lost its `/api`, and is told so.
            let is_native = foreign == Scheme::Native && target == Scheme::Payhubix && answer.status == 404;
            if is_native {
                answer.refusal(404, "not_found");
            } else {
                is_refused(target, &answer);
            }
        }
    }
    assert_eq!(shop.native.total(), 0, "nothing was made by any of them");
}

/// Whether a receiver that was written for a scheme, with its own key, takes a callback; under its own headers' names or those
/// that came.
fn takes(shop: &Everything, scheme: Scheme, webhook: &Webhook) -> bool {
    let (key, secret) = shop.key_and_secret(scheme);
    let standard = |key: &[u8]| ["webhook", "svix"].iter().any(|prefix| is_standard(webhook, prefix, key));
    match scheme {
        Scheme::Native => is_native(webhook, secret) || standard(&key_of(secret)),
        Scheme::CoinsPaid => is_coinspaid(webhook, key, secret),
        Scheme::Payhubix | Scheme::TxCash => standard(key.as_bytes()),
        Scheme::TxnPro => standard(&key_of(secret)),
    }
}

/// Whether the library that a scheme's shops use takes a callback; of `CoinsPaid`'s none is published.
fn a_library_takes(shop: &Everything, scheme: Scheme, webhook: &Webhook) -> bool {
    let (key, secret) = shop.key_and_secret(scheme);
    let complaint = match scheme {
        Scheme::Native => complaint("standard", webhook, secret),
        Scheme::CoinsPaid => return false,
        Scheme::Payhubix | Scheme::TxCash => complaint("raw", webhook, key),
        Scheme::TxnPro => complaint("svix", webhook, secret),
    };
    complaint.is_empty()
}

/// What each API tells, by the scheme that signed it: a payer chose, paid, or went away.
fn told_by(shop: &Everything, scheme: Scheme) -> Webhook {
    let (ask, body) = request(scheme);
    let (key, secret) = shop.key_and_secret(scheme);
    let answer = shown_by(scheme, &ask, &body, key, secret)[0].send(shop.host());
    let newest = shop.native.get("invoices?limit=1").success(200)["data"][0].clone();
    assert!([200, 201].contains(&answer.status), "{answer}");
    let cancelled = |page: &str| {
        let pressed = Ask::new("POST", &format!("{page}/cancel")).bytes(super::merchant::FORM, b"");
        assert_eq!(pressed.header("Sec-Fetch-Site", "same-origin").send(shop.host()).status, 303);
    };
    match scheme {
        Scheme::Native | Scheme::CoinsPaid => drop(shop.native.pay(&newest, "0.0001", 0)),
        Scheme::TxnPro => drop(shop.native.pay(&newest, "1", 0)),
        Scheme::Payhubix | Scheme::TxCash => {
            cancelled(newest["checkout_url"].as_str().unwrap().split_once(shop.host()).unwrap().1);
        }
    }
    if scheme == Scheme::Native { shop.native_receiver.next() } else { shop.receiver.next() }
}

#[test]
fn no_callback_of_one_scheme_is_accepted_by_a_receiver_of_another() {
    let shop = Everything::of(Shop::fresh());
    for scheme in ALL {
        let webhook = told_by(&shop, scheme);
        let taking: Vec<Scheme> = ALL.into_iter().filter(|other| takes(&shop, *other, &webhook)).collect();
        assert_eq!(taking, [scheme], "{webhook:?}");
        for other in ALL {
            assert_eq!(a_library_takes(&shop, other, &webhook), other == scheme && other != Scheme::CoinsPaid);
        }
    }
}

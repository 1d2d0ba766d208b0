//! A shop with a credential of one of the four APIs: what the tests of all of them have in common. How it speaks is in each
//! API's own folder.

use crate::contract::{
    http::{Answer, Ask},
    receiver::Receiver,
    server::Server,
    shop::Shop,
};
use serde_json::Value;
use std::marker::PhantomData;

/// What the vendors' pages send from their forms.
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// One of the APIs.
pub(crate) trait Api {
    /// As the command line names it.
    const NAME: &'static str;
    /// Whether a shop says once, with its credential, where callbacks go; else it says so with each invoice.
    const TELLS_BY_CREDENTIAL: bool;
}

/// A shop.
pub(crate) struct Merchant<A> {
    /// The same shop by the native API, for what this one cannot do.
    pub(crate) native: Shop<'static>,
    /// Where its callbacks come.
    pub(crate) receiver: Receiver,
    pub(crate) key: String,
    /// What signs; the key itself where the API has nothing else.
    pub(crate) secret: String,
    api: PhantomData<A>,
}

impl<A: Api> Merchant<A> {
    /// A shop of its own on the shared server.
    pub(crate) fn fresh() -> Self {
        Self::of(Shop::fresh(), Receiver::new())
    }

    /// A shop of its own where chains and clock may be moved, in turn with others.
    pub(crate) fn moving() -> Self {
        Self::of(Shop::moving(), Receiver::new())
    }

    /// A shop whose callbacks come to this receiver.
    pub(crate) fn of(native: Shop<'static>, receiver: Receiver) -> Self {
        let told_at = A::TELLS_BY_CREDENTIAL.then(|| receiver.url.clone());
        let made = Credential::of::<A>(native.server, &native.merchant, "test", told_at.as_deref());
        Self { native, receiver, key: made.key, secret: made.secret, api: PhantomData }
    }

    /// The same shop with another credential, whose callbacks go to this address.
    pub(crate) fn told_at(self, url: Option<&str>) -> Self {
        let made = self.credential("test", url);
        Self { key: made.key, secret: made.secret, ..self }
    }

    /// One more credential of the shop.
    pub(crate) fn credential(&self, environment: &str, url: Option<&str>) -> Credential {
        Credential::of::<A>(self.native.server, &self.native.merchant, environment, url)
    }

    pub(crate) fn host(&self) -> &'static str {
        self.native.server.host()
    }

    /// Pays an invoice by what its API calls it, in test mode.
    pub(crate) fn pay_named(&self, name: &str, body: &Value) -> Value {
        self.native.post(&format!("test/invoices/{name}/payments"), body).data(201)
    }

    /// A hosted page, as a payer gets it.
    pub(crate) fn read_page(&self, url: &Value) -> String {
        let answer = Ask::get(self.path_of(url)).send(self.host());
        assert_eq!(answer.status, 200, "{answer}");
        answer.text()
    }

    /// Presses a button of a hosted page, as a browser does.
    pub(crate) fn press_on(&self, url: &Value, action: &str, form: &str) -> Answer {
        let pressed = Ask::new("POST", &format!("{}/{action}", self.path_of(url))).bytes(FORM, form.as_bytes());
        pressed.header("Sec-Fetch-Site", "same-origin").send(self.host())
    }

    fn path_of<'u>(&self, url: &'u Value) -> &'u str {
        url.as_str().and_then(|url| url.split_once(self.host())).unwrap_or_else(|| panic!("{url}")).1
    }
}

/// A credential, as the command line shows it once.
pub(crate) struct Credential {
    pub(crate) base_url: String,
    pub(crate) key: String,
    /// What signs; the key itself where the API has nothing else.
    pub(crate) secret: String,
}

impl Credential {
    /// Makes one by the command line.
    pub(crate) fn of<A: Api>(server: &Server, merchant: &str, environment: &str, url: Option<&str>) -> Self {
        let mut arguments = vec!["dialects", "create", A::NAME, "--merchant", merchant, "--environment", environment];
        arguments.extend(url.into_iter().flat_map(|url| ["--callback-url", url]));
        let made = server.command(&arguments);
        let text = |names: &[&str]| names.iter().find_map(|name| Some(made[name].as_str()?.to_owned()));
        let key = text(&["key", "api_key"]).unwrap_or_else(|| panic!("{made}"));
        let secret = text(&["secret", "webhook_secret"]).unwrap_or_else(|| key.clone());
        Self { base_url: text(&["base_url"]).unwrap_or_else(|| panic!("{made}")), key, secret }
    }
}

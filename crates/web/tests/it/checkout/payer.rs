//! A shop with a running page, and a payer who speaks HTTP by hand.

use farthing_dialects::native::request::CreateInvoice as Form;
use farthing_domain::{
    id::{Environment, Owner},
    invoice::{Choice, Invoice, Source, Terms},
    money::{Amount, FiatAmount},
    policy::{Dialect, Policy},
    price::Price,
};
use farthing_gateway::create_invoice::{CreateInvoice, Created};
use farthing_sim::world::World;
use farthing_web::edge::{self, Limits};
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};

/// Nothing here takes so long; a test that waits for it has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// 0.5 BTC.
pub(crate) const HALF_BITCOIN: &str = r#"{"currency":"BTC","amount":"0.5"}"#;
/// 50 USD in whatever the payer chooses.
pub(crate) const FIFTY_DOLLARS: &str = r#"{"amount_fiat":"50","fiat_currency":"USD","deferred":true}"#;

/// A shop, its world and its page.
pub(crate) struct Shop {
    pub(crate) world: World,
    pub(crate) owner: Owner,
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
}

/// An answer as it came over the wire.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
        Self { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
    }

    /// A header's value, in lower case; empty when there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(found, _)| *found == name).map(|(_, value)| value).next().unwrap_or_default()
    }
}

impl Shop {
    pub(crate) async fn open() -> Self {
        let world = World::new().await.unwrap();
        let owner = world.merchant().await.unwrap();
        for chain in world.gateway.chains().map(|chain| chain.id).collect::<Vec<_>>() {
            world.gateway.scan(chain).await.unwrap();
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let app = super::app(&world);
        let limits = Limits { drain_deadline: Duration::from_millis(100), ..Limits::default() };
        start(async move {
            edge::serve(listener, app, limits, async move { drop(stopped.await) }).await;
        });
        Self { world, owner, address, stop: Some(stop) }
    }

    pub(crate) async fn create(&self, body: &str) -> Invoice {
        self.create_as(body, Dialect::Native, |_| {}).await
    }

    pub(crate) async fn create_as(&self, body: &str, dialect: Dialect, change: impl FnOnce(&mut Terms)) -> Invoice {
        let catalog = &self.world.gateway.environment(Environment::Test).catalog;
        let mut terms = Form::parse(body.as_bytes(), None, catalog).unwrap().terms;
        change(&mut terms);
        self.create_for(self.owner, dialect, terms).await
    }

    /// An invoice of the live environment, in which this world sells nothing.
    pub(crate) async fn create_live(&self) -> Invoice {
        let price = FiatAmount::parse("USD".parse().unwrap(), "50").unwrap();
        let catalog = &self.world.gateway.environment(Environment::Test).catalog;
        let mut terms = Form::parse(HALF_BITCOIN.as_bytes(), None, catalog).unwrap().terms;
        terms = Terms { price: Price::Fiat(price), choice: Choice::Any, is_deferred: true, ..terms };
        self.create_for(Owner { environment: Environment::Live, ..self.owner }, Dialect::Native, terms).await
    }

    async fn create_for(&self, owner: Owner, dialect: Dialect, terms: Terms) -> Invoice {
        let (policy, source) = (Policy::of(dialect), Source::Api(dialect));
        let command = CreateInvoice { owner, policy, source, terms, fingerprint: String::new() };
        match self.world.gateway.create_invoice(command).await.unwrap() {
            Created::New(invoice) | Created::Replayed(invoice) => invoice,
        }
    }

    pub(crate) async fn pay(&self, invoice: &Invoice, amount: &str, confirmations: u32) {
        let due = invoice.quotes[0].due;
        let units = amount.parse::<farthing_domain::decimal::Decimal>().unwrap().units(due.decimals).unwrap();
        let gateway = &self.world.gateway;
        gateway.pay_test_invoice(invoice, Amount { units, ..due }, confirmations).await.unwrap();
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(&format!("GET {path} HTTP/1.0\r\nHost: pay.example\r\n\r\n")).await
    }

    pub(crate) async fn page(&self, invoice: &Invoice) -> String {
        let answer = self.get(&format!("/pay/{}", invoice.token)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }

    /// As a browser that prefers these languages.
    pub(crate) async fn get_accepting(&self, path: &str, languages: &str) -> Answer {
        self.send(&format!("GET {path} HTTP/1.0\r\nHost: pay.example\r\nAccept-Language: {languages}\r\n\r\n")).await
    }

    /// Sends a form from the page itself.
    pub(crate) async fn post(&self, path: &str, form: &str) -> Answer {
        self.post_with(path, form, "Sec-Fetch-Site: same-origin\r\nOrigin: null\r\n").await
    }

    pub(crate) async fn post_with(&self, path: &str, form: &str, headers: &str) -> Answer {
        let length = form.len();
        let kind = "Content-Type: application/x-www-form-urlencoded";
        self.send(&format!(
            "POST {path} HTTP/1.0\r\nHost: pay.example\r\n{kind}\r\nContent-Length: {length}\r\n{headers}\r\n{form}"
        ))
        .await
    }

    async fn send(&self, request: &str) -> Answer {
        let mut socket = TcpStream::connect(self.address).await.unwrap();
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        tokio::time::timeout(PATIENCE, socket.read_to_end(&mut bytes)).await.expect("an answer in time").unwrap();
        Answer::parse(&String::from_utf8(bytes).unwrap())
    }

    /// Opens the event stream of an invoice.
    pub(crate) async fn watch(&self, token: &str) -> Watching {
        self.watch_in(token, "").await
    }

    /// The same in the language that the query chooses.
    pub(crate) async fn watch_in(&self, token: &str, query: &str) -> Watching {
        let mut socket = TcpStream::connect(self.address).await.unwrap();
        let request = format!("GET /pay/{token}/events{query} HTTP/1.0\r\nHost: pay.example\r\n\r\n");
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut watching = Watching { socket, text: String::new(), head: String::new() };
        watching.head = watching.until("\r\n\r\n").await;
        watching
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        drop(self.stop.take());
    }
}

/// An open event stream.
pub(crate) struct Watching {
    socket: TcpStream,
    text: String,
    /// Status and headers.
    pub(crate) head: String,
}

impl Watching {
    /// Waits until the stream has said something, and answers all that it said up to its end.
    pub(crate) async fn until(&mut self, wanted: &str) -> String {
        loop {
            if let Some(start) = self.text.find(wanted) {
                let rest = self.text.split_off(start + wanted.len());
                return std::mem::replace(&mut self.text, rest);
            }
            let mut piece = [0; 4096];
            let read = tokio::time::timeout(PATIENCE, self.socket.read(&mut piece)).await;
            let count = read.unwrap_or_else(|_| panic!("waits for {wanted:?}, has {:?}", self.text)).unwrap();
            assert_ne!(count, 0, "the stream ended before {wanted:?}: {:?}", self.text);
            self.text.push_str(&String::from_utf8_lossy(&piece[..count]));
        }
    }

    /// Waits for the stream's end, and answers what it said until then.
    pub(crate) async fn end(mut self) -> String {
        let mut rest = Vec::new();
        tokio::time::timeout(PATIENCE, self.socket.read_to_end(&mut rest)).await.expect("an end in time").unwrap();
        self.text + &String::from_utf8_lossy(&rest)
    }
}

#[expect(clippy::disallowed_methods, reason = "a test needs the server beside it")]
fn start(future: impl Future<Output = ()> + Send + 'static) {
    drop(tokio::spawn(future));
}

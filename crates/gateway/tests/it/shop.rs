//! A shop with a world around it: hides what a test is not about.

use farthing_dialects::native::{request::CreateInvoice as Form, test_mode::Scenario};
use farthing_domain::{
    id::{Environment, InvoiceId, Owner},
    invoice::{Invoice, Source},
    money::Amount,
    policy::{Dialect, Policy},
    standing::Status,
};
use farthing_gateway::create_invoice::{CreateError, CreateInvoice, Created};
use farthing_sim::world::World;

pub(crate) struct Shop {
    pub(crate) world: World,
    pub(crate) owner: Owner,
}

/// 0.5 BTC.
pub(crate) const HALF_BITCOIN: &str = r#"{"currency":"BTC","amount":"0.5"}"#;

impl Shop {
    pub(crate) async fn open() -> Self {
        let world = World::new().await.unwrap();
        let owner = world.merchant().await.unwrap();
        Self { world, owner }
    }

    pub(crate) fn command(&self, body: &str) -> CreateInvoice {
        let catalog = &self.world.gateway.environment(Environment::Test).catalog;
        let form = Form::parse(body.as_bytes(), None, catalog).unwrap();
        CreateInvoice {
            owner: self.owner,
            policy: Policy::of(Dialect::Native),
            source: Source::Api(Dialect::Native),
            terms: form.terms,
            fingerprint: form.fingerprint,
        }
    }

    pub(crate) async fn try_create(&self, body: &str) -> Result<Created, CreateError> {
        self.world.gateway.create_invoice(self.command(body)).await
    }

    pub(crate) async fn create(&self, body: &str) -> Invoice {
        match self.try_create(body).await.unwrap() {
            Created::New(invoice) | Created::Replayed(invoice) => invoice,
        }
    }

    pub(crate) async fn read(&self, id: InvoiceId) -> Invoice {
        let owner = self.owner;
        self.world.gateway.store().read(move |reader| reader.invoice(owner, id)).await.unwrap().unwrap()
    }

    pub(crate) async fn status(&self, id: InvoiceId) -> Status {
        self.read(id).await.standing.status
    }

    pub(crate) async fn pay(&self, invoice: &Invoice, amount: &str, confirmations: u32) {
        let due = invoice.quotes[0].due;
        let units = amount.parse::<farthing_domain::decimal::Decimal>().unwrap().units(due.decimals).unwrap();
        let paid = Amount { units, ..due };
        self.world.gateway.pay_test_invoice(invoice, paid, confirmations).await.unwrap();
    }

    pub(crate) async fn play(&self, invoice: &Invoice, scenario: Scenario) {
        self.world.gateway.play_scenario(self.owner, invoice.id, scenario).await.unwrap();
    }

    /// The names of the invoice's events, without the `invoice.` before each.
    pub(crate) async fn events(&self, id: InvoiceId) -> Vec<String> {
        let owner = self.owner;
        let events = self.world.gateway.store().read(move |reader| reader.events(owner, 0, 1000)).await.unwrap();
        let of_invoice = events.into_iter().filter(|event| event.invoice == id);
        of_invoice.map(|event| event.kind.trim_start_matches("invoice.").to_owned()).collect()
    }
}

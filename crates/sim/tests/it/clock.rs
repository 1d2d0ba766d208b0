//! What a clock that is set back while the process is down must not do.

use farthing_dialects::native::request::CreateInvoice as Form;
use farthing_domain::{
    id::Environment,
    invoice::Source,
    policy::{Dialect, Policy},
    standing::Status,
};
use farthing_gateway::{
    change_invoice::{ChangeError, Which},
    create_invoice::{CreateInvoice, Created},
    expire::Waiting,
};
use farthing_sim::world::World;

#[tokio::test]
async fn a_clock_set_back_while_the_process_is_down_reopens_nothing() {
    let world = World::new().await.unwrap();
    let owner = world.merchant().await.unwrap();
    let catalog = &world.gateway.environment(Environment::Test).catalog;
    let form = Form::parse(br#"{"amount_fiat":"5"}"#, None, catalog).unwrap();
    let command = CreateInvoice {
        owner,
        policy: Policy::of(Dialect::Native),
        source: Source::Api(Dialect::Native),
        terms: form.terms,
        fingerprint: form.fingerprint,
    };
    let Created::New(invoice) = world.gateway.create_invoice(command).await.unwrap() else { panic!("not new") };
    let which = Which::ById(owner, invoice.id);
    let bitcoin = catalog.resolve("BTC", None).unwrap().id;
    world.gateway.activate(which.clone(), bitcoin).await.unwrap();
    world.clock.move_by_ms(3_600_000);
    world.gateway.scan_all(Environment::Test).await.unwrap();
    world.gateway.expire(Environment::Test, Waiting::Now).await.unwrap();
    world.clock.move_by_ms(-3_600_000);
    let world = world.restart().await.unwrap();
    let again = world.gateway.activate(which, bitcoin).await;
    assert!(matches!(again, Err(ChangeError::Refused(_))), "{again:?}");
    let after = world.gateway.invoice(owner, invoice.id).await.unwrap().unwrap();
    assert_eq!(after.standing.status, Status::Expired);
}

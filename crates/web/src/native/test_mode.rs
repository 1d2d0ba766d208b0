//! Test mode: what a shop's own tests do to the simulated world. Only keys of the test environment get here.

use super::{call::TestCall, failure::Failure, invoices};
use axum::{http::StatusCode, response::Response};
use farthing_dialects::native::{
    envelope::Data,
    errors::{ApiError, ErrorCode},
    test_mode::{
        AdvanceClock, ChainView, ClockView, Mine, Reorg, Scenario, ScenarioBody, ScenarioView, TestPayment,
        TestPaymentView,
    },
};
use farthing_domain::{
    id::{Environment, InvoiceId, StaticAddressId},
    name::NetworkId,
    payment::BlockRef,
};
use farthing_gateway::test_mode::Paid;

/// Pays a test invoice's address.
///
/// With `confirmations` it mines until the payment has so many. A payer can send anything: another amount, another currency.
#[utoipa::path(
    post,
    path = "/api/v1/test/invoices/{id}/payments",
    operation_id = "payTestInvoice",
    tag = "test mode",
    params(("id" = String, Path, format = "uuid", description = "The invoice's id.")),
    request_body = TestPayment,
    responses((status = 201, description = "The payment.", body = Data<TestPaymentView>)),
)]
pub(super) async fn pay(call: TestCall) -> Result<Response, Failure> {
    let id = invoice_id(&call).await?;
    let form = read_payment(&call)?;
    let gateway = call.call.gateway();
    let (invoice, asset) =
        gateway.test_asset(call.owner, id, form.currency.as_deref(), form.network.as_deref()).await?;
    let amount = form.amount_in(&asset)?;
    let paid = gateway.pay_test_invoice(&invoice, amount, form.confirmations).await?;
    show_payment(&call, paid)
}

/// Pays a permanent address of the test environment.
///
/// The deposit makes an invoice of its own, which is there when this answers. With `confirmations` it mines until the payment has
/// so many. A payer can send anything: also another currency, which is recorded as a rejected deposit.
#[utoipa::path(
    post,
    path = "/api/v1/test/addresses/{id}/payments",
    operation_id = "payTestAddress",
    tag = "test mode",
    params(("id" = String, Path, format = "uuid", description = "The address's id.")),
    request_body = TestPayment,
    responses((status = 201, description = "The payment.", body = Data<TestPaymentView>)),
)]
pub(super) async fn pay_address(call: TestCall) -> Result<Response, Failure> {
    let id = StaticAddressId(call.call.id("id")?);
    let form = read_payment(&call)?;
    let gateway = call.call.gateway();
    let (currency, network) = (form.currency.as_deref(), form.network.as_deref());
    let asset = gateway.test_address_asset(call.owner, id, currency, network).await?;
    let paid = gateway.pay_test_address(call.owner, id, form.amount_in(&asset)?, form.confirmations).await?;
    show_payment(&call, paid)
}

/// Plays a story with a test invoice through to its end.
#[utoipa::path(
    post,
    path = "/api/v1/test/invoices/{id}/scenarios",
    operation_id = "playScenario",
    tag = "test mode",
    params(("id" = String, Path, format = "uuid", description = "The invoice's id.")),
    request_body = ScenarioBody,
    responses((status = 201, description = "What was paid.", body = Data<ScenarioView>)),
)]
pub(super) async fn play(call: TestCall) -> Result<Response, Failure> {
    let (owner, id) = (call.owner, invoice_id(&call).await?);
    let scenario = Scenario::parse(&call.call.body)?;
    let gateway = call.call.gateway();
    let hashes = gateway.play_scenario(owner, id, scenario).await?;
    let found = gateway.store().glance(move |reader| reader.invoice(owner, id)).await?;
    let shown = invoices::view(gateway, &found.ok_or_else(ApiError::invoice_not_found)?);
    let made = shown.payments.into_iter().filter(|payment| hashes.contains(&payment.tx_hash));
    let payments = made.map(|payment| TestPaymentView {
        tx_hash: payment.tx_hash,
        amount: payment.amount,
        currency: payment.currency,
        network: payment.network,
        confirmations: u32::try_from(payment.confirmations).unwrap_or(u32::MAX),
    });
    call.call.data(StatusCode::CREATED, ScenarioView { scenario: scenario.as_str(), payments: payments.collect() })
}

/// Mines blocks on a simulated network.
#[utoipa::path(
    post,
    path = "/api/v1/test/networks/{network}/blocks",
    operation_id = "mineTestBlocks",
    tag = "test mode",
    params(("network" = String, Path, description = "The network's slug.", example = "bitcoin")),
    request_body(content = Mine, description = "May be left out."),
    responses((status = 201, description = "The chain's new head.", body = Data<ChainView>)),
)]
pub(super) async fn mine(call: TestCall) -> Result<Response, Failure> {
    let network = network(&call)?;
    let form = Mine::parse(&call.call.body)?;
    let head = call.call.gateway().mine_test_blocks(network, form.count).await?;
    call.call.data(StatusCode::CREATED, chain_view(network, head))
}

/// Replaces the last blocks of a simulated network by a longer branch.
#[utoipa::path(
    post,
    path = "/api/v1/test/networks/{network}/reorg",
    operation_id = "reorganiseTestNetwork",
    tag = "test mode",
    params(("network" = String, Path, description = "The network's slug.", example = "bitcoin")),
    request_body = Reorg,
    responses((status = 200, description = "The chain's new head.", body = Data<ChainView>)),
)]
pub(super) async fn reorganise(call: TestCall) -> Result<Response, Failure> {
    let network = network(&call)?;
    let form = Reorg::parse(&call.call.body)?;
    let head = call.call.gateway().reorganise_test_network(network, form.depth, form.drop).await?;
    call.call.data(StatusCode::OK, chain_view(network, head))
}

/// Moves the test environment's clock ahead, and answers when everything that became due is applied.
#[utoipa::path(
    post,
    path = "/api/v1/test/clock/advance",
    operation_id = "advanceTestClock",
    tag = "test mode",
    request_body = AdvanceClock,
    responses((status = 200, description = "The clock.", body = Data<ClockView>)),
)]
pub(super) async fn advance_clock(call: TestCall) -> Result<Response, Failure> {
    let form = AdvanceClock::parse(&call.call.body)?;
    let now = call.call.gateway().advance_test_clock(form.seconds).await?;
    call.call.data(StatusCode::OK, ClockView::of(now))
}

fn read_payment(call: &TestCall) -> Result<TestPayment, ApiError> {
    let form = TestPayment::parse(&call.call.body)?;
    let catalog = &call.call.gateway().environment(Environment::Test).catalog;
    let is_network = |slug: &str| NetworkId::new(slug).is_ok_and(|id| catalog.network(id).is_some());
    if form.network.as_deref().is_some_and(|slug| !is_network(slug)) {
        return Err(ApiError::field("network", "is not a network of the test environment"));
    }
    Ok(form)
}

fn show_payment(call: &TestCall, paid: Paid) -> Result<Response, Failure> {
    let confirmations = u32::try_from(paid.confirmations).unwrap_or(u32::MAX);
    call.call.data(StatusCode::CREATED, TestPaymentView::of(paid.tx_hash, paid.amount, confirmations))
}

/// The invoice of the path: by its id, or by what the dialect that made it calls it.
async fn invoice_id(call: &TestCall) -> Result<InvoiceId, Failure> {
    let unknown = match call.call.id("id") {
        Ok(id) => return Ok(InvoiceId(id)),
        Err(error) => error,
    };
    let (owner, name) = (call.owner, call.call.parameter("id").to_owned());
    let named = call.call.gateway().store().read(move |reader| reader.invoices_named(owner, &name)).await?;
    named.first().copied().ok_or_else(|| unknown.into())
}

/// The network of the path.
fn network(call: &TestCall) -> Result<NetworkId, ApiError> {
    let unknown = || ApiError::new(ErrorCode::NotFound, "network not found");
    NetworkId::new(call.call.parameter("network")).map_err(|_| unknown())
}

fn chain_view(network: NetworkId, head: BlockRef) -> ChainView {
    ChainView { network: network.to_string(), height: head.height, hash: head.hash }
}

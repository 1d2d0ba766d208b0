//! What a payer can do: choose a coin, cancel where the policy lets them, and pay test invoices with simulated money.

use super::{
    Checkout, Shown,
    language::{Tongue, texts::Texts},
    origin::is_same_origin,
    pages::{self, Place},
    read,
};
use crate::{edge::body::read_body, state::AppState, whole::to_the_end};
use axum::{
    Extension,
    extract::{Path, Request, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use farthing_dialects::native::test_mode::Scenario;
use farthing_domain::{
    asset::AssetId,
    id::Environment,
    invoice::{Invoice, Refusal},
    name::{AssetCode, NetworkId},
    quote::Quote,
    settle::still_due,
};
use farthing_gateway::{
    change_invoice::{ChangeError, Which},
    gateway::Gateway,
    test_mode::TestModeError,
};
use std::sync::Arc;

/// The longest form that is read, in bytes: they hold one short word.
const FORM_BYTES_MAX: usize = 256;
/// Blocks that one button mines.
const BLOCKS_MAX: u32 = 100;

/// Sets the coin and network.
pub(super) async fn activate(
    State(state): State<AppState>,
    Extension(checkout): Extension<Arc<Checkout>>,
    Path(token): Path<String>,
    tongue: Tongue,
    request: Request,
) -> Response {
    let place = Place { token: &token, tongue };
    let form = match accept(&state, &checkout, place, request).await {
        Ok((_, form)) => form,
        Err(refusal) => return *refusal,
    };
    let Some(asset) = form.value("asset").and_then(asset_id) else { return unreadable(place) };
    match state.gateway.activate(Which::ByToken(token.clone()), asset).await {
        Ok(_) => see_page(place),
        Err(error) => not_changed(place, &error),
    }
}

/// Cancels the invoice.
pub(super) async fn cancel(
    State(state): State<AppState>,
    Extension(checkout): Extension<Arc<Checkout>>,
    Path(token): Path<String>,
    tongue: Tongue,
    request: Request,
) -> Response {
    let place = Place { token: &token, tongue };
    if let Err(refusal) = accept(&state, &checkout, place, request).await {
        return *refusal;
    }
    match state.gateway.cancel(Which::ByToken(token.clone())).await {
        Ok(_) => see_page(place),
        Err(error) => not_changed(place, &error),
    }
}

/// Plays with simulated money. There is no such page for an invoice of the live environment.
pub(super) async fn simulate(
    State(state): State<AppState>,
    Extension(checkout): Extension<Arc<Checkout>>,
    Path(token): Path<String>,
    tongue: Tongue,
    request: Request,
) -> Response {
    let place = Place { token: &token, tongue };
    let (shown, form) = match accept(&state, &checkout, place, request).await {
        Ok(accepted) => accepted,
        Err(refusal) => return *refusal,
    };
    if shown.invoice.owner.environment != Environment::Test {
        return pages::not_found(tongue);
    }
    let Some(play) = Play::read(&form) else { return unreadable(place) };
    let playing = async move { play.run(&state.gateway, &shown.invoice).await };
    match to_the_end(playing).await {
        Ok(()) => see_page(place),
        Err(error) => not_played(place, &error),
    }
}

/// What a button of the panel does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Play {
    /// A whole story.
    Scenario(Scenario),
    /// The amount due, left in the mempool.
    Unconfirmed,
    /// So many blocks on the network of the invoice's coin.
    Blocks(u32),
}

impl Play {
    fn read(form: &Form) -> Option<Self> {
        match (form.value("play"), form.value("blocks")) {
            (Some("unconfirmed"), None) => Some(Self::Unconfirmed),
            (Some(name), None) => name.parse().ok().map(Self::Scenario),
            (None, Some(count)) => {
                count.parse().ok().filter(|count| (1..=BLOCKS_MAX).contains(count)).map(Self::Blocks)
            }
            (None, None) | (Some(_), Some(_)) => None,
        }
    }

    async fn run(self, gateway: &Arc<Gateway>, invoice: &Invoice) -> Result<(), TestModeError> {
        let quote = invoice.latest_quote().ok_or_else(|| TestModeError::NoAddress("anything".to_owned()))?;
        match self {
            Self::Scenario(scenario) => {
                gateway.play_scenario(invoice.owner, invoice.id, scenario).await?;
            }
            Self::Unconfirmed => {
                gateway.pay_test_invoice(invoice, due(invoice, quote), 0).await?;
            }
            Self::Blocks(count) => {
                gateway.mine_test_blocks(quote.due.asset.network, count).await?;
            }
        }
        Ok(())
    }
}

/// What is still due, or all of it again when nothing is.
fn due(invoice: &Invoice, quote: &Quote) -> farthing_domain::money::Amount {
    still_due(invoice, quote.due.asset).filter(|rest| rest.units > 0).unwrap_or(quote.due)
}

/// A form's pairs, undecoded: no value that is accepted here needs decoding.
struct Form(String);

impl Form {
    fn value(&self, name: &str) -> Option<&str> {
        self.0.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
    }
}

/// `USDT.tron`.
fn asset_id(text: &str) -> Option<AssetId> {
    let (code, network) = text.split_once('.')?;
    Some(AssetId { code: AssetCode::new(code).ok()?, network: NetworkId::new(network).ok()? })
}

/// What all forms have in common: sent by our own page, not too often, short, for an invoice that exists.
async fn accept(
    state: &AppState,
    checkout: &Checkout,
    place: Place<'_>,
    request: Request,
) -> Result<(Shown, Form), Box<Response>> {
    let shown = read(&state.gateway, place.token).await.map_err(|no_page| Box::new(no_page.answer(place.tongue)))?;
    if !is_same_origin(request.headers()) {
        let said = |texts: &'static Texts| (texts.elsewhere_head, texts.elsewhere);
        return Err(Box::new(pages::message_at(place, StatusCode::FORBIDDEN, said)));
    }
    let address = state.client(&request);
    if !checkout.changes.allow(address, state.gateway.clocks().real()) {
        let said = |texts: &'static Texts| (texts.too_many_head, texts.too_many);
        return Err(Box::new(pages::message_at(place, StatusCode::TOO_MANY_REQUESTS, said)));
    }
    let body = read_body(request).await.ok().filter(|body| body.len() <= FORM_BYTES_MAX);
    let text = body.and_then(|body| String::from_utf8(body.to_vec()).ok());
    let form = text.map(Form).ok_or_else(|| Box::new(unreadable(place)))?;
    Ok((shown, form))
}

/// Back to the page, which shows what came of it.
fn see_page(place: Place<'_>) -> Response {
    // The token was looked up, so it holds only letters, digits, '-' and '_'.
    let location = HeaderValue::try_from(format!("/pay/{}{}", place.token, place.tongue.query()))
        .unwrap_or_else(|_| HeaderValue::from_static("/"));
    let headers = [
        (header::LOCATION, location),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    (StatusCode::SEE_OTHER, headers).into_response()
}

fn unreadable(place: Place<'_>) -> Response {
    pages::message_at(place, StatusCode::BAD_REQUEST, |texts| (texts.unreadable_head, texts.unreadable))
}

fn refused(place: Place<'_>, text: &str) -> Response {
    pages::message_at(place, StatusCode::CONFLICT, |texts| (texts.refused_head, text))
}

fn not_changed(place: Place<'_>, error: &ChangeError) -> Response {
    let texts = place.tongue.texts();
    match error {
        ChangeError::Store(error) => {
            tracing::error!(%error, "an invoice cannot be changed");
            pages::unavailable(place.tongue)
        }
        ChangeError::NotFound => pages::not_found(place.tongue),
        ChangeError::Refused(Refusal::TooManyChoices) => refused(place, texts.chosen_too_often),
        ChangeError::Refused(_) => refused(place, texts.has_changed),
        ChangeError::Quote(error) => {
            tracing::warn!(%error, "no quote for a payer");
            refused(place, texts.not_available)
        }
    }
}

fn not_played(place: Place<'_>, error: &TestModeError) -> Response {
    match error {
        TestModeError::Store(_) | TestModeError::Scan(_) => {
            tracing::error!(%error, "a simulated payment cannot be made");
            pages::unavailable(place.tongue)
        }
        TestModeError::NotFound | TestModeError::NotTest => pages::not_found(place.tongue),
        TestModeError::NoAddress(_)
        | TestModeError::NoSuchNetwork(_)
        | TestModeError::Chain(_)
        | TestModeError::AddressNotFound
        | TestModeError::TooFarAhead
        | TestModeError::Amount(_) => refused(place, &error.to_string()),
    }
}

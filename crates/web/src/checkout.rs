//! The payer's page, `/pay/{token}`: complete as plain HTML, live where a browser can do more.
//!
//! The token in the address is all that a payer has and needs: no cookies, no accounts. Text of merchants stays text, nothing
//! is loaded from anybody else, and only invoices of the test environment can be paid by pressing a button.

mod assets;
mod crowd;
mod events;
mod forms;
mod language;
mod live;
mod origin;
mod pages;
mod qr;
mod uri;
mod view;

use crate::state::AppState;
use axum::{
    Extension, Router,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
    routing::{get, post},
};
use farthing_domain::{asset::AssetId, invoice::Invoice, name::NetworkId, network::ChainId, price::Price};
use farthing_gateway::{
    gateway::{Chain, Gateway},
    read_invoice::ReadError,
};
use language::Tongue;
use pages::Place;
use std::sync::Arc;
use view::{Surroundings, View, phase::Chains};

/// The longest token that is looked up.
const TOKEN_CHARS_MAX: usize = 128;

/// What the pages remember between requests; all of it may be lost.
#[derive(Default)]
struct Checkout {
    streams: Arc<crowd::Streams>,
    changes: crowd::Changes,
    audience: std::sync::OnceLock<Arc<live::Audience>>,
}

/// An invoice as its page needs it.
struct Shown {
    invoice: Invoice,
    merchant: String,
}

/// Why there is no page.
enum NoPage {
    /// No invoice has this token.
    Unknown,
    /// The store cannot be read now.
    Unavailable,
    /// The invoice has an address that is not its own; the alarm was raised where that was found.
    WrongAddress,
}

impl From<ReadError> for NoPage {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Store(error) => {
                tracing::error!(%error, "an invoice's page cannot be read");
                Self::Unavailable
            }
            ReadError::AddressMismatch(_) => Self::WrongAddress,
        }
    }
}

impl NoPage {
    fn answer(&self, tongue: Tongue) -> Response {
        match self {
            Self::Unknown => pages::not_found(tongue),
            Self::Unavailable => pages::unavailable(tongue),
            Self::WrongAddress => pages::wrong_address(tongue),
        }
    }
}

/// The page's routes, with its style sheet and script.
pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/pay/{token}", get(show))
        .route("/pay/{token}/events", get(events::stream))
        .route("/pay/{token}/activate", post(forms::activate))
        .route("/pay/{token}/cancel", post(forms::cancel))
        .route("/pay/{token}/simulate", post(forms::simulate))
        .layer(Extension(Arc::new(Checkout::default())))
        .merge(assets::routes())
}

async fn show(State(state): State<AppState>, Path(token): Path<String>, tongue: Tongue) -> Response {
    match read(&state.gateway, &token).await {
        Err(no_page) => no_page.answer(tongue),
        Ok(shown) => {
            let view = view_of(&state.gateway, &shown, tongue);
            let description = shown.invoice.terms.description.as_deref();
            let place = Place { token: &token, tongue };
            pages::answer(StatusCode::OK, pages::page(&view, &shown.merchant, description, place))
        }
    }
}

/// Reads the invoice of a token, and its merchant's name.
async fn read(gateway: &Arc<Gateway>, token: &str) -> Result<Shown, NoPage> {
    let may_be_one = (1..=TOKEN_CHARS_MAX).contains(&token.len())
        && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if !may_be_one {
        return Err(NoPage::Unknown);
    }
    let invoice = gateway.invoice_by_token(token.to_owned()).await?.ok_or(NoPage::Unknown)?;
    let invoice = gateway.renewed(invoice).await.map_err(ReadError::from)?;
    let merchant = invoice.owner.merchant;
    let merchant = gateway.store().read(move |reader| reader.merchant(merchant)).await.map_err(ReadError::from)?;
    let name = merchant.map(|merchant| merchant.name).filter(|name| !name.trim().is_empty());
    Ok(Shown { invoice, merchant: name.unwrap_or_else(|| "Invoice".to_owned()) })
}

/// What the page shows now.
fn view_of(gateway: &Gateway, shown: &Shown, tongue: Tongue) -> View {
    let environment = shown.invoice.owner.environment;
    let chain = |network| gateway.chain(ChainId { environment, network });
    let head = |network: NetworkId| chain(network).and_then(Chain::head);
    let required = |network: NetworkId| chain(network).map(|chain| chain.confirmations);
    let on_sale = on_sale(gateway, &shown.invoice);
    View::of(
        &shown.invoice,
        &Surroundings {
            merchant: &shown.merchant,
            texts: tongue.texts(),
            catalog: &gateway.environment(environment).catalog,
            chains: Chains { head: &head, required: &required },
            on_sale: &on_sale,
            now: gateway.clocks().now(environment),
        },
    )
}

/// What the invoice could be paid with at this moment: on a network that is reached, in a coin that has a rate.
fn on_sale(gateway: &Gateway, invoice: &Invoice) -> Vec<AssetId> {
    let environment = invoice.owner.environment;
    let setup = gateway.environment(environment);
    let now = gateway.clocks().of_rates(environment);
    let has_rate = |asset: AssetId| match invoice.terms.price {
        Price::Asset(_) => true,
        Price::Fiat(price) => setup.rates.rate(asset.code, price.currency, now).is_ok(),
    };
    let assets = setup.catalog.assets().iter().map(|asset| asset.id);
    assets.filter(|asset| gateway.on_sale(environment, *asset).is_ok() && has_rate(*asset)).collect()
}

//! `CoinsPaid`'s permanent addresses.

use super::{
    super::{
        call::KeyCall,
        failure::{Failure, Trouble},
    },
    success,
};
use axum::response::Response;
use farthing_dialects::coinspaid::{
    deposits::{NotTaken, TakeAddress, address},
    errors::{Errors, selected},
};
use farthing_domain::{invoice::Foreign, policy::Dialect};
use farthing_gateway::{
    addresses::NoAddress,
    quotes::NoQuote,
    static_addresses::{TakeError, TakeStaticAddress},
};
use farthing_store::records::NameKind;

/// `POST /addresses/take` (A.5): 201 with a new address, each time.
pub(super) async fn take(call: KeyCall) -> Result<Response, Failure> {
    let (gateway, owner) = (call.call.gateway(), call.caller.owner);
    let TakeAddress { asset, said } =
        TakeAddress::parse(&call.call.body, &gateway.environment(owner.environment).catalog).map_err(not_read)?;
    let foreign_id = said.foreign_id.clone();
    let said = serde_json::to_string(&said).map_err(|error| Failure::internal(&error))?;
    let foreign = Foreign { credential: call.caller.credential, name: String::new(), callback_url: None, said };
    let command = TakeStaticAddress {
        owner,
        dialect: Dialect::CoinsPaid,
        asset,
        label: None,
        external_id: Some(foreign_id),
        extras: serde_json::to_string(&foreign).map_err(|error| Failure::internal(&error))?,
        key: None,
    };
    let taken = gateway.take_static_address(command).await.map_err(not_taken)?.into_address();
    let text = taken.address.clone();
    let number = gateway
        .store()
        .decide(move |transaction| transaction.number_of(owner, Dialect::CoinsPaid, NameKind::Address, &text))
        .await?;
    let shown = address(&taken, number).ok_or(Failure::Trouble(Trouble::Internal))?;
    Ok(success(201, shown))
}

fn not_read(error: NotTaken) -> Failure {
    match error {
        NotTaken::Fault(fault) => fault.into(),
        NotTaken::Errors(errors) => errors.into(),
    }
}

fn not_taken(error: TakeError) -> Failure {
    match error {
        TakeError::Store(error) | TakeError::Quote(NoQuote::Address(NoAddress::Store(error))) => error.into(),
        TakeError::Mismatch(error) => error.into(),
        TakeError::Quote(NoQuote::NotOnSale(_)) => Errors::one("currency", selected("currency")).into(),
        TakeError::Quote(error) => Failure::nothing_to_sell(&error),
        // This call has no key.
        TakeError::KeyMismatch => Failure::Trouble(Trouble::Internal),
    }
}

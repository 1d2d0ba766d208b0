//! What an invoice costs through each API: the server's CPU time for the same sale, one dialect after the other in every round,
//! as a part of what the native call costs in the same rounds. Times of day, other programs and a growing store are shared.

use super::{
    numbers::{Line, decimal, hundredths, list, median, microseconds},
    server::Server,
};
use crate::client::{Client, coinspaid_signature};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::task::JoinSet;

/// Rounds; the median of each API's count.
const ROUNDS: usize = 7;
/// Invoices of an API in a round, and the clients that share them.
const INVOICES: usize = 2400;
const CLIENTS: usize = 16;
/// Hundredths of the native call's cost that a dialect's may be.
const RATIO_MAX: u64 = 130;
/// Numbers requests over all rounds: two of the APIs take a reference once.
static NUMBER: AtomicU64 = AtomicU64::new(0);

/// The APIs.
const APIS: [Api; 5] = [Api::Native, Api::CoinsPaid, Api::Payhubix, Api::TxCash, Api::TxnPro];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Api {
    Native,
    CoinsPaid,
    Payhubix,
    TxCash,
    TxnPro,
}

impl Api {
    const fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::CoinsPaid => "coinspaid",
            Self::Payhubix => "payhubix",
            Self::TxCash => "txcash",
            Self::TxnPro => "txnpro",
        }
    }

    const fn path(self) -> &'static str {
        match self {
            Self::Native => "/api/v1/invoices",
            Self::CoinsPaid => "/api/v2/invoices/create",
            Self::Payhubix => "/v1/invoices/",
            Self::TxCash => "/invoice/v1/testnet/invoice",
            Self::TxnPro => "/api/public/v1/invoices",
        }
    }

    /// 25 dollars in USDT on ethereum. The native API quotes at creation only what is priced in the coin itself.
    fn body(self, number: u64) -> String {
        match self {
            Self::Native => format!(
                r#"{{"amount":"25.00","currency":"USDT","network":"ethereum","description":"Order {number}","external_id":"order-{number}"}}"#
            ),
            Self::CoinsPaid => format!(
                r#"{{"timer":true,"title":"Order {number}","foreign_id":"order-{number}","currency":"USD","sender_currency":"USDTE","amount":"25.00","url_success":"https://shop.example/ok","url_failed":"https://shop.example/no","email_user":"payer@shop.example"}}"#
            ),
            Self::Payhubix => format!(
                r#"{{"currency_amount":25.00,"currency_symbol":"USD","time_for_payment":"00:30","currencies":[10],"order_id":"order-{number}","order_description":"Order {number}"}}"#
            ),
            Self::TxCash => format!(
                r#"{{"amount":25.00,"currency":"USD","payment_currencies":"eth_usdt","valid_for":"30m","name":"Order {number}","meta_data1":"order-{number}"}}"#
            ),
            Self::TxnPro => format!(
                r#"{{"data":{{"type":"invoices","attributes":{{"amountBilled":"25.00","billedCurrency":"usd","chargedCurrency":"USDT","network":"hterc6dp","reference":"order-{number}"}}}}}}"#
            ),
        }
    }

    /// What its clients send with a body.
    fn headers(self, key: &str, secret: &str, body: &str) -> String {
        let shown = match self {
            Self::Native | Self::Payhubix => format!("x-api-key: {key}\r\n"),
            Self::CoinsPaid => {
                let signed = coinspaid_signature(secret, body.as_bytes());
                format!("x-processing-key: {key}\r\nx-processing-signature: {signed}\r\n")
            }
            Self::TxCash | Self::TxnPro => format!("authorization: Bearer {key}\r\n"),
        };
        let media_type = if self == Self::TxnPro { "application/vnd.api+json" } else { "application/json" };
        format!("{shown}content-type: {media_type}\r\n")
    }

    fn key_and_secret(self, server: &Server) -> Result<(String, String)> {
        if self == Self::Native {
            return Ok((server.api_key.clone(), String::new()));
        }
        let made = server.dialects.get(self.name()).with_context(|| format!("no credential of {}", self.name()))?;
        let text = |name: &str| made.get(name).and_then(Value::as_str).map(str::to_owned);
        let key = text("key").or_else(|| text("api_key")).with_context(|| format!("no key of {}", self.name()))?;
        Ok((key, text("secret").unwrap_or_default()))
    }
}

/// What an invoice costs through each API.
pub(super) async fn lines(server: &Server) -> Result<Vec<Line>> {
    let mut costs: [Vec<u64>; APIS.len()] = Default::default();
    for _ in 0..ROUNDS {
        for (api, costs) in APIS.into_iter().zip(&mut costs) {
            costs.push(round(server, api).await?);
        }
    }
    let medians = costs.each_ref().map(|costs| median(costs));
    let native = medians.first().copied().unwrap_or_default();
    let line = |((api, costs), cost): ((Api, &Vec<u64>), u64)| {
        let name = format!("server CPU per invoice of 25 dollars, {CLIENTS} clients, {}", api.name());
        let ratio = hundredths(cost, native);
        let each = format!("{} each (runs, µs: {})", microseconds(cost), list(costs));
        if api == Api::Native {
            return Line::plain(name, each);
        }
        Line::with_goal(name, format!("{} of native, {each}", decimal(ratio)), "1.30 or less", ratio <= RATIO_MAX)
    };
    Ok(APIS.into_iter().zip(&costs).zip(medians).map(line).collect())
}

/// CPU time of one invoice in microseconds.
async fn round(server: &Server, api: Api) -> Result<u64> {
    let (key, secret) = api.key_and_secret(server)?;
    let each = INVOICES.checked_div(CLIENTS).context("no clients")?;
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        clients.push(server.connect().await?);
    }
    let before = server.cpu_microseconds()?;
    let mut running = JoinSet::new();
    for client in clients {
        running.spawn(create(client, api, each, (key.clone(), secret.clone())));
    }
    while let Some(ended) = running.join_next().await {
        ended??;
    }
    let spent = server.cpu_microseconds()?.saturating_sub(before);
    Ok(spent.checked_div(u64::try_from(INVOICES)?).unwrap_or_default())
}

async fn create(mut client: Client, api: Api, count: usize, (key, secret): (String, String)) -> Result<()> {
    for _ in 0..count {
        let body = api.body(NUMBER.fetch_add(1, Ordering::Relaxed));
        let headers = api.headers(&key, &secret, &body);
        let (status, answer) = client.ask_with("POST", api.path(), &headers, &body).await?;
        let shown = || String::from_utf8_lossy(answer).into_owned();
        ensure!(status == 200 || status == 201, "{} answered {status}: {}", api.name(), shown());
    }
    Ok(())
}

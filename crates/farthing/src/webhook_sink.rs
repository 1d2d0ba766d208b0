//! `webhook-sink`: a receiver of webhooks for trying things out. It prints what arrives and checks the signature.

use crate::{cli::WebhookSink, output};
use anyhow::Context;
use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, StatusCode},
};
use farthing_dialects::native::callback::{self, WebhookSecret};
use farthing_web::edge;
use serde_json::Value;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

/// Listens until it is told to end.
///
/// # Errors
/// When the address is in use or the secret is none.
pub(crate) async fn listen(arguments: &WebhookSink) -> anyhow::Result<()> {
    let secret: Option<WebhookSecret> = arguments.secret.as_deref().map(str::parse).transpose().context("--secret")?;
    let listener = TcpListener::bind(arguments.listen)
        .await
        .with_context(|| format!("--listen: {} cannot be listened on", arguments.listen))?;
    let checking =
        if secret.is_some() { "checking signatures" } else { "checking no signature (--secret whsec_… does)" };
    output::say(&format!("Waiting for webhooks at http://{}/, {checking}. Ctrl-C ends it.", listener.local_addr()?))?;
    let receive = move |headers: HeaderMap, body: Bytes| {
        let secret = secret.clone();
        async move { receive(&headers, &body, secret.as_ref()) }
    };
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let told = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    edge::serve(listener, Router::new().fallback(receive), edge::Limits::default(), told).await;
    Ok(())
}

/// Prints a webhook; acknowledges it unless its signature is wrong.
fn receive(headers: &HeaderMap, body: &[u8], secret: Option<&WebhookSecret>) -> StatusCode {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_signed = secret.map(|secret| is_signed(text, body, secret));
    let verdict = match is_signed {
        Some(true) => "signature good",
        Some(false) => "SIGNATURE WRONG",
        None => "signature not checked",
    };
    let shown = serde_json::from_slice::<Value>(body)
        .and_then(|body| serde_json::to_string_pretty(&body))
        .unwrap_or_else(|_| String::from_utf8_lossy(body).into_owned());
    // Nobody reading it any more is no reason to refuse the webhook.
    drop(output::say(&format!("\n{} ({verdict}, {})\n{shown}", text("x-halfin-event"), text("webhook-id"))));
    if is_signed == Some(false) { StatusCode::UNAUTHORIZED } else { StatusCode::NO_CONTENT }
}

/// Whether one of the signatures is this secret's, over the time, the id and the body.
fn is_signed<'a>(text: impl Fn(&str) -> &'a str, body: &[u8], secret: &WebhookSecret) -> bool {
    let Ok(timestamp_seconds) = text("webhook-timestamp").parse() else { return false };
    let attempt = callback::Attempt { id: text("webhook-id"), event: text("x-halfin-event"), timestamp_seconds, body };
    let expected = callback::headers(std::slice::from_ref(secret), &attempt);
    let signature = expected.iter().find(|(name, _)| *name == "webhook-signature").map(|(_, value)| value.as_str());
    signature.is_some_and(|signature| text("webhook-signature").split(' ').any(|given| given == signature))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_is_acknowledged_unless_its_signature_is_wrong() {
        let secret = WebhookSecret::from_bytes([5; 32]);
        let attempt =
            callback::Attempt { id: "evt", event: "invoice.paid", timestamp_seconds: 1_800_000_000, body: b"{}" };
        let headers: HeaderMap = callback::headers(std::slice::from_ref(&secret), &attempt)
            .into_iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        assert_eq!(receive(&headers, b"{}", Some(&secret)), StatusCode::NO_CONTENT);
        assert_eq!(receive(&headers, b"{ }", Some(&secret)), StatusCode::UNAUTHORIZED);
        assert_eq!(receive(&headers, b"{}", Some(&WebhookSecret::from_bytes([6; 32]))), StatusCode::UNAUTHORIZED);
        assert_eq!(receive(&HeaderMap::new(), b"{}", Some(&secret)), StatusCode::UNAUTHORIZED);
        assert_eq!(receive(&headers, b"{ }", None), StatusCode::NO_CONTENT);
    }
}

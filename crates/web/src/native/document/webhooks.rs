//! What shops are sent, described: bodies, headers, how a signature is checked, which events there are.

use super::{InvoiceEventBody, JSON, TestEventBody};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ContentBuilder, HttpMethod, Paths, Ref, RefOr, Required, ResponseBuilder,
        path::{Operation, Parameter, ParameterBuilder, ParameterIn},
        request_body::RequestBodyBuilder,
    },
};

/// The text of the group of routes about webhooks.
pub(super) const DESCRIPTION: &str = "Where events are sent, and what became of each delivery.

A delivery is a POST of `{\"event\", \"created_at\", \"data\"}`, where `data` is the invoice with an `invoice_id`, and a `payment` in events of one \
deposit. Answer any 2xx within 15 seconds and do the work afterwards: whatever else comes is sent again, ten times within nine hours, with the same \
bytes. Deliveries can come twice and in another order; what holds is the invoice as it is read, or the feed of `GET /api/v1/events`.

`X-Halfin-Event` names the event. `X-Halfin-Signature` is `t=<unix seconds>,v1=<hex>`: the HMAC-SHA256 of `<t>.<body>`, keyed by the endpoint's \
whole secret as text (`whsec_…`), in hexadecimal. Take the body's bytes as they came, compare in constant time, and refuse a `t` more than 300 \
seconds away. While a secret is rotated there is a `v1` for each that is valid: one that fits is enough. The headers of Standard Webhooks \
(`Webhook-Id`, `Webhook-Timestamp`, `Webhook-Signature`) are sent beside them; the id is the same on every attempt, so it tells repetitions.

An endpoint that names no events gets these. `invoice.activated`: the payer chose, and address and time were set. `invoice.confirming`: a payment was \
seen and is not final. `invoice.paid`, `invoice.overpaid`: the money is final; deliver. `invoice.underpaid`: the time is over and money is missing. \
`invoice.expired`, `invoice.draft_expired`: the time is over and nothing came; nobody started. `invoice.late_deposit`: money came after the end. \
`invoice.deposit_reversed`: money that was final is gone from the chain. `invoice.invalid`: so is all that it was paid with. `test`: you asked for it. \
`invoice.sent`, `balance.credited`, `payout.completed`, `payout.failed` are names for what comes with later versions.

Only by name: `invoice.created`, `invoice.payment_detected`, `invoice.payment_dropped` (seen, then gone before it was final), `invoice.cancelled`, \
`invoice.deposit_rejected` (money that the invoice cannot be paid with).";

/// The headers of every delivery: name and what it is.
const HEADERS: [(&str, &str); 5] = [
    ("X-Halfin-Event", "The event's name."),
    ("X-Halfin-Signature", "`t=<unix seconds>,v1=<hex>`, with a `v1` for each valid secret."),
    ("Webhook-Id", "The event's id, the same on every attempt."),
    ("Webhook-Timestamp", "When this attempt was made, in Unix seconds."),
    ("Webhook-Signature", "`v1,<base64>` for each valid secret, as Standard Webhooks has it."),
];

/// What is sent to webhook endpoints.
pub(super) fn webhooks() -> Paths {
    let mut webhooks = Paths::new();
    let invoice =
        event("invoiceEvent", Ref::from_schema_name(InvoiceEventBody::name()), "Something happened to an invoice.");
    let test = event("testEvent", Ref::from_schema_name(TestEventBody::name()), "A test message that was asked for.");
    webhooks.add_path_operation("invoice.*", vec![HttpMethod::Post], invoice);
    webhooks.add_path_operation("test", vec![HttpMethod::Post], test);
    webhooks
}

fn event(name: &str, schema: Ref, text: &str) -> Operation {
    let content = ContentBuilder::new().schema(Some(schema)).build();
    let taken = ResponseBuilder::new().description("Any 2xx within 15 seconds; anything else is sent again.").build();
    let mut operation = Operation::new();
    operation.summary = Some(text.to_owned());
    operation.operation_id = Some(name.to_owned());
    operation.parameters = Some(HEADERS.into_iter().map(|(name, text)| RefOr::T(header(name, text))).collect());
    operation.request_body = Some(RefOr::T(RequestBodyBuilder::new().content(JSON, content).build()));
    operation.responses.responses.insert("2XX".to_owned(), taken.into());
    operation
}

fn header(name: &str, text: &str) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::True)
        .description(Some(text))
        .schema(Some(String::schema()))
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use farthing_dialects::native::events::EventName;

    #[test]
    fn every_event_that_can_be_subscribed_to_is_described_on_its_side() {
        let (by_default, by_name) = DESCRIPTION.split_once("Only by name").unwrap();
        for event in EventName::DOCUMENTED {
            assert!(by_default.contains(&format!("`{}`", event.as_str())), "{}", event.as_str());
        }
        for event in EventName::ON_REQUEST {
            assert!(by_name.contains(&format!("`{}`", event.as_str())), "{}", event.as_str());
        }
    }
}

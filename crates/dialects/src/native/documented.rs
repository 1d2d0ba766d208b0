//! Tests that what is documented is what is read and written, field by field.

use serde_json::{Value, json};
use utoipa::PartialSchema;

use super::{
    addresses::{CreateAddress, CreateAddressBody, StaticAddressView, tests::example as static_address},
    endpoints::{CreateEndpoint, RotateSecret, UpdateEndpoint},
    errors::ApiError,
    events::{InvoiceEventBody, TestEventBody},
    forms::Activate,
    present::{InvoiceView, PaymentView, SettlementConversion, tests::half_a_bitcoin, tests::with_context},
    request::{CreateInvoice, body::CreateInvoiceBody},
    test_mode::{AdvanceClock, Mine, Reorg, Scenario, ScenarioBody, TestPayment},
    web_address::PlainHttp,
};
use farthing_domain::catalog::Catalog;

fn schema<T: PartialSchema>() -> Value {
    serde_json::to_value(T::schema()).unwrap()
}

fn names(schema: &Value) -> Vec<String> {
    schema["properties"].as_object().unwrap().keys().cloned().collect()
}

/// Every documented field refuses a value of a wrong type by its name, the documented example is taken, and so is a body of
/// the required fields alone.
fn reads_what_it_documents<S: PartialSchema, T>(read: impl Fn(&[u8]) -> Result<T, ApiError>, required: &[&str]) {
    let schema = schema::<S>();
    for name in names(&schema) {
        // No field takes a list of lists of lists.
        let body = json!({ name.as_str(): [[[]]] }).to_string();
        let error = read(body.as_bytes()).err().unwrap_or_else(|| panic!("{name} is not read"));
        let is_named = error.details.iter().any(|detail| {
            detail.starts_with(&format!("{name}: must ")) || detail.starts_with(&format!("{name}[0]: must "))
        });
        assert!(is_named, "{name}: {:?}", error.details);
    }
    assert_eq!(schema.get("required").cloned().unwrap_or_else(|| json!([])), json!(required));
    let example = &schema["example"];
    assert!(read(example.to_string().as_bytes()).is_ok(), "{example}");
    let least: serde_json::Map<String, Value> =
        required.iter().map(|name| ((*name).to_owned(), example[name].clone())).collect();
    if !least.is_empty() {
        assert!(read(Value::Object(least).to_string().as_bytes()).is_ok());
    }
}

#[test]
fn every_form_reads_exactly_what_it_documents() {
    let catalog = Catalog::shipped();
    reads_what_it_documents::<CreateInvoiceBody, _>(|body| CreateInvoice::parse(body, None, &catalog), &[]);
    reads_what_it_documents::<CreateAddressBody, _>(|body| CreateAddress::parse(body, None, &catalog), &["currency"]);
    reads_what_it_documents::<Activate, _>(Activate::parse, &[]);
    reads_what_it_documents::<CreateEndpoint, _>(|body| CreateEndpoint::parse(body, PlainHttp::Never), &["url"]);
    reads_what_it_documents::<UpdateEndpoint, _>(|body| UpdateEndpoint::parse(body, PlainHttp::Never), &[]);
    reads_what_it_documents::<RotateSecret, _>(RotateSecret::parse, &[]);
    reads_what_it_documents::<TestPayment, _>(TestPayment::parse, &["amount"]);
    reads_what_it_documents::<ScenarioBody, _>(Scenario::parse, &["scenario"]);
    reads_what_it_documents::<Mine, _>(Mine::parse, &[]);
    reads_what_it_documents::<Reorg, _>(Reorg::parse, &["depth"]);
    reads_what_it_documents::<AdvanceClock, _>(AdvanceClock::parse, &["seconds"]);
}

#[test]
fn every_field_of_an_invoice_is_documented_and_always_present() {
    let shown = with_context(|context| serde_json::to_value(InvoiceView::of(&half_a_bitcoin(), context)).unwrap());
    let shown: Vec<String> = shown.as_object().unwrap().keys().cloned().collect();
    let schema = schema::<InvoiceView>();
    assert_eq!(sorted(names(&schema)), sorted(shown));
    assert_eq!(required(&schema), sorted(names(&schema)));
}

#[test]
fn every_field_of_an_address_is_documented_and_always_present() {
    let shown = serde_json::to_value(StaticAddressView::of(&static_address())).unwrap();
    let shown: Vec<String> = shown.as_object().unwrap().keys().cloned().collect();
    let schema = schema::<StaticAddressView>();
    assert_eq!(sorted(names(&schema)), sorted(shown));
    assert_eq!(required(&schema), sorted(names(&schema)));
}

#[test]
fn every_field_of_a_payment_and_of_an_event_is_required() {
    for schema in [
        schema::<PaymentView>(),
        schema::<SettlementConversion>(),
        schema::<InvoiceEventBody>(),
        schema::<TestEventBody>(),
    ] {
        assert_eq!(required(&schema), sorted(names(&schema)));
    }
    let mut fields = names(&schema::<TestEventBody>());
    fields.sort();
    assert_eq!(fields, ["created_at", "environment", "message", "type"]);
}

#[test]
fn ids_moments_and_addresses_have_their_formats() {
    let schema = schema::<InvoiceView>();
    for (field, format) in [
        ("id", "uuid"),
        ("created_at", "date-time"),
        ("expires_at", "date-time"),
        ("redirect_url", "uri"),
        ("payer_email", "email"),
    ] {
        assert_eq!(schema["properties"][field]["format"], format, "{field}");
    }
    assert_eq!(schema["properties"]["expires_at"]["type"], json!(["string", "null"]));
    assert_eq!(schema["properties"]["metadata"]["type"], "object");
}

fn required(schema: &Value) -> Vec<String> {
    sorted(schema["required"].as_array().unwrap().iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}

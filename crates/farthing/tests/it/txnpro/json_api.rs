//! What every document of JSON:API 1.0 must be: by the published schema, and what that cannot say ("Document Structure":
//! every included resource is linked to, none is there twice) written from the specification.

use crate::dialects::outside::json_api_takes;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Members that only this API has: a relationship without `data` has `meta`, which is legal.
const RELATIONSHIP_MEMBERS: [&str; 3] = ["data", "links", "meta"];

/// Asserts a document with data.
pub(crate) fn is_a_document(document: &Value) {
    json_api_takes(document);
    let top = object(document);
    assert!(top.contains_key("data") && !top.contains_key("errors"), "{document}");
    names_are_among(top, &["data", "included", "meta", "jsonapi", "links"]);
    let primary: Vec<&Value> = match &top["data"] {
        Value::Array(items) => items.iter().collect(),
        one => vec![one],
    };
    let included: Vec<&Value> = top.get("included").and_then(Value::as_array).into_iter().flatten().collect();
    let mut there = BTreeSet::new();
    for resource in primary.iter().chain(&included) {
        is_a_resource(resource);
        assert!(there.insert(identity(resource)), "twice: {resource}");
    }
    let linked: BTreeSet<_> = primary.iter().chain(&included).flat_map(|resource| linkage(resource)).collect();
    for resource in included {
        assert!(linked.contains(&identity(resource)), "nothing links to {resource}");
    }
}

/// Asserts that everything that is linked to is in the document, too, which deserialisers of clients need.
pub(crate) fn is_whole(document: &Value) {
    let primary = match &document["data"] {
        Value::Array(items) => items.clone(),
        one => vec![one.clone()],
    };
    let all: Vec<Value> = primary.into_iter().chain(document["included"].as_array().cloned().unwrap()).collect();
    let there: BTreeSet<_> = all.iter().map(identity).collect();
    for resource in &all {
        for linked in linkage(resource) {
            assert!(there.contains(&linked), "{linked:?} of {resource} is not included");
        }
    }
}

fn is_a_resource(resource: &Value) {
    let members = object(resource);
    names_are_among(members, &["id", "type", "attributes", "relationships", "links", "meta"]);
    identity(resource);
    let attributes = members.get("attributes").map(object);
    let relationships = members.get("relationships").map(object);
    for (name, relationship) in relationships.into_iter().flatten() {
        assert!(attributes.is_none_or(|attributes| !attributes.contains_key(name)), "{name} twice in {resource}");
        let relationship = object(relationship);
        assert!(!relationship.is_empty(), "{name} of {resource}");
        names_are_among(relationship, &RELATIONSHIP_MEMBERS);
    }
    for name in ["id", "type"] {
        assert!(attributes.is_none_or(|attributes| !attributes.contains_key(name)), "{resource}");
    }
}

/// What a resource links to.
fn linkage(resource: &Value) -> Vec<(String, String)> {
    let relationships = resource.get("relationships").map(object);
    let data = relationships.into_iter().flatten().filter_map(|(_, relationship)| relationship.get("data"));
    data.flat_map(|data| match data {
        Value::Array(items) => items.iter().map(identity).collect(),
        Value::Null => Vec::new(),
        one => vec![identity(one)],
    })
    .collect()
}

/// Type and id, which are texts.
fn identity(resource: &Value) -> (String, String) {
    let text = |name: &str| resource[name].as_str().unwrap_or_else(|| panic!("no {name}: {resource}")).to_owned();
    (text("type"), text("id"))
}

fn object(value: &Value) -> &Map<String, Value> {
    value.as_object().unwrap_or_else(|| panic!("no object: {value}"))
}

fn names_are_among(object: &Map<String, Value>, known: &[&str]) {
    for name in object.keys() {
        assert!(known.contains(&name.as_str()), "{name} in {object:?}");
    }
}

//! An example of a schema, put together from the examples of its fields.
//!
//! It invents nothing: what has no example of its own is shown by its type's emptiest value.

use serde_json::{Map, Value};
use utoipa::openapi::{
    Components, RefOr,
    schema::{ArrayItems, Object, Schema, SchemaType, Type},
};

/// Schemas inside of schemas that are followed; none of ours comes near.
const DEPTH_MAX: u8 = 16;

/// An example of a schema.
pub(crate) fn of(schema: &RefOr<Schema>, components: &Components) -> Value {
    at(schema, components, DEPTH_MAX)
}

/// The schema's own name and its definition, where it is a reference; the schema itself where it is not.
pub(crate) fn resolved<'a>(
    schema: &'a RefOr<Schema>,
    components: &'a Components,
) -> (Option<&'a str>, Option<&'a Schema>) {
    match schema {
        RefOr::T(schema) => (None, Some(schema)),
        RefOr::Ref(reference) => {
            let name = reference.ref_location.rsplit('/').next().unwrap_or_default();
            match components.schemas.get(name) {
                Some(RefOr::T(schema)) => (Some(name), Some(schema)),
                Some(RefOr::Ref(_)) | None => (Some(name), None),
            }
        }
    }
}

fn at(schema: &RefOr<Schema>, components: &Components, depth: u8) -> Value {
    let (Some(deeper), (_, Some(schema))) = (depth.checked_sub(1), resolved(schema, components)) else {
        return Value::Null;
    };
    match schema {
        Schema::Object(object) => of_object(object, components, deeper),
        Schema::Array(array) => {
            let given = array.example.clone().or_else(|| array.examples.first().cloned());
            given.unwrap_or_else(|| match &array.items {
                ArrayItems::RefOrSchema(items) => Value::Array(vec![at(items, components, deeper)]),
                ArrayItems::False => Value::Array(Vec::new()),
            })
        }
        Schema::AllOf(all) => {
            let given = all.example.clone().or_else(|| all.examples.first().cloned());
            given.unwrap_or_else(|| merged(&all.items, components, deeper))
        }
        Schema::OneOf(one) => {
            let given = one.example.clone().or_else(|| one.examples.first().cloned());
            given.unwrap_or_else(|| one.items.last().map_or(Value::Null, |item| at(item, components, deeper)))
        }
        Schema::AnyOf(any) => any.items.last().map_or(Value::Null, |item| at(item, components, deeper)),
        _ => Value::Null,
    }
}

/// The fields of all parts together.
fn merged(parts: &[RefOr<Schema>], components: &Components, depth: u8) -> Value {
    let mut fields = Map::new();
    for part in parts {
        if let Value::Object(more) = at(part, components, depth) {
            fields.extend(more);
        }
    }
    Value::Object(fields)
}

fn of_object(object: &Object, components: &Components, depth: u8) -> Value {
    let given = object.example.clone().or_else(|| object.examples.first().cloned()).or_else(|| object.default.clone());
    if let Some(given) = given {
        return given;
    }
    let types = match &object.schema_type {
        SchemaType::Type(only) => std::slice::from_ref(only),
        SchemaType::Array(types) => types.as_slice(),
        SchemaType::AnyValue => &[],
    };
    if types.contains(&Type::Null) {
        return Value::Null;
    }
    match types.first() {
        Some(Type::Object) => {
            let fields = object.properties.iter();
            Value::Object(fields.map(|(name, schema)| (name.clone(), at(schema, components, depth))).collect())
        }
        Some(Type::String) => Value::String(String::new()),
        Some(Type::Integer | Type::Number) => Value::from(0),
        Some(Type::Boolean) => Value::Bool(false),
        Some(Type::Array) => Value::Array(Vec::new()),
        Some(Type::Null) | None => Value::Null,
    }
}

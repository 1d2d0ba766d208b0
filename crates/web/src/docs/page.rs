//! The page `/docs`: the document's routes and schemas as people read them.
//!
//! Everything on it comes from the document; the template escapes it.

use crate::native::example;
use askama::Template;
use serde_json::Value;
use utoipa::openapi::{
    Components, OpenApi, RefOr, Required,
    path::{Operation, Parameter, ParameterIn, PathItem},
    schema::{ArrayItems, KnownFormat, Object, Schema, SchemaFormat, SchemaType, Type},
};

/// The whole page.
#[derive(Template)]
#[template(path = "docs/page.html")]
struct Page {
    title: String,
    version: String,
    base: String,
    paragraphs: Vec<Text>,
    sections: Vec<Section>,
    schemas: Vec<Named>,
}

/// The routes of one tag.
struct Section {
    name: String,
    anchor: String,
    paragraphs: Vec<Text>,
    calls: Vec<CallView>,
}

/// One route.
struct CallView {
    id: String,
    method: &'static str,
    path: String,
    summary: String,
    description: Text,
    permission: Option<String>,
    parameters: Vec<Row>,
    body: Option<Body>,
    answers: Vec<Answer>,
    curl: String,
}

/// What a route takes.
struct Body {
    name: Option<String>,
    description: Option<String>,
    rows: Vec<Row>,
}

/// What a route answers.
struct Answer {
    status: String,
    description: Text,
    is_error: bool,
    example: Option<String>,
}

/// A parameter or a field.
struct Row {
    name: String,
    kind: String,
    link: Option<String>,
    is_required: bool,
    description: Text,
    bounds: String,
}

/// A schema by its name.
struct Named {
    name: String,
    description: Text,
    rows: Vec<Row>,
}

/// Text in which pieces are code.
struct Text(Vec<Piece>);

struct Piece {
    is_code: bool,
    text: String,
}

impl Text {
    /// Markdown's backticks, and no more of it.
    fn of(text: &str) -> Self {
        let pieces =
            text.split('`').enumerate().map(|(index, text)| Piece { is_code: index % 2 == 1, text: text.to_owned() });
        Self(pieces.filter(|piece| !piece.text.is_empty()).collect())
    }

    fn maybe(text: Option<&String>) -> Self {
        Self::of(text.map_or("", String::as_str))
    }
}

/// The page of a document.
pub(super) fn render(document: &OpenApi) -> String {
    let nothing = Components::new();
    let components = document.components.as_ref().unwrap_or(&nothing);
    let base = document.servers.iter().flatten().next().map_or(String::new(), |server| server.url.clone());
    let sections = document.tags.iter().flatten().map(|tag| Section {
        name: tag.name.clone(),
        anchor: tag.name.replace(' ', "-"),
        paragraphs: tag.description.iter().flat_map(|text| text.split("\n\n")).map(Text::of).collect(),
        calls: calls(document, components, &base, &tag.name),
    });
    let schemas = components.schemas.iter().filter(|(name, _)| !name.contains(['_', '<']));
    let page = Page {
        title: document.info.title.clone(),
        version: document.info.version.clone(),
        paragraphs: document.info.description.iter().flat_map(|text| text.split("\n\n")).map(Text::of).collect(),
        sections: sections.collect(),
        schemas: schemas.map(|(name, schema)| named(name, schema, components)).collect(),
        base,
    };
    page.render().unwrap_or_else(|error| {
        tracing::error!(%error, "the documentation cannot be shown");
        String::new()
    })
}

fn calls(document: &OpenApi, components: &Components, base: &str, tag: &str) -> Vec<CallView> {
    let mut calls = Vec::new();
    for (path, item) in &document.paths.paths {
        for (method, operation) in operations(item) {
            let has_tag = operation.tags.iter().flatten().any(|name| name == tag);
            if has_tag {
                calls.push(call(method, path, operation, components, base));
            }
        }
    }
    calls
}

fn operations(item: &PathItem) -> impl Iterator<Item = (&'static str, &Operation)> {
    let methods = [
        ("POST", &item.post),
        ("GET", &item.get),
        ("PATCH", &item.patch),
        ("PUT", &item.put),
        ("DELETE", &item.delete),
    ];
    methods.into_iter().filter_map(|(method, operation)| operation.as_ref().map(|operation| (method, operation)))
}

fn call(method: &'static str, path: &str, operation: &Operation, components: &Components, base: &str) -> CallView {
    let body_content = operation.request_body.as_ref().and_then(|body| match body {
        RefOr::T(body) => match body.content.values().next() {
            Some(RefOr::T(content)) => Some((body.description.clone(), content)),
            Some(RefOr::Ref(_)) | None => None,
        },
        RefOr::Ref(_) => None,
    });
    let permission = permission(operation);
    let sent = body_content.as_ref().and_then(|(_, content)| content.example.as_ref());
    let curl = curl(method, &format!("{base}{path}"), permission.is_some(), sent);
    let body = body_content.and_then(|(description, content)| {
        let (name, schema) = example::resolved(content.schema.as_ref()?, components);
        Some(Body {
            name: name.map(str::to_owned),
            description,
            rows: schema.map(|schema| fields(schema, components)).unwrap_or_default(),
        })
    });
    let parameters = operation.parameters.iter().flatten().filter_map(|parameter| match parameter {
        RefOr::T(parameter) => Some(parameter_row(parameter, components)),
        RefOr::Ref(_) => None,
    });
    CallView {
        id: operation.operation_id.clone().unwrap_or_default(),
        method,
        path: path.to_owned(),
        summary: operation.summary.clone().unwrap_or_default(),
        description: Text::maybe(operation.description.as_ref()),
        permission,
        parameters: parameters.collect(),
        body,
        answers: answers(operation, components),
        curl,
    }
}

/// The permission as the document writes it; `None` where no key is needed.
fn permission(operation: &Operation) -> Option<String> {
    let requirements = serde_json::to_value(operation.security.as_ref()?).ok()?;
    let scopes = requirements.get(0)?.as_object()?.values().next()?;
    scopes.get(0)?.as_str().map(str::to_owned)
}

fn curl(method: &str, url: &str, needs_key: bool, sent: Option<&Value>) -> String {
    let mut lines = vec![if method == "GET" { format!("curl '{url}'") } else { format!("curl -X {method} '{url}'") }];
    if needs_key {
        lines.push("  -H 'X-API-Key: sk_test_…'".to_owned());
    }
    if let Some(sent) = sent {
        lines.push("  -H 'Content-Type: application/json'".to_owned());
        lines.push(format!("  -d '{}'", sent.to_string().replace('\'', r"'\''")));
    }
    lines.join(" \\\n")
}

fn answers(operation: &Operation, components: &Components) -> Vec<Answer> {
    let all = operation.responses.responses.iter().filter_map(|(status, response)| {
        let response = match response {
            RefOr::T(response) => response,
            RefOr::Ref(reference) => {
                let name = reference.ref_location.rsplit('/').next().unwrap_or_default();
                match components.responses.get(name) {
                    Some(RefOr::T(response)) => response,
                    Some(RefOr::Ref(_)) | None => return None,
                }
            }
        };
        let example = response.content.values().next().and_then(|content| match content {
            RefOr::T(content) => content.example.as_ref(),
            RefOr::Ref(_) => None,
        });
        Some(Answer {
            status: status.clone(),
            description: Text::of(&response.description),
            is_error: !status.starts_with('2'),
            example: example.and_then(|example| serde_json::to_string_pretty(example).ok()),
        })
    });
    all.collect()
}

fn parameter_row(parameter: &Parameter, components: &Components) -> Row {
    let place = match parameter.parameter_in {
        ParameterIn::Path => " (path)",
        ParameterIn::Header => " (header)",
        _ => "",
    };
    let row = parameter.schema.as_ref().map(|schema| row(&parameter.name, schema, false, components));
    let row = row.unwrap_or_else(|| Row {
        name: parameter.name.clone(),
        kind: String::new(),
        link: None,
        is_required: false,
        description: Text::of(""),
        bounds: String::new(),
    });
    Row {
        is_required: parameter.required == Required::True,
        description: Text::maybe(parameter.description.as_ref()),
        kind: format!("{}{place}", row.kind),
        ..row
    }
}

fn named(name: &str, schema: &RefOr<Schema>, components: &Components) -> Named {
    let (_, schema) = example::resolved(schema, components);
    let description = schema.and_then(|schema| match schema {
        Schema::Object(object) => object.description.as_ref(),
        Schema::AllOf(all) => all.description.as_ref(),
        _ => None,
    });
    Named {
        name: name.to_owned(),
        description: Text::maybe(description),
        rows: schema.map(|schema| fields(schema, components)).unwrap_or_default(),
    }
}

/// The fields of an object, of all parts of a composed one.
fn fields(schema: &Schema, components: &Components) -> Vec<Row> {
    match schema {
        Schema::Object(object) => object
            .properties
            .iter()
            .map(|(name, schema)| row(name, schema, object.required.contains(name), components))
            .collect(),
        Schema::AllOf(all) => all
            .items
            .iter()
            .filter_map(|part| example::resolved(part, components).1)
            .flat_map(|part| fields(part, components))
            .collect(),
        _ => Vec::new(),
    }
}

fn row(name: &str, schema: &RefOr<Schema>, is_required: bool, components: &Components) -> Row {
    let Kind { kind, link } = kind(schema);
    let (_, own) = example::resolved(schema, components);
    let (description, bounds) = match (schema, own) {
        (RefOr::Ref(reference), _) => (reference.description.clone(), String::new()),
        (_, Some(Schema::Object(object))) => (object.description.clone().unwrap_or_default(), bounds(object)),
        (_, Some(Schema::Array(array))) => (array.description.clone().unwrap_or_default(), String::new()),
        (_, Some(Schema::OneOf(one))) => (one.description.clone().unwrap_or_default(), String::new()),
        (_, _) => (String::new(), String::new()),
    };
    Row { name: name.to_owned(), kind, link, is_required, description: Text::of(&description), bounds }
}

/// What a value is, and the schema it is one of.
struct Kind {
    kind: String,
    link: Option<String>,
}

fn kind(schema: &RefOr<Schema>) -> Kind {
    match schema {
        RefOr::Ref(reference) => {
            let name = reference.ref_location.rsplit('/').next().unwrap_or_default().to_owned();
            Kind { kind: name.clone(), link: Some(name) }
        }
        RefOr::T(Schema::Object(object)) => Kind { kind: object_kind(object), link: None },
        RefOr::T(Schema::Array(array)) => match &array.items {
            ArrayItems::RefOrSchema(items) => {
                let Kind { kind, link } = kind(items);
                Kind { kind: format!("array of {kind}"), link }
            }
            ArrayItems::False => Kind { kind: "array".to_owned(), link: None },
        },
        RefOr::T(Schema::OneOf(one)) => {
            let kinds: Vec<Kind> = one.items.iter().map(kind).collect();
            let link = kinds.iter().find_map(|kind| kind.link.clone());
            let mut names: Vec<String> = kinds.into_iter().map(|kind| kind.kind).collect();
            names.sort_by_key(|name| name == "null");
            Kind { kind: names.join(" or "), link }
        }
        RefOr::T(_) => Kind { kind: "object".to_owned(), link: None },
    }
}

fn object_kind(object: &Object) -> String {
    let name = |kind: &Type| match kind {
        Type::Object => "object",
        Type::String => "string",
        Type::Integer => "integer",
        Type::Number => "number",
        Type::Boolean => "boolean",
        Type::Array => "array",
        Type::Null => "null",
    };
    let types: Vec<&str> = match &object.schema_type {
        SchemaType::Type(only) => vec![name(only)],
        SchemaType::Array(types) => types.iter().map(name).collect(),
        SchemaType::AnyValue => vec!["any"],
    };
    let format = match &object.format {
        Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)) => ", date-time",
        Some(SchemaFormat::Custom(text)) if text == "uuid" => ", uuid",
        Some(SchemaFormat::Custom(text)) if text == "uri" => ", uri",
        Some(SchemaFormat::Custom(text)) if text == "email" => ", email",
        Some(SchemaFormat::KnownFormat(_) | SchemaFormat::Custom(_)) | None => "",
    };
    format!("{}{format}", types.join(" or "))
}

fn bounds(object: &Object) -> String {
    // Numbers of the document have no other way out than their JSON.
    let number =
        |number: &Option<utoipa::Number>| serde_json::to_value(number.as_ref()?).ok().map(|value| value.to_string());
    let mut bounds = Vec::new();
    bounds.extend(object.max_length.map(|length| format!("at most {length} characters")));
    bounds.extend(number(&object.minimum).map(|least| format!("from {least}")));
    bounds.extend(number(&object.maximum).map(|most| format!("to {most}")));
    bounds.extend(object.default.as_ref().map(|value| format!("default {value}")));
    bounds.extend(object.deprecated.as_ref().map(|_| "deprecated".to_owned()));
    bounds.join(", ")
}

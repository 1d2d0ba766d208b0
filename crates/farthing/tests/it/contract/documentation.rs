//! What `/openapi.json` says: every answer that a test gets has a status that is documented for its call.

use super::{
    http::{Answer, Ask},
    server::shared,
};
use serde_json::Value;
use std::sync::OnceLock;

/// Answers of the edge, before any call is known.
const OF_THE_EDGE: [u16; 3] = [408, 414, 431];

/// The document.
pub(crate) fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| Ask::get("/openapi.json").send(shared().host()).json())
}

/// Every documented call: method in capitals, path template, its description.
pub(crate) fn operations() -> impl Iterator<Item = (String, &'static str, &'static Value)> {
    let paths = document()["paths"].as_object().unwrap().iter();
    paths.flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (method.to_uppercase(), path.as_str(), operation))
    })
}

/// Asserts that an answer's status is documented, where the call is.
pub(crate) fn check_documented(ask: &Ask, answer: &Answer) {
    let path = ask.path.split('?').next().unwrap();
    let is_called = |method: &str, template: &str| method == ask.method && is_of(path, template);
    if let Some((_, _, operation)) = operations().find(|(method, template, _)| is_called(method, template)) {
        let is_documented = !operation["responses"][answer.status.to_string()].is_null();
        assert!(is_documented || OF_THE_EDGE.contains(&answer.status), "not documented: {answer}");
    }
}

/// Whether a path is one of a template's.
fn is_of(path: &str, template: &str) -> bool {
    let mut pairs = path.split('/').zip(template.split('/'));
    pairs.all(|(part, wanted)| part == wanted || wanted.starts_with('{'))
        && path.split('/').count() == template.split('/').count()
}

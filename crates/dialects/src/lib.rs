//! Placeholder.

pub mod strict_json;

//! What commands print: results on standard output, complaints on standard error, and nothing else on either.

use serde_json::Value;
use std::io::{self, Write};

/// Prints a line of a result.
///
/// # Errors
/// When nobody reads it any more.
pub(crate) fn say(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}

/// Prints a result: one JSON object for scripts, or text for people.
///
/// # Errors
/// When nobody reads it any more.
pub(crate) fn answer(json: crate::cli::Json, object: &Value, text: &str) -> io::Result<()> {
    if json.json { say(&object.to_string()) } else { say(text) }
}

/// Says why something failed, with its causes.
pub(crate) fn complain(error: &anyhow::Error) {
    let mut text = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        // Transparent errors repeat their cause.
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    drop(writeln!(io::stderr().lock(), "farthing: {text}"));
}

/// Rows as aligned columns; the last one is not padded.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}", width = *width));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

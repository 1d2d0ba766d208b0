//! The log: for people or as JSON, always on standard error. Secrets never reach it: their types do not print themselves.

use crate::config::LogFormat;
use std::io::IsTerminal;
use tracing_subscriber::{EnvFilter, fmt};

/// Starts logging. A second call changes nothing.
pub(crate) fn start(format: LogFormat, level: &str) {
    let filter = EnvFilter::try_new(level).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Human => {
            let builder = builder.with_ansi(std::io::stderr().is_terminal()).with_target(false);
            builder.try_init()
        }
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    // Already started: the first one stays.
    drop(started);
}

//! From a parsed command line to what does it.

mod api_keys;
pub(crate) mod dialects;
mod merchants;
pub(crate) mod networks;
mod webhooks;

use crate::{
    audit, backup,
    cli::{Arguments, Command, Config as ConfigCommand},
    config::{self, Config, LogFormat},
    demo, doctor, keys, logging, output, serve, webhook_sink,
};
use std::path::Path;

/// How a command ended that was understood and carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// As it should.
    Done,
    /// It said what is wrong.
    Failed,
}

/// What commands other than servers log.
const COMMAND_LOG: &str = "warn";

/// Carries out a command.
///
/// # Errors
/// When it cannot be carried out; the text is for the operator.
pub(crate) async fn execute(arguments: Arguments) -> anyhow::Result<Outcome> {
    let file = arguments.config.as_deref();
    match arguments.command {
        Command::Serve => {
            let config = Config::load(file)?;
            logging::start(config.log_format, &config.log_level);
            return serve::serve(&config).await;
        }
        Command::Demo(demo) => {
            logging::start(LogFormat::Human, COMMAND_LOG);
            return demo::demo(&demo).await;
        }
        Command::Config(ConfigCommand::Example) => output::say(config::EXAMPLE.trim_end())?,
        Command::Config(ConfigCommand::Check) => check(file)?,
        Command::Keys(command) => keys::execute(&command)?,
        Command::Merchants(command) => merchants::execute(&quiet(file)?, command).await?,
        Command::ApiKeys(command) => api_keys::execute(&quiet(file)?, command).await?,
        Command::Webhooks(command) => webhooks::execute(&quiet(file)?, command).await?,
        Command::Dialects(command) => dialects::execute(&quiet(file)?, command).await?,
        Command::Networks(command) => networks::execute(&quiet(file)?, command).await?,
        Command::WebhookSink(sink) => webhook_sink::listen(&sink).await?,
        Command::Doctor(json) => {
            logging::start(LogFormat::Human, "error");
            return doctor::execute(Config::load(file), json).await;
        }
        Command::Audit(json) => return audit::execute(&quiet(file)?, json).await,
        Command::Backup { path } => backup::backup(&quiet(file)?, &path).await?,
        Command::Restore { path } => backup::restore(&quiet(file)?, &path).await?,
    }
    Ok(Outcome::Done)
}

/// The configuration, for a command that logs little.
fn quiet(file: Option<&Path>) -> anyhow::Result<Config> {
    let config = Config::load(file)?;
    logging::start(config.log_format, COMMAND_LOG);
    Ok(config)
}

fn check(file: Option<&Path>) -> anyhow::Result<()> {
    let config = Config::load(file)?;
    let networks: Vec<&str> = config.networks.keys().map(String::as_str).collect();
    let sold = if networks.is_empty() { "none; test keys work".to_owned() } else { networks.join(", ") };
    Ok(output::say(&format!(
        "The configuration is good. Listening on {}; networks for live keys: {sold}.",
        config.listen
    ))?)
}

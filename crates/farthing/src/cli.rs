//! The command line: what can be said, and help that reads well.

use clap::{Args, Parser, Subcommand};
use farthing_dialects::native::api_keys::Permission;
use farthing_domain::{
    id::{ApiKeyId, CredentialId, DeliveryId, EndpointId, Environment, MerchantId, Owner},
    name::NetworkId,
    policy::Dialect,
};
use std::{net::SocketAddr, path::PathBuf};

/// A self-hosted gateway for crypto payments.
///
/// Try it: `farthing demo`. Set it up: `farthing config example > farthing.toml`, `farthing keys new`, `farthing serve`.
#[derive(Debug, Parser)]
#[command(version, name = "farthing", propagate_version = true, max_term_width = 100)]
pub(crate) struct Arguments {
    /// The configuration file; without it, farthing.toml if there is one, else the defaults.
    #[arg(long, global = true, value_name = "PATH", env = "FARTHING_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Everything the program does.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the gateway.
    Serve,
    /// Try it out: simulated networks, a shop with a test key, an invoice to pay. Needs nothing.
    Demo(Demo),
    /// Print or check the configuration.
    #[command(subcommand)]
    Config(Config),
    /// Make account keys for receiving money, offline. Words are printed once and stored nowhere.
    #[command(subcommand)]
    Keys(Keys),
    /// Shops.
    #[command(subcommand)]
    Merchants(Merchants),
    /// Keys with which shops call the API.
    #[command(subcommand)]
    ApiKeys(ApiKeys),
    /// Where shops are told what happens.
    #[command(subcommand)]
    Webhooks(Webhooks),
    /// Credentials of other gateways' APIs, with which their shops call this one.
    #[command(subcommand)]
    Dialects(Dialects),
    /// Receive webhooks and print them: for trying things out.
    WebhookSink(WebhookSink),
    /// The live networks: how far they are, who answers for them, and what waits for the operator.
    #[command(subcommand)]
    Networks(Networks),
    /// Check everything that could lose money or refuse a sale.
    Doctor(Json),
    /// Compute everything stored anew and say what differs. Works while the gateway runs.
    Audit(Json),
    /// Copy the database and its key into a new folder. Works while the gateway runs.
    Backup {
        /// The folder to make; it must not exist.
        path: PathBuf,
    },
    /// Put a backup into an empty data folder, skipping addresses that may have been handed out since.
    Restore {
        /// The folder that `backup` made.
        path: PathBuf,
    },
}

/// Whether to answer for scripts.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Json {
    /// Print one JSON object instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `demo`
#[derive(Debug, Args)]
pub(crate) struct Demo {
    #[command(flatten)]
    pub(crate) json: Json,
    /// Where to listen; port 0 picks one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,
    /// Keep the demo's data in this folder; without it, nothing is left behind.
    #[arg(long, value_name = "PATH")]
    pub(crate) data_dir: Option<PathBuf>,
}

/// `config …`
#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Print the commented default configuration.
    Example,
    /// Check the configuration and say everything that is wrong with it.
    Check,
}

/// `keys …`
#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// Make 24 new words, and the account keys to paste into the configuration.
    New(Pool),
    /// Read words from standard input and print their account keys and first addresses.
    Derive(Pool),
}

/// How many Solana addresses to make.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Pool {
    /// How many Solana addresses to make for the pool.
    #[arg(long, value_name = "COUNT", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) solana: u32,
}

/// `merchants …`
#[derive(Debug, Subcommand)]
pub(crate) enum Merchants {
    /// Make a merchant.
    Create {
        /// Its name, as payers see it.
        #[arg(value_parser = name)]
        name: String,
        #[command(flatten)]
        json: Json,
    },
    /// List all merchants.
    List(Json),
}

/// Whose: a merchant in one of its two environments.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Whose {
    /// The merchant's id (`farthing merchants list`).
    #[arg(long, value_name = "ID")]
    pub(crate) merchant: MerchantId,
    /// live or test.
    #[arg(long, value_name = "live|test")]
    pub(crate) environment: Environment,
}

impl Whose {
    pub(crate) const fn owner(self) -> Owner {
        Owner { merchant: self.merchant, environment: self.environment }
    }
}

/// `api-keys …`
#[derive(Debug, Subcommand)]
pub(crate) enum ApiKeys {
    /// Make a key. It is shown this once.
    Create {
        #[command(flatten)]
        whose: Whose,
        /// What it may do, with commas between; without it, everything.
        #[arg(long, value_delimiter = ',', value_name = "PERMISSION", value_parser = permission)]
        permissions: Vec<Permission>,
        #[command(flatten)]
        json: Json,
    },
    /// List a merchant's keys (never the keys themselves).
    List {
        /// The merchant's id.
        #[arg(long, value_name = "ID")]
        merchant: MerchantId,
        #[command(flatten)]
        json: Json,
    },
    /// Revoke a key; it is refused within a second.
    Revoke {
        /// The key's id (`farthing api-keys list`), not the key.
        #[arg(value_parser = api_key_id)]
        id: ApiKeyId,
        #[command(flatten)]
        json: Json,
    },
}

/// `dialects …`
#[derive(Debug, Subcommand)]
pub(crate) enum Dialects {
    /// Make a credential. It is shown this once.
    Create {
        /// coinspaid, payhubix, txcash or txnpro.
        #[arg(value_parser = dialect)]
        dialect: Dialect,
        #[command(flatten)]
        whose: Whose,
        /// Where callbacks go; without it, only where an invoice itself says.
        #[arg(long, value_name = "URL")]
        callback_url: Option<String>,
        #[command(flatten)]
        json: Json,
    },
    /// List a merchant's credentials (never their secrets).
    List {
        /// The merchant's id.
        #[arg(long, value_name = "ID")]
        merchant: MerchantId,
        #[command(flatten)]
        json: Json,
    },
    /// List a merchant's newest callbacks; `farthing webhooks redeliver` repeats one.
    Callbacks {
        #[command(flatten)]
        whose: Whose,
        #[command(flatten)]
        json: Json,
    },
    /// Revoke a credential; it is refused within a second.
    Revoke {
        /// The credential's id (`farthing dialects list`), not its key.
        id: CredentialId,
        #[command(flatten)]
        json: Json,
    },
}

/// `webhooks …`
#[derive(Debug, Subcommand)]
pub(crate) enum Webhooks {
    /// Make an endpoint. Its secret is shown this once.
    Create {
        #[command(flatten)]
        whose: Whose,
        /// Where events go.
        #[arg(long)]
        url: String,
        /// Which events, with commas between; without it, the fifteen documented ones.
        #[arg(long, value_delimiter = ',', value_name = "EVENT")]
        events: Vec<String>,
        #[command(flatten)]
        json: Json,
    },
    /// List endpoints.
    List {
        #[command(flatten)]
        whose: Whose,
        #[command(flatten)]
        json: Json,
    },
    /// Delete an endpoint; what waits for it is given up.
    Delete {
        #[command(flatten)]
        whose: Whose,
        /// The endpoint's id.
        id: EndpointId,
        #[command(flatten)]
        json: Json,
    },
    /// Give an endpoint a new secret, which is shown this once.
    Rotate {
        #[command(flatten)]
        whose: Whose,
        /// The endpoint's id.
        id: EndpointId,
        /// How long the old secret goes on signing beside the new one.
        #[arg(long, value_name = "SECONDS", default_value_t = 86_400, value_parser = clap::value_parser!(i64).range(0..=604_800))]
        overlap_seconds: i64,
        #[command(flatten)]
        json: Json,
    },
    /// Send an endpoint the test event. The running gateway sends it.
    Test {
        #[command(flatten)]
        whose: Whose,
        /// The endpoint's id.
        id: EndpointId,
        #[command(flatten)]
        json: Json,
    },
    /// List what was sent to an endpoint: the newest hundred deliveries with their last attempt.
    Deliveries {
        #[command(flatten)]
        whose: Whose,
        /// The endpoint's id.
        id: EndpointId,
        #[command(flatten)]
        json: Json,
    },
    /// Send a delivery again, however it ended. The running gateway sends it.
    Redeliver {
        #[command(flatten)]
        whose: Whose,
        /// The delivery's id (`farthing webhooks deliveries`, `farthing dialects callbacks`).
        id: DeliveryId,
        #[command(flatten)]
        json: Json,
    },
}

/// `networks …`
#[derive(Debug, Subcommand)]
pub(crate) enum Networks {
    /// Show how far each network is scanned, its providers, gaps and alarms. Works beside the running gateway.
    Status(Json),
    /// End the alarms about one of your addresses (code at it, a frozen token, money that no payment explains) after you looked
    /// into them. They come back when there is more.
    Acknowledge {
        /// The network, as in the configuration: ethereum, polygon.
        network: NetworkId,
        /// The address, as `doctor` shows it.
        address: String,
        #[command(flatten)]
        json: Json,
    },
    /// Let new credits become final again after the alarm that a reorganisation replaced final blocks. Look into it first.
    Resume {
        /// The network, as in the configuration: bitcoin, polygon.
        network: NetworkId,
        #[command(flatten)]
        json: Json,
    },
}

/// `webhook-sink`
#[derive(Debug, Args)]
pub(crate) struct WebhookSink {
    /// Where to listen.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9999")]
    pub(crate) listen: SocketAddr,
    /// The endpoint's secret, to check signatures with.
    #[arg(long, value_name = "whsec_…", env = "FARTHING_WEBHOOK_SECRET", hide_env_values = true)]
    pub(crate) secret: Option<String>,
}

/// The longest name of a merchant, in characters.
const NAME_CHARACTERS_MAX: usize = 100;

fn name(text: &str) -> Result<String, String> {
    let text = text.trim();
    let is_good =
        !text.is_empty() && text.chars().count() <= NAME_CHARACTERS_MAX && !text.chars().any(char::is_control);
    if is_good {
        Ok(text.to_owned())
    } else {
        Err(format!("a name has 1 to {NAME_CHARACTERS_MAX} characters, all on one line"))
    }
}

fn dialect(text: &str) -> Result<Dialect, String> {
    let known = text.parse().ok().filter(|dialect| *dialect != Dialect::Native);
    known.ok_or_else(|| "must be one of coinspaid, payhubix, txcash, txnpro".to_owned())
}

fn permission(text: &str) -> Result<Permission, String> {
    text.trim().parse().map_err(|error| format!("{text} {error}"))
}

fn api_key_id(text: &str) -> Result<ApiKeyId, String> {
    if text.starts_with("sk_") {
        return Err("this is a key and not its id; `farthing api-keys list --merchant ID` shows ids".to_owned());
    }
    text.parse().map_err(|_| "a key's id is a UUID; `farthing api-keys list --merchant ID` shows it".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_key_in_place_of_its_id_is_not_repeated() {
        assert!(!api_key_id("sk_live_secret").unwrap_err().contains("secret"));
    }
}

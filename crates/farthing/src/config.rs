//! The operator's configuration: read once at start, from a file and the environment, and checked whole.
//!
//! Every problem is found at once and named by its key. No message repeats a value: it may hold a password.

mod networks;
mod own_network;
mod payhubix;
mod rates;
mod reader;

use farthing_domain::asset::AssetId;
use farthing_web::edge::client_ip::IpNet;
use figment::{
    Figment,
    providers::{Env, Format, Toml},
};
use networks::read_networks;
pub(crate) use networks::{Finality, NetworkConfig};
use payhubix::read_currency_ids;
pub(crate) use rates::RatesConfig;
use rates::read_rates;
pub(crate) use reader::Problem;
use reader::Reader;
pub(crate) use reader::suggestion;
use std::{
    collections::BTreeMap,
    fmt,
    net::SocketAddr,
    ops::RangeInclusive,
    path::{Path, PathBuf},
};
use url::{Host, Url};

/// The commented default: every key, as it is when nothing is written.
pub(crate) const EXAMPLE: &str = include_str!("config.default.toml");
/// The file that is read when none is named.
pub(crate) const FILE_NAME: &str = "farthing.toml";
/// What variables of the environment begin with; two underscores stand between a section and its key.
const VARIABLES: &str = "FARTHING__";
/// The most requests per minute that can be allowed other than all.
const REQUESTS_MAX: u32 = 1_000_000;
/// Days for which an address may be watched: a month at least, because payers keep addresses.
const WATCHED_DAYS: RangeInclusive<u32> = 30..=36_500;

/// How the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// Lines for people.
    Human,
    /// One JSON object a line.
    Json,
}

/// A configuration without problems.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Config {
    /// Where to listen.
    pub(crate) listen: SocketAddr,
    /// Under which address payers and shops come, without a slash at its end; `None`: the one listened on.
    pub(crate) public_url: Option<String>,
    /// Where everything durable is.
    pub(crate) data_dir: PathBuf,
    /// What live keys sell on, by slug.
    pub(crate) networks: BTreeMap<String, NetworkConfig>,
    /// Where rates come from.
    pub(crate) rates: RatesConfig,
    /// How long an address is watched after it was handed out, in days.
    pub(crate) watched_days: u32,
    /// Whether webhooks may go to private addresses.
    pub(crate) allow_private_addresses: bool,
    /// Requests of a key per minute; 0: no limit.
    pub(crate) requests_per_minute: u32,
    /// Proxies whose headers are believed.
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// What Payhubix' API calls coins, where that is not the shipped table's id.
    pub(crate) currency_ids: Vec<(AssetId, u32)>,
    /// How the log looks.
    pub(crate) log_format: LogFormat,
    /// What is logged.
    pub(crate) log_level: String,
}

/// Why there is no configuration.
#[derive(Debug)]
pub(crate) struct ConfigError {
    /// The file that was read, if any.
    pub(crate) file: Option<PathBuf>,
    /// Everything that is wrong.
    pub(crate) problems: Vec<Problem>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => write!(f, "the configuration {} (and {VARIABLES}…) cannot be used:", file.display())?,
            None => write!(f, "the configuration (defaults and {VARIABLES}…) cannot be used:")?,
        }
        self.problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// Reads the named file, or `farthing.toml` if there is one, with the environment over it.
    ///
    /// # Errors
    /// When the named file is missing or anything is wrong; all of it.
    pub(crate) fn load(named: Option<&Path>) -> Result<Self, ConfigError> {
        let default = Path::new(FILE_NAME);
        let file = named.map(Path::to_owned).or_else(|| default.exists().then(|| default.to_owned()));
        let figment = match &file {
            Some(file) => {
                Self::file(file).map_err(|problem| ConfigError { file: Some(file.clone()), problems: vec![problem] })?
            }
            None => Figment::new(),
        };
        let environment = Env::prefixed(VARIABLES).split("__");
        Self::read(figment.merge(environment)).map_err(|problems| ConfigError { file, problems })
    }

    fn file(file: &Path) -> Result<Figment, Problem> {
        let text = std::fs::read_to_string(file).map_err(|error| {
            Problem::of(
                &file.display().to_string(),
                &format!("cannot be read: {error}; `farthing config example` prints one to start from"),
            )
        })?;
        Ok(Figment::from(Toml::string(&text)))
    }

    /// Reads and checks all keys.
    fn read(figment: Figment) -> Result<Self, Vec<Problem>> {
        let mut reader = Reader::new(figment)?;
        reader.known_keys(
            "",
            &[
                "listen",
                "public_url",
                "data_dir",
                "networks",
                "addresses",
                "rates",
                "webhooks",
                "limits",
                "http",
                "payhubix",
                "log",
            ],
        );
        reader.known_keys("rates", &["sources", "max_age_seconds", "spread_percent", "fixed", "file"]);
        reader.known_keys("addresses", &["watched_days"]);
        reader.known_keys("webhooks", &["allow_private_addresses"]);
        reader.known_keys("limits", &["requests_per_minute"]);
        reader.known_keys("http", &["trusted_proxies"]);
        reader.known_keys("log", &["format", "level"]);
        let listen = reader.parsed("listen", "an address and a port such as \"127.0.0.1:8080\"");
        let listen = listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080)));
        let config = Self {
            listen,
            public_url: read_public_url(&mut reader, listen),
            data_dir: read_data_dir(&mut reader),
            networks: read_networks(&mut reader),
            rates: read_rates(&mut reader),
            watched_days: reader.number("addresses.watched_days", WATCHED_DAYS).unwrap_or(365),
            allow_private_addresses: reader.value("webhooks.allow_private_addresses").unwrap_or(false),
            requests_per_minute: reader.number("limits.requests_per_minute", 0..=REQUESTS_MAX).unwrap_or(300),
            trusted_proxies: read_proxies(&mut reader),
            currency_ids: read_currency_ids(&mut reader),
            log_format: read_log_format(&mut reader),
            log_level: read_log_level(&mut reader),
        };
        reader.finish().map(|()| config)
    }
}

fn read_public_url(reader: &mut Reader, listen: SocketAddr) -> Option<String> {
    let Some(text) = reader.value::<String>("public_url") else {
        if !listen.ip().is_loopback() && !reader.has_problem("public_url") {
            reader.problem(
                "public_url",
                "must be set when `listen` is not a loopback address, as \"https://pay.shop.example\"",
            );
        }
        return None;
    };
    match check_public_url(&text) {
        Ok(url) => Some(url),
        Err(problem) => {
            reader.problem("public_url", problem);
            None
        }
    }
}

fn check_public_url(text: &str) -> Result<String, &'static str> {
    let url = Url::parse(text).map_err(|_| "must be a URL such as \"https://pay.shop.example\"")?;
    let is_loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => return Err("must name a host"),
    };
    match url.scheme() {
        "https" => {}
        "http" if is_loopback => {}
        "http" => return Err("must begin with https://; http is for loopback only"),
        _ => return Err("must begin with https://"),
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err("must have no user, query or fragment");
    }
    if url.path() != "/" {
        return Err("must have no path: the APIs hang at fixed paths of one host");
    }
    Ok(text.trim_end_matches('/').to_owned())
}

fn read_data_dir(reader: &mut Reader) -> PathBuf {
    let text: Option<String> = reader.value("data_dir");
    if text.as_deref().is_some_and(str::is_empty) {
        reader.problem("data_dir", "must name a folder");
    }
    text.map_or_else(|| PathBuf::from("farthing-data"), PathBuf::from)
}

fn read_proxies(reader: &mut Reader) -> Vec<IpNet> {
    let texts: Vec<String> = reader.value("http.trusted_proxies").unwrap_or_default();
    let mut proxies = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        match text.parse() {
            Ok(proxy) => proxies.push(proxy),
            Err(error) => reader.problem(&format!("http.trusted_proxies[{index}]"), &format!("{error}")),
        }
    }
    proxies
}

fn read_log_format(reader: &mut Reader) -> LogFormat {
    match reader.value::<String>("log.format").as_deref() {
        None | Some("human") => LogFormat::Human,
        Some("json") => LogFormat::Json,
        Some(_) => {
            reader.problem("log.format", "must be human or json");
            LogFormat::Human
        }
    }
}

fn read_log_level(reader: &mut Reader) -> String {
    let level = reader.value::<String>("log.level").unwrap_or_else(|| "info".to_owned());
    if tracing_subscriber::EnvFilter::try_new(&level).is_err() || level.is_empty() {
        reader.problem(
            "log.level",
            "must be error, warn, info, debug or trace, or such as \"info,farthing_gateway=debug\"",
        );
    }
    level
}

#[cfg(test)]
mod tests;

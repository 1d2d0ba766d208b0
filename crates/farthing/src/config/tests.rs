//! What a configuration may say, and how each mistake in it is told.

use super::{networks::Finality, *};

const XPUB: &str =
    "xpub6CUGRUonZSQ4TWtTMmzXdrXDtypWKiKrhko4egpiMZbpiaQL2jkwSB1icqYh2cfDfVxdx4df189oLKnC5fSwqPfgyP3hooxujYzAu3fDVmz";
const XPRV: &str =
    "xprv9s21ZrQH143K3GJpoapnV8SFfukcVBSfeCficPSGfubmSFDxo1kuHnLisriDvSnRRuL2Qrg5ggqHKNVpxR86QEC8w35uxmGoggxtQTPvfUu";

fn read(toml: &str) -> Result<Config, Vec<Problem>> {
    Config::read(Figment::from(Toml::string(toml)))
}

fn problems(toml: &str) -> Vec<String> {
    read(toml).unwrap_err().iter().map(ToString::to_string).collect()
}

/// The one problem of a text names this key and holds these words.
fn assert_problem(toml: &str, key: &str, words: &str) {
    let found = read(toml).err().unwrap_or_else(|| panic!("accepted: {toml}"));
    let matching = found.iter().any(|problem| problem.key == key && problem.message.contains(words));
    assert!(matching, "{toml}\n{found:?}");
}

fn bitcoin(more: &str) -> String {
    format!(
        "[networks.bitcoin]\nkind = \"bitcoin\"\nproviders = [{{ core = \"http://127.0.0.1:8332\" }}]\naccount = \"{XPUB}\"\n{more}"
    )
}

fn polygon(more: &str) -> String {
    format!(
        "[networks.polygon]\nkind = \"evm\"\nproviders = [{{ rpc = \"https://rpc.example\" }}]\naccount = \"{XPUB}\"\n{more}"
    )
}

#[test]
fn the_example_parses_and_is_the_defaults() {
    assert_eq!(read(EXAMPLE).unwrap(), read("").unwrap());
}

#[test]
fn every_key_that_can_be_set_is_in_the_example() {
    let keys = [
        "listen",
        "public_url",
        "data_dir",
        "[networks.",
        "kind",
        "chain",
        "chain_id",
        "providers",
        "account",
        "confirmations",
        "start_index",
        "finality",
        "tokens",
        "code",
        "contract",
        "decimals",
        "coin",
        "name",
        "block_seconds",
        "[rates]",
        "sources",
        "max_age_seconds",
        "[webhooks]",
        "allow_private_addresses",
        "[limits]",
        "requests_per_minute",
        "[http]",
        "trusted_proxies",
        "[payhubix.currencies]",
        "[log]",
        "format",
        "level",
    ];
    for key in keys {
        assert!(EXAMPLE.contains(key), "{key}");
    }
}

#[test]
fn every_mistake_names_its_key_and_all_are_told_at_once() {
    let found = problems(
        "listen = 5\npublic_url = \"ftp://x\"\ndata_dir = 7\nlimts = 1\n[rates]\nsources = [\"kraken\", \"me\"]\nmax_age_seconds = 0\n\
         [webhooks]\nallow_private_addresses = \"yes\"\n[limits]\nrequests_per_minute = -1\n[http]\ntrusted_proxies = [\"10.0.0.0/40\"]\n\
         [log]\nformat = \"xml\"\nlevel = \"\"\n[networks.bitcoins]\n",
    );
    let keys = [
        "listen",
        "public_url",
        "data_dir",
        "limts",
        "rates.sources[1]",
        "rates.max_age_seconds",
        "webhooks.allow_private_addresses",
        "limits.requests_per_minute",
        "http.trusted_proxies[0]",
        "log.format",
        "log.level",
        "networks.bitcoins",
    ];
    for key in keys {
        assert!(found.iter().any(|problem| problem.starts_with(&format!("{key}: "))), "{key} is not in {found:#?}");
    }
    assert_eq!(found.len(), keys.len(), "{found:#?}");
}

#[test]
fn coins_may_have_the_ids_that_shops_of_payhubix_know() {
    let given = read("[payhubix.currencies]\n\"USDT/tron\" = 1\n\"DAI/ethereum\" = 31\n").unwrap().currency_ids;
    let given: Vec<String> = given.iter().map(|(asset, id)| format!("{}/{} {id}", asset.code, asset.network)).collect();
    assert_eq!(given, ["DAI/ethereum 31", "USDT/tron 1"]);
    let ids = |lines: &str| format!("[payhubix.currencies]\n{lines}");
    assert_problem(&ids("\"USDT\" = 1"), "payhubix.currencies.USDT", "a coin and its network");
    assert_problem(&ids("\"LTC/bitcoin\" = 1"), "payhubix.currencies.LTC/bitcoin", "a coin and its network");
    assert_problem(&ids("\"BTC/bitcoin\" = 0"), "payhubix.currencies.BTC/bitcoin", "from 1 to 99999");
    assert_problem(&ids("\"BTC/bitcoin\" = 2\n\"USDT/tron\" = 2"), "payhubix.currencies.USDT/tron", "another coin's");
    assert_problem("[payhubix]\ncurrencies = 1", "payhubix.currencies", "must be");
    assert_problem("[payhubix]\ncurrency = 1", "payhubix.currency", "did you mean currencies?");
}

#[test]
fn an_unknown_key_suggests_the_one_that_was_meant() {
    assert_problem("lisen = \"x\"", "lisen", "did you mean listen?");
    assert_problem(
        "[limits]\nrequest_per_minute = 3",
        "limits.request_per_minute",
        "did you mean requests_per_minute?",
    );
    assert_problem("[networks.bitcion]", "networks.bitcion", "did you mean bitcoin?");
    assert_problem("[database]\nurl = \"postgres://x\"", "database", "later version");
    assert_problem("nonsense = 1", "nonsense", "there are listen, public_url");
}

#[test]
fn what_is_no_toml_says_where_and_shows_no_line_of_the_file() {
    let found = problems("listen = \"secret-password");
    assert!(found[0].starts_with("the file: is no valid TOML") && !found[0].contains("secret"), "{found:?}");
}

#[test]
fn the_public_url_is_https_or_on_loopback() {
    for good in [
        "https://pay.shop.example",
        "https://pay.shop.example/",
        "http://127.0.0.1:8080",
        "http://localhost:1",
        "http://[::1]:2",
    ] {
        let config = read(&format!("public_url = \"{good}\"")).unwrap();
        assert_eq!(config.public_url.unwrap(), good.trim_end_matches('/'));
    }
    for bad in [
        "http://pay.shop.example",
        "https://pay.shop.example/pay",
        "https://u:p@pay.shop.example",
        "https://x/?a=1",
        "pay.shop.example",
    ] {
        assert_problem(&format!("public_url = \"{bad}\""), "public_url", "must");
    }
    assert_problem("listen = \"0.0.0.0:8080\"", "public_url", "must be set");
}

#[test]
fn a_network_says_what_it_needs() {
    for key in ["kind", "providers", "account"] {
        assert_problem("[networks.bitcoin]", &format!("networks.bitcoin.{key}"), "is missing");
    }
    assert_eq!(read(&bitcoin("")).unwrap().networks["bitcoin"].finality, Finality::Confirmations(2));
    assert_problem(&bitcoin("kind2 = 1"), "networks.bitcoin.kind2", "did you mean kind?");
    assert_problem(&bitcoin("chain = \"moon\""), "networks.bitcoin.chain", "must be one of mainnet");
    assert_problem(&bitcoin("chain_id = 1"), "networks.bitcoin.chain_id", "no such key");
    assert_problem(&bitcoin("confirmations = 0"), "networks.bitcoin.confirmations", "from 1 to");
    assert_problem(&bitcoin("finality = \"finalized\""), "networks.bitcoin.finality", "EVM");
    assert_problem(&bitcoin("start_index = 2147483648"), "networks.bitcoin.start_index", "from 0 to");
    assert_problem(&bitcoin("[[networks.bitcoin.tokens]]\ncode = \"X\""), "networks.bitcoin.tokens", "none");
    assert_problem(&bitcoin("chain = \"regtest\""), "networks.bitcoin.account", "network");
    assert_problem("networks = 5", "networks", "section");
}

#[test]
fn an_evm_network_has_a_chain_id_a_tag_and_tokens() {
    let token = "[[networks.polygon.tokens]]\ncode = \"USDC\"\ncontract = \"0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359\"\ndecimals = 6\n";
    let config = read(&polygon(&format!("chain_id = 31337\nfinality = \"safe\"\nstart_index = 7\n{token}"))).unwrap();
    let network = &config.networks["polygon"];
    assert_eq!(
        (network.chain.as_str(), network.finality, network.start_index),
        ("31337", Finality::Tag("safe"), Some(7))
    );
    assert_eq!(network.tokens.as_ref().unwrap().len(), 1);
    assert_problem(&polygon("finality = \"safe\"\nconfirmations = 3"), "networks.polygon.finality", "keep one");
    assert_problem(&polygon("finality = \"soon\""), "networks.polygon.finality", "finalized or safe");
    assert_problem(&polygon("chain_id = 0"), "networks.polygon.chain_id", "from 1");
    assert_problem(&polygon(&format!("{token}{token}")), "networks.polygon.tokens[1]", "twice");
    let bad = "[[networks.polygon.tokens]]\ncode = \"$\"\ncontract = \"0x12\"\ndecimals = 99\nname = 1";
    for key in ["code", "contract", "decimals", "name"] {
        assert_problem(&polygon(bad), &format!("networks.polygon.tokens[0].{key}"), "");
    }
}

/// An EVM network that does not ship.
fn gnosis(more: &str) -> String {
    format!(
        "[networks.gnosis]\nkind = \"evm\"\nproviders = [{{ rpc = \"https://rpc.example\" }}]\naccount = \"{XPUB}\"\n{more}"
    )
}

#[test]
fn any_other_evm_network_is_sold_on_when_its_chain_coin_and_finality_are_written() {
    let token = "[[networks.gnosis.tokens]]\ncode = \"USDC\"\ncontract = \"0x2a22f9c3b484c3629090FeED35F17Ff8F88f76F0\"\ndecimals = 6\n";
    let least = "chain_id = 100\ncoin = { code = \"xdai\" }\n";
    let all = "name = \"Gnosis\"\nblock_seconds = 5\nchain_id = 11297108109\nconfirmations = 20\n\
        coin = { code = \"XDAI\", name = \"xDai\", decimals = 9 }\n";
    let config = read(&gnosis(&format!("{least}finality = \"finalized\"\n{token}"))).unwrap();
    let network = &config.networks["gnosis"];
    assert_eq!((network.chain.as_str(), network.finality), ("100", Finality::Tag("finalized")));
    assert_eq!((network.facts.name.as_str(), network.facts.chain_id), ("gnosis", Some(100)));
    assert_eq!((network.coin.id.to_string().as_str(), network.coin.decimals), ("XDAI on gnosis", 18));
    let token = &network.tokens.as_ref().unwrap()[0];
    assert_eq!((token.id.to_string().as_str(), token.name.as_str()), ("USDC on gnosis", "USD Coin"));
    assert!(token.is_stablecoin && !network.coin.is_stablecoin);
    let config = read(&gnosis(all)).unwrap();
    let network = &config.networks["gnosis"];
    assert_eq!((network.chain.as_str(), network.finality), ("11297108109", Finality::Confirmations(20)));
    assert_eq!((network.facts.name.as_str(), network.facts.block_seconds), ("Gnosis", 5));
    assert_eq!((network.coin.name.as_str(), network.coin.decimals), ("xDai", 9));
}

#[test]
fn what_an_own_network_lacks_is_told_and_what_would_count_twice_is_refused() {
    let good = "chain_id = 100\ncoin = { code = \"XDAI\" }\nconfirmations = 20\n";
    assert!(read(&gnosis(good)).is_ok());
    assert_problem(&gnosis(""), "networks.gnosis", "of your own needs kind = \"evm\", chain_id, coin");
    assert_problem(&gnosis("chain_id = 100"), "networks.gnosis.coin", "is missing");
    assert_problem(&gnosis("coin = { code = \"XDAI\" }"), "networks.gnosis.chain_id", "is missing");
    assert_problem(&gnosis("coin = { code = \"XDAI\" }"), "networks.gnosis.confirmations", "is missing");
    assert_problem(&gnosis(&good.replace("100", "0")), "networks.gnosis.chain_id", "from 1");
    assert_problem(&gnosis(&good.replace("100", "137")), "networks.gnosis.chain_id", "write [networks.polygon]");
    assert_problem(&gnosis(&good.replace("XDAI", "$")), "networks.gnosis.coin.code", "currency's code");
    assert_problem(&gnosis(&good.replace("code", "cod")), "networks.gnosis.coin.cod", "did you mean code?");
    assert_problem(
        &gnosis(&good.replace("\" }", "\", decimals = 19 }")),
        "networks.gnosis.coin.decimals",
        "from 0 to 18",
    );
    assert_problem(&gnosis(&format!("{good}name = \"\"")), "networks.gnosis.name", "characters");
    assert_problem(&gnosis(&format!("{good}block_seconds = 0")), "networks.gnosis.block_seconds", "from 1");
    assert_problem(&gnosis(good).replace("evm", "tron"), "networks.gnosis", "needs kind = \"evm\"");
    assert_problem(&gnosis(good).replace("gnosis", "Gnosis"), "networks.Gnosis", "small letters");
    // These three are data of the networks that ship.
    for key in ["name = \"P\"", "coin = { code = \"POL\" }", "block_seconds = 2"] {
        assert_problem(&polygon(key), &format!("networks.polygon.{}", key.split(' ').next().unwrap()), "no such key");
    }
    let coin_as_token = "[[networks.gnosis.tokens]]\ncode = \"XDAI\"\ncontract = \"0x2a22f9c3b484c3629090FeED35F17Ff8F88f76F0\"\ndecimals = 18\n";
    assert_problem(&gnosis(&format!("{good}{coin_as_token}")), "networks.gnosis.tokens[0].code", "own coin");
    let twins = gnosis(good) + &polygon("chain_id = 100\n");
    assert_problem(&twins, "networks.polygon.chain_id", "is the chain of [networks.gnosis] too");
}

#[test]
fn providers_are_named_by_protocol_and_their_urls_are_never_repeated() {
    for bad in ["[]", "[{}]", "[{ rpc = \"https://x\" }]", "[{ core = \"secret\" }]", "[{ core = \"ftp://secret\" }]"] {
        let toml = format!("[networks.bitcoin]\nkind = \"bitcoin\"\naccount = \"{XPUB}\"\nproviders = {bad}");
        let found = problems(&toml);
        assert!(found[0].starts_with("networks.bitcoin.providers") && !found[0].contains("secret"), "{found:?}");
    }
    let config = read(&bitcoin("").replace("http://", "http://user:secret@")).unwrap();
    assert!(!format!("{config:?}").contains("secret"));
}

#[test]
fn a_private_key_is_refused_and_not_repeated() {
    let found = problems(&bitcoin("").replace(XPUB, XPRV));
    assert!(
        found[0].starts_with("networks.bitcoin.account: ") && found[0].contains("never takes a private key"),
        "{found:?}"
    );
    assert!(!found[0].contains("xprv9s21"), "{found:?}");
}

#[test]
fn a_named_file_that_is_missing_is_a_problem() {
    let error = Config::load(Some(Path::new("no-such-folder/farthing.toml"))).unwrap_err();
    assert!(error.to_string().contains("config example"), "{error}");
}

#[test]
fn rates_come_from_exchanges_and_from_the_operator() {
    let rates = read("").unwrap().rates;
    assert_eq!(rates.sources.len(), 5);
    let toml = "[rates]\nsources = [\"kraken\", { bitstamp = \"http://127.0.0.1:9/cache\" }]\nspread_percent = \"0.75\"\n\
        file = \"rates.json\"\n[rates.fixed]\nXYZ = \"0.25\"\n";
    let rates = read(toml).unwrap().rates;
    assert_eq!((rates.sources.len(), rates.spread_basis_points), (2, 75));
    assert_eq!(rates.sources[1].1.as_ref().unwrap().as_str(), "http://127.0.0.1:9/cache");
    assert_eq!(rates.fixed["XYZ"], "0.25".parse().unwrap());
    assert!(rates.file.is_some());
    assert_eq!(read("[rates]\nspread_percent = 2").unwrap().rates.spread_basis_points, 200);
    assert_problem("[rates]\nsources = [\"krakn\"]", "rates.sources[0]", "did you mean kraken?");
    assert_problem("[rates]\nsources = [\"kraken\", \"kraken\"]", "rates.sources[1]", "twice");
    assert_problem("[rates]\nsources = [{ kraken = \"ftp://x\" }]", "rates.sources[0]", "http");
    assert_problem("[rates]\nspread_percent = \"0.001\"", "rates.spread_percent", "two digits");
    assert_problem("[rates]\nspread_percent = \"21\"", "rates.spread_percent", "\"20\"");
    assert_problem("[rates.fixed]\nBTC = \"0\"", "rates.fixed.BTC", "price in US dollars");
    assert_problem("[rates.fixed]\nBTC = 60000", "rates.fixed.BTC", "a text in quotes");
    assert_problem("[addresses]\nwatched_days = 7", "addresses.watched_days", "from 30");
}

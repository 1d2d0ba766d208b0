//! The native API's routes: every one, with who may call it. Nothing is mounted that is not here.

use super::route::{Route, route};

/// Every route, in the order of the documentation.
pub(super) fn routes() -> Vec<Route> {
    vec![
        route!(invoices::create, Key(InvoicesWrite)),
        route!(invoices::list, Key(InvoicesRead)),
        route!(invoices::get, Key(InvoicesRead)),
        route!(invoices::activate, Key(InvoicesWrite)),
        route!(invoices::cancel, Key(InvoicesWrite)),
        route!(addresses::create, Key(AddressesWrite)),
        route!(addresses::list, Key(AddressesRead)),
        route!(addresses::get, Key(AddressesRead)),
        route!(addresses::list_invoices, Key(AddressesRead)),
        route!(currencies::list, Public),
        route!(rates::list, Public),
        route!(events::list, Key(EventsRead)),
        route!(webhook_endpoints::create, Key(WebhooksWrite)),
        route!(webhook_endpoints::list, Key(WebhooksRead)),
        route!(webhook_endpoints::get, Key(WebhooksRead)),
        route!(webhook_endpoints::update, Key(WebhooksWrite)),
        route!(webhook_endpoints::delete, Key(WebhooksWrite)),
        route!(webhook_endpoints::rotate_secret, Key(WebhooksWrite)),
        route!(webhook_endpoints::send_test, Key(WebhooksWrite)),
        route!(webhook_endpoints::list_deliveries, Key(WebhooksRead)),
        route!(webhook_endpoints::list_attempts, Key(WebhooksRead)),
        route!(webhook_endpoints::redeliver, Key(WebhooksWrite)),
        route!(test_mode::pay, TestKey(InvoicesWrite)),
        route!(test_mode::pay_address, TestKey(AddressesWrite)),
        route!(test_mode::play, TestKey(InvoicesWrite)),
        route!(test_mode::mine, TestKey(InvoicesWrite)),
        route!(test_mode::reorganise, TestKey(InvoicesWrite)),
        route!(test_mode::advance_clock, TestKey(InvoicesWrite)),
    ]
}

/// The resources directly below the prefix.
const RESOURCES: [&str; 7] = ["invoices", "addresses", "currencies", "rates", "events", "webhook-endpoints", "test"];

/// The longest part of a path that is repeated: an id. Keys are longer.
const PART_SHOWN_MAX: usize = 36;

/// What somebody meant who left out a part of the base, gave one twice, or ended with a slash: `/v1/invoices`.
pub(super) fn meant(path: &str) -> Option<String> {
    let bare = path.trim_matches('/');
    let rest = ["api/v1/v1/", "api/api/v1/", "api/v1/", "api/", "v1/", ""]
        .iter()
        .find_map(|prefix| bare.strip_prefix(prefix))?;
    let resource = rest.split('/').next().unwrap_or_default();
    let is_known = RESOURCES.contains(&resource) && format!("/api/v1/{rest}") != path;
    // An id in a path is the caller's own; a path that is not plain, or has what may be a key, is not repeated.
    let is_plain = rest.split('/').all(|part| part.len() <= PART_SHOWN_MAX)
        && rest.len() <= 100
        && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_/".contains(&byte));
    (is_known && is_plain).then(|| format!("/v1/{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_route_is_there_once_and_its_resource_is_known() {
        let mut seen = BTreeSet::new();
        for route in routes() {
            let method = format!("{:?}", route.filter);
            assert!(seen.insert((method, route.path.clone())), "{}", route.path);
            let resource = route.path.strip_prefix("/api/v1/").unwrap().split('/').next().unwrap().to_owned();
            assert!(RESOURCES.contains(&resource.as_str()), "{resource}");
        }
    }

    #[test]
    fn who_leaves_out_a_part_of_the_base_is_told_the_right_one() {
        for (sent, meant_path) in [
            ("/v1/invoices", Some("/v1/invoices")),
            ("/api/invoices/abc", Some("/v1/invoices/abc")),
            ("/invoices", Some("/v1/invoices")),
            ("/api/v1/v1/invoices", Some("/v1/invoices")),
            ("/api/api/v1/rates", Some("/v1/rates")),
            ("/api/v1/invoices/", Some("/v1/invoices")),
            ("/api/v1/invoices/x/y", None),
            ("/v1/charge", None),
            ("/", None),
            ("/v1/invoices/<script>", None),
            (
                "/v1/invoices/01a1fe1a-b96d-7000-9c10-4ac1eec9dca9",
                Some("/v1/invoices/01a1fe1a-b96d-7000-9c10-4ac1eec9dca9"),
            ),
            ("/v1/invoices/sk_test_0000000000000000000000000000000000000000000000000000000000000000", None),
        ] {
            assert_eq!(meant(sent).as_deref(), meant_path, "{sent}");
        }
    }
}

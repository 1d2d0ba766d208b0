//! What every database must do: one suite, expanded by [`suite`] for each of them.
//!
//! A second database is a second implementation run through the same rules. Each rule gets a fresh, empty store.

mod concerns;
mod dialects;
#[expect(clippy::arithmetic_side_effects, reason = "the numbers of these rules are small")]
mod rows;
mod set_aside;
mod static_addresses;
mod surpluses;

use crate::{OpenAs, Store, Threads};
use farthing_domain::{
    catalog::Catalog,
    decimal::Decimal,
    id::{Environment, InvoiceId, MerchantId, Owner},
    invoice::{Choice, Invoice, NewInvoice, Source, Terms},
    money::Amount,
    policy::{Dialect, Policy},
    price::Price,
    quote::Quote,
    time::Timestamp,
};
use std::{future::Future, path::Path};
use uuid::Uuid;

/// Runs every rule over the stores that `$open` makes.
macro_rules! suite {
    ($database:ident, $open:expr) => {
        mod $database {
            crate::conformance::rules!($open;
                rows:
                    an_invoice_is_read_back_as_it_was_written
                    a_failed_decision_leaves_nothing_behind
                    a_panicking_decision_leaves_nothing_behind_and_harms_no_other
                    an_idempotency_key_is_used_once
                    another_owner_s_invoice_is_not_there
                    events_are_numbered_without_gaps_per_owner
                    an_event_reaches_every_endpoint_that_subscribed
                    an_address_is_bound_once
                    an_index_never_goes_back
                    a_payment_belongs_to_one_invoice
                    payments_are_found_by_stage_and_height
                    due_invoices_come_in_the_order_of_their_time
                    due_deliveries_come_with_their_bytes_in_the_order_of_their_time
                    a_delivery_that_was_changed_in_the_meantime_is_not_overwritten
                    deliveries_are_listed_newest_first_whether_they_wait_or_have_ended
                    a_deleted_endpoint_gets_nothing_more
                    ranges_are_cut_and_joined_without_hiding_a_gap
                    lists_page_newest_first_and_filter;
                concerns:
                    a_concern_is_kept_with_its_first_moment_until_it_is_cleared;
                dialects:
                    a_credential_is_found_by_its_dialect_and_hash_until_it_is_revoked
                    numbers_are_counted_for_each_owner_and_dialect
                    a_name_and_a_thing_are_bound_once
                    a_host_of_callbacks_is_one_endpoint_that_the_native_api_does_not_see;
                set_aside:
                    what_waits_says_where_payments_are_as_if_it_were_recorded
                    what_says_nothing_new_is_not_set_aside_again
                    an_invoice_of_which_something_waits_is_not_locked
                    what_met_something_altered_leaves_nothing_and_what_was_done_beside_it_stays;
                static_addresses:
                    a_permanent_address_is_read_back_as_it_was_written
                    an_address_key_is_used_once_by_each_dialect_of_an_owner
                    a_key_of_a_native_address_is_no_invoice_s
                    an_address_is_bound_to_an_invoice_or_to_a_permanent_address
                    deposits_are_counted_once_and_what_was_received_follows_them_exactly
                    a_known_transfer_stays_with_its_invoice
                    lists_of_addresses_and_of_their_invoices_page_newest_first_and_filter;
                surpluses:
                    a_surplus_is_kept_with_its_first_moment_until_it_is_cleared
                    live_money_is_expected_while_a_live_invoice_has_not_come_to_rest;
            );
        }
    };
}

macro_rules! rules {
    ($open:expr; $($subject:ident: $($rule:ident)*;)*) => {
        $($(
            #[test]
            fn $rule() {
                let folder = tempfile::tempdir().unwrap();
                let open: fn(&std::path::Path) -> crate::Store = $open;
                crate::conformance::block_on(crate::conformance::$subject::$rule(open(folder.path())));
            }
        )*)*
    };
}

pub(crate) use rules;

suite!(sqlite, crate::conformance::sqlite_on_its_threads);
suite!(sqlite_inline, crate::conformance::sqlite_in_the_calling_task);

fn sqlite_on_its_threads(folder: &Path) -> Store {
    Store::open(folder, OpenAs::Server, Threads::Own).unwrap()
}

fn sqlite_in_the_calling_task(folder: &Path) -> Store {
    Store::open(folder, OpenAs::Server, Threads::Inline).unwrap()
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// A moment, in seconds.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

/// An id that sorts by its number.
fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// A merchant's owner in an environment.
pub(crate) fn owner(merchant: u128, environment: Environment) -> Owner {
    Owner { merchant: MerchantId(id(merchant)), environment }
}

/// An invoice for 0.5 BTC, due at second 1800, for the owner.
pub(crate) fn invoice(number: u128, owner: Owner) -> Invoice {
    let catalog = Catalog::shipped();
    let asset = catalog.resolve("BTC", None).unwrap();
    let due = Amount::parse(asset, "0.5").unwrap();
    let quote =
        Quote { due, step: 1, rate: None, address: format!("tb1q{number}"), made_at: at(0), ends_at: Some(at(1800)) };
    let new = NewInvoice {
        id: InvoiceId(id(number)),
        owner,
        policy: Policy::of(Dialect::Native),
        source: Source::Api(Dialect::Native),
        token: format!("{number:032x}"),
        terms: Terms {
            price: Price::Asset(due),
            choice: Choice::Fixed(asset.id),
            is_deferred: false,
            tolerance: Decimal::ZERO,
            window_seconds: None,
            description: Some("tea".to_owned()),
            external_id: Some(format!("order-{number}")),
            idempotency_key: Some(format!("key-{number}")),
            metadata: r#"{"a":1}"#.to_owned(),
            redirect_url: None,
            customer_email: None,
            coins: Vec::new(),
            foreign: None,
        },
        quote: Some(quote),
    };
    Invoice::open(new, at(0)).0
}

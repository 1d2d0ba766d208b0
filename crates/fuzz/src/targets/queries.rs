//! Query strings and ids in paths.

use super::text;
use crate::Target;
use farthing_dialects::native::forms::{EventsQuery, LIMIT_MAX, ListQuery, PageQuery, PublicQuery, parse_id};

/// All queries of the native API.
pub(super) const QUERIES: Target = Target {
    name: "queries",
    feed,
    seeds: &[
        b"",
        b"limit=20&offset=0",
        b"limit=1000000000&offset=1000000000000",
        b"status=paid,pending&currency=BTC&external_id=a%20b",
        b"after=18446744073709551616",
        b"after=7&limit=100",
        b"environment=live&currency=USDT",
        b"limit=%ff&limit=1",
        b"status[]=paid",
        b"01a1fe1a-b96d-7000-9c10-4ac1eec9dca9",
        b"{01a1fe1a-b96d-7000-9c10-4ac1eec9dca9}",
        b"01a1fe1ab96d70009c104ac1eec9dca9",
    ],
};

fn feed(bytes: &[u8]) {
    let text = text(bytes);
    if let Ok(page) = PageQuery::parse(text) {
        assert!((1..=LIMIT_MAX).contains(&page.limit));
        assert_eq!(PageQuery::parse(&format!("limit={}&offset={}", page.limit, page.offset)).ok(), Some(page));
    }
    assert_eq!(ListQuery::parse(text).ok(), ListQuery::parse(text).ok());
    drop(EventsQuery::parse(text));
    drop(PublicQuery::parse(text, None));
    if let Ok(id) = parse_id(text) {
        assert!(id.to_string().eq_ignore_ascii_case(text), "{text:?} is read as {id}");
    }
}

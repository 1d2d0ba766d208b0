//! Filters, order and paging of txn.pro's lists (B.4.6): `page` and `per_page`, not JSON:API's `page[number]`.

use super::errors::Errors;
use farthing_domain::time::Timestamp;
use serde_json::{Value, json};
use url::form_urlencoded;

/// Items of a page where the query does not say (B.14).
const PER_PAGE_DEFAULT: u32 = 20;
/// Items of a page at the most; more are not refused (B.14).
const PER_PAGE_MAX: u32 = 100;
/// The last page that can be asked for.
const PAGE_MAX: u32 = 1_000_000;
/// The longest value, in characters.
const VALUE_CHARACTERS_MAX: usize = 255;

/// What a list was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListQuery {
    /// With this reference.
    pub reference: Option<String>,
    /// Created then or later.
    pub created_from: Option<Timestamp>,
    /// Created then or before.
    pub created_to: Option<Timestamp>,
    /// Oldest first; otherwise newest first.
    pub is_oldest_first: bool,
    /// The part of the list.
    pub paging: Paging,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paging {
    /// From 1; `None` where the query did not say, which means the first.
    page: Option<u32>,
    /// Items of a page.
    per_page: u32,
}

impl Paging {
    /// At most so many items.
    #[must_use]
    pub const fn limit(&self) -> u32 {
        self.per_page
    }

    /// After so many items.
    #[must_use]
    pub fn offset(&self) -> u64 {
        let before = u64::from(self.page.unwrap_or(1)).saturating_sub(1);
        before.saturating_mul(u64::from(self.per_page))
    }

    /// `meta`: the pages as texts, the total as a number.
    #[must_use]
    pub fn meta(&self, total: u64) -> Value {
        json!({
            "page": self.page.map(|page| page.to_string()),
            "per_page": self.per_page.to_string(),
            "total": total,
        })
    }
}

impl ListQuery {
    /// Reads a query string. Unknown parameters mean nothing; nothing that is documented is left unread.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(query: &str) -> Result<Self, Errors> {
        let mut errors = Errors::default();
        let mut sent = |name: &str| sent(query, name, &mut errors);
        let (order, order_type) = (sent("order"), sent("order_type"));
        let (page, per_page) = (sent("page"), sent("per_page"));
        let (reference, from, to) = (sent("reference"), sent("created_at_from"), sent("created_at_to"));
        if order.is_some_and(|order| order != "created_at") {
            errors.invalid("order", "must be created_at");
        }
        let is_oldest_first = match order_type.as_deref() {
            Some("asc") => true,
            None | Some("desc") => false,
            Some(_) => {
                errors.invalid("order_type", "must be asc or desc");
                false
            }
        };
        let page = page.and_then(|text| number(&text, "page", &mut errors));
        let per_page = per_page.and_then(|text| number(&text, "per_page", &mut errors));
        let per_page = per_page.unwrap_or(PER_PAGE_DEFAULT).min(PER_PAGE_MAX);
        let list = Self {
            reference,
            created_from: from.and_then(|text| moment(&text, "created_at_from", &mut errors)),
            created_to: to.and_then(|text| moment(&text, "created_at_to", &mut errors)),
            is_oldest_first,
            paging: Paging { page, per_page },
        };
        errors.or(Some(list))
    }
}

/// A parameter's first value; an empty one is absent.
fn sent(query: &str, name: &str, errors: &mut Errors) -> Option<String> {
    let (_, value) = form_urlencoded::parse(query.as_bytes()).find(|(known, _)| known == name)?;
    if value.chars().count() > VALUE_CHARACTERS_MAX || value.contains(['\0', char::REPLACEMENT_CHARACTER]) {
        errors.invalid(name, format!("must be a text of at most {VALUE_CHARACTERS_MAX} characters"));
        return None;
    }
    (!value.is_empty()).then(|| value.into_owned())
}

fn number(text: &str, name: &str, errors: &mut Errors) -> Option<u32> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse::<u32>().ok().filter(|number| is_plain && (1..=PAGE_MAX).contains(number));
    if number.is_none() {
        errors.invalid(name, format!("must be an integer from 1 to {PAGE_MAX}"));
    }
    number
}

/// A date with a time; without an offset in UTC. A plus that was sent as it is arrives as a blank.
fn moment(text: &str, name: &str, errors: &mut Errors) -> Option<Timestamp> {
    let text = text.trim().replace(' ', "+");
    let exact = text.parse::<jiff::Timestamp>().ok();
    let in_utc = || {
        let civil = text.contains(['T', 't']).then(|| text.parse::<jiff::civil::DateTime>().ok())??;
        civil.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    };
    let found = exact.or_else(in_utc).map(|at| Timestamp::from_milliseconds(at.as_millisecond()));
    if found.is_none() {
        errors.invalid(name, "must be a date and time such as 2026-03-01T12:00:00Z");
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b_14_defaults_and_the_largest_page() {
        let list = ListQuery::parse("").unwrap();
        assert_eq!((list.paging.limit(), list.paging.offset(), list.is_oldest_first), (20, 0, false));
        assert_eq!(list.paging.meta(7), json!({ "page": null, "per_page": "20", "total": 7 }));
        let list = ListQuery::parse("page=3&per_page=500&order=created_at&order_type=asc").unwrap();
        assert_eq!((list.paging.limit(), list.paging.offset(), list.is_oldest_first), (100, 200, true));
        assert_eq!(list.paging.meta(7), json!({ "page": "3", "per_page": "100", "total": 7 }));
    }

    #[test]
    fn b_4_6_moments_in_any_offset() {
        let from = |text: &str| ListQuery::parse(&format!("created_at_from={text}")).unwrap().created_from;
        let expected = Some(Timestamp::from_seconds(1_772_366_400));
        for text in [
            "2026-03-01T12:00:00Z",
            "2026-03-01T12:00:00.000Z",
            "2026-03-01T13:00:00%2B01:00",
            "2026-03-01T13:00:00+01:00",
            "2026-03-01T12:00:00",
        ] {
            assert_eq!(from(text), expected, "{text}");
        }
    }

    #[test]
    fn what_means_nothing_is_refused() {
        for query in [
            "order=amount",
            "order_type=down",
            "page=0",
            "page=x",
            "per_page=-1",
            "created_at_to=yesterday",
            "created_at_to=2026-03-01",
        ] {
            assert_eq!(ListQuery::parse(query).unwrap_err().status(), 422, "{query}");
        }
    }
}

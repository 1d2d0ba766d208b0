//! The envelopes around every answer (contract, section 2).

use serde::Serialize;
use utoipa::ToSchema;

/// About an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Meta {
    /// Names this request in the server's log; quote it when something is wrong.
    #[schema(example = "req_0197f6a2c1d24b7e")]
    pub request_id: String,
}

/// A successful answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Data<T> {
    /// What was asked for.
    pub data: T,
    /// About the answer.
    pub meta: Meta,
}

impl<T> Data<T> {
    /// Wraps `data`.
    #[must_use]
    pub fn new(data: T, request_id: impl Into<String>) -> Self {
        Self { data, meta: Meta { request_id: request_id.into() } }
    }
}

/// A part of a list, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct List<T> {
    /// The items.
    pub data: Vec<T>,
    /// About the answer.
    pub meta: ListMeta,
}

/// About a part of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ListMeta {
    /// Names this request in the server's log.
    #[schema(example = "req_0197f6a2c1d24b7e")]
    pub request_id: String,
    /// Which part of the list this is.
    pub pagination: Pagination,
}

/// Which part of a list an answer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Pagination {
    /// How many items the whole list has.
    #[schema(example = 41)]
    pub total: u64,
    /// How many were asked for at most.
    #[schema(example = 20)]
    pub limit: u32,
    /// How many were skipped.
    #[schema(example = 0)]
    pub offset: u64,
    /// Whether the list goes on.
    #[schema(example = true)]
    pub has_more: bool,
}

impl<T> List<T> {
    /// Wraps the items that were found at `page` of a list of `total`.
    #[must_use]
    pub fn new(data: Vec<T>, page: super::forms::PageQuery, total: u64, request_id: impl Into<String>) -> Self {
        let shown = u64::try_from(data.len()).unwrap_or(u64::MAX);
        let pagination = Pagination {
            total,
            limit: page.limit,
            offset: page.offset,
            has_more: page.offset.saturating_add(shown) < total,
        };
        Self { data, meta: ListMeta { request_id: request_id.into(), pagination } }
    }
}

/// A part of the event feed, ascending.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Feed {
    /// The events after the one that was named.
    pub data: Vec<super::events::EventItem>,
    /// About the answer.
    pub meta: FeedMeta,
}

/// About a part of the event feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FeedMeta {
    /// Names this request in the server's log.
    #[schema(example = "req_0197f6a2c1d24b7e")]
    pub request_id: String,
    /// Pass it as `after` to read on; the same number again while there is nothing new.
    #[schema(example = 20)]
    pub next_after: u64,
    /// Whether there are more events now.
    pub has_more: bool,
}

impl Feed {
    /// Wraps the events that follow `after`.
    #[must_use]
    pub fn new(data: Vec<super::events::EventItem>, after: u64, has_more: bool, request_id: impl Into<String>) -> Self {
        let next_after = data.last().map_or(after, |item| item.sequence);
        Self { data, meta: FeedMeta { request_id: request_id.into(), next_after, has_more } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::native::forms::PageQuery;

    #[test]
    fn section_2_the_list_envelope() {
        let list = List::new(vec!["a", "b"], PageQuery { limit: 2, offset: 4 }, 7, "req_1");
        let expected = serde_json::json!({
            "data": ["a", "b"],
            "meta": { "request_id": "req_1", "pagination": { "total": 7, "limit": 2, "offset": 4, "has_more": true } },
        });
        assert_eq!(serde_json::to_value(list).unwrap(), expected);
        assert!(!List::new(vec!["a"], PageQuery { limit: 2, offset: 6 }, 7, "req_1").meta.pagination.has_more);
    }

    #[test]
    fn an_empty_feed_stays_where_it_was() {
        assert_eq!(Feed::new(Vec::new(), 12, false, "req_1").meta.next_after, 12);
    }
}

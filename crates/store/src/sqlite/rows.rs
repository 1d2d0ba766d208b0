//! Between columns and values: ids, moments, JSON.

use crate::error::StoreError;
use farthing_domain::{id::Environment, time::Timestamp};
use rusqlite::Row;
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

/// An environment's number in a row.
pub(crate) const fn environment_number(environment: Environment) -> i64 {
    match environment {
        Environment::Live => 0,
        Environment::Test => 1,
    }
}

/// The environment of a row.
pub(crate) fn environment_of(number: i64) -> Result<Environment, StoreError> {
    match number {
        0 => Ok(Environment::Live),
        1 => Ok(Environment::Test),
        other => Err(StoreError::Corrupt(format!("environment {other}"))),
    }
}

/// An id column.
pub(crate) fn uuid(row: &Row<'_>, column: &str) -> Result<Uuid, StoreError> {
    let bytes: [u8; 16] = row.get(column)?;
    Ok(Uuid::from_bytes(bytes))
}

/// An id column that may be null.
pub(crate) fn uuid_or_null(row: &Row<'_>, column: &str) -> Result<Option<Uuid>, StoreError> {
    Ok(row.get::<_, Option<[u8; 16]>>(column)?.map(Uuid::from_bytes))
}

/// A moment's column.
pub(crate) fn timestamp(row: &Row<'_>, column: &str) -> Result<Timestamp, StoreError> {
    Ok(Timestamp::from_milliseconds(row.get(column)?))
}

/// A moment's column that may be null.
pub(crate) fn timestamp_or_null(row: &Row<'_>, column: &str) -> Result<Option<Timestamp>, StoreError> {
    Ok(row.get::<_, Option<i64>>(column)?.map(Timestamp::from_milliseconds))
}

/// A height's column.
pub(crate) fn height(row: &Row<'_>, column: &str) -> Result<u64, StoreError> {
    number(row.get(column)?, column)
}

/// A number that is never negative.
pub(crate) fn number<T: TryFrom<i64>>(value: i64, what: &str) -> Result<T, StoreError> {
    T::try_from(value).map_err(|_| StoreError::Corrupt(format!("{what} {value}")))
}

/// A height or count as a column holds it.
pub(crate) fn signed(value: u64) -> Result<i64, StoreError> {
    i64::try_from(value).map_err(|_| StoreError::Corrupt(format!("number {value}")))
}

/// A JSON column.
pub(crate) fn json<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> Result<T, StoreError> {
    let text = row.get_ref(column)?.as_str().map_err(|error| StoreError::Corrupt(format!("{column}: {error}")))?;
    from_json(text, column)
}

/// A value from JSON text.
pub(crate) fn from_json<T: DeserializeOwned>(text: &str, what: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Corrupt(format!("{what}: {error}")))
}

/// A value as JSON text.
pub(crate) fn to_json<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Corrupt(error.to_string()))
}

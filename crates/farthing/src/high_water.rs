//! The high-water marks: how far each account's addresses may have been handed out, kept in a file beside the database.
//!
//! A restored database is older than its backup's later life: addresses were handed out that it does not know. Marks are written
//! ahead of what they stand for, outside of the database and in the log, so that `restore` can skip beyond them. Beside each stands
//! the next index as the database had it: a database with a lower one is an old copy, and the server skips ahead by itself.

use anyhow::Context;
use farthing_domain::id::Environment;
use farthing_gateway::account_use::Reserved;
use serde_json::{Map, Value, json};
use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// The file in the data folder.
pub(crate) const FILE_NAME: &str = "high-water.json";
/// Marks are multiples of this, and at least this far ahead of the next index.
const STEP: u32 = 1000;

/// An account in an environment.
pub(crate) type Key = (Environment, Vec<u8>);

/// What the file says of one account.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Entry {
    mark: u32,
    /// The next index as the database had it; `None` in files of older versions.
    seen: Option<u32>,
}

/// How far each account's indexes are reserved.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Marks(BTreeMap<Key, Entry>);

impl Marks {
    /// Reads the marks of a data folder; none where there is no file.
    ///
    /// # Errors
    /// When the file cannot be read: not knowing is not the same as none.
    pub(crate) fn read(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join(FILE_NAME);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error).with_context(|| format!("{} cannot be read", path.display())),
        };
        let map: Map<String, Value> = serde_json::from_str(&text).with_context(|| damaged(&path))?;
        let mut marks = BTreeMap::new();
        for (key, value) in &map {
            let read = || {
                let (environment, account) = key.split_once(':')?;
                Some(((environment.parse().ok()?, hex::decode(account).ok()?), entry(value)?))
            };
            let (key, mark) = read().with_context(|| format!("{}; this is wrong: {key}", damaged(&path)))?;
            marks.insert(key, mark);
        }
        Ok(Self(marks))
    }

    /// Every mark.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Key, u32)> {
        self.0.iter().map(|(key, entry)| (key, entry.mark))
    }

    /// What is reserved of an account.
    pub(crate) fn of(&self, key: &Key) -> Option<Reserved> {
        self.0.get(key).map(|entry| Reserved { mark: entry.mark, seen: entry.seen })
    }

    /// Keeps an account's next index, and moves its mark ahead when that comes near. Answers the new mark.
    pub(crate) fn raise(&mut self, key: Key, next_index: u32) -> Option<u32> {
        let wanted = next_index.saturating_add(STEP).next_multiple_of(STEP);
        let entry = self.0.entry(key).or_default();
        entry.seen = entry.seen.max(Some(next_index));
        (entry.mark < next_index.saturating_add(STEP)).then(|| {
            entry.mark = wanted;
            wanted
        })
    }

    /// Writes the marks durably: whole, or as they were.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let entries = self.0.iter().map(|((environment, account), entry)| {
            (format!("{environment}:{}", hex::encode(account)), json!({"mark": entry.mark, "seen": entry.seen}))
        });
        let text = Value::Object(entries.collect()).to_string();
        let (path, partial) = (folder.join(FILE_NAME), folder.join("high-water.partial"));
        let write = || {
            let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&partial)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&partial, &path)?;
            File::open(folder)?.sync_all()
        };
        write().with_context(|| format!("{} cannot be written", path.display()))
    }
}

/// What an operator can do: nothing that stands in the database tells what the file told.
fn damaged(path: &Path) -> String {
    format!(
        "{} is damaged: it says how far addresses were handed out. Bring it back from a backup; if the database beside it is surely the latest, remove it",
        path.display()
    )
}

/// A bare number is a mark as older versions wrote it.
fn entry(value: &Value) -> Option<Entry> {
    let number = |value: &Value| u32::try_from(value.as_u64()?).ok();
    if let Some(mark) = number(value) {
        return Some(Entry { mark, seen: None });
    }
    let seen = match value.get("seen")? {
        Value::Null => None,
        seen => Some(number(seen)?),
    };
    Some(Entry { mark: number(value.get("mark")?)?, seen })
}

/// The marks and the folder that they are kept in. One task at a time changes them.
pub(crate) struct Kept {
    folder: PathBuf,
    marks: Marks,
}

impl Kept {
    /// The marks of a data folder.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub(crate) fn open(folder: &Path) -> anyhow::Result<Self> {
        Ok(Self { folder: folder.to_owned(), marks: Marks::read(folder)? })
    }

    /// What is reserved of an account.
    pub(crate) fn of(&self, key: &Key) -> Option<Reserved> {
        self.marks.of(key)
    }

    /// Keeps accounts' next indexes and moves marks ahead where needed. Marks that moved are on disk when this answers; next
    /// indexes alone may wait for `writes_all`.
    ///
    /// # Errors
    /// When the disk fails; then nothing has changed.
    pub(crate) async fn raise(&mut self, next: Vec<(Key, u32)>, writes_all: bool) -> anyhow::Result<()> {
        let mut raised = self.marks.clone();
        let mut has_moved = false;
        for (key, next) in next {
            let (environment, account) = (key.0, hex::encode(&key.1));
            if let Some(mark) = raised.raise(key, next) {
                has_moved = true;
                tracing::info!(%environment, account, next, mark, "addresses of an account are reserved up to this index");
            }
        }
        if raised != self.marks && (has_moved || writes_all) {
            let (written, folder) = (raised.clone(), self.folder.clone());
            tokio::task::spawn_blocking(move || written.write(&folder)).await??;
            self.marks = raised;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_stays_ahead_of_what_was_handed_out_and_is_seldom_written() {
        let key = (Environment::Test, vec![1, 2]);
        let mut marks = Marks::default();
        assert_eq!(marks.raise(key.clone(), 0), Some(1000));
        assert_eq!(marks.raise(key.clone(), 0), None);
        assert_eq!(marks.raise(key.clone(), 1), Some(2000));
        assert_eq!(marks.raise(key.clone(), 999), None);
        assert_eq!(marks.raise(key.clone(), 1001), Some(3000));
        assert_eq!(marks.of(&key), Some(Reserved { mark: 3000, seen: Some(1001) }));
    }

    #[test]
    fn marks_are_read_back_and_damage_is_told() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Marks::read(folder.path()).unwrap(), Marks::default());
        let mut marks = Marks::default();
        marks.raise((Environment::Live, vec![0xab; 16]), 5);
        marks.raise((Environment::Test, vec![0xcd; 16]), 5000);
        marks.write(folder.path()).unwrap();
        assert_eq!(Marks::read(folder.path()).unwrap(), marks);
        fs::write(folder.path().join(FILE_NAME), "{\"live:ab\":7000}").unwrap();
        let old = Marks::read(folder.path()).unwrap().of(&(Environment::Live, vec![0xab]));
        assert_eq!(old, Some(Reserved { mark: 7000, seen: None }));
        fs::write(folder.path().join(FILE_NAME), "{\"live:zz\":1}").unwrap();
        assert!(Marks::read(folder.path()).is_err());
    }
}

//! What was done to a folder's files, as `shim.c` recorded it, and what a disk may hold after a cut at any moment of it.
//!
//! The rules of the disk: what was synced stays. Of what was written since, each sector of 512 bytes may be there or not, in any
//! order. A file's size may be any that it had since its last sync, what was never written reads as zeros. A new, renamed or
//! removed name may be there or not until its folder is synced: all of them up to some moment, or each for itself.

use super::chance::Chance;
use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::Path,
    sync::Arc,
};

const SECTOR: usize = 512;
/// The bytes in front of each record's own.
const HEAD: usize = 21;
/// The kind of a record that is no change: something was acknowledged to a shop.
pub(super) const ACKNOWLEDGED: u8 = b'A';

/// One record.
pub(super) struct Record {
    pub(super) kind: u8,
    inode: u64,
    number: u64,
    pub(super) bytes: Vec<u8>,
}

/// Reads a whole record file.
pub(super) fn read(path: &Path) -> Vec<Record> {
    let all = fs::read(path).unwrap();
    let mut rest = all.as_slice();
    let mut records = Vec::new();
    while let Some((head, after)) = rest.split_at_checked(HEAD) {
        let long = |at: usize| u64::from_le_bytes(head[at..at + 8].try_into().unwrap());
        let length = usize::try_from(u32::from_le_bytes(head[17..21].try_into().unwrap())).unwrap();
        let (bytes, after) = after.split_at(length);
        records.push(Record { kind: head[0], inode: long(1), number: long(9), bytes: bytes.to_vec() });
        rest = after;
    }
    assert!(rest.is_empty(), "the record ends in the middle of one");
    records
}

/// A record of an acknowledgement, as it is appended.
pub(super) fn acknowledgement(text: &str) -> Vec<u8> {
    let mut record = vec![0; HEAD];
    record[0] = ACKNOWLEDGED;
    record[17..21].copy_from_slice(&u32::try_from(text.len()).unwrap().to_le_bytes());
    record.extend_from_slice(text.as_bytes());
    record
}

/// Which syncs reach the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Syncs {
    /// All, as `PRAGMA synchronous = FULL` makes them.
    Full,
    /// Those that `NORMAL` would make: the log's only when a checkpoint follows. A control.
    Normal,
    /// None, as with `OFF`. A control.
    Off,
}

/// A file's content: what is surely there, and what was done to it since.
#[derive(Default, Clone)]
struct Contents {
    synced: Arc<Vec<u8>>,
    /// As the program sees it.
    current: Vec<u8>,
    /// Of each sector that was written since the sync, what it held after each write.
    written: BTreeMap<usize, Vec<Vec<u8>>>,
    /// The sizes that it had since.
    sizes: Vec<usize>,
}

impl Contents {
    fn write(&mut self, offset: usize, bytes: &[u8]) {
        let end = offset + bytes.len();
        if end > self.current.len() {
            self.current.resize(end, 0);
            self.sizes.push(end);
        }
        self.current[offset..end].copy_from_slice(bytes);
        for sector in offset / SECTOR..end.div_ceil(SECTOR) {
            let held = &self.current[sector * SECTOR..self.current.len().min((sector + 1) * SECTOR)];
            self.written.entry(sector).or_default().push(held.to_vec());
        }
    }

    fn truncate(&mut self, size: usize) {
        self.current.resize(size, 0);
        self.sizes.push(size);
    }

    fn sync(&mut self) {
        if self.written.is_empty() && self.sizes.is_empty() {
            return;
        }
        self.synced = Arc::new(self.current.clone());
        self.written.clear();
        self.sizes.clear();
    }

    /// What a cut may leave.
    fn after_a_cut(&self, chance: &mut Chance) -> Vec<u8> {
        let choice = chance.below(self.sizes.len() + 1);
        let size = self.sizes.get(choice).copied().unwrap_or(self.synced.len());
        let mut left = self.synced.as_ref().clone();
        left.resize(size, 0);
        for (sector, versions) in &self.written {
            let (start, choice) = (sector * SECTOR, chance.below(versions.len() + 1));
            if let Some(version) = versions.get(choice)
                && start < size
            {
                let length = version.len().min(size - start);
                left[start..start + length].copy_from_slice(&version[..length]);
            }
        }
        left
    }
}

/// A change of the folder itself.
#[derive(Clone)]
enum Naming {
    Bound(String, usize),
    Removed(String),
    Renamed(String, String, usize),
}

fn apply(names: &mut BTreeMap<String, usize>, change: &Naming) {
    match change {
        Naming::Bound(name, file) => drop(names.insert(name.clone(), *file)),
        Naming::Removed(name) => drop(names.remove(name)),
        Naming::Renamed(from, to, file) => {
            names.remove(from);
            names.insert(to.clone(), *file);
        }
    }
}

/// The disk as it is at some moment of the record.
pub(super) struct Disk {
    syncs: Syncs,
    files: Vec<Contents>,
    /// The file of an inode's number, which is used again after a file is gone.
    by_inode: HashMap<u64, usize>,
    synced: BTreeMap<String, usize>,
    current: BTreeMap<String, usize>,
    since: Vec<Naming>,
    /// A sync of the log that counts only if a checkpoint follows (see [`Syncs::Normal`]).
    waiting: Option<usize>,
}

impl Disk {
    pub(super) fn new(syncs: Syncs) -> Self {
        Self {
            syncs,
            files: Vec::new(),
            by_inode: HashMap::new(),
            synced: BTreeMap::new(),
            current: BTreeMap::new(),
            since: Vec::new(),
            waiting: None,
        }
    }

    /// Goes on by one record.
    pub(super) fn follow(&mut self, record: &Record) {
        let number = || usize::try_from(record.number).unwrap();
        let text = || String::from_utf8(record.bytes.clone()).unwrap();
        match record.kind {
            b'C' => {
                self.files.push(Contents::default());
                let file = self.files.len() - 1;
                self.by_inode.insert(record.inode, file);
                self.name(Naming::Bound(text(), file));
            }
            b'W' => {
                let file = self.by_inode[&record.inode];
                self.settle_waiting(file);
                self.files[file].write(number(), &record.bytes);
            }
            b'T' => {
                let file = self.by_inode[&record.inode];
                self.settle_waiting(file);
                self.files[file].truncate(number());
            }
            b'S' => self.sync(self.by_inode[&record.inode]),
            b'D' if self.syncs != Syncs::Off => {
                self.synced = self.current.clone();
                self.since.clear();
            }
            b'D' | ACKNOWLEDGED => {}
            b'U' => self.name(Naming::Removed(text())),
            kind @ (b'R' | b'L') => {
                let both = text();
                let (from, to) = both.split_once('/').unwrap();
                let file = self.current[from];
                let renamed = Naming::Renamed(from.to_owned(), to.to_owned(), file);
                self.name(if kind == b'R' { renamed } else { Naming::Bound(to.to_owned(), file) });
            }
            other => panic!("a record of the unknown kind {other}"),
        }
    }

    /// What every file holds as the program sees it.
    pub(super) fn as_seen(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.current.iter().map(|(name, file)| (name.as_str(), self.files[*file].current.as_slice()))
    }

    fn name(&mut self, change: Naming) {
        apply(&mut self.current, &change);
        self.since.push(change);
    }

    fn is_log(&self, file: usize) -> bool {
        self.current.iter().any(|(name, other)| *other == file && name.ends_with("-wal"))
    }

    fn sync(&mut self, file: usize) {
        match self.syncs {
            Syncs::Full => self.files[file].sync(),
            Syncs::Normal if self.is_log(file) => self.waiting = Some(file),
            Syncs::Normal => self.files[file].sync(),
            Syncs::Off => {}
        }
    }

    /// A log that was synced, and not written before the database was: a checkpoint's sync, which `NORMAL` makes too.
    fn settle_waiting(&mut self, written: usize) {
        if let Some(log) = self.waiting.take()
            && log != written
        {
            self.files[log].sync();
        }
    }

    /// Writes what a cut at this moment may leave into a folder.
    pub(super) fn cut(&self, chance: &mut Chance, folder: &Path) {
        let mut names = self.synced.clone();
        // A journalling file system keeps changes of names in their order; others promise nothing.
        let is_journalled = chance.flip();
        let kept = chance.below(self.since.len() + 1);
        for (at, change) in self.since.iter().enumerate() {
            if if is_journalled { at < kept } else { chance.flip() } {
                apply(&mut names, change);
            }
        }
        for (name, file) in &names {
            fs::write(folder.join(name), self.files[*file].after_a_cut(chance)).unwrap();
        }
        if chance.flip() && names.contains_key("farthing.db") {
            // The index of the log is never synced: anything may be left of it.
            let rubbish: Vec<u8> = (0..4096).flat_map(|_| chance.next().to_le_bytes()).collect();
            fs::write(folder.join("farthing.db-shm"), rubbish).unwrap();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: u8, inode: u64, number: u64, bytes: &[u8]) -> Record {
        Record { kind, inode, number, bytes: bytes.to_vec() }
    }

    fn left_after(records: &[Record], syncs: Syncs) -> Vec<BTreeMap<String, Vec<u8>>> {
        let mut disk = Disk::new(syncs);
        records.iter().for_each(|record| disk.follow(record));
        let mut chance = Chance::of(7);
        let mut states = Vec::new();
        for _ in 0..200 {
            let folder = tempfile::tempdir().unwrap();
            disk.cut(&mut chance, folder.path());
            let entries = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
            let read = |path: std::path::PathBuf| {
                (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(path).unwrap())
            };
            states.push(entries.map(read).collect());
        }
        states
    }

    #[test]
    fn what_was_synced_stays_and_of_the_rest_any_sector_may() {
        let records = [
            record(b'C', 5, 0, b"a"),
            record(b'W', 5, 0, &[1; 1024]),
            record(b'S', 5, 0, b""),
            record(b'D', 0, 0, b""),
            record(b'W', 5, 0, &[2; 1024]),
        ];
        let mut seen: Vec<(u8, u8)> =
            left_after(&records, Syncs::Full).iter().map(|state| (state["a"][0], state["a"][1023])).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen, [(1, 1), (1, 2), (2, 1), (2, 2)]);
        assert!(left_after(&records, Syncs::Off).iter().any(BTreeMap::is_empty));
    }

    #[test]
    fn a_renamed_file_is_one_or_the_other_until_its_folder_is_synced() {
        let mut records = vec![
            record(b'C', 1, 0, b"a"),
            record(b'D', 0, 0, b""),
            record(b'C', 2, 0, b"b"),
            record(b'W', 2, 0, b"new"),
            record(b'S', 2, 0, b""),
            record(b'R', 0, 0, b"b/a"),
        ];
        let contents =
            |records: &[Record]| left_after(records, Syncs::Full).into_iter().map(|state| state["a"].clone()).collect();
        let mut before: Vec<Vec<u8>> = contents(&records);
        before.sort();
        before.dedup();
        assert_eq!(before, [b"".to_vec(), b"new".to_vec()]);
        records.push(record(b'D', 0, 0, b""));
        let after: Vec<Vec<u8>> = contents(&records);
        assert!(after.iter().all(|content| content == b"new"));
    }
}

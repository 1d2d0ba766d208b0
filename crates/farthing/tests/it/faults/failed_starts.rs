//! Starts and restores that cannot be: each says why in words, ends with status 1, and leaves what is there as it was.

use super::{
    books::{Books, compare, subscribe},
    disks::{SmallDisk, fill},
    receiver::Receiver,
    run,
    server::Installation,
};
use crate::eventually::eventually;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// A disk that has room for an installation, and one that has none for a restore.
const DISK_KIB: usize = 4096;
const TINY_DISK_KIB: usize = 400;
/// The bytes that a full disk still has for a first command, in one attempt after the other.
const ROOMS: [usize; 5] = [0, 4096, 20_000, 60_000, 150_000];

/// What is spoiled, how, and what has to be said of it.
type Spoilt = (&'static str, Option<&'static [u8]>, &'static str);

const SPOILT: [Spoilt; 8] = [
    ("farthing.key", Some(b"too short"), "farthing.key is damaged"),
    ("farthing.key", Some(b""), "farthing.key is damaged"),
    ("farthing.key", None, "farthing.key is missing: without it no webhook can be signed"),
    ("high-water.json", Some(b"{\"test:ab\":{\"mark\":1000,"), "high-water.json is damaged: it says how far"),
    ("high-water.json", Some(b""), "high-water.json is damaged: it says how far"),
    ("high-water.json", Some(b"{\"test:ab\":\"many\"}"), "Bring it back from a backup"),
    ("high-water.json", Some(b"\xff\xfe"), "high-water.json cannot be read"),
    ("farthing.db", Some(b"no database, and long enough to be taken for one; no database"), "not a database"),
];

#[test]
fn what_is_spoiled_is_named_and_nothing_is_changed() {
    run(async {
        let installation = Installation::new();
        let receiver = Receiver::start().await;
        let server = installation.start().await;
        let endpoints = subscribe(&server, &receiver).await;
        let books = Books::default();
        books.create(&mut server.connect().await, "before").await.unwrap().expect(&[201]);
        eventually("the marks are kept", || installation.data().join("high-water.json").exists().then_some(()));
        server.terminate().await;
        for (name, bytes, said) in SPOILT {
            let path = installation.data().join(name);
            let whole = fs::read(&path).unwrap();
            match bytes {
                Some(bytes) => fs::write(&path, bytes).unwrap(),
                None => fs::remove_file(&path).unwrap(),
            }
            let before = kept(&installation.data());
            let complaint = installation.complaint(&["serve"]);
            assert!(complaint.contains(said), "{name}: {complaint}");
            assert_eq!(kept(&installation.data()), before, "{name}");
            fs::write(&path, whole).unwrap();
        }
        // A key that cannot be read at all: the superuser's rights do not help with a folder.
        let key = installation.data().join("farthing.key");
        fs::rename(&key, installation.beside("aside")).unwrap();
        fs::create_dir(&key).unwrap();
        let complaint = installation.complaint(&["serve"]);
        assert!(complaint.contains("farthing.key: "), "{complaint}");
        fs::remove_dir(&key).unwrap();
        fs::rename(installation.beside("aside"), &key).unwrap();

        let server = installation.start().await;
        compare(&server, &books, &endpoints, &receiver).await;
        installation.audit_finds_nothing();
    });
}

/// The files that are no database's own business, and their bytes.
fn kept(data: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let paths = fs::read_dir(data).unwrap().map(|entry| entry.unwrap().path());
    let is_database = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with("farthing.db");
    paths.filter(|path| !is_database(path)).map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

#[test]
fn a_server_that_finds_its_disk_full_says_so_and_starts_when_there_is_room() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let disk = SmallDisk::new(&folder.path().join("data"), DISK_KIB);
        let installation = Installation::made_in(folder, disk.surroundings());
        let receiver = Receiver::start().await;
        let server = installation.start().await;
        let endpoints = subscribe(&server, &receiver).await;
        let books = Books::default();
        books.create(&mut server.connect().await, "before").await.unwrap().expect(&[201]);
        server.terminate().await;
        let ballast = disk.file(&installation.data(), "ballast");
        fill(&ballast);
        let said = installation.complaint(&["serve"]);
        assert!(said.contains("the disk is full or failing"), "{said}");
        fs::remove_file(&ballast).unwrap();
        let server = installation.start().await;
        compare(&server, &books, &endpoints, &receiver).await;
        installation.audit_finds_nothing();
    });
}

#[test]
fn a_first_command_on_a_full_disk_leaves_nothing_that_stands_in_the_next_one_s_way() {
    let mut installation = Installation::bare();
    let disk = SmallDisk::new(&installation.data(), DISK_KIB);
    installation.surroundings = disk.surroundings();
    let (ballast, rest) = (disk.file(&installation.data(), "ballast"), disk.file(&installation.data(), "rest"));
    let first = ["merchants", "create", "Tea shop", "--json"];
    for room in ROOMS {
        fs::write(&ballast, vec![7; room]).unwrap();
        fill(&rest);
        // So much room is left that the first of it can be written.
        fs::remove_file(&ballast).unwrap();
        let said = installation.complaint(&first);
        assert!(said.contains("disk is full") || said.contains("No space left"), "{room}: {said}");
        fs::remove_file(&rest).unwrap();
    }
    installation.command(&first);
    installation.audit_finds_nothing();
}

#[test]
fn a_restore_that_fails_leaves_nothing_and_a_log_that_is_left_is_refused() {
    run(async {
        let installation = Installation::new();
        let server = installation.start().await;
        let books = Books::default();
        books.create(&mut server.connect().await, "before").await.unwrap().expect(&[201]);
        let backup = installation.beside("backup");
        let backup = backup.to_str().unwrap();
        assert!(installation.output(&["backup", backup]).status.success());
        books.create(&mut server.connect().await, "after").await.unwrap().expect(&[201]);
        server.kill();

        let mut cramped = installation.copied(|_, _| ());
        let disk = SmallDisk::new(&cramped.data(), TINY_DISK_KIB);
        cramped.surroundings = disk.surroundings();
        let said = cramped.complaint(&["restore", backup]);
        assert!(
            said.contains("cannot be copied") || said.contains("disk is full") || said.contains("No space left"),
            "{said}"
        );
        let left = fs::read_dir(disk.file(&cramped.data(), "")).unwrap();
        let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
        assert!(left.is_empty(), "{left:?}");

        // The operator takes the database away that is broken, and thinks of nothing else.
        let database = installation.data().join("farthing.db");
        let broken = fs::read(&database).unwrap();
        fs::remove_file(&database).unwrap();
        let said = installation.complaint(&["serve"]);
        assert!(said.contains("is missing, and its log"), "{said}");
        let said = installation.complaint(&["restore", backup]);
        assert!(said.contains("has a farthing.db-wal already; move it away"), "{said}");
        fs::copy(installation.beside("backup").join("farthing.db"), &database).unwrap();
        let said = installation.complaint(&["serve"]);
        assert!(said.contains("the log of another database"), "{said}");
        fs::write(&database, broken).unwrap();
        installation.start().await.kill();
        installation.audit_finds_nothing();

        for name in ["farthing.db", "farthing.db-wal"] {
            fs::remove_file(installation.data().join(name)).unwrap();
        }
        // The key that is there is the backup's own, and stays.
        installation.command(&["restore", backup]);
        installation.start().await.terminate().await;
        installation.audit_finds_nothing();
        fs::remove_file(&database).unwrap();
        fs::write(installation.data().join("farthing.key"), [7; 32]).unwrap();
        drop(fs::remove_file(installation.data().join("farthing.db-wal")));
        let said = installation.complaint(&["restore", backup]);
        assert!(said.contains("has another farthing.key already"), "{said}");
    });
}

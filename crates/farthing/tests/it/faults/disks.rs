//! Disks that are full, slow, or forget: refused clearly and gone on with, never half done.

use super::{
    books::{Books, compare, subscribe, text},
    chance::Chance,
    receiver::Receiver,
    rounds, run,
    server::{Installation, Surroundings},
    shim,
};
use farthing_domain::id::{Environment, Owner};
use farthing_store::{OpenAs, Store, Threads};
use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};
use tokio::task::JoinSet;

/// How often the disk is filled and emptied again.
const CYCLES: usize = 3;
/// The small disk: large enough for a fresh installation, and what each cycle adds.
const DISK_KIB: usize = 2048;
const CYCLE_KIB: usize = 400;
/// Requests after which a full disk must have refused one.
const REQUESTS_MAX: usize = 3000;
/// Shops that ask while a sync takes its time.
const WAITING: usize = 40;
/// Bits that are turned over, one at a time.
const BITS: usize = 60;
const INVOICES: usize = 30;
const ROWS: u32 = 1_000_000;

/// A small disk of its own, mounted where only its processes see it.
pub(super) struct SmallDisk(Child);

impl SmallDisk {
    pub(super) fn new(at: &Path, kib: usize) -> Self {
        fs::create_dir(at).unwrap();
        let mount = format!("mount -t tmpfs -o size={kib}k farthing {at:?} && echo mounted && exec cat");
        let mut holder = Command::new("unshare")
            .args(["--user", "--map-root-user", "--mount", "sh", "-c", &mount])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(holder.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "mounted\n", "a mount namespace of one's own is needed");
        Self(holder)
    }

    /// Where the processes see it.
    pub(super) fn surroundings(&self) -> Surroundings {
        let process = self.0.id().to_string();
        let words = ["nsenter", "-t", &process, "--user", "--mount", "--preserve-credentials"];
        Surroundings { starter: words.iter().map(OsString::from).collect(), variables: Vec::new() }
    }

    /// Where the test sees a file of it.
    pub(super) fn file(&self, data: &Path, name: &str) -> PathBuf {
        let inside = data.strip_prefix("/").unwrap().join(name);
        Path::new("/proc").join(self.0.id().to_string()).join("root").join(inside)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Writes until there is no room.
pub(super) fn fill(path: &Path) {
    let mut file = File::options().create(true).append(true).open(path).unwrap();
    while file.write(&[7; 4096]).is_ok_and(|written| written > 0) {}
}

#[test]
fn a_full_disk_refuses_what_it_cannot_keep_and_goes_on_when_there_is_room() {
    run(full_disks(rounds("FARTHING_DISK_CYCLES", CYCLES)));
}

async fn full_disks(cycles: usize) {
    let folder = tempfile::tempdir().unwrap();
    let disk = SmallDisk::new(&folder.path().join("data"), DISK_KIB + cycles * CYCLE_KIB);
    let installation = Installation::made_in(folder, disk.surroundings());
    let ballast = disk.file(&installation.data(), "ballast");
    let receiver = Receiver::start().await;
    let server = installation.start().await;
    let endpoints = subscribe(&server, &receiver).await;
    let books = Books::default();
    let mut connection = server.connect().await;
    let first = books.create(&mut connection, "first").await.unwrap().expect(&[201]);
    let shown = format!("/api/v1/invoices/{}", text(first.data(), "id"));
    for cycle in 0..cycles {
        let mut refused = 0;
        for number in 0..REQUESTS_MAX {
            fill(&ballast);
            let answer = books.create(&mut connection, &format!("{cycle}-{number}")).await.unwrap();
            if answer.status == 201 && number % 4 == 0 {
                books.pay(&mut connection, &text(answer.data(), "id")).await.unwrap();
            }
            refused += usize::from(answer.status == 503);
            if refused == 3 {
                break;
            }
        }
        assert_eq!(refused, 3, "the disk is full and nothing was refused");
        for path in [shown.as_str(), "/api/v1/events?after=0", "/healthz", "/readyz"] {
            connection.get(path).await.unwrap().expect(&[200]);
        }
        fs::remove_file(&ballast).unwrap();
        books.ask_again(&server).await;
    }
    let found = compare(&server, &books, &endpoints, &receiver).await;
    installation.audit_finds_nothing();
    server.terminate().await;
    println!("full disk: {cycles} cycles, {found}");
}

#[test]
fn a_sync_that_takes_seconds_delays_and_doubles_nothing() {
    run(slow_syncs());
}

async fn slow_syncs() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().canonicalize().unwrap().join("data");
    let slow = folder.path().join("slow");
    let installation =
        Installation::made_in(folder, shim::preloaded(&[("DISK_FOLDER", data), ("DISK_SLOW_MS", slow.clone())]));
    let receiver = Receiver::start().await;
    let server = installation.start().await;
    let endpoints = subscribe(&server, &receiver).await;
    let books = Books::default();
    fs::write(&slow, "2000").unwrap();
    let mut shops = JoinSet::new();
    for number in 0..WAITING {
        let (books, mut patient, mut hasty) = (books.clone(), server.connect().await, server.connect().await);
        shops.spawn(async move {
            let key = format!("slow-{number}");
            // The second asks for the same while the first still waits: both hear of one invoice, or are told to come again.
            let (first, second) = tokio::join!(books.create(&mut patient, &key), books.create(&mut hasty, &key));
            [first, second]
                .into_iter()
                .filter(|answer| answer.as_ref().is_some_and(|answer| answer.status < 300))
                .count()
        });
    }
    // Reads do not wait for the disk: this one is answered while all of those wait.
    server.connect().await.get("/api/v1/invoices?limit=1&offset=0").await.unwrap().expect(&[200]);
    let answered: usize = shops.join_all().await.into_iter().sum();
    assert_eq!(answered, 2 * WAITING, "a slow disk loses no request");
    fs::remove_file(&slow).unwrap();
    println!("slow syncs: {}", compare(&server, &books, &endpoints, &receiver).await);
    installation.audit_finds_nothing();
}

#[test]
fn a_bit_that_turned_over_is_found_or_changes_no_invoice_payment_or_event() {
    run(rot(rounds("FARTHING_ROTTEN_BITS", BITS), Chance::new("the rotten bits")));
}

async fn rot(bits: usize, mut chance: Chance) {
    let installation = Installation::new();
    let server = installation.start().await;
    let books = Books::default();
    let mut connection = server.connect().await;
    for number in 0..INVOICES {
        let answer = books.create(&mut connection, &format!("{number}")).await.unwrap().expect(&[201]);
        books.pay(&mut connection, &text(answer.data(), "id")).await.unwrap().expect(&[201]);
    }
    server.terminate().await;
    let before = stored(&installation.data()).await.unwrap();
    let whole = fs::read(installation.data().join("farthing.db")).unwrap();
    let mut outcomes: BTreeMap<&str, usize> = BTreeMap::new();
    for _ in 0..bits {
        let (at, bit) = (chance.below(whole.len()), chance.below(8));
        let rotten = installation.copied(|from, to| {
            fs::create_dir(to).unwrap();
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << bit;
            fs::write(to.join("farthing.db"), bytes).unwrap();
            fs::copy(from.join("farthing.key"), to.join("farthing.key")).unwrap();
        });
        let is_found = !rotten.output(&["audit", "--json"]).status.success();
        let after = stored(&rotten.data()).await;
        let outcome = match &after {
            _ if is_found => "found by audit",
            None => "refused when read",
            Some(after) if *after == before => "changes nothing",
            Some(_) => "silent",
        };
        *outcomes.entry(outcome).or_default() += 1;
        let differing = after.map(|after| after.differing(&before)).unwrap_or_default();
        assert_ne!(outcome, "silent", "bit {bit} of byte {at} was not seen: {differing:?}");
    }
    println!("bit rot: {bits} bits: {outcomes:?}");
}

/// What is stored of all invoices, their payments, and the events that tell of them: a line each.
#[derive(PartialEq, Eq)]
struct Stored(Vec<String>);

impl Stored {
    /// The lines that only one of the two has.
    fn differing(&self, before: &Self) -> Vec<String> {
        let only = |of: &Self, other: &Self| {
            let lines = of.0.iter().filter(|line| !other.0.contains(line));
            lines.cloned().collect::<Vec<_>>()
        };
        [only(before, self), only(self, before)].concat()
    }
}

/// `None` when it cannot be read.
async fn stored(data: &Path) -> Option<Stored> {
    let store = Store::open(data, OpenAs::Command, Threads::Inline).ok()?;
    let read = store.read(|reader| {
        let mut stored: Vec<String> =
            reader.all_invoices(None, ROWS)?.iter().map(|invoice| format!("{invoice:?}")).collect();
        for merchant in reader.merchants()? {
            let owner = Owner { merchant: merchant.id, environment: Environment::Test };
            stored.extend(reader.events(owner, 0, ROWS)?.iter().map(|event| format!("{event:?}")));
        }
        Ok(Stored(stored))
    });
    read.await.ok()
}

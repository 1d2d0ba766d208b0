//! `backup` and `restore`: the database, the key that unseals its secrets, and the marks of how far addresses were handed out.

use crate::{
    config::Config,
    high_water::{self, Key, Marks},
    installation::open_for_command,
    output,
};
use anyhow::{Context, bail};
use farthing_domain::network::Family;
use farthing_gateway::{account_use::SKIPPED, gateway::Gateway};
use farthing_store::{records::AddressRow, sealing::KEY_FILE};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, DirBuilder, File, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
    sync::Arc,
};

/// The database's file.
const DATABASE: &str = "farthing.db";
/// Addresses read at a time.
const PAGE: u32 = 10_000;

/// Copies everything that a restore needs into a new folder, while the gateway runs.
///
/// # Errors
/// When the folder exists or cannot be written.
pub(crate) async fn backup(config: &Config, to: &Path) -> anyhow::Result<()> {
    if to.exists() {
        bail!("{} exists already; a backup never overwrites", to.display());
    }
    if !config.data_dir.join(DATABASE).exists() {
        bail!("there is nothing to back up in {} (data_dir)", config.data_dir.display());
    }
    let gateway = open_for_command(config).await?;
    DirBuilder::new().mode(0o700).create(to).with_context(|| format!("{} cannot be made", to.display()))?;
    gateway.store().backup(&to.join(DATABASE))?;
    copy(&config.data_dir.join(KEY_FILE), &to.join(KEY_FILE))?;
    let marks = config.data_dir.join(high_water::FILE_NAME);
    if marks.exists() {
        copy(&marks, &to.join(high_water::FILE_NAME))?;
    }
    File::open(to)?.sync_all()?;
    Ok(output::say(&format!(
        "Copied the database and its key to {}. Keep it secret: it signs webhooks.",
        to.display()
    ))?)
}

/// Puts a backup into a data folder that has no database, and skips addresses that may have been handed out since. One that
/// fails leaves no database and nothing half made, so that it can be done again; the folder and the backup's key may be left.
///
/// # Errors
/// When the folder has a database, the log of one, or another key; when the backup is not whole; when the disk fails.
pub(crate) async fn restore(config: &Config, from: &Path) -> anyhow::Result<()> {
    let folder = &config.data_dir;
    refuse_used(folder, from)?;
    let marks = known_marks(folder, from)?;
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("{} cannot be made", folder.display()))?;
    let staging = folder.join("restoring");
    DirBuilder::new()
        .mode(0o700)
        .create(&staging)
        .with_context(|| format!("{} is left of a restore that was cut short; remove it", staging.display()))?;
    let restored = restore_by(config, from, &staging, &marks).await;
    if restored.is_err() {
        drop(fs::remove_dir_all(&staging));
    }
    for line in &restored? {
        output::say(line)?;
    }
    Ok(output::say(&format!("Restored {} into {}.", from.display(), folder.display()))?)
}

/// Refuses a backup that is not whole, and a folder that is in use or that something of another database is left in.
fn refuse_used(folder: &Path, from: &Path) -> anyhow::Result<()> {
    for name in [DATABASE, KEY_FILE] {
        if !from.join(name).exists() {
            bail!("{} has no {name}: it is not a folder that `farthing backup` made", from.display());
        }
    }
    // What is written in a log that is left would be written over the database that is put beside it.
    for name in [DATABASE, "farthing.db-wal", "farthing.db-journal"] {
        if folder.join(name).exists() {
            bail!("{} has a {name} already; move it away: restore into an empty data_dir", folder.display());
        }
    }
    let key = folder.join(KEY_FILE);
    // The same one may be left of a restore that was cut short, or of the database that was lost.
    if key.exists() && read(&key)? != read(&from.join(KEY_FILE))? {
        bail!("{} has another {KEY_FILE} already; move it away: restore into an empty data_dir", folder.display());
    }
    Ok(())
}

/// Makes the database ready in `staging`, and puts it and its key into the folder at last. Answers what was done, for the operator.
async fn restore_by(
    config: &Config,
    from: &Path,
    staging: &Path,
    marks: &BTreeMap<Key, u32>,
) -> anyhow::Result<Vec<String>> {
    let folder = &config.data_dir;
    // Apart until its accounts are moved ahead: a server that starts meanwhile finds no database.
    copy(&from.join(DATABASE), &staging.join(DATABASE))?;
    copy(&from.join(KEY_FILE), &staging.join(KEY_FILE))?;
    let staged = Config { data_dir: staging.to_owned(), ..config.clone() };
    let skipped = skip_ahead(&staged, marks).await?;
    let settled = staging.join("whole.db");
    open_for_command(&staged).await?.store().backup(&settled)?;
    // A server that was started meanwhile has made a database of its own: that one is in use, and stays.
    refuse_used(folder, from)?;
    fs::rename(staging.join(KEY_FILE), folder.join(KEY_FILE))?;
    fs::rename(&settled, folder.join(DATABASE))?;
    fs::remove_dir_all(staging)?;
    File::open(folder)?.sync_all()?;
    Ok(skipped)
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("{} cannot be read", path.display()))
}

/// The marks of the data folder, where the database was lost and they were not, and the backup's.
fn known_marks(folder: &Path, from: &Path) -> anyhow::Result<BTreeMap<Key, u32>> {
    let mut known: BTreeMap<Key, u32> = BTreeMap::new();
    for marks in [Marks::read(folder)?, Marks::read(from)?] {
        for (key, mark) in marks.iter() {
            let entry = known.entry(key.clone()).or_default();
            *entry = mark.max(*entry);
        }
    }
    Ok(known)
}

/// Moves every account beyond what may have been handed out. Answers what was done, for the operator.
async fn skip_ahead(config: &Config, marks: &BTreeMap<Key, u32>) -> anyhow::Result<Vec<String>> {
    let gateway = open_for_command(config).await?;
    let accounts = accounts(&gateway).await?;
    let keys: BTreeSet<Key> = accounts.keys().chain(marks.keys()).cloned().collect();
    let mut told = Vec::new();
    for key in keys {
        let (environment, account) = key.clone();
        let asked = account.clone();
        let next =
            gateway.store().read(move |reader| reader.next_index(environment, &asked)).await?.unwrap_or_default();
        let moved = next.max(marks.get(&key).copied().unwrap_or_default()).saturating_add(SKIPPED);
        let name = hex::encode(&account);
        gateway.store().decide(move |transaction| transaction.set_next_index(environment, &account, moved)).await?;
        let pool = if accounts.get(&key) == Some(&Family::Solana) {
            "; a pool of addresses needs new ones beyond that"
        } else {
            ""
        };
        told.push(format!("{environment} account {name}: continues at index {moved} (the backup was at {next}){pool}"));
    }
    Ok(told)
}

/// Every account that ever handed out an address.
async fn accounts(gateway: &Arc<Gateway>) -> anyhow::Result<BTreeMap<Key, Family>> {
    let mut accounts = BTreeMap::new();
    let mut after: Option<AddressRow> = None;
    loop {
        let from = after.clone();
        let page = gateway.store().read(move |reader| reader.addresses(from.as_ref(), PAGE)).await?;
        let Some(last) = page.last().cloned() else { return Ok(accounts) };
        accounts.extend(page.into_iter().map(|row| ((row.environment, row.account), row.family)));
        after = Some(last);
    }
}

/// Copies a file that only its owner may read, durably.
fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    let copied = || {
        let mut target = OpenOptions::new().create_new(true).write(true).mode(0o600).open(to)?;
        io::copy(&mut File::open(from)?, &mut target)?;
        target.sync_all()
    };
    copied().with_context(|| format!("{} cannot be copied to {}", from.display(), to.display()))
}

//! The checkout that the commands work on: its root and its files. Reads only.

use crate::command;
use anyhow::{Context, Result};
use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

/// A file that is checked in, or would be by `git add --all`.
pub(crate) struct TrackedFile {
    /// From the checkout's root, with `/`.
    pub(crate) path: String,
    /// `None` for a file that is not text: not UTF-8, or with a NUL.
    pub(crate) text: Option<String>,
}

impl TrackedFile {
    /// The name's part after the last dot; empty without one.
    pub(crate) fn extension(&self) -> &str {
        Path::new(&self.path).extension().and_then(|extension| extension.to_str()).unwrap_or_default()
    }

    /// The text with one-based line numbers; nothing for a file that is not text.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let text = self.text.as_deref().unwrap_or_default();
        (1..).zip(text.split('\n'))
    }
}

/// The folder of the workspace's manifest.
pub(crate) fn root() -> &'static Path {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own)
}

/// Every file that git tracks or does not ignore, and that still exists, sorted by path.
pub(crate) fn files() -> Result<Vec<TrackedFile>> {
    let listing = command::output(Command::new("git").current_dir(root()).args([
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]))?;
    let mut paths: Vec<&str> = listing.split('\0').filter(|path| !path.is_empty()).collect();
    paths.sort_unstable();
    paths.dedup();
    let mut files = Vec::with_capacity(paths.len());
    for path in paths {
        files.extend(read(path)?);
    }
    Ok(files)
}

/// `None` for what is listed but deleted, and for a link, whose target is judged where it stands.
fn read(path: &str) -> Result<Option<TrackedFile>> {
    let place: PathBuf = root().join(path);
    let kind = match fs::symlink_metadata(&place) {
        Ok(metadata) => metadata.file_type(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("cannot look at {path}")),
    };
    if !kind.is_file() {
        return Ok(None);
    }
    let bytes = fs::read(&place).with_context(|| format!("cannot read {path}"))?;
    let text = String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'));
    Ok(Some(TrackedFile { path: path.to_owned(), text }))
}

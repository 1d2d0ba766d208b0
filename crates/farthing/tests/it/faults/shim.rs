//! The preload shim, `shim.c`: built by the system's C compiler, and put into a process's surroundings.

use super::server::Surroundings;
use std::{
    ffi::OsString,
    fs::{self, File},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};
use tempfile::TempDir;

/// Built once a run: the compiler takes a moment, and two tests at once would build over each other.
static BUILT: LazyLock<(TempDir, PathBuf)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let library = folder.path().join("shim.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/faults/shim.c");
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o"])
        .arg(&library)
        .args([source, "-ldl", "-lpthread"])
        .status()
        .expect("a C compiler, `cc`, is needed");
    assert!(built.success(), "{source} cannot be built");
    (folder, library)
});

/// Surroundings in which the shim is loaded, with these settings of its own.
pub(super) fn preloaded(settings: &[(&str, PathBuf)]) -> Surroundings {
    let mut variables = vec![library()];
    variables.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), value.clone().into_os_string())));
    Surroundings { starter: Vec::new(), variables }
}

/// The variable that loads the shim.
pub(crate) fn library() -> (String, OsString) {
    ("LD_PRELOAD".to_owned(), BUILT.1.clone().into_os_string())
}

/// The name of the variable that says where a moved clock is.
pub(crate) const CLOCK: &str = "CLOCK_MOVED";

/// How far the clock of the day is moved in processes that have the shim.
pub(crate) struct Moved(File);

impl Moved {
    /// A clock that is not moved, kept at `path`.
    pub(crate) fn at(path: &Path) -> Self {
        fs::write(path, [0; 8]).unwrap();
        Self(File::options().write(true).open(path).unwrap())
    }

    /// Moves it at once, so many milliseconds ahead of the system's clock or behind it.
    pub(crate) fn to(&self, milliseconds: i64) {
        self.0.write_all_at(&milliseconds.to_le_bytes(), 0).unwrap();
    }
}

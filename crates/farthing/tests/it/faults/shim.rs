//! The preload shim, `shim.c`: built by the system's C compiler, and put into a process's surroundings.

use super::server::Surroundings;
use std::{path::PathBuf, process::Command, sync::LazyLock};
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
    let mut variables = vec![("LD_PRELOAD".to_owned(), BUILT.1.clone().into_os_string())];
    variables.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), value.clone().into_os_string())));
    Surroundings { starter: Vec::new(), variables }
}

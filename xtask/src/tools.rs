//! Where the commands keep what they install: the user's cache, never the checkout, so that a clean clone finds it again.

use anyhow::{Context, Result, ensure};
use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

/// `$XDG_CACHE_HOME/farthing`, or `~/.cache/farthing`; made when missing.
#[expect(
    clippy::disallowed_methods,
    reason = "the commands have no configuration; only this function reads the environment"
)]
pub(crate) fn cache() -> Result<PathBuf> {
    let folder = cache_in(env::var_os("XDG_CACHE_HOME"), env::var_os("HOME"))?;
    fs::create_dir_all(&folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    Ok(folder)
}

/// A relative `XDG_CACHE_HOME` does not count, as its specification says.
fn cache_in(xdg_cache_home: Option<OsString>, home: Option<OsString>) -> Result<PathBuf> {
    if let Some(cache) = xdg_cache_home.map(PathBuf::from).filter(|path| path.is_absolute()) {
        return Ok(cache.join("farthing"));
    }
    let home = home.context("neither XDG_CACHE_HOME nor HOME says where to keep tools")?;
    ensure!(Path::new(&home).is_absolute(), "HOME is not an absolute path");
    Ok(Path::new(&home).join(".cache").join("farthing"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_is_where_the_environment_says() {
        let cache = |xdg: Option<&str>, home: Option<&str>| cache_in(xdg.map(Into::into), home.map(Into::into)).ok();
        assert_eq!(cache(Some("/c"), Some("/h")), Some("/c/farthing".into()));
        assert_eq!(cache(Some(""), Some("/h")), Some("/h/.cache/farthing".into()));
        assert_eq!(cache(None, Some("/h")), Some("/h/.cache/farthing".into()));
        assert_eq!(cache(None, None), None);
        assert_eq!(cache(None, Some("h")), None);
    }
}

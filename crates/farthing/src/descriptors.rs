//! How many connections fit into the files that this process may have open.
//!
//! Connections come from outside, in any number. What they leave is kept for the database, the marks and the webhooks, so that
//! a crowd of clients is made to wait and nothing else fails.

use std::fs;

/// Files kept for everything else, where the limit is large enough.
const RESERVED: usize = 192;

/// As many connections as were wished, or as fit.
pub(crate) fn connections_max(wished: usize) -> usize {
    // Where there is no such file there is no telling, and the wish is taken.
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    open_files_max(&limits).map_or(wished, |limit| wished.min(fitting(limit)))
}

/// The limit that holds now, which is the first of the two.
fn open_files_max(limits: &str) -> Option<usize> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// At most half of the files where there are few.
fn fitting(limit: usize) -> usize {
    limit.saturating_sub(RESERVED).max(limit.saturating_div(2)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_kept_for_the_database_and_the_webhooks() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units     \nMax open files            1024                 524288               files     \n";
        assert_eq!(open_files_max(limits), Some(1024));
        assert_eq!(open_files_max("Max open files            unlimited            unlimited            files"), None);
        assert_eq!((fitting(1024), fitting(64), fitting(1)), (832, 32, 1));
        assert!(connections_max(5) <= 5);
    }
}

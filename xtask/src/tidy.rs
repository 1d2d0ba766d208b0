//! `cargo xtask tidy`: the project's rules that no compiler checks.
//!
//! Every rule is a function from what is there to what is wrong with it, and has a test that shows it can fail.

mod crates;
mod rust_text;
mod sources;
mod texts;

use crate::checkout::{self, TrackedFile};
use anyhow::{Result, ensure};
use std::fmt;

/// One thing that is wrong, and what to do about it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    path: String,
    /// `None` when it is about the whole file.
    line: Option<usize>,
    message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(formatter, "{}:{line}: {}", self.path, self.message),
            None => write!(formatter, "{}: {}", self.path, self.message),
        }
    }
}

type FileRule = fn(&[TrackedFile]) -> Vec<Finding>;

const FILE_RULES: &[FileRule] = &[
    crates::inherit_the_lints,
    crates::share_one_clippy_configuration,
    crates::domain_is_no_std,
    crates::only_the_simulation_plants_bugs,
    sources::open_with_their_job,
    sources::integration_tests_are_one_binary,
    sources::stay_short,
    sources::have_no_mod_rs,
    sources::have_telling_names,
    sources::are_finished,
    sources::domain_has_no_floats,
    texts::have_no_markers,
    texts::have_no_machine_paths,
    texts::have_clean_lines,
    texts::lock_files_name_no_registry,
    texts::are_texts,
];

/// Prints each finding, or how many files it looked at; a finding is an error.
pub(crate) fn run() -> Result<()> {
    let files = checkout::files()?;
    ensure!(!files.is_empty(), "git names no files in {}", checkout::root().display());
    let mut findings = crates::depend_in_one_direction(&crates::packages()?);
    for rule in FILE_RULES {
        findings.extend(rule(&files));
    }
    for finding in &findings {
        println!("{finding}");
    }
    ensure!(findings.is_empty(), "{} findings in {} files", findings.len(), files.len());
    println!("{} files are tidy", files.len());
    Ok(())
}

/// A finding for every line about which `message` has something to say.
fn in_lines(file: &TrackedFile, message: impl Fn(&str) -> Option<String>) -> Vec<Finding> {
    let found = file.lines().filter_map(|(line, text)| Some((line, message(text)?)));
    found.map(|(line, message)| Finding { path: file.path.clone(), line: Some(line), message }).collect()
}

fn whole(file: &TrackedFile, message: impl Into<String>) -> Finding {
    Finding { path: file.path.clone(), line: None, message: message.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a rule says about one file.
    pub(super) fn said_of(rule: FileRule, path: &str, text: &str) -> Vec<String> {
        rule(&[tracked(path, text)]).iter().map(ToString::to_string).collect()
    }

    pub(super) fn tracked(path: &str, text: &str) -> TrackedFile {
        TrackedFile { path: path.to_owned(), text: Some(text.to_owned()) }
    }

    #[test]
    fn a_finding_says_where() {
        let mut finding = Finding { path: "a.rs".to_owned(), line: Some(3), message: "wrong".to_owned() };
        assert_eq!(finding.to_string(), "a.rs:3: wrong");
        finding.line = None;
        assert_eq!(finding.to_string(), "a.rs: wrong");
    }
}

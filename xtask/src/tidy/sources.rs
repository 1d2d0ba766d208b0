//! Rules about our Rust sources: how they open, how long they are, what they are called, that they are finished.

use super::{Finding, TrackedFile, in_lines, rust_text::code_only, whole};

/// Lines of code in a file, without its tests.
const LINES_MAX: usize = 500;
/// Lines of a file that holds tests only.
const TEST_LINES_MAX: usize = 900;
/// Names that say nothing, for a folder, a file or a module.
const EMPTY_NAMES: &[&str] = &["common", "util", "utils", "types", "helper", "helpers"];
const TEST_ONLY: &str = "#![cfg(test)]";

fn sources(files: &[TrackedFile]) -> impl Iterator<Item = &TrackedFile> {
    files.iter().filter(|file| file.extension() == "rs" && is_ours(file))
}

fn is_ours(file: &TrackedFile) -> bool {
    file.path.starts_with("crates/") || file.path.starts_with("xtask/")
}

/// Every file says what it is for, in `//!` at its top.
pub(super) fn open_with_their_job(files: &[TrackedFile]) -> Vec<Finding> {
    let silent = sources(files).filter(|file| {
        let mut lines = file.lines().map(|(_, line)| line.trim()).filter(|line| !line.is_empty() && *line != TEST_ONLY);
        !lines.next().is_some_and(|line| line.starts_with("//!"))
    });
    silent.map(|file| whole(file, "must open with `//!`: its job, and what it must never do")).collect()
}

/// One test binary a crate, `tests/it/main.rs`, which is test code to clippy only by its `cfg`.
pub(super) fn integration_tests_are_one_binary(files: &[TrackedFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in sources(files) {
        let Some((_, inside)) = file.path.split_once("/tests/").filter(|(before, _)| !before.contains("/src")) else {
            continue;
        };
        let is_entry = inside == "it/main.rs";
        let has_own_entry = !inside.contains('/') || (inside.ends_with("/main.rs") && inside.matches('/').count() == 1);
        if has_own_entry && !is_entry {
            findings.push(whole(file, "makes a second test binary: make it a module of tests/it/main.rs"));
        }
        if is_entry && !file.lines().any(|(_, line)| line == TEST_ONLY) {
            findings.push(whole(file, "must have `#![cfg(test)]`, so that clippy sees tests in it"));
        }
    }
    findings
}

/// A file of one idea is not long.
pub(super) fn stay_short(files: &[TrackedFile]) -> Vec<Finding> {
    let test_modules: Vec<String> = sources(files).flat_map(declared_test_modules).collect();
    let mut findings = Vec::new();
    for file in sources(files) {
        let (lines, max, what) = if is_test_only(file, &test_modules) {
            (file.text.as_deref().unwrap_or_default().lines().count(), TEST_LINES_MAX, "tests")
        } else {
            (code_lines(file), LINES_MAX, "code before its tests")
        };
        if lines > max {
            findings.push(whole(file, format!("{lines} lines of {what}, and {max} are allowed: make two files of it")));
        }
    }
    findings
}

/// The lines before the module of tests that the file ends with.
fn code_lines(file: &TrackedFile) -> usize {
    let lines: Vec<&str> = file.text.as_deref().unwrap_or_default().lines().map(str::trim).collect();
    let tests = lines.windows(2).position(
        |pair| matches!(pair, ["#[cfg(test)]", next] if declared_module(next).is_some() && next.ends_with('{')),
    );
    tests.unwrap_or(lines.len())
}

fn is_test_only(file: &TrackedFile, test_modules: &[String]) -> bool {
    let module = file.path.strip_suffix(".rs").unwrap_or(&file.path);
    let below = |parent: &String| {
        module.strip_prefix(parent.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    file.path.contains("/tests/") || file.lines().any(|(_, line)| line == TEST_ONLY) || test_modules.iter().any(below)
}

/// The paths, without `.rs`, of the modules that a file declares by `#[cfg(test)] mod name;`.
fn declared_test_modules(file: &TrackedFile) -> Vec<String> {
    let module = file.path.strip_suffix(".rs").unwrap_or(&file.path);
    let folder = match module.rsplit_once('/') {
        Some((folder, "lib" | "main")) => folder,
        _ => module,
    };
    let lines: Vec<&str> = file.lines().map(|(_, line)| line.trim()).collect();
    let declared = lines.windows(2).filter_map(|pair| match pair {
        ["#[cfg(test)]", next] if next.ends_with(';') => declared_module(next),
        _ => None,
    });
    declared.map(|name| format!("{folder}/{name}")).collect()
}

/// The name in a line that declares a module, whatever its visibility.
fn declared_module(line: &str) -> Option<&str> {
    let mut words =
        line.split_whitespace().skip_while(|word| word.starts_with("pub") || word.ends_with(')') || *word == "in");
    if words.next()? != "mod" {
        return None;
    }
    words.next().map(|name| name.trim_end_matches([';', '{', '}']))
}

/// A module's own file stands beside its folder and bears its name.
pub(super) fn have_no_mod_rs(files: &[TrackedFile]) -> Vec<Finding> {
    let found = sources(files).filter(|file| file.path.ends_with("/mod.rs"));
    found.map(|file| whole(file, "name it after its module: `name.rs` beside the folder `name`")).collect()
}

/// No folder, file or module is named for nothing in particular.
pub(super) fn have_telling_names(files: &[TrackedFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| is_ours(file)) {
        let stem = file.path.strip_suffix(".rs").unwrap_or(&file.path);
        findings.extend(
            stem.split('/')
                .find(|name| EMPTY_NAMES.contains(name))
                .map(|name| whole(file, format!("`{name}` says nothing: name the folder or file after what is in it"))),
        );
    }
    for file in sources(files) {
        findings.extend(in_lines(&code_of(file), |line| {
            let name = declared_module(line.trim()).filter(|name| EMPTY_NAMES.contains(name))?;
            Some(format!("`mod {name}` says nothing: name the module after what is in it"))
        }));
    }
    findings
}

/// Nothing is left for later.
pub(super) fn are_finished(files: &[TrackedFile]) -> Vec<Finding> {
    let check = |file| {
        in_lines(&code_of(file), |line| {
            let name = ["todo!", "unimplemented!"].into_iter().find(|name| line.contains(name))?;
            Some(format!("`{name}` is left: write it, or do not offer it"))
        })
    };
    sources(files).flat_map(check).collect()
}

/// Money and rates are integers. Clippy's ban on the types does not see an untyped literal.
pub(super) fn domain_has_no_floats(files: &[TrackedFile]) -> Vec<Finding> {
    let domain = sources(files).filter(|file| file.path.starts_with("crates/domain/"));
    let check = |file| {
        in_lines(&code_of(file), |line| {
            let float = words(line).find(|word| is_float(word))?;
            Some(format!("`{float}` is a float, and the domain has none: use integers or exact decimals"))
        })
    };
    domain.flat_map(check).collect()
}

fn code_of(file: &TrackedFile) -> TrackedFile {
    TrackedFile { path: file.path.clone(), text: file.text.as_deref().map(code_only) }
}

/// Runs of letters, digits, `_` and `.`; a range's two dots part them.
fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split("..")
        .flat_map(|part| part.split(|letter: char| !letter.is_alphanumeric() && !matches!(letter, '_' | '.')))
}

fn is_float(word: &str) -> bool {
    if word.split('.').any(|part| matches!(part, "f32" | "f64")) || word.ends_with("f32") || word.ends_with("f64") {
        return true;
    }
    let after_digits = word.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == '_');
    let has_digits = word.starts_with(|letter: char| letter.is_ascii_digit());
    let fraction = after_digits
        .strip_prefix('.')
        .map(|rest| rest.is_empty() || rest.starts_with(|letter: char| letter.is_ascii_digit()));
    let exponent = after_digits
        .strip_prefix(['e', 'E'])
        .map(|rest| rest.is_empty() || rest.starts_with(|letter: char| letter.is_ascii_digit()));
    has_digits && fraction.or(exponent).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{said_of, tracked},
        *,
    };

    const PATH: &str = "crates/store/src/invoices.rs";
    const NONE: [&str; 0] = [];

    #[test]
    fn a_file_that_does_not_say_its_job_is_found() {
        let said = |text: &str| said_of(open_with_their_job, PATH, text);
        assert_eq!(said("//! Invoices.\n"), NONE);
        assert_eq!(said("#![cfg(test)]\n//! Invoices.\n"), NONE);
        assert_eq!(said("use std::fmt;\n//! Invoices.\n").len(), 1);
        assert_eq!(said("// Invoices.\n").len(), 1);
        assert_eq!(said("").len(), 1);
    }

    #[test]
    fn a_second_test_binary_or_one_without_its_cfg_is_found() {
        let said = |path: &str, text: &str| said_of(integration_tests_are_one_binary, path, text);
        assert_eq!(said("crates/web/tests/it/main.rs", "#![cfg(test)]\n//! Tests.\n"), NONE);
        assert_eq!(said("crates/web/tests/it/main.rs", "//! Tests.\n#![cfg(test)]\n"), NONE);
        assert_eq!(said("crates/web/tests/it/main.rs", "//! Tests.\n").len(), 1);
        assert_eq!(said("crates/web/tests/it/invoices.rs", "//! Tests.\n"), NONE);
        assert_eq!(said("crates/web/tests/invoices.rs", "//! Tests.\n").len(), 1);
        assert_eq!(said("crates/web/tests/more/main.rs", "#![cfg(test)]\n").len(), 1);
        assert_eq!(said("crates/web/src/edge/tests/framing.rs", "//! Tests.\n"), NONE);
    }

    #[test]
    fn a_long_file_is_found() {
        let said = |path: &str, text: &str| said_of(stay_short, path, text);
        let code = "x\n".repeat(LINES_MAX);
        let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "y\n".repeat(LINES_MAX));
        assert_eq!(said(PATH, &format!("{code}{tests}")), NONE);
        let found = "crates/store/src/invoices.rs: 501 lines of code before its tests, and 500 are allowed: make two files of it";
        assert_eq!(said(PATH, &format!("{code}x\n{tests}")), [found]);
        // An attribute on something else does not hide what follows it.
        assert_eq!(said(PATH, &format!("#[cfg(test)]\nextern crate std;\n{code}")).len(), 1);
        let long_tests = "y\n".repeat(TEST_LINES_MAX);
        assert_eq!(said("crates/store/tests/it/invoices.rs", &long_tests), NONE);
        assert_eq!(said("crates/store/tests/it/invoices.rs", &format!("{long_tests}y\n")).len(), 1);
    }

    #[test]
    fn a_module_for_tests_only_may_be_as_long_as_tests() {
        let long = tracked("crates/store/src/money/examples.rs", &"x\n".repeat(TEST_LINES_MAX));
        let with = |parent: &str| {
            let text = long.text.clone();
            stay_short(&[tracked("crates/store/src/money.rs", parent), TrackedFile { path: long.path.clone(), text }])
                .len()
        };
        assert_eq!(with("#[cfg(test)]\npub(crate) mod examples;\n"), 0);
        assert_eq!(with("pub(crate) mod examples;\n"), 1);
        assert_eq!(with("#[cfg(test)]\nmod example;\n"), 1);
    }

    #[test]
    fn a_mod_rs_is_found() {
        assert_eq!(said_of(have_no_mod_rs, PATH, ""), NONE);
        assert_eq!(said_of(have_no_mod_rs, "crates/store/src/sqlite/mod.rs", "").len(), 1);
    }

    #[test]
    fn a_name_that_says_nothing_is_found() {
        assert_eq!(said_of(have_telling_names, PATH, "mod sqlite;\n// mod utils;\n"), NONE);
        assert_eq!(said_of(have_telling_names, "crates/store/src/utils.rs", "").len(), 1);
        assert_eq!(said_of(have_telling_names, "crates/common/src/lib.rs", "").len(), 1);
        assert_eq!(said_of(have_telling_names, "crates/store/src/sqlite/helpers/a.sql", "").len(), 1);
        assert_eq!(
            said_of(have_telling_names, PATH, "mod a;\n    pub(in crate::b) mod types {\n"),
            ["crates/store/src/invoices.rs:2: `mod types` says nothing: name the module after what is in it"]
        );
    }

    #[test]
    fn what_is_left_for_later_is_found() {
        assert_eq!(said_of(are_finished, PATH, "// never todo!()\nlet text = \"unimplemented!\";\n"), NONE);
        assert_eq!(
            said_of(are_finished, PATH, "fn a() {\n    todo!()\n}\n"),
            ["crates/store/src/invoices.rs:2: `todo!` is left: write it, or do not offer it"]
        );
        assert_eq!(said_of(are_finished, PATH, "unimplemented!(\"b\")").len(), 1);
    }

    #[test]
    fn a_float_in_the_domain_is_found() {
        let said = |code: &str| said_of(domain_has_no_floats, "crates/domain/src/rate.rs", code).len();
        for exact in [
            "x.0.1",
            "0..5",
            "1..=2",
            "0xe5",
            "1_000_u64",
            "\"0.5\"",
            "// 0.5 and f64",
            "a.e5",
            "10.pow(2)",
            "[1, 2.max(3)]",
        ] {
            assert_eq!(said(exact), 0, "{exact}");
        }
        for float in
            ["0.5", "(1.)", "1e3", "2E9", "1_000.5", "f64", "x: f32,", "f64::from(1)", "1f64", "3_f32", "0..(2.5)"]
        {
            assert_eq!(said(float), 1, "{float}");
        }
        assert_eq!(said_of(domain_has_no_floats, "crates/web/src/metrics.rs", "0.5"), NONE);
    }
}

//! Rules about every file that is checked in, whatever its language.

use super::{Finding, TrackedFile, in_lines, whole};

/// Kinds of files in which each line is held to be clean.
const CLEAN_KINDS: &[&str] = &["rs", "md", "toml", "sql", "html", "css", "js", "mjs"];
/// Put together here, so that this file passes its own rule.
const MARKERS: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME")];
const MACHINE_FOLDERS: &[&str] = &[concat!("/", "work/"), concat!("/", "root/"), concat!("/", "home/")];

/// What remains to be done is an issue, not a remark.
pub(super) fn have_no_markers(files: &[TrackedFile]) -> Vec<Finding> {
    let check = |file| {
        in_lines(file, |line| {
            let mut words = line.split(|letter: char| !letter.is_alphanumeric());
            let marker = words.find(|word| MARKERS.contains(word))?;
            Some(format!("`{marker}` is left: do it, or open an issue"))
        })
    };
    files.iter().flat_map(check).collect()
}

/// A path of somebody's machine means nothing on another.
pub(super) fn have_no_machine_paths(files: &[TrackedFile]) -> Vec<Finding> {
    let check = |file| {
        in_lines(file, |line| {
            let folder = MACHINE_FOLDERS.iter().find(|folder| begins_a_path(line, folder))?;
            Some(format!("`{folder}…` is a path of one machine: name it from the checkout's root"))
        })
    };
    files.iter().flat_map(check).collect()
}

/// Whether `folder` stands in the line at a path's beginning, and not inside of a longer path or address.
fn begins_a_path(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line.get(..at).and_then(|before| before.chars().next_back());
        !before.is_some_and(|letter| letter.is_alphanumeric() || matches!(letter, '.' | '-' | '_' | '~' | '}' | ')'))
    })
}

/// No white space that nobody sees, and a line break at the end.
pub(super) fn have_clean_lines(files: &[TrackedFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| CLEAN_KINDS.contains(&file.extension())) {
        findings.extend(in_lines(file, |line| {
            line.ends_with([' ', '\t', '\r']).then(|| "white space at the line's end: remove it".to_owned())
        }));
        if file.text.as_deref().is_some_and(|text| !text.is_empty() && !text.ends_with('\n')) {
            findings.push(whole(file, "must end with a line break"));
        }
    }
    findings
}

/// Whoever installs has a registry configured; a lock file that names one overrules it.
pub(super) fn lock_files_name_no_registry(files: &[TrackedFile]) -> Vec<Finding> {
    let locks = files.iter().filter(|file| file.path.ends_with("package-lock.json"));
    let check = |file| {
        in_lines(file, |line| {
            line.contains("\"resolved\"")
                .then(|| "names a registry: make the lock with `omit-lockfile-registry-resolved=true`".to_owned())
        })
    };
    locks.flat_map(check).collect()
}

/// What cannot be read in a review is not checked in, but for pictures in the docs.
pub(super) fn are_texts(files: &[TrackedFile]) -> Vec<Finding> {
    let binary = files.iter().filter(|file| file.text.is_none());
    let strange = binary.filter(|file| !(file.path.starts_with("docs/") && file.extension() == "png"));
    strange.map(|file| whole(file, "is not text; only .png files under docs/ may be")).collect()
}

#[cfg(test)]
mod tests {
    use super::{super::tests::said_of, *};

    const NONE: [&str; 0] = [];

    #[test]
    fn a_marker_is_found() {
        let said = |text: &str| said_of(have_no_markers, "README.md", text);
        assert_eq!(said("methods, todo, FIXMENT, TODOS\n"), NONE);
        for marker in MARKERS {
            assert_eq!(
                said(&format!("fine\n// {marker}(me): later\n")),
                [format!("README.md:2: `{marker}` is left: do it, or open an issue")]
            );
        }
    }

    #[test]
    fn a_path_of_one_machine_is_found() {
        let said = |text: &str| said_of(have_no_machine_paths, "docs/install.md", text).len();
        for folder in MACHINE_FOLDERS {
            assert_eq!(said(&format!("see https://shop.example{folder}page and ./a{folder}b, ${{x}}{folder}")), 0);
            assert_eq!(said(&format!("see {folder}main")), 1);
            assert_eq!(said(&format!("\"{folder}main\"")), 1);
            assert_eq!(said(&format!("{folder}main")), 1);
            assert_eq!(said(&format!("file://{folder}main")), 1);
        }
    }

    #[test]
    fn white_space_that_nobody_sees_is_found() {
        let said = |path: &str, text: &str| said_of(have_clean_lines, path, text);
        assert_eq!(said("a.rs", "a\n\n  b\n"), NONE);
        assert_eq!(said("a.rs", ""), NONE);
        assert_eq!(said("a.snap", "a \nb"), NONE);
        assert_eq!(said("a.rs", "a\nb \n"), ["a.rs:2: white space at the line's end: remove it"]);
        assert_eq!(said("a.sql", "a\t\n").len(), 1);
        assert_eq!(said("a.md", "a\r\n").len(), 1);
        assert_eq!(said("a.css", "a"), ["a.css: must end with a line break"]);
    }

    #[test]
    fn a_lock_file_that_names_a_registry_is_found() {
        let said = |path: &str, text: &str| said_of(lock_files_name_no_registry, path, text).len();
        let line = "      \"resolved\": \"https://registry.example/a.tgz\",\n";
        assert_eq!(said("xtask/browser/package-lock.json", "{\n  \"version\": \"1.0.0\"\n}\n"), 0);
        assert_eq!(said("xtask/browser/package-lock.json", line), 1);
        assert_eq!(said("docs/npm.md", line), 0);
    }

    #[test]
    fn a_file_that_is_not_text_is_found() {
        let said = |path: &str| are_texts(&[TrackedFile { path: path.to_owned(), text: None }]).len();
        assert_eq!(said("docs/checkout.png"), 0);
        assert_eq!(said("docs/checkout.zip"), 1);
        assert_eq!(said("crates/web/assets/logo.png"), 1);
        assert_eq!(said_of(are_texts, "crates/web/assets/logo.svg", "<svg/>"), NONE);
    }
}

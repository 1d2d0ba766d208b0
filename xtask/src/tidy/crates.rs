//! Rules about the workspace's crates: who may use whom, and that each is held to the same lints.

use super::{Finding, TrackedFile, in_lines, whole};
use crate::command;
use anyhow::{Context, Result};
use serde_json::Value;

/// Which of our crates each may use, lowest first. A crate that is not here is a finding: its place must be decided.
const MAY_USE: &[(&str, &[&str])] = &[
    ("farthing-domain", &[]),
    ("farthing-dialects", &["farthing-domain"]),
    ("farthing-store", &["farthing-domain"]),
    ("farthing-networks", &["farthing-domain"]),
    ("farthing-gateway", &["farthing-domain", "farthing-dialects", "farthing-store", "farthing-networks"]),
    (
        "farthing-web",
        &["farthing-domain", "farthing-dialects", "farthing-store", "farthing-networks", "farthing-gateway"],
    ),
    (
        "farthing-sim",
        &["farthing-domain", "farthing-dialects", "farthing-store", "farthing-networks", "farthing-gateway"],
    ),
    (
        "farthing",
        &[
            "farthing-domain",
            "farthing-dialects",
            "farthing-store",
            "farthing-networks",
            "farthing-gateway",
            "farthing-web",
            "farthing-sim",
        ],
    ),
    // Only tests use it, of any crate.
    ("farthing-peers", &[]),
    (
        "farthing-fuzz",
        &["farthing-domain", "farthing-dialects", "farthing-networks", "farthing-gateway", "farthing-web"],
    ),
    (
        "xtask",
        &["farthing-domain", "farthing-fuzz", "farthing-networks", "farthing-sim", "farthing-store", "farthing-web"],
    ),
];

/// A member of the workspace, and what it needs to be built; what only its tests need does not count.
pub(super) struct Package {
    name: String,
    uses: Vec<String>,
}

/// The workspace's members, as cargo tells.
pub(super) fn packages() -> Result<Vec<Package>> {
    parse(&command::output(command::cargo().args(["metadata", "--no-deps", "--format-version", "1"]))?)
        .context("cannot read what `cargo metadata` says")
}

fn parse(metadata: &str) -> Result<Vec<Package>> {
    let metadata: Value = serde_json::from_str(metadata)?;
    let listed = metadata.get("packages").and_then(Value::as_array).context("it has no packages")?;
    listed.iter().map(|package| parse_package(package).context("a package without name or dependencies")).collect()
}

fn parse_package(package: &Value) -> Option<Package> {
    let name = package.get("name")?.as_str()?.to_owned();
    let mut uses = Vec::new();
    for dependency in package.get("dependencies")?.as_array()? {
        if dependency.get("kind")?.as_str() != Some("dev") {
            uses.push(dependency.get("name")?.as_str()?.to_owned());
        }
    }
    Some(Package { name, uses })
}

/// Dependencies between our crates go one way: domain, then dialects, store and networks, then gateway, web, farthing.
pub(super) fn depend_in_one_direction(packages: &[Package]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in packages {
        let mut say = |message| {
            findings.push(Finding { path: package.name.clone(), line: None, message });
        };
        let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == package.name) else {
            say(
                "this crate has no place yet in the directions between crates: give it one in xtask/src/tidy/crates.rs"
                    .to_owned(),
            );
            continue;
        };
        let ours = package.uses.iter().filter(|used| packages.iter().any(|other| other.name == **used));
        for used in ours.filter(|used| !allowed.contains(&used.as_str())) {
            say(format!("must not depend on {used}: that is against the direction between crates"));
        }
    }
    findings
}

/// A crate whose manifest lacks `[lints] workspace = true` escapes all of them.
pub(super) fn inherit_the_lints(files: &[TrackedFile]) -> Vec<Finding> {
    let manifests = files.iter().filter(|file| file.path.ends_with("/Cargo.toml"));
    let loose = manifests.filter(|file| {
        let mut after = file.lines().map(|(_, line)| line.trim()).skip_while(|line| *line != "[lints]").skip(1);
        !after.by_ref().take_while(|line| !line.starts_with('[')).any(|line| line == "workspace = true")
    });
    loose.map(|file| whole(file, "the crate escapes the lints: add `[lints]` with `workspace = true`")).collect()
}

/// A `clippy.toml` inside of a crate replaces the root's for that crate.
pub(super) fn share_one_clippy_configuration(files: &[TrackedFile]) -> Vec<Finding> {
    let inner = files.iter().filter(|file| file.path.ends_with("/clippy.toml") || file.path.ends_with(".clippy.toml"));
    inner.map(|file| whole(file, "would replace the root's clippy.toml: put its settings there")).collect()
}

/// Manifests that may speak of the feature `planted`: where it is, and what only ever simulates.
const MAY_PLANT: &[&str] = &["crates/domain/Cargo.toml", "crates/sim/Cargo.toml", "xtask/Cargo.toml"];

/// A feature that any manifest turns on is on for the whole build, the program's too.
pub(super) fn only_the_simulation_plants_bugs(files: &[TrackedFile]) -> Vec<Finding> {
    let manifests = files.iter().filter(|file| file.path.ends_with("Cargo.toml"));
    let turns_it_on = |file: &TrackedFile, line: &str| {
        let code = line.split('#').next().unwrap_or_default();
        let is_default = code.trim_start().starts_with("default");
        code.contains("planted") && (is_default || !MAY_PLANT.contains(&file.path.as_str()))
    };
    let check = |file| {
        in_lines(file, |line| {
            turns_it_on(file, line).then(|| "would plant bugs into the program: only the simulation may".to_owned())
        })
    };
    manifests.flat_map(check).collect()
}

/// What cannot name the clock, files, network or threads cannot use them.
pub(super) fn domain_is_no_std(files: &[TrackedFile]) -> Vec<Finding> {
    let entry = files.iter().filter(|file| file.path == "crates/domain/src/lib.rs");
    let lax = entry.filter(|file| {
        let mut code =
            file.lines().map(|(_, line)| line.trim()).filter(|line| !line.is_empty() && !line.starts_with("//"));
        code.next() != Some("#![no_std]")
    });
    lax.map(|file| whole(file, "must begin with `#![no_std]`, right below its docs")).collect()
}

#[cfg(test)]
mod tests {
    use super::{super::tests::said_of, *};

    fn package(name: &str, uses: &[&str]) -> Package {
        Package { name: name.to_owned(), uses: uses.iter().map(ToString::to_string).collect() }
    }

    #[test]
    fn a_dependency_against_the_direction_is_found() {
        let right = [
            package("farthing-domain", &["serde"]),
            package("farthing-store", &["farthing-domain"]),
            package("farthing-web", &["farthing-store", "farthing-domain"]),
        ];
        assert_eq!(depend_in_one_direction(&right), []);
        let wrong = [
            package("farthing-domain", &["farthing-store"]),
            package("farthing-store", &["farthing-web"]),
            package("farthing-web", &[]),
        ];
        let found = depend_in_one_direction(&wrong);
        let said: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "farthing-domain: must not depend on farthing-store: that is against the direction between crates",
                "farthing-store: must not depend on farthing-web: that is against the direction between crates",
            ]
        );
    }

    #[test]
    fn a_crate_without_a_place_is_found() {
        let found = depend_in_one_direction(&[package("farthing-common", &[])]);
        assert!(
            found.iter().any(|finding| { finding.to_string().starts_with("farthing-common: this crate has no place") })
        );
    }

    #[test]
    fn the_table_itself_has_no_way_back() {
        for (at, (_, allowed)) in MAY_USE.iter().enumerate() {
            for used in *allowed {
                let place = MAY_USE.iter().position(|(name, _)| name == used);
                assert!(place.is_some_and(|place| place < at), "{used}");
            }
        }
    }

    #[test]
    fn what_only_tests_need_does_not_count() {
        let metadata = r#"{"packages":[{"name":"a","dependencies":[
            {"name":"b","kind":null},{"name":"c","kind":"dev"},{"name":"d","kind":"build"}]}]}"#;
        let packages = parse(metadata).unwrap();
        assert_eq!(packages[0].name, "a");
        assert_eq!(packages[0].uses, ["b", "d"]);
        assert!(parse("{}").is_err());
        assert!(parse(r#"{"packages":[{"name":"a"}]}"#).is_err());
    }

    #[test]
    fn the_real_workspace_is_read() {
        let packages = packages().unwrap();
        let gateway = packages.iter().find(|package| package.name == "farthing-gateway").unwrap();
        assert!(gateway.uses.iter().any(|used| used == "farthing-domain"));
    }

    #[test]
    fn a_manifest_without_the_lints_is_found() {
        let path = "crates/store/Cargo.toml";
        let said = |text: &str| said_of(inherit_the_lints, path, text);
        assert!(said("[package]\nname = \"a\"\n\n[lints]\nworkspace = true\n\n[dependencies]\n").is_empty());
        let finding = ["crates/store/Cargo.toml: the crate escapes the lints: add `[lints]` with `workspace = true`"];
        assert_eq!(said("[package]\nname = \"a\"\n"), finding);
        assert_eq!(said("[lints]\n[dependencies]\nworkspace = true\n"), finding);
        assert_eq!(said("[lints]\nworkspace = false\n"), finding);
    }

    #[test]
    fn a_second_clippy_configuration_is_found() {
        assert_eq!(said_of(share_one_clippy_configuration, "clippy.toml", ""), [""; 0]);
        assert_eq!(said_of(share_one_clippy_configuration, "crates/web/clippy.toml", "").len(), 1);
        assert_eq!(said_of(share_one_clippy_configuration, "crates/web/.clippy.toml", "").len(), 1);
    }

    #[test]
    fn a_manifest_that_plants_bugs_is_found() {
        let said = |path: &str, text: &str| said_of(only_the_simulation_plants_bugs, path, text).len();
        let feature = "planted = [\"farthing-domain/planted\"]\n";
        assert_eq!(said("crates/sim/Cargo.toml", feature), 0);
        assert_eq!(said("crates/store/Cargo.toml", feature), 1);
        assert_eq!(said("Cargo.toml", "farthing-domain = { path = \"a\", features = [\"planted\"] }\n"), 1);
        assert_eq!(said("crates/sim/Cargo.toml", "default = [\"planted\"]\n"), 1);
        assert_eq!(said("crates/store/Cargo.toml", "# No planted bugs here.\n"), 0);
    }

    #[test]
    fn a_domain_with_std_is_found() {
        let said = |text: &str| said_of(domain_is_no_std, "crates/domain/src/lib.rs", text);
        assert!(said("//! Rules.\n#![no_std]\nextern crate alloc;\n").is_empty());
        assert_eq!(said("//! Rules.\nuse std::fs;\n#![no_std]\n").len(), 1);
        assert_eq!(said("//! Rules.\n// #![no_std]\n").len(), 1);
    }
}

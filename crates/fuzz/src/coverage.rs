//! The coverage-guided driver: libFuzzer over the target that `FARTHING_FUZZ_TARGET` names. `cargo xtask fuzz` builds and runs it.
#![no_main]

use farthing_fuzz::{Target, targets};
use libfuzzer_sys::fuzz_target;
use std::sync::OnceLock;

static TARGET: OnceLock<Target> = OnceLock::new();

#[expect(clippy::disallowed_methods, reason = "libFuzzer owns the command line")]
fn named() -> Target {
    let name = std::env::var("FARTHING_FUZZ_TARGET").unwrap_or_default();
    let found = targets::ALL.iter().find(|target| target.name == name);
    *found.unwrap_or_else(|| panic!("FARTHING_FUZZ_TARGET names no target"))
}

fuzz_target!(|bytes: &[u8]| {
    (TARGET.get_or_init(named).feed)(bytes);
});

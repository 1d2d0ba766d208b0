//! Running other programs and saying how long it took. An exit status that is not zero is always an error.

use crate::checkout;
use anyhow::{Context, Result, ensure};
use std::{
    env,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// Cargo at the checkout's root, without the variables that `cargo run` set for this program: build scripts of
/// dependencies watch some of them and would build again.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(checkout::root());
    for (name, _) in env::vars_os() {
        let ours = name.to_str().is_some_and(|name| {
            ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"]
                .iter()
                .any(|prefix| name.starts_with(prefix))
        });
        if ours {
            cargo.env_remove(name);
        }
    }
    cargo
}

/// Runs to the end with our own standard streams.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let shown = shown(command);
    let status = command.status().with_context(|| format!("cannot start `{shown}`"))?;
    ensure!(status.success(), "`{shown}` ended with {status}");
    Ok(())
}

/// Runs to the end and gives its standard output, which must be UTF-8.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let shown = shown(command);
    let output = command.stderr(Stdio::inherit()).output().with_context(|| format!("cannot start `{shown}`"))?;
    ensure!(output.status.success(), "`{shown}` ended with {}", output.status);
    String::from_utf8(output.stdout).with_context(|| format!("`{shown}` did not answer in UTF-8"))
}

/// Whether the shell would find a program of that name.
pub(crate) fn exists(program: &str) -> bool {
    Command::new("sh")
        .args(["-c", "command -v \"$1\"", "sh", program])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Does a step's work between a line that names it and one that says how long it took. An error says both too.
#[expect(clippy::disallowed_methods, reason = "durations are printed, and nothing depends on them")]
pub(crate) fn step(name: &str, work: impl FnOnce() -> Result<()>) -> Result<()> {
    println!("\n==> {name}");
    let began = Instant::now();
    let outcome = work();
    let took = seconds(began.elapsed());
    match outcome {
        Ok(()) => {
            println!("==> {name}: ok, {took}");
            Ok(())
        }
        Err(error) => Err(error.context(format!("{name}, after {took}"))),
    }
}

fn seconds(took: Duration) -> String {
    format!("{}.{} s", took.as_secs(), took.subsec_millis() / 100)
}

fn shown(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy()];
    words.extend(command.get_args().map(|argument| argument.to_string_lossy()));
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_fails_is_an_error_that_names_it() {
        let error = run(Command::new("sh").args(["-c", "exit 3"])).unwrap_err().to_string();
        assert_eq!(error, "`sh -c exit 3` ended with exit status: 3");
        assert!(output(&mut Command::new("false")).is_err());
        assert!(run(&mut Command::new("no-such-program-at-all")).is_err());
    }

    #[test]
    fn a_program_is_found_or_not() {
        assert!(exists("sh"));
        assert!(!exists("no-such-program-at-all"));
    }

    #[test]
    fn a_failed_step_says_which_and_how_long() {
        let error = step("a step", || anyhow::bail!("it broke")).unwrap_err();
        assert_eq!(format!("{error:#}"), "a step, after 0.0 s: it broke");
        assert!(step("another", || Ok(())).is_ok());
    }

    #[test]
    fn seconds_have_one_digit_rounded_down() {
        assert_eq!(seconds(Duration::from_millis(61_990)), "61.9 s");
    }
}

//! PHP as shops run it, from Debian (`cargo xtask peers` installs it): it reads a body to arrays and writes it again.

use std::{
    io::Write,
    process::{Command, Stdio},
};

/// What C6 and C7 do with a callback before they compare its signature (A.13).
const ENCODE_AGAIN: &str = r#"echo json_encode(json_decode(file_get_contents("php://stdin"), true));"#;

/// A body as PHP writes it after reading it.
pub(crate) fn encoded_again(body: &[u8]) -> Vec<u8> {
    run(&["-r", ENCODE_AGAIN], body)
}

/// The signature of that, by PHP's own functions.
pub(crate) fn signature(secret: &str, body: &[u8]) -> String {
    let code =
        r#"echo hash_hmac("sha512", json_encode(json_decode(file_get_contents("php://stdin"), true)), $argv[1]);"#;
    String::from_utf8(run(&["-r", code, "--", secret], body)).unwrap()
}

fn run(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut php = Command::new("php")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("PHP is needed: cargo xtask peers installs it");
    php.stdin.take().unwrap().write_all(input).unwrap();
    let output = php.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    output.stdout
}

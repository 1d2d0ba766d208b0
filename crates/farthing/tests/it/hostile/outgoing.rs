//! Where the program connects to, as the kernel saw it: strace counts every `connect`.

use super::served::{Served, merchant, write_configuration};
use crate::{contract::http::Ask, eventually::eventually, program::Folder};
use serde_json::{Value, json};
use std::{
    fs::{self, File},
    io::ErrorKind,
    net::TcpListener,
    process::{Child, Command, Stdio},
};

pub(super) const ALLOWED: &str = "[webhooks]\nallow_private_addresses = true\n";
pub(super) const REFUSED: &str = "[webhooks]\nallow_private_addresses = false\n";

/// Ways to write addresses of this machine and its networks, which an operator may allow. `P` is a port where somebody listens.
pub(super) const OWN: [&str; 20] = [
    "http://127.0.0.1:P/",
    "http://2130706433:P/",
    "http://0x7f000001:P/",
    "http://0177.0.0.1:P/",
    "http://017700000001:P/",
    "http://127.1:P/",
    "http://127.0.1:P/",
    "http://0x7F.0.0.0x1:P/",
    "http://127.0.0.1.:P/",
    "http://[::1]:P/",
    "http://[0:0:0:0:0:0:0:1]:P/",
    "http://[::ffff:127.0.0.1]:P/",
    "http://[::ffff:7f00:1]:P/",
    "http://localhost:P/",
    "http://LOCALHOST:P/",
    "http://%6c%6f%63%61%6c%68%6f%73%74:P/",
    "http://10.0.0.1:P/",
    "http://192.168.1.1:P/",
    "http://172.16.0.1:P/",
    "http://100.64.0.1:P/",
];

/// What is never registered, whatever is allowed.
pub(super) const NEVER: [&str; 40] = [
    "https://0.0.0.0/",
    "https://0/",
    "https://0x0/",
    "https://169.254.169.254/latest/meta-data",
    "https://2852039166/",
    "https://0xa9fea9fe/",
    "https://[::ffff:a9fe:a9fe]/",
    "https://255.255.255.255/",
    "https://224.0.0.1/",
    "https://240.0.0.1/",
    "https://192.0.2.1/",
    "https://198.18.0.1/",
    "https://100.100.100.200/",
    "https://168.63.129.16/",
    "https://[::]/",
    "https://[::7f00:1]/",
    "https://[::127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[2001::1]/",
    "https://[fec0::1]/",
    "https://[fe80::1]/",
    "https://[fe80::1%25lo]/",
    "https://[ff02::1]/",
    "https://[2001:db8::1]/",
    "https://[fd00:ec2::254]/",
    "https://localhost./",
    "https://shop.example./",
    "https://a@127.0.0.1/",
    "https://shop.example@127.0.0.1/",
    "https://127.0.0.1\\@shop.example/",
    "https://\u{ff11}\u{ff12}\u{ff17}.0.0.1/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_INFO",
    "unix:/run/docker.sock",
    "ftp://127.0.0.1/",
    "data:text/plain,1",
    "//127.0.0.1/",
    "https:127.0.0.1",
    "https:///127.0.0.1/",
];

/// strace on a running process and all its threads; it lets go with this value.
pub(super) struct Watch {
    strace: Child,
    connects: std::path::PathBuf,
}

impl Watch {
    pub(super) fn on(process: u32, folder: &Folder, name: &str) -> Self {
        let (connects, said) = (folder.path().join(name), folder.path().join("strace-said"));
        let strace = Command::new("strace")
            .args(["-f", "-e", "trace=connect", "-o"])
            .arg(&connects)
            .args(["-p", &process.to_string()])
            .stdin(Stdio::null())
            .stderr(File::create(&said).unwrap())
            .spawn()
            .expect("strace: `cargo xtask peers` installs it");
        eventually("strace watching", || fs::read_to_string(&said).unwrap().contains("attached").then_some(()));
        Self { strace, connects }
    }

    /// Every connection that was begun to an address of the Internet's families.
    pub(super) fn connects(&self) -> Vec<String> {
        let seen = fs::read_to_string(&self.connects).unwrap();
        let lines = seen.lines().filter(|line| line.contains("connect(") && line.contains("AF_INET"));
        lines.map(str::to_owned).collect()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        drop(self.strace.kill());
        drop(self.strace.wait());
    }
}

#[test]
fn of_sixty_ways_to_name_a_forbidden_address_none_is_connected_to() {
    let folder = Folder::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    write_configuration(&folder, ALLOWED);
    let (_, key) = merchant(&folder);
    let endpoints = registered_while_allowed(&folder, &key, &port, &listener);
    let served = Served::start(&folder, REFUSED, "log", &[]);
    let watch = Watch::on(served.process.id(), &folder, "connects");
    for (endpoint, url) in &endpoints {
        let test = format!("/api/v1/webhook-endpoints/{endpoint}/test");
        let delivery = served.ask(&Ask::new("POST", &test).key(&key)).data(201);
        let (error, status) = served.attempt(&key, endpoint, delivery["id"].as_str().unwrap());
        assert_eq!((error, status), (json!("forbidden_address"), Value::Null), "{url}");
    }
    for url in NEVER.iter().chain(&OWN).map(|url| url.replace('P', &port)) {
        let answer = served.ask(&Ask::post("/api/v1/webhook-endpoints", &json!({ "url": url })).key(&key));
        answer.blames(400, "validation_error", "url");
    }
    // Names are asked of the system's resolver; nothing else is connected to.
    let forbidden: Vec<String> = watch.connects().into_iter().filter(|line| !line.contains("htons(53)")).collect();
    assert!(forbidden.is_empty(), "{forbidden:#?}");
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "somebody came");
}

/// Registers what may be registered where private addresses are allowed, and sees that strace sees a connection there.
fn registered_while_allowed(folder: &Folder, key: &str, port: &str, listener: &TcpListener) -> Vec<(String, String)> {
    let served = Served::start(folder, ALLOWED, "log-while-allowed", &[]);
    let mut endpoints = Vec::new();
    for url in OWN.map(|url| url.replace('P', port)) {
        let answer = served.ask(&Ask::post("/api/v1/webhook-endpoints", &json!({ "url": url })).key(key));
        endpoints.push((answer.data(201)["id"].as_str().unwrap().to_owned(), url));
    }
    for url in NEVER {
        let answer = served.ask(&Ask::post("/api/v1/webhook-endpoints", &json!({ "url": url })).key(key));
        answer.blames(400, "validation_error", "url");
    }
    let watch = Watch::on(served.process.id(), folder, "connects-while-allowed");
    let test = format!("/api/v1/webhook-endpoints/{}/test", endpoints[0].0);
    served.ask(&Ask::new("POST", &test).key(key)).data(201);
    eventually("a webhook", || listener.accept().ok());
    let is_seen = |line: &String| line.contains(&format!("htons({port})"));
    eventually("the control", || watch.connects().iter().any(is_seen).then_some(()));
    endpoints
}

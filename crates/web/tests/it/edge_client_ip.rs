//! Whose request it is behind proxies.

use axum::http::{HeaderMap, HeaderValue};
use farthing_web::edge::client_ip::{IpNet, client_ip};
use std::net::IpAddr;

fn client(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
    let mut headers = HeaderMap::new();
    for line in forwarded {
        headers.append("x-forwarded-for", HeaderValue::from_bytes(line.as_bytes()).expect("a value"));
    }
    let trusted: Vec<IpNet> = trusted.iter().map(|net| net.parse().expect("a network")).collect();
    client_ip(peer.parse().expect("an address"), &headers, &trusted).to_string()
}

#[test]
fn a_header_of_an_unlisted_peer_counts_for_nothing() {
    assert_eq!(client("203.0.113.9", &["198.51.100.1"], &[]), "203.0.113.9");
    assert_eq!(client("203.0.113.9", &["198.51.100.1"], &["10.0.0.0/8"]), "203.0.113.9");
    assert_eq!(client("::ffff:203.0.113.9", &["198.51.100.1"], &["10.0.0.0/8"]), "203.0.113.9");
}

#[test]
fn the_last_hop_that_no_listed_proxy_is_counts() {
    let trusted = ["10.0.0.0/8", "2001:db8::/32"];
    assert_eq!(client("10.1.2.3", &["198.51.100.1"], &trusted), "198.51.100.1");
    assert_eq!(client("::ffff:10.1.2.3", &["198.51.100.1"], &trusted), "198.51.100.1");
    assert_eq!(client("10.1.2.3", &["1.1.1.1, 198.51.100.1"], &trusted), "198.51.100.1");
    assert_eq!(client("10.1.2.3", &["1.1.1.1, 198.51.100.1, 10.9.9.9,2001:db8::5"], &trusted), "198.51.100.1");
    assert_eq!(client("10.1.2.3", &["1.1.1.1", "198.51.100.1"], &trusted), "198.51.100.1");
    assert_eq!(client("10.1.2.3", &["198.51.100.1:4711"], &trusted), "198.51.100.1");
    assert_eq!(client("10.1.2.3", &["[2001:db9::1]:80"], &trusted), "2001:db9::1");
    assert_eq!(client("10.1.2.3", &["[2001:db9::1]"], &trusted), "2001:db9::1");
    assert_eq!(client("10.1.2.3", &["10.0.0.7, 10.0.0.8"], &trusted), "10.0.0.7");
}

#[test]
fn where_the_header_makes_no_sense_the_nearest_vouched_hop_counts() {
    let trusted = ["10.0.0.0/8"];
    assert_eq!(client("10.1.2.3", &[], &trusted), "10.1.2.3");
    for garbage in
        ["", "<script>alert(1)</script>", "unknown", "198.51.100.1.5", "é", &"9".repeat(10_000), &",".repeat(10_000)]
    {
        assert_eq!(client("10.1.2.3", &[garbage], &trusted), "10.1.2.3");
        let listed = format!("{garbage}, 10.4.4.4");
        assert_eq!(client("10.1.2.3", &[&listed], &trusted), "10.4.4.4");
        let unlisted = format!("{garbage}, 198.51.100.1");
        assert_eq!(client("10.1.2.3", &[&unlisted], &trusted), "198.51.100.1");
    }
    let long_way = vec!["10.0.0.1"; 10_000].join(",");
    assert_eq!(client("10.1.2.3", &[&long_way], &trusted), "10.0.0.1");
}

#[test]
fn a_network_holds_what_its_prefix_says() {
    let holds = |net: &str, address: &str| {
        let address: IpAddr = address.parse().expect("an address");
        net.parse::<IpNet>().expect("a network").contains(address)
    };
    assert!(holds("192.0.2.0/25", "192.0.2.127") && !holds("192.0.2.0/25", "192.0.2.128"));
    assert!(holds("192.0.2.7", "192.0.2.7") && !holds("192.0.2.7", "192.0.2.6"));
    assert!(holds("0.0.0.0/0", "255.255.255.255") && !holds("0.0.0.0/0", "2001:db8::1"));
    assert!(
        holds("::/0", "2001:db8::1")
            && holds("2001:db8::/33", "2001:db8:7fff::1")
            && !holds("2001:db8::/33", "2001:db8:8000::1")
    );
    for broken in
        ["", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/+8", "10.0.0/8", "a", "10.0.0.0/8/8", "10.0.0.0/999"]
    {
        assert!(broken.parse::<IpNet>().is_err(), "{broken}");
    }
}

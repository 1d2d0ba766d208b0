//! Whose request it is, when a reverse proxy may stand between.
//!
//! A header is believed only as far as a listed proxy wrote it. Nothing here is a name or a credential: it is for rate limits
//! and logs.

use hyper::HeaderMap;
use std::{
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

/// Proxies in a row that are looked through; a longer list is somebody's joke.
const HOPS_MAX: usize = 16;

/// Addresses with a common beginning, as `10.0.0.0/8`; a single address is one with its full length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IpNet {
    address: IpAddr,
    prefix: u8,
}

/// The text is no address and no network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an IP address or a network such as 10.0.0.0/8")]
pub struct IpNetError;

impl IpNet {
    /// Whether the address is one of these. An IPv4 address written as IPv6 is IPv4.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                let differing = ours.to_bits() ^ theirs.to_bits();
                differing.leading_zeros() >= u32::from(self.prefix)
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => {
                let differing = ours.to_bits() ^ theirs.to_bits();
                differing.leading_zeros() >= u32::from(self.prefix)
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

impl FromStr for IpNet {
    type Err = IpNetError;

    fn from_str(text: &str) -> Result<Self, IpNetError> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| IpNetError)?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().map_err(|_| IpNetError)?
            }
            Some(_) => return Err(IpNetError),
            None => longest,
        };
        if prefix > longest {
            return Err(IpNetError);
        }
        Ok(IpNet { address, prefix })
    }
}

/// The address of the client, which is `peer` unless that is a listed proxy.
///
/// Then it is the last hop in `X-Forwarded-For` that no listed proxy is, read from the right. Where the header ends or stops
/// making sense, it is the nearest hop that a listed proxy vouched for.
#[must_use]
pub fn client_ip(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let listed = |address: IpAddr| trusted.iter().any(|net| net.contains(address));
    let mut nearest = peer.to_canonical();
    if !listed(nearest) {
        return nearest;
    }
    let lines = headers.get_all("x-forwarded-for").iter().rev();
    let hops = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
    for hop in hops.take(HOPS_MAX) {
        let Some(address) = hop_address(hop) else {
            break;
        };
        nearest = address;
        if !listed(nearest) {
            break;
        }
    }
    nearest
}

/// Some proxies add the port.
fn hop_address(hop: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(hop).ok()?.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let with_port = || text.parse::<SocketAddr>().map(|address| address.ip());
    bare.parse().or_else(|_| with_port()).ok().map(|address: IpAddr| address.to_canonical())
}

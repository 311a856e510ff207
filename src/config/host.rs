//! The form of a host and its port in a text.
//!
//! Owns what `HOST:PORT` may be. Nothing is resolved: the name of a host may be one that nobody has.

use std::net::{Ipv4Addr, SocketAddrV6};

/// Whether this is `HOST` or `HOST:PORT`, and the host neither has an IPv6 address nor is many.
pub(super) fn is_single_host(text: &str) -> bool {
    let host = text.split(':').next().unwrap_or_default();
    let is_many = |address: Ipv4Addr| {
        address.is_multicast() || address.is_broadcast() || address.is_unspecified()
    };
    !text.starts_with('[')
        && (is_host_and_port(text) || is_host_and_port(&format!("{text}:1")))
        && !host.parse().is_ok_and(is_many)
}

/// Whether this is `HOST:PORT` or `[IPV6]:PORT`.
pub(super) fn is_host_and_port(text: &str) -> bool {
    if text.starts_with('[') {
        return matches!(text.parse::<SocketAddrV6>(), Ok(address) if address.port() != 0);
    }
    let in_host = |c: char| c.is_alphanumeric() || "-._".contains(c);
    let is_numeric = |host: &str| host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    text.split_once(':').is_some_and(|(host, port)| {
        !host.is_empty()
            && host.chars().all(in_host)
            && (!is_numeric(host) || host.parse::<Ipv4Addr>().is_ok())
            && port.bytes().all(|byte| byte.is_ascii_digit())
            && matches!(port.parse::<u16>(), Ok(1..))
    })
}

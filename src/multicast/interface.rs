//! Network interfaces: how the user names one, and which there are.
//!
//! Reads `/proc/self/net`, which a systemd sandbox leaves readable and which is right in every network
//! namespace; no netlink. An interface is pinned by its index wherever possible, because that survives
//! a change of address.

use std::fmt;
use std::fs;
use std::io;
use std::net::{IpAddr, Ipv6Addr};
use std::os::fd::AsFd;
use std::str::FromStr;

use rustix::io::Errno;
use rustix::net::netdevice::name_to_index;
use socket2::InterfaceIndexOrAddress;

use super::error::Error;

/// The index of `lo`: the kernel's `LOOPBACK_IFINDEX`, the same in every network namespace.
pub(super) const LOOPBACK: u32 = 1;

/// A network interface as the user names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Interface {
    /// By name, such as `eth0`. The best way: addresses may change.
    Name(String),
    /// By an address that it has.
    Address(IpAddr),
}

impl FromStr for Interface {
    type Err = String;

    /// An IP address is an address, everything else a name. Fails on names that the kernel does not allow
    /// (empty, 16 bytes or longer, with a `/`, a `:` or blanks) and on addresses that no interface has.
    /// The error says what was expected.
    fn from_str(text: &str) -> Result<Self, String> {
        let is_odd = |c: char| c.is_whitespace() || c.is_control() || c == '/' || c == ':';
        match text.parse::<IpAddr>() {
            Ok(address) if !address.is_multicast() && !address.is_unspecified() => {
                Ok(Self::Address(address))
            }
            Err(_) if !text.is_empty() && text.len() <= 15 && !text.contains(is_odd) => {
                Ok(Self::Name(text.to_owned()))
            }
            _ => Err("the name of a network interface, such as eth0, or its address".to_owned()),
        }
    }
}

impl Interface {
    /// Whether this can be used with `group`: an address must be of the same family.
    pub(crate) fn suits(&self, group: IpAddr) -> bool {
        match self {
            Self::Name(_) => true,
            Self::Address(address) => address.is_ipv4() == group.is_ipv4(),
        }
    }

    /// Finds this interface for use with `group`, now. `socket` is any socket, to ask the kernel by.
    pub(super) fn locate(
        &self,
        group: IpAddr,
        socket: impl AsFd,
    ) -> Result<InterfaceIndexOrAddress, Error> {
        let index = match self {
            Self::Name(name) => name_to_index(&socket, name).ok(),
            // The kernel finds the interface of an IPv4 address itself, when it is asked to use it.
            Self::Address(IpAddr::V4(address)) if group.is_ipv4() => {
                return Ok(InterfaceIndexOrAddress::Address(*address));
            }
            Self::Address(IpAddr::V6(address)) if group.is_ipv6() => {
                index_of_address(&proc_net("if_inet6"), *address)
            }
            Self::Address(interface) => {
                let interface = *interface;
                return Err(Error::WrongFamily { interface, group });
            }
        };
        index.map(InterfaceIndexOrAddress::Index).ok_or_else(|| self.missing())
    }

    /// The error for a kernel that refuses to use this interface for `action`.
    pub(super) fn refused(&self, action: &str, reason: io::Error) -> Error {
        let missing = [Errno::ADDRNOTAVAIL, Errno::NODEV];
        if Errno::from_io_error(&reason).is_some_and(|errno| missing.contains(&errno)) {
            return self.missing();
        }
        Error::refused(format!("{action} interface {self}"))(reason)
    }

    fn missing(&self) -> Error {
        Error::NoInterface {
            wanted: self.to_string(),
            present: names(&proc_net("dev")).collect::<Vec<_>>().join(", "),
        }
    }
}

impl fmt::Display for Interface {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(address) => address.fmt(f),
        }
    }
}

/// The indexes of all interfaces, up or down: one that is joined while it is down serves when it is up.
pub(super) fn all(socket: impl AsFd) -> Vec<u32> {
    names(&proc_net("dev")).filter_map(|name| name_to_index(&socket, name).ok()).collect()
}

/// The interface of the IPv6 default route, if there is one.
pub(super) fn default_route_v6(socket: impl AsFd) -> Option<u32> {
    let routes = proc_net("ipv6_route");
    name_to_index(socket, default_route_name(&routes)?).ok()
}

/// A file of `/proc/self/net`; empty when the kernel has none (no IPv6, say).
fn proc_net(file: &str) -> String {
    fs::read_to_string(format!("/proc/self/net/{file}")).unwrap_or_default()
}

/// The names in `/proc/self/net/dev`: two lines of heading, then `name: counters`.
fn names(dev: &str) -> impl Iterator<Item = &str> {
    dev.lines().skip(2).filter_map(|line| Some(line.split_once(':')?.0.trim()))
}

/// The index of the interface with `address` in `/proc/self/net/if_inet6`: address and index in
/// hexadecimal, and more.
fn index_of_address(if_inet6: &str, address: Ipv6Addr) -> Option<u32> {
    let wanted = format!("{:032x}", u128::from(address));
    if_inet6.lines().find_map(|line| {
        let mut fields = line.split_whitespace();
        if fields.next()? != wanted {
            return None;
        }
        u32::from_str_radix(fields.next()?, 16).ok()
    })
}

/// The interface of the best default route in `/proc/self/net/ipv6_route`: destination, prefix
/// length, source, its prefix length, next hop, metric, use counts, flags, name. The kernel's own
/// entry that rejects what has no route is on `lo`.
fn default_route_name(ipv6_route: &str) -> Option<&str> {
    ipv6_route
        .lines()
        .filter_map(|line| {
            let fields: Vec<_> = line.split_whitespace().collect();
            let &[destination, length, _, _, _, metric, _, _, _, name] = fields.as_slice() else {
                return None;
            };
            let is_default = length == "00" && destination.bytes().all(|digit| digit == b'0');
            (is_default && name != "lo").then_some((metric, name))
        })
        // Metrics all have eight digits, so that they compare as text.
        .min_by_key(|(metric, _)| *metric)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interface_is_an_address_or_a_name_that_the_kernel_could_give() {
        let parsed = |text: &str| text.parse::<Interface>();
        assert_eq!(parsed("eth0"), Ok(Interface::Name("eth0".into())));
        let address = IpAddr::from([192, 0, 2, 1]);
        assert_eq!(parsed("192.0.2.1"), Ok(Interface::Address(address)));
        assert_eq!(parsed("fe80::1"), Ok(Interface::Address("fe80::1".parse().unwrap())));
        for wrong in [
            "",
            "../eth0",
            "eth 0",
            "a-very-long-name",
            "eth0:1",
            "e\n",
            "224.7.2.1",
            "::",
            "0.0.0.0",
        ] {
            assert!(parsed(wrong).unwrap_err().contains("eth0"), "{wrong:?}");
        }
    }

    #[test]
    fn names_are_read_from_the_kernel_table() {
        let dev = "Inter-|   Receive          |  Transmit\n face |bytes    packets|bytes\n    \
                   lo:    3193      29    0\n  wlan0:123  4 5\n";
        assert_eq!(names(dev).collect::<Vec<_>>(), ["lo", "wlan0"]);
        assert_eq!(names("").count(), 0);
    }

    #[test]
    fn an_ipv6_address_is_found_with_its_index_in_hexadecimal() {
        let table = "00000000000000000000000000000001 01 80 10 80       lo\n\
                     fe8000000000000000fc00fffe000001 1a 40 20 80     eth0\n";
        let index = |text: &str| index_of_address(table, text.parse().unwrap());
        assert_eq!(index("fe80::fc:ff:fe00:1"), Some(26));
        assert_eq!(index("::1"), Some(1));
        assert_eq!(index("fe80::2"), None);
    }

    #[test]
    fn the_default_route_with_the_lowest_metric_counts_and_lo_never() {
        let (zero, some) = ("0".repeat(32), "f".repeat(32));
        let line = |to: &str, length: &str, metric: &str, name: &str| {
            format!("{to} {length} {zero} 00 {some} {metric} 00000001 0 00200200     {name}\n")
        };
        let table = line(&some, "40", "00000001", "eth9")
            + &line(&zero, "00", "00000400", "wlan0")
            + &line(&zero, "00", "00000064", "eth0")
            + &line(&zero, "00", "00000000", "lo");
        assert_eq!(default_route_name(&table), Some("eth0"));
        assert_eq!(default_route_name(&line(&zero, "40", "00000001", "eth0")), None);
    }
}

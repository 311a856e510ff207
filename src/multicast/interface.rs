//! Network interfaces: how the user names one, and on which ones a group is joined.
//!
//! Reads `/proc/self/net`, which a systemd sandbox leaves readable and which is right in every network
//! namespace, and `/sys/class/net` for what the tables do not tell; no netlink, which the sandbox forbids.
//! An interface is pinned by its index wherever possible, because that survives a change of address.

use std::fmt;
use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::str::FromStr;

use rustix::io::Errno;
use rustix::net::netdevice::name_to_index;
use socket2::InterfaceIndexOrAddress;

use super::error::Error;

/// The index of `lo`: the kernel's `LOOPBACK_IFINDEX`, the same in every network namespace.
pub(super) const LOOPBACK: u32 = 1;

/// Flags of an interface, as `linux/if.h` numbers them.
const IFF_UP: u32 = 0x1;
const IFF_POINTOPOINT: u32 = 0x10;

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

/// Name and index of each interface on which a group of this family is joined, most important first: those
/// of the default routes, `lo`, then all others that have an address. Those that are down or point-to-point
/// are left out: a container's end of a cable and a VPN are not the network of the meter.
pub(super) fn to_join(group: IpAddr, socket: impl AsFd) -> Vec<(String, u32)> {
    let routes = proc_net(if group.is_ipv4() { "route" } else { "ipv6_route" });
    let (default_routes, addresses) = match group {
        IpAddr::V4(_) => (default_routes_v4(&routes), routes.clone()),
        IpAddr::V6(_) => (default_routes_v6(&routes), proc_net("if_inet6")),
    };
    let with_address = match group {
        IpAddr::V4(_) => routed_v4(&addresses),
        IpAddr::V6(_) => addressed_v6(&addresses),
    };
    usable(default_routes, with_address, flags)
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), name_to_index(&socket, name).ok()?)))
        .collect()
}

/// The order of [`to_join`], each name once.
fn usable<'a>(
    default_routes: Vec<&'a str>,
    with_address: Vec<&'a str>,
    flags: impl Fn(&str) -> Option<u32>,
) -> Vec<&'a str> {
    let is_usable = |name: &str| {
        name == "lo" || flags(name).is_none_or(|flags| flags & (IFF_UP | IFF_POINTOPOINT) == IFF_UP)
    };
    let mut names = Vec::new();
    for name in default_routes.into_iter().chain(["lo"]).chain(with_address) {
        if !names.contains(&name) && is_usable(name) {
            names.push(name);
        }
    }
    names
}

/// Whether this host has the address now. The kernel lets nobody else's datagrams in from one that it has.
pub(crate) fn is_ours(mut address: SocketAddr) -> bool {
    // The kernel binds no other address; the port does not matter.
    address.set_port(0);
    address.ip().is_loopback() || UdpSocket::bind(address).is_ok()
}

/// The flags of an interface; `None` where `/sys` does not tell.
fn flags(name: &str) -> Option<u32> {
    let text = fs::read_to_string(format!("/sys/class/net/{name}/flags")).ok()?;
    u32::from_str_radix(text.trim().strip_prefix("0x")?, 16).ok()
}

/// The name of the interface by which telegrams to `group` leave: that of the best route, or if that is
/// point-to-point (a VPN), the best of the others, `lo` if there is none. `None` without any route.
pub(super) fn outgoing(group: IpAddr, socket: impl AsFd) -> Option<String> {
    let is_network = |name: &str| flags(name).is_none_or(|flags| flags & IFF_POINTOPOINT == 0);
    let routes = proc_net(if group.is_ipv4() { "route" } else { "ipv6_route" });
    let routes = match group {
        IpAddr::V4(group) => routes_to_v4(&routes, group),
        IpAddr::V6(_) => default_routes_v6(&routes),
    };
    routes.first()?;
    let network = routes.iter().find(|name| is_network(name)).map(|name| (*name).to_owned());
    let joined =
        || to_join(group, socket).into_iter().map(|(name, _)| name).find(|name| name != "lo");
    network.or_else(joined).or_else(|| Some("lo".to_owned()))
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

/// The rows of `/proc/self/net/route` below their heading: interface, destination, gateway, flags, two use
/// counts, metric, mask, and more. Rows that reject are on an interface `*`.
fn routes_v4(route: &str) -> impl Iterator<Item = Vec<&str>> {
    let rows = route.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>());
    rows.filter(|row| row.len() > 7 && row[0] != "*")
}

/// The interfaces that IPv4 routes lead to. Each address brings a route to its network.
fn routed_v4(route: &str) -> Vec<&str> {
    routes_v4(route).map(|row| row[0]).collect()
}

/// The interfaces of the IPv4 default routes, the best first.
fn default_routes_v4(route: &str) -> Vec<&str> {
    let is_default = |row: &Vec<&str>| row[1] == "00000000" && row[7] == "00000000";
    let mut routes: Vec<_> = routes_v4(route).filter(is_default).collect();
    routes.sort_by_key(|row| row[6].parse().unwrap_or(u32::MAX));
    routes.into_iter().map(|row| row[0]).collect()
}

/// The interfaces of the IPv4 routes that lead to `group`, the best first: the longest prefix counts, then
/// the metric.
fn routes_to_v4(route: &str, group: Ipv4Addr) -> Vec<&str> {
    // The kernel writes the four bytes of an address as a number of this machine.
    let group = u32::from_ne_bytes(group.octets());
    let number = |text: &str| u32::from_str_radix(text, 16).ok();
    let matching = routes_v4(route).filter_map(|row| {
        let (target, mask) = (number(row[1])?, number(row[7])?);
        let metric = row[6].parse().unwrap_or(u32::MAX);
        (group & mask == target).then_some((u32::MAX - mask.count_ones(), metric, row[0]))
    });
    let mut matching: Vec<_> = matching.collect();
    matching.sort_unstable();
    matching.into_iter().map(|(_, _, name)| name).collect()
}

/// The interfaces in `/proc/self/net/if_inet6`: address, index, prefix length, scope, flags, name.
fn addressed_v6(if_inet6: &str) -> Vec<&str> {
    if_inet6.lines().filter_map(|line| line.split_whitespace().nth(5)).collect()
}

/// The interfaces of the IPv6 default routes, the best first. `/proc/self/net/ipv6_route` has destination,
/// prefix length, source, its prefix length, next hop, metric, use counts, flags, name. The kernel's own
/// entry that rejects what has no route is on `lo`.
fn default_routes_v6(ipv6_route: &str) -> Vec<&str> {
    let route = |line| {
        let fields: Vec<_> = str::split_whitespace(line).collect();
        let &[destination, length, _, _, _, metric, _, _, _, name] = fields.as_slice() else {
            return None;
        };
        let is_default = length == "00" && destination.bytes().all(|digit| digit == b'0');
        (is_default && name != "lo").then_some((metric, name))
    };
    let mut routes: Vec<_> = ipv6_route.lines().filter_map(route).collect();
    // Metrics all have eight digits, so they compare as text.
    routes.sort_by_key(|(metric, _)| *metric);
    routes.into_iter().map(|(_, name)| name).collect()
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
    fn addresses_of_this_host_are_told_from_others() {
        for (address, is_ours) in [
            ("127.0.0.1:52001", true),
            ("127.3.4.5:1", true),
            ("[::1]:2", true),
            ("192.0.2.1:3", false),
        ] {
            assert_eq!(super::is_ours(address.parse().unwrap()), is_ours, "{address}");
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
    fn the_best_route_to_a_group_comes_first_and_two_halves_are_better_than_the_whole() {
        let row = |name: &str, target: [u8; 4], metric: u32, mask: [u8; 4]| {
            let number = |bytes| format!("{:08X}", u32::from_ne_bytes(bytes));
            format!(
                "{name}\t{}\t0\t0003\t0\t0\t{metric}\t{}\t0\t0\t0\n",
                number(target),
                number(mask)
            )
        };
        let table = "Iface\tDestination\n".to_owned()
            + &row("wlan0", [0, 0, 0, 0], 600, [0; 4])
            + &row("eth0", [0, 0, 0, 0], 100, [0; 4])
            + &row("eth0", [192, 0, 2, 0], 100, [255, 255, 255, 0])
            + &row("tun0", [0, 0, 0, 0], 0, [128, 0, 0, 0])
            + &row("tun1", [128, 0, 0, 0], 0, [128, 0, 0, 0]);
        let group = Ipv4Addr::new(224, 7, 2, 1);
        assert_eq!(routes_to_v4(&table, group), ["tun1", "eth0", "wlan0"]);
        assert_eq!(routes_to_v4("", group), Vec::<&str>::new());
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
        assert_eq!(default_routes_v6(&table), ["eth0", "wlan0"]);
        assert!(default_routes_v6(&line(&zero, "40", "00000001", "eth0")).is_empty());
    }

    #[test]
    fn ipv4_routes_tell_the_interfaces_with_an_address_and_the_default_routes() {
        let table = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n\
                     docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n\
                     wlan0\t00000000\t0102A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n\
                     eth0\t00000000\t0102A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n\
                     tun0\t00000000\t00000000\t0001\t0\t0\t0\t00000080\t0\t0\t0\n\
                     *\t0000010A\t00000000\t0200\t0\t0\t0\t0000FFFF\t0\t0\t0\n";
        assert_eq!(default_routes_v4(table), ["eth0", "wlan0"]);
        assert_eq!(routed_v4(table), ["docker0", "wlan0", "eth0", "tun0"]);
        assert!(routed_v4("").is_empty());
    }

    #[test]
    fn the_default_route_s_interface_is_first_and_those_down_or_point_to_point_are_left_out() {
        let flags = |name: &str| match name {
            "tun0" => Some(0x1091),
            "eth1" => Some(0x1002),
            "odd0" => None,
            _ => Some(0x1003),
        };
        let names = usable(
            vec!["tun0", "wlan0"],
            vec!["docker0", "eth1", "wlan0", "tun0", "odd0", "docker0", "lo"],
            flags,
        );
        assert_eq!(names, ["wlan0", "lo", "docker0", "odd0"]);
    }

    #[test]
    fn ipv6_addresses_tell_their_interfaces() {
        let table = "00000000000000000000000000000001 01 80 10 80       lo\n\
                     fe8000000000000000fc00fffe000001 1a 40 20 80     eth0\n";
        assert_eq!(addressed_v6(table), ["lo", "eth0"]);
    }
}

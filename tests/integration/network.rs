//! The programs where the network comes and goes: in a network namespace of the test's own. Nothing leaves
//! the namespace.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU16, Ordering};

use p1_multicast::message::Message;
use rustix::process::Signal;

use crate::support::{
    Meter, Place, Running, binary, repeat_until, telegram, telegram_at, wait_for, watts,
    whole_lines,
};

/// A network namespace, with nothing up in it.
struct Namespace(String);

impl Namespace {
    fn new() -> Self {
        static NEXT: AtomicU16 = AtomicU16::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("p1test-{}-{number}", std::process::id());
        let made = Command::new("ip").args(["netns", "add", &name]).output().unwrap();
        assert!(made.status.success(), "ip netns add: {made:?}");
        Self(name)
    }

    /// Gives what `ip` prints.
    fn ip(&self, words: &str) -> String {
        let mut command = Command::new("ip");
        let output = command.args(["-n", &self.0]).args(words.split(' ')).output().unwrap();
        assert!(output.status.success(), "ip {words}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// A pair of interfaces; use `v0`.
    fn plug_in(&self) {
        self.plug_in_as("v");
    }

    /// The same with another name than `v`.
    fn plug_in_as(&self, name: &str) {
        self.ip(&format!("link add {name}0 type veth peer name {name}1"));
        self.ip(&format!("link set {name}1 up"));
        self.ip(&format!("link set {name}0 up"));
    }

    /// How many packets have left by this interface.
    fn sent_by(&self, interface: &str) -> u64 {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.0, "cat", "/proc/self/net/dev"]);
        let table = String::from_utf8(command.output().unwrap().stdout).unwrap();
        let line = table.lines().find_map(|line| line.trim().strip_prefix(interface)).unwrap();
        // Behind a colon: eight numbers of what has come in, and the bytes that have left.
        line.split_whitespace().nth(10).unwrap().parse().unwrap()
    }

    /// Sets a parameter of the kernel, by its path below `/proc/sys`.
    fn set(&self, parameter: &str, value: &str) {
        let script = format!("echo {value} >/proc/sys/{parameter}");
        let mut command = Command::new("ip");
        let status = command.args(["netns", "exec", &self.0, "sh", "-c", &script]).status();
        assert!(status.unwrap().success(), "{script}");
    }

    fn run(&self, place: &Place, program: &str, output: Option<&PathBuf>) -> Running {
        self.run_with(place, program, &[], output)
    }

    /// The same with these options.
    fn run_with(
        &self,
        place: &Place,
        program: &str,
        options: &[&str],
        output: Option<&PathBuf>,
    ) -> Running {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.0]).arg(binary(program)).args(options);
        command.arg("--config-file").arg(place.path("p1reader.yml"));
        if let Some(output) = output {
            command.stdout(File::create(output).unwrap());
        }
        Running::start(place, program, &mut command)
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = Command::new("ip").args(["netns", "del", &self.0]).status();
    }
}

/// A listener in a namespace, its meter, and whoever hears it there.
struct Scene {
    listener: Running,
    hearer: Option<Running>,
    meter: Meter,
    namespace: Namespace,
    place: Place,
}

impl Scene {
    /// The keys are those of the section `multicast`.
    fn begin(keys: &str) -> Self {
        let namespace = Namespace::new();
        let place = Place::new();
        let port = place.path("meter");
        let config = format!("p1_listener: {{port: {}}}\nmulticast: {{{keys}}}\n", port.display());
        fs::write(place.path("p1reader.yml"), config).unwrap();
        let meter = Meter::plug_in(&place);
        let listener = namespace.run(&place, "p1listener", None);
        listener.wait_for_log("is open");
        Self { listener, hearer: None, meter, namespace, place }
    }

    /// For a reader: its files are those of the test.
    fn add_outputs(&self) {
        let path = self.place.path("p1reader.yml");
        let network = fs::read_to_string(&path).unwrap();
        let all = fs::read_to_string(self.place.config()).unwrap();
        // Of a section that is there twice the last one counts.
        fs::write(&path, all + &network).unwrap();
    }

    /// Sends this telegram again and again until the log has said `text` so many times.
    fn send_until_said(&mut self, watts: u32, count: usize, text: &str) {
        let log = &self.listener;
        self.meter.send_until(text, &telegram(watts), || {
            (log.log().matches(text).count() >= count).then_some(())
        });
    }

    /// Sends this telegram again and again until it is heard by one who comes now.
    fn send_until_heard(&mut self, number: u32) {
        let heard = self.place.path("heard");
        self.hearer = Some(self.namespace.run(&self.place, "p1cat", Some(&heard)));
        let is_it = |line: &str| {
            let message = Message::parse(line.as_bytes());
            message.is_ok_and(|message| watts(&message) == i64::from(number))
        };
        self.meter.send_until(&format!("telegram {number}"), &telegram(number), || {
            fs::read_to_string(&heard).unwrap().lines().any(is_it).then_some(())
        });
    }

    /// Sends telegrams until more of them have left by this interface than a quiet one sends by itself.
    fn send_until_sent_by(&mut self, interface: &str) {
        let before = self.namespace.sent_by(interface);
        wait_for(&format!("telegrams by {interface}"), || {
            self.meter.send(&telegram(1));
            (self.namespace.sent_by(interface) > before + 50).then_some(())
        });
    }

    fn said(&self, text: &str) -> usize {
        self.listener.log().matches(text).count()
    }

    /// The log says `text` so many times, and no more. It does after what it is about: a telegram may be there before.
    fn assert_said(&self, count: usize, text: &str) {
        self.listener.wait_for_logs(count, text);
        assert_eq!(self.said(text), count, "{text}");
    }

    fn end(self) {
        self.listener.stop();
    }
}

#[test]
#[ignore = "needs root and network namespaces"]
fn without_an_interface_the_default_route_s_is_used_and_else_lo() {
    let mut scene = Scene::begin("address: 239.255.80.1, port: 28001, raw_port: off");
    // Nothing is up, not even `lo`, as early at boot.
    scene.send_until_said(1, 1, "cannot send to 239.255.80.1:28001");
    assert_eq!(scene.said("stay on this machine"), 0, "where nothing can be sent, nothing stays");
    scene.namespace.ip("link set lo up");
    scene.send_until_heard(2);
    scene.assert_said(1, "telegrams stay on this machine");
    scene.listener.signal(Signal::USR1);
    scene.listener.wait_for_log("; no route to 239.255.80.1:28001: heard on this machine only");
    scene.namespace.plug_in();
    scene.namespace.ip("addr add 192.0.2.1/24 dev v0");
    scene.namespace.ip("route add default via 192.0.2.254");
    scene.send_until_said(3, 1, "telegrams leave this machine");
    scene.send_until_heard(4);
    scene.namespace.ip("link set v0 down");
    scene.send_until_said(5, 2, "telegrams stay on this machine");
    scene.send_until_heard(6);
    scene.namespace.ip("link set v0 up");
    scene.namespace.ip("route add default via 192.0.2.254");
    scene.send_until_said(7, 2, "telegrams leave this machine");
    // As a VPN may set it, so that nothing leaves without it.
    for (watts, kind) in (8..).zip(["unreachable", "prohibit", "blackhole"]) {
        scene.namespace.ip("link set v0 down");
        scene.namespace.ip(&format!("route replace {kind} default"));
        scene.send_until_heard(watts);
    }
    assert_eq!(scene.said("cannot send"), 1, "{}", scene.listener.log());
    scene.end();
}

#[test]
#[ignore = "needs root and network namespaces"]
fn a_vpn_that_takes_the_default_route_does_not_take_the_telegrams() {
    let mut scene = Scene::begin("address: 239.255.80.6, port: 28013, raw_port: off");
    scene.namespace.ip("link set lo up");
    scene.namespace.plug_in();
    scene.namespace.ip("addr add 192.0.2.1/24 dev v0");
    scene.namespace.ip("route add default via 192.0.2.254");
    scene.send_until_said(1, 1, "telegrams leave by v0, from 192.0.2.1");
    scene.namespace.ip("tuntap add dev t0 mode tun");
    scene.namespace.ip("link set t0 up");
    scene.namespace.ip("addr add 10.9.0.2/32 dev t0");
    for half in ["0.0.0.0/1", "128.0.0.0/1"] {
        scene.namespace.ip(&format!("route add {half} dev t0"));
    }
    scene.send_until_sent_by("v0");
    // Also where the VPN has the only default route.
    scene.namespace.ip("route del default");
    scene.send_until_sent_by("v0");
    assert_eq!(scene.said("telegrams leave by t0"), 0);
    scene.end();
}

#[test]
#[ignore = "needs root and network namespaces"]
fn a_named_interface_is_followed_through_absence_address_change_and_replacement() {
    let keys = "address: 239.255.80.2, port: 28003, raw_port: off, interface: v0";
    let mut scene = Scene::begin(keys);
    scene.send_until_said(1, 1, "no network interface v0");
    scene.namespace.plug_in();
    scene.namespace.ip("addr add 192.0.2.1/24 dev v0");
    scene.send_until_heard(2);
    scene.assert_said(1, "works again");
    scene.namespace.ip("addr add 198.51.100.1/24 dev v0");
    scene.namespace.ip("addr del 192.0.2.1/24 dev v0");
    scene.send_until_heard(3);
    assert_eq!(scene.said("cannot send"), 1, "an address is not the interface");
    scene.namespace.ip("link del v0");
    scene.send_until_said(4, 2, "cannot send");
    scene.namespace.plug_in();
    scene.namespace.ip("addr add 192.0.2.1/24 dev v0");
    scene.send_until_heard(5);
    scene.assert_said(2, "works again");
    scene.assert_said(2, "cannot send");
    scene.end();
}

#[test]
#[ignore = "needs root and network namespaces"]
fn a_group_of_ipv6_is_heard() {
    let keys = "address: \"ff15::4d:1\", port: 28005, raw_port: off, interface: v0";
    let mut scene = Scene::begin(keys);
    scene.namespace.ip("link set lo up");
    scene.namespace.plug_in();
    scene.namespace.ip("addr add fd00:4d::1/64 dev v0 nodad");
    scene.send_until_heard(1);
    scene.end();
}

#[test]
#[ignore = "needs root and network namespaces"]
fn the_default_route_of_ipv6_is_followed() {
    let keys = "address: \"ff15::4d:2\", port: 28009, raw_port: off";
    let mut scene = Scene::begin(keys);
    // The listener was there before: by itself the kernel takes the interface that comes first.
    for name in ["x", "v", "w"] {
        scene.namespace.plug_in_as(name);
        scene
            .namespace
            .ip(&format!("addr add fd00:4d:{:x}::1/64 dev {name}0 nodad", name.as_bytes()[0]));
    }
    for interface in ["v0", "w0", "v0"] {
        scene.namespace.ip(&format!("-6 route replace default dev {interface}"));
        scene.send_until_sent_by(interface);
    }
    scene.end();
}

#[test]
#[ignore = "needs root and network namespaces"]
fn an_address_is_followed_to_another_interface() {
    let keys = "address: 239.255.80.4, port: 28011, raw_port: off, interface: 192.0.2.1";
    let mut scene = Scene::begin(keys);
    scene.namespace.plug_in_as("v");
    scene.namespace.plug_in_as("w");
    for (interface, other) in [("v0", "w0"), ("w0", "v0"), ("v0", "w0")] {
        scene.namespace.ip(&format!("addr flush dev {other}"));
        scene.namespace.ip(&format!("addr add 192.0.2.1/24 dev {interface}"));
        scene.send_until_sent_by(interface);
    }
    scene.end();
}

#[test]
#[ignore = "needs root and network namespaces"]
fn an_interface_that_comes_up_while_telegrams_come_by_another_is_joined() {
    let keys = "address: 239.255.80.3, port: 28007, raw_port: off";
    let mut scene = Scene::begin(keys);
    scene.namespace.ip("link set lo up");
    // By `lo`, for want of a route; so it stays.
    scene.send_until_heard(1);
    scene.add_outputs();
    let reader = scene.namespace.run(&scene.place, "p1reader", None);
    reader.wait_for_log(" started: ");
    scene.namespace.plug_in();
    scene.namespace.ip("addr add 192.0.2.1/24 dev v0");
    scene.meter.send_until("p1cat and p1reader as members on v0", &telegram(2), || {
        scene.namespace.ip("maddr show dev v0").contains("239.255.80.3 users 2").then_some(())
    });
    reader.stop();
    scene.end();
}

#[test]
#[ignore = "needs root and network namespaces"]
fn subscribers_of_the_same_host_go_on_when_its_network_comes_and_goes() {
    let mut scene = Scene::begin("address: 239.255.80.8, port: 28019, raw_port: 28020");
    scene.namespace.ip("link set lo up");
    scene.namespace.plug_in();
    let [json, raw] = ["json", "raw"].map(|name| scene.place.path(name));
    let cats = [(&json, &[][..]), (&raw, &["--raw"][..])].map(|(output, options)| {
        scene.namespace.run_with(&scene.place, "p1cat", options, Some(output))
    });
    let mut second = 0;
    let mut send_until_printed = |watts: u32| {
        let kilowatts = format!("(00.{watts:03}*kW)");
        let is_there =
            |file: &PathBuf, text: &str| fs::read_to_string(file).unwrap().contains(text);
        let send = || {
            second += 1;
            scene.meter.send(&telegram_at(second, watts));
        };
        repeat_until(&format!("{watts} W"), send, || {
            let is_heard = is_there(&json, &format!(":{watts},")) && is_there(&raw, &kilowatts);
            is_heard.then_some(())
        });
    };
    // From 127.0.0.1 by `lo`, then from the address of the network.
    send_until_printed(101);
    for watts in [102, 104] {
        scene.namespace.ip("link set v0 up");
        scene.namespace.ip("addr replace 192.0.2.1/24 dev v0");
        scene.namespace.ip("route replace default via 192.0.2.254");
        send_until_printed(watts);
        scene.namespace.ip("link set v0 down");
        send_until_printed(watts + 1);
    }
    for cat in cats {
        assert!(!cat.log().contains("is sent by"), "{}", cat.log());
    }
    scene.end();
}

/// An interface of the LAN, with the default route.
fn plug_in_lan(namespace: &Namespace) {
    namespace.plug_in_as("lan");
    namespace.ip("addr add 192.0.2.1/24 dev lan0");
    namespace.ip("route add default via 192.0.2.254");
}

#[test]
#[ignore = "needs root and network namespaces"]
fn a_host_of_containers_joins_its_lan_before_all_others_also_when_it_is_plugged_in_again() {
    let namespace = Namespace::new();
    let place = Place::new();
    let config = fs::read_to_string(place.config()).unwrap();
    let network = "multicast: {address: 239.255.80.5, port: 28013, raw_port: off}\n";
    fs::write(place.path("p1reader.yml"), config + network).unwrap();
    namespace.ip("link set lo up");
    // More than the 20 memberships that the kernel grants a socket, before the LAN in its tables.
    for number in 1..=24 {
        namespace.plug_in_as(&format!("br{number}-"));
        namespace.ip(&format!("addr add 10.0.{number}.1/24 dev br{number}-0"));
    }
    plug_in_lan(&namespace);
    let is_member = |interface: &str| {
        namespace.ip(&format!("maddr show dev {interface}")).contains("239.255.80.5")
    };
    let reader = namespace.run(&place, "p1reader", None);
    reader.wait_for_log(" started: ");
    reader.wait_for_log("cannot join 239.255.80.5:28013 on 6 of 26 interfaces (br19-0, br20-0, ");
    assert!(is_member("lan0") && is_member("lo"));
    assert!(!is_member("br1-1"), "it has no address");
    namespace.ip("link del lan0");
    wait_for("its place to be taken", || is_member("br19-0").then_some(()));
    plug_in_lan(&namespace);
    wait_for("the LAN to be joined again", || is_member("lan0").then_some(()));
    assert!(!is_member("br19-0"));
    let log = reader.stopped();
    assert_eq!(log.matches("cannot join").count(), 1, "{log}");
    assert!(log.contains("net.ipv4.igmp_max_memberships"), "{log}");
}

/// Connects two namespaces by a cable, and the far end to the bridge of the other one.
fn connect(host: &Namespace, interface: &str, switch: &Namespace, port: &str) {
    host.ip(&format!("link add {interface} type veth peer name {port} netns {}", switch.0));
    switch.ip(&format!("link set {port} master br0"));
    switch.ip(&format!("link set {port} up"));
    host.ip(&format!("link set {interface} up"));
}

#[test]
#[ignore = "needs root and network namespaces"]
fn a_host_with_two_ways_to_the_lan_takes_each_telegram_once() {
    let (sender, host) = (Namespace::new(), Namespace::new());
    let place = Place::new();
    let config = fs::read_to_string(place.config()).unwrap();
    let network = "multicast: {address: 239.255.80.6, port: 28015, raw_port: 28016}\n";
    fs::write(place.path("p1reader.yml"), config + network).unwrap();
    sender.ip("link add br0 type bridge mcast_snooping 0");
    sender.ip("link set br0 up");
    sender.ip("addr add 192.0.2.1/24 dev br0");
    sender.ip("route add default dev br0");
    for (interface, port, address) in [("eth0", "p0", "192.0.2.2"), ("wlan0", "p1", "192.0.2.3")] {
        connect(&host, interface, &sender, port);
        host.ip(&format!("addr add {address}/24 dev {interface}"));
        // As systemd sets it: otherwise the kernel drops what comes by the other way.
        host.set(&format!("net/ipv4/conf/{interface}/rp_filter"), "2");
    }
    host.set("net/ipv4/conf/all/rp_filter", "2");
    let mut meter = Meter::plug_in(&place);
    let listener = sender.run(&place, "p1listener", None);
    listener.wait_for_log("is open");
    let printed = |name: &str, arguments: &[&str]| {
        let output = place.path(name);
        (host.run_with(&place, "p1cat", arguments, Some(&output)), output)
    };
    let (_json, lines) = printed("json", &[]);
    let (_raw, bytes) = printed("raw", &["--raw"]);
    let reader = host.run(&place, "p1reader", None);
    for interface in ["eth0", "wlan0"] {
        wait_for(&format!("three members on {interface}"), || {
            host.ip(&format!("maddr show dev {interface}"))
                .contains("239.255.80.6 users 3")
                .then_some(())
        });
    }
    let telegrams: Vec<_> = (1..=20).map(telegram).collect();
    for (telegram, number) in telegrams.iter().zip(1..) {
        meter.send(telegram);
        wait_for(&format!("telegram {number}"), || {
            (whole_lines(&lines).lines().count() >= number
                && fs::read(&bytes).unwrap().len() >= telegrams[..number].concat().len())
            .then_some(())
        });
    }
    reader.wait_until_read("239.255.80.6".parse().unwrap(), 28015);
    let log = reader.stopped();
    assert!(log.contains(": 20 telegrams") && log.contains(", 20 duplicates"), "{log}");
    assert_eq!(log.matches("duplicate telegram").count(), 1, "{log}");
    let lines = fs::read_to_string(lines).unwrap();
    let powers: Vec<_> =
        lines.lines().map(|line| watts(&Message::parse(line.as_bytes()).unwrap())).collect();
    assert_eq!(powers, (1..=20).collect::<Vec<_>>());
    assert_eq!(fs::read(bytes).unwrap(), telegrams.concat());
    listener.stop();
}

/// Sends telegrams until datagrams of the energy meter leave by `v0`.
fn datagrams_leave(scene: &mut Scene, watts: u32) {
    let before = scene.namespace.sent_by("v0");
    wait_for("datagrams of the energy meter", || {
        scene.meter.send(&telegram(watts));
        (scene.namespace.sent_by("v0") > before + 1).then_some(())
    });
}

#[test]
#[ignore = "needs root and network namespaces"]
fn p1emeter_survives_the_loss_of_its_route_and_goes_on_when_it_is_back() {
    let mut scene =
        Scene::begin("address: 239.255.80.7, port: 28017, raw_port: off, interface: lo, TTL: 0");
    scene.namespace.ip("link set lo up");
    // Nothing else leaves by that interface.
    scene.namespace.set("net/ipv6/conf/all/disable_ipv6", "1");
    let emeter = scene.namespace.run(&scene.place, "p1emeter", None);
    emeter.wait_for_log(" started: ");
    let send_until = |scene: &mut Scene, count: usize, text: &str| {
        scene.meter.send_until(text, &telegram(1), || {
            (emeter.log().matches(text).count() >= count).then_some(())
        });
    };
    send_until(&mut scene, 1, "there is no route to 239.12.255.254:9522: datagrams stay on this");
    scene.namespace.plug_in();
    for times in 1..=2 {
        scene.namespace.ip("link set v0 up");
        if times == 1 {
            scene.namespace.ip("addr add 192.0.2.1/24 dev v0");
        }
        scene.namespace.ip("route replace default via 192.0.2.254");
        send_until(&mut scene, times, "datagrams leave this machine");
        datagrams_leave(&mut scene, 2);
        scene.namespace.ip("link set v0 down");
        send_until(&mut scene, times + 1, "datagrams stay on this machine");
    }
    emeter.stop();
    scene.end();
}

//! mosquitto and its clients, and a way to it that can be cut.

use std::fs::{self, File};
use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::support::{Place, Running, wait_for, whole_lines};

/// A port of 127.0.0.1 that nobody listens on, and that the kernel gives to nobody else.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(11_000);
    // Ports for connections begin above this.
    let ports = std::iter::repeat_with(|| NEXT.fetch_add(1, Ordering::Relaxed)).take(5000);
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    ports.into_iter().find(is_free).unwrap()
}

/// mosquitto; it ends when it is dropped.
pub struct Broker<'p> {
    place: &'p Place,
    pub port: u16,
    running: Option<Running>,
}

impl<'p> Broker<'p> {
    pub fn start(place: &'p Place, settings: &str) -> Self {
        let port = free_port();
        let text = format!("user root\nlistener {port} 127.0.0.1\nlog_type all\n{settings}\n");
        fs::write(place.path("mosquitto.conf"), text).unwrap();
        let mut broker = Self { place, port, running: None };
        broker.begin();
        broker
    }

    pub fn begin(&mut self) {
        let mut command = Command::new("mosquitto");
        command.arg("-c").arg(self.place.path("mosquitto.conf"));
        let running = Running::start(self.place, "mosquitto", &mut command);
        wait_for("the broker", || TcpStream::connect(("127.0.0.1", self.port)).ok());
        self.running = Some(running);
    }

    pub fn end(&mut self) {
        self.running = None;
    }

    pub fn log(&self) -> String {
        self.running.as_ref().map(Running::log).unwrap_or_default()
    }

    /// `mosquitto_sub` or `mosquitto_pub` with this broker.
    pub fn client(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string()]).args(arguments);
        command
    }

    pub fn subscriber(&self, arguments: &[&str]) -> Subscriber {
        static NEXT: AtomicU16 = AtomicU16::new(0);
        let name = format!("messages-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let file = self.place.path(&name);
        let mut command = self.client("mosquitto_sub", &["-F", "%r %t %p", "-i", &name]);
        command.args(arguments).stdout(File::create(&file).unwrap());
        let running = Running::start(self.place, "mosquitto_sub", &mut command);
        let subscribed = format!("Received SUBSCRIBE from {name}\n");
        wait_for("the subscription", || self.log().contains(&subscribed).then_some(()));
        Subscriber { file, _running: running }
    }

    pub fn publish(&self, arguments: &[&str]) {
        assert!(self.client("mosquitto_pub", arguments).status().unwrap().success());
    }
}

pub struct Subscriber {
    file: PathBuf,
    _running: Running,
}

impl Subscriber {
    /// The payloads that have come for the topics with this ending, in their order.
    pub fn payloads(&self, ending: &str) -> Vec<String> {
        self.marked("", ending)
    }

    /// Those of them that were retained before.
    pub fn retained(&self, ending: &str) -> Vec<String> {
        self.marked("1", ending)
    }

    fn marked(&self, mark: &str, ending: &str) -> Vec<String> {
        let text = whole_lines(&self.file);
        let messages = text.lines().filter(|line| line.starts_with(mark));
        let messages = messages.filter_map(|line| line.get(2..)?.split_once(' '));
        let wanted = messages.filter(|(topic, _)| topic.ends_with(ending));
        wanted.map(|(_, payload)| payload.to_owned()).collect()
    }

    pub fn wait_for(&self, ending: &str, check: impl Fn(&[String]) -> bool) -> Vec<String> {
        wait_for(&format!("{ending} in {:?}", fs::read_to_string(&self.file)), || {
            Some(self.payloads(ending)).filter(|payloads| check(payloads))
        })
    }
}

/// Passes bytes on to a broker, while it is on.
pub struct Proxy {
    pub port: u16,
    is_on: Arc<Mutex<bool>>,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

impl Proxy {
    pub fn start(broker: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let proxy = Self { port, is_on: Arc::new(Mutex::new(true)), open: Arc::default() };
        let (is_on, open) = (Arc::clone(&proxy.is_on), Arc::clone(&proxy.open));
        thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                if !*is_on.lock().unwrap() {
                    continue;
                }
                let broker = TcpStream::connect(("127.0.0.1", broker)).unwrap();
                let ends = [&client, &broker].map(|end| end.try_clone().unwrap());
                open.lock().unwrap().extend(ends);
                pass(client.try_clone().unwrap(), broker.try_clone().unwrap());
                pass(broker, client);
            }
        });
        proxy
    }

    pub fn turn(&self, on: bool) {
        *self.is_on.lock().unwrap() = on;
        for end in self.open.lock().unwrap().drain(..) {
            let _ = end.shutdown(Shutdown::Both);
        }
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream) {
    thread::spawn(move || io::copy(&mut from, &mut to));
}

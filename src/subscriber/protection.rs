//! Whose datagrams are taken: with a key, those that carry its signature.
//!
//! Owns where the key comes from, and what a program receives besides its telegrams to judge them. The signatures
//! themselves are judged by [`super::guard`].

use std::net::SocketAddr;
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime};

use super::guard::{Arrival, Guard};
use super::membership::{Endpoint, Membership};
use super::{Feed, Selection};
use crate::config::Multicast;
use crate::key_files::{self, KeysError};
use crate::message::SigningKey;
use crate::runtime::secret::credentials_directory;
use crate::text;

/// The most announcements that are read in a row: more than wait in a socket.
const MAX_IN_A_ROW: usize = 2000;

/// Whose datagrams are taken.
pub(crate) enum Protection {
    /// Those of everybody.
    Open,
    /// Those of who holds the key.
    Signed(Box<Signed>),
    /// None: a key is configured, and cannot be read.
    Closed(String),
}

/// What there is with a key.
pub(crate) struct Signed {
    guard: Guard,
    /// Where the key is, unless it is a credential.
    key_file: Option<PathBuf>,
    /// Receives the JSON that announces raw telegrams, for a program that receives those.
    pub(super) announcements: Option<Membership>,
}

impl Protection {
    /// That of these settings, for telegrams in this form.
    pub fn load(settings: &Multicast, feed: Feed, selection: Selection, now: Instant) -> Self {
        match read_key(settings.key_file.as_deref()) {
            Ok(None) => Self::Open,
            Ok(Some(key)) => {
                let mut signed = Signed::new(settings, selection, key);
                let json = || Membership::join_when_possible(Endpoint::json(settings), now);
                signed.announcements = (feed == Feed::Raw).then(json);
                Self::Signed(Box::new(signed))
            }
            Err(error) => Self::Closed(error.to_string()),
        }
    }

    /// Reads the key again, for a program that receives JSON. One that cannot be read leaves everything as it is.
    pub fn reconfigure(&mut self, settings: &Multicast, selection: Selection) {
        match (read_key(settings.key_file.as_deref()), &mut *self) {
            (Ok(Some(key)), Self::Signed(signed)) => {
                signed.guard.set_key(key);
                signed.key_file.clone_from(&settings.key_file);
            }
            (Ok(Some(key)), _) => {
                *self = Self::Signed(Box::new(Signed::new(settings, selection, key)));
            }
            (Ok(None), _) => *self = Self::Open,
            (Err(error), _) => log::error!("{error}; keeping the current key"),
        }
    }

    /// The membership by which announcements of raw telegrams are received, if there is one. It is left and joined
    /// again together with that of the program.
    pub(super) fn announcements(&mut self) -> Option<&mut Membership> {
        if let Self::Signed(signed) = self { signed.announcements.as_mut() } else { None }
    }

    /// Its socket.
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        if let Self::Signed(signed) = self { signed.announcements.as_ref()?.fd() } else { None }
    }

    /// Reads the announcements that have arrived, so that others do not crowd them out. Never blocks.
    pub fn read_announcements(&mut self, now: Instant) {
        if let Self::Signed(signed) = self {
            signed.read_announcements(now);
        }
    }

    /// Whether to take a datagram. Of raw telegrams, those that a signed one in JSON has announced.
    pub fn admits(&mut self, datagram: &[u8], from: SocketAddr, now: Instant) -> bool {
        match self {
            Self::Open => true,
            Self::Closed(_) => false,
            Self::Signed(signed) => signed.admits(datagram, from, now),
        }
    }

    /// How many datagrams were refused for want of a right signature.
    pub fn refused(&self) -> u64 {
        if let Self::Signed(signed) = self { signed.guard.refused() } else { 0 }
    }

    /// When the last of them was, where it came from, and why it was refused.
    pub fn last_refusal(&self, now: Instant) -> String {
        if let Self::Signed(signed) = self { signed.guard.last_refusal(now) } else { String::new() }
    }

    pub fn problem(&self, now: Instant) -> Option<String> {
        match (self, self.refused()) {
            (Self::Closed(problem), _) => Some(problem.clone()),
            (_, 0) => None,
            (_, refused) => {
                let refused = text::count(refused, "datagram");
                Some(format!("{refused} refused{}", self.last_refusal(now)))
            }
        }
    }
}

impl Signed {
    pub(super) fn new(settings: &Multicast, selection: Selection, key: SigningKey) -> Self {
        let guard = Guard::new(key, SystemTime::now().into(), selection.is_quiet);
        Self { guard, key_file: settings.key_file.clone(), announcements: None }
    }

    fn admits(&mut self, datagram: &[u8], from: SocketAddr, now: Instant) -> bool {
        if self.announcements.is_none() {
            let read_key = || read_key(self.key_file.as_deref()).ok().flatten();
            return self.guard.admits(datagram, arrival(from, now), read_key);
        }
        // The JSON of a raw telegram is sent before it.
        self.read_announcements(now);
        self.guard.admits_raw(datagram, arrival(from, now))
    }

    fn read_announcements(&mut self, now: Instant) {
        let Self { guard, key_file, announcements } = self;
        let read_key = || read_key(key_file.as_deref()).ok().flatten();
        let Some(announcements) = announcements else { return };
        announcements.keep_up(now);
        for _ in 0..MAX_IN_A_ROW {
            let Some(from) = announcements.receive(now) else { return };
            guard.admits(announcements.datagram(), arrival(from, now), read_key);
        }
    }
}

fn arrival(from: SocketAddr, now: Instant) -> Arrival {
    Arrival { from, wall: SystemTime::now().into(), now }
}

fn read_key(file: Option<&Path>) -> Result<Option<SigningKey>, KeysError> {
    key_files::read_signing_key(file, credentials_directory().as_deref())
}

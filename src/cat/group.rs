//! Telegrams from the multicast group, as long as somebody reads the output.
//!
//! Owns the watch on standard output and on signals: we notice between telegrams, too, that the client has
//! gone or that the user wants to stop.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::{Options, StopSignal, TelegramSource};
use crate::config::Multicast;
use crate::runtime::Exit;
use crate::subscriber::{Feed, Selection, Subscriber, Telegram};

/// The telegrams of the group.
pub struct GroupTelegrams<'o> {
    subscriber: Subscriber,
    out: Option<BorrowedFd<'o>>,
    stop: Option<&'o StopSignal>,
}

impl<'o> GroupTelegrams<'o> {
    /// Joins the group. A failure is logged, and is [`Exit::Unavailable`].
    ///
    /// `out` is the stream that telegrams will be written to, if it is one.
    pub fn join(
        settings: &Multicast,
        options: &Options,
        out: Option<&'o impl AsFd>,
    ) -> Result<Self, Exit> {
        let feed = if options.raw { Feed::Raw } else { Feed::Json };
        let meter = options.meter.clone().or_else(|| settings.meter.clone());
        let source = options.source.clone().or_else(|| settings.source.clone());
        let settings = Multicast { meter, source, ..settings.clone() };
        let subscriber = Subscriber::join(&settings, feed, selection(options), Instant::now())?;
        Ok(Self { subscriber, out: out.map(AsFd::as_fd), stop: None })
    }

    /// The same, until a signal asks the program to stop.
    #[must_use]
    pub fn until(self, stop: Option<&'o StopSignal>) -> Self {
        Self { stop, ..self }
    }
}

/// All meters, unless their telegrams would get into each other's way.
pub(super) fn selection(options: &Options) -> Selection {
    Selection {
        all_meters: !options.needs_one_meter(),
        doing: "printing",
        hint: " (--meter names another one)",
        is_quiet: true,
        keeps_first: false,
    }
}

impl TelegramSource for GroupTelegrams<'_> {
    fn next(&mut self, timeout: Duration) -> io::Result<Option<Telegram>> {
        let timeout = timeout.min(self.subscriber.time_to_work(Instant::now()));
        // No events are requested for the output: poll reports its end anyway.
        let out = self.out.as_ref().map(|out| PollFd::new(out, PollFlags::empty()));
        let signal = self.stop.map(|stop| PollFd::new(stop, PollFlags::IN));
        let sockets = self.subscriber.fds().map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN));
        let (has_out, has_signal) = (out.is_some(), signal.is_some());
        let mut watched: Vec<_> = out.into_iter().chain(signal).chain(sockets).collect();
        match poll(&mut watched, Timespec::try_from(timeout).ok().as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let mut events = watched.iter().map(PollFd::revents);
        let end = PollFlags::ERR | PollFlags::HUP;
        if has_out && events.next().is_some_and(|events| events.intersects(end)) {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        if has_signal && events.next().is_some_and(|events| !events.is_empty()) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        Ok(self.subscriber.next(Instant::now()))
    }

    fn datagram(&self) -> &[u8] {
        self.subscriber.datagram()
    }

    fn silence(&self, time: Duration) -> String {
        self.subscriber.silence(None, time, Instant::now())
    }
}

//! Telegrams beyond what a meter can send, such as those of a relay that hears itself.
//!
//! Owns their number and what is logged of them.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::filter::{Selection, quoted};
use crate::message::Meta;
use crate::meter::{MeterRate, Meters, REPLACED_AFTER};
use crate::runtime::RateLimit;
use crate::text;

/// How often they are logged.
const LOG_INTERVAL: Duration = Duration::from_secs(600);

/// Holds each meter to what a meter can send.
#[derive(Debug)]
pub(super) struct Rates {
    doing: &'static str,
    meters: Meters<MeterRate>,
    /// The rate of all meters for which there is no room, together.
    others: MeterRate,
    excess: u64,
    last: Option<Instant>,
    log: RateLimit,
}

impl Rates {
    pub fn new(selection: Selection, now: Instant) -> Self {
        Self {
            doing: selection.doing,
            meters: Meters::default(),
            others: MeterRate::on_the_way(now),
            excess: 0,
            last: None,
            log: RateLimit::new(LOG_INTERVAL),
        }
    }

    /// Whether a meter can have sent this telegram, too.
    pub fn permits(&mut self, meter: &str, meta: &Meta, from: SocketAddr, now: Instant) -> bool {
        let rate = match self.meters.hear(meter, now, || MeterRate::on_the_way(now)) {
            Ok(member) => &mut member.state,
            Err(_) => &mut self.others,
        };
        if rate.permits(meta, now) {
            return true;
        }
        self.excess += 1;
        self.last = Some(now);
        if self.log.permit(now).is_some() {
            let (meter, doing) = (quoted(meter), self.doing);
            log::warn!(
                "more than 12 telegrams a second of meter {meter} from {from}, as no meter sends them \
                 ({} so far); {doing} 12 a second",
                self.excess
            );
        }
        false
    }

    /// What is wrong, if something was lately.
    pub fn problem(&self, now: Instant) -> Option<String> {
        let is_recent = |last| now.saturating_duration_since(last) < REPLACED_AFTER;
        let excess = text::count(self.excess, "telegram");
        let doing = self.doing;
        self.last
            .is_some_and(is_recent)
            .then(|| format!("not {doing} {excess}: more than a meter sends"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::tests::message;
    use crate::runtime::captured_log;

    #[test]
    fn a_storm_of_one_meter_is_held_back_and_logged_and_another_meter_is_not() {
        let selection = Selection { all_meters: true, doing: "recording", ..Selection::default() };
        let start = Instant::now();
        let mut rates = Rates::new(selection, start);
        let from = ([10, 0, 0, 1], 1).into();
        let mut permitted = [0; 2];
        let lines = captured_log(|| {
            for millis in 0..60_000_u32 {
                let now = start + Duration::from_millis(millis.into());
                let storm = message(i64::from(millis / 1000), &[]);
                permitted[0] += u32::from(rates.permits("A", &storm.meta, from, now));
                if millis % 1000 == 0 {
                    let other = message(i64::from(millis / 1000), &[]);
                    permitted[1] += u32::from(rates.permits("B", &other.meta, from, now));
                }
            }
        });
        assert!((720..=240 + 12 * 61).contains(&permitted[0]), "{permitted:?}");
        assert_eq!(permitted[1], 60);
        let expected = "more than 12 telegrams a second of meter \"A\" from 10.0.0.1:1, as no meter sends \
                        them (1 so far); recording 12 a second";
        assert_eq!(lines, [expected]);
        let problem = rates.problem(start + Duration::from_secs(61)).unwrap();
        let refused = 60_000 - permitted[0];
        assert_eq!(problem, format!("not recording {refused} telegrams: more than a meter sends"));
        assert_eq!(rates.problem(start + Duration::from_secs(700)), None);
    }
}

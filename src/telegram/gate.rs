//! Which telegrams are accepted, by their checksum and what is known of the meters at this port.
//!
//! Owns the policy, and the memory of the first lines of meters. Noise on a line can look like a
//! telegram without a checksum: it needs other signs, and more of them where checksums have been good.

use super::checksum::{Algorithm, Checksum, field};
use super::{Frame, Parity, Telegram, shape};

/// How many meters that send checksums are remembered.
const MAX_METERS: usize = 64;

/// How many meters that send none are remembered. Of more the latest stay.
const MAX_METERS_WITHOUT: usize = 8;

/// Which telegrams are accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// A wrong checksum is rejected, a missing one too if this meter has sent one before.
    #[default]
    Auto,
    /// Only a good checksum will do.
    Require,
    /// Checksums do not matter.
    Ignore,
}

/// Why a telegram is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The digits do not agree with the bytes.
    #[error("wrong checksum: the meter sent \"{sent}\", the bytes give {computed:04X}")]
    Wrong {
        /// The digits as sent, made printable.
        sent: String,
        /// The checksum that the bytes have.
        computed: u16,
        /// Whether nothing else speaks against the telegram.
        is_intact: bool,
    },
    /// Nothing proves that it is a telegram, and it does not look like one.
    #[error("noise: the first line is not printable, or no line has a value")]
    Noise,
    /// There are no digits after the `!`.
    #[error("no checksum, though this meter sends them")]
    Missing,
    /// There are no digits after the `!`, and a parity bit is wrong.
    #[error("no checksum, and a byte with a wrong parity bit")]
    Parity,
    /// There are no digits after the `!`, and the policy asks for them.
    #[error("no checksum, and `checksum: require` is set")]
    Required,
    /// There are no digits after the `!`, other meters at this port send them, and this one is new.
    #[error("no checksum, from a meter not seen before; accepted when it comes again")]
    Unconfirmed,
}

impl Rejection {
    /// Whether it is a whole telegram but for its checksum.
    ///
    /// Then speed and cable are well. Where that is so again and again, the meter computes its checksum
    /// in a way that is not known here, and only `checksum: ignore` helps.
    #[must_use]
    pub fn is_intact(&self) -> bool {
        match self {
            Self::Wrong { is_intact, .. } => *is_intact,
            Self::Noise | Self::Parity => false,
            Self::Missing | Self::Required | Self::Unconfirmed => true,
        }
    }
}

/// Accepts telegrams by a [`Policy`], and remembers which meters send checksums.
#[derive(Debug)]
pub(super) struct Gate {
    policy: Policy,
    confirms_meters: bool,
    meters: Vec<Meter>,
}

#[derive(Debug)]
struct Meter {
    /// Its first line, or the beginning of a long one.
    header: Box<[u8]>,
    /// How it computed its last checksum, if it has sent one.
    algorithm: Option<Algorithm>,
    /// Whether the one before was computed in the same way: by chance that happens to nobody.
    is_certain: bool,
}

impl Gate {
    /// A gate that has seen no telegram yet. `confirms_meters`: where checksums have been good, a new
    /// meter that sends none is accepted at its second telegram.
    pub fn new(policy: Policy, confirms_meters: bool) -> Self {
        Self { policy, confirms_meters, meters: Vec::new() }
    }

    /// Takes another policy; which meters send checksums is not forgotten.
    pub fn set_policy(&mut self, policy: Policy) {
        self.policy = policy;
    }

    /// Checks a frame by the algorithm of its meter; by each of them while that is not certain.
    pub fn check(&self, frame: &Frame<'_>) -> Checksum {
        let meter = self.find(frame.header()).map(|at| &self.meters[at]);
        let algorithm = meter.filter(|meter| meter.is_certain).and_then(|meter| meter.algorithm);
        let algorithms = algorithm.map_or(Algorithm::ALL, Algorithm::in_any_byte_order);
        Checksum::check(frame.up_to_end_mark(), frame.after_end_mark(), algorithms)
    }

    /// Accepts a frame with this checksum, or says why not.
    pub fn admit(&mut self, frame: &Frame<'_>, checksum: Checksum) -> Result<(), Rejection> {
        if let Checksum::Good(algorithm) = checksum {
            self.remember(frame.header(), Some(algorithm));
            return Ok(());
        }
        let telegram = Telegram::parse(frame.bytes());
        match checksum {
            Checksum::Wrong { computed } if self.policy != Policy::Ignore => {
                let sent = field(frame.after_end_mark()).unwrap_or_default();
                let sent = sent.escape_ascii().to_string();
                Err(Rejection::Wrong { sent, computed, is_intact: shape::is_intact(&telegram) })
            }
            _ if !shape::is_plausible(&telegram) => Err(Rejection::Noise),
            _ => self.admit_without(telegram.header, frame.parity()),
        }
    }

    /// Accepts a plausible telegram whose checksum is missing or does not matter.
    fn admit_without(&mut self, header: &[u8], parity: Parity) -> Result<(), Rejection> {
        match self.policy {
            Policy::Ignore => return Ok(()),
            Policy::Require => return Err(Rejection::Required),
            Policy::Auto => {}
        }
        let known = self.find(header);
        match known {
            Some(at) if self.meters[at].algorithm.is_some() => Err(Rejection::Missing),
            _ if parity == Parity::Wrong => Err(Rejection::Parity),
            Some(_) => Ok(()),
            None => {
                let is_confirmed = !self.confirms_meters
                    || self.meters.iter().all(|meter| meter.algorithm.is_none());
                self.remember(header, None);
                if is_confirmed { Ok(()) } else { Err(Rejection::Unconfirmed) }
            }
        }
    }

    fn find(&self, header: &[u8]) -> Option<usize> {
        let header = remembered(header);
        self.meters.iter().position(|meter| *meter.header == *header)
    }

    fn remember(&mut self, header: &[u8], algorithm: Option<Algorithm>) {
        if let Some(at) = self.find(header) {
            let meter = &mut self.meters[at];
            if algorithm.is_some() {
                let before = meter.algorithm.map(Algorithm::in_any_byte_order);
                meter.is_certain = before == algorithm.map(Algorithm::in_any_byte_order);
                meter.algorithm = algorithm;
            }
            return;
        }
        let is_alike = |meter: &Meter| meter.algorithm.is_some() == algorithm.is_some();
        let count = self.meters.iter().filter(|meter| is_alike(meter)).count();
        if algorithm.is_none() && count == MAX_METERS_WITHOUT {
            let first = self.meters.iter().position(is_alike);
            first.map(|at| self.meters.remove(at));
        } else if count == MAX_METERS {
            return;
        }
        let header = remembered(header).into();
        self.meters.push(Meter { header, algorithm, is_certain: false });
    }
}

/// The part of a first line that is remembered.
fn remembered(header: &[u8]) -> &[u8] {
    &header[..header.len().min(shape::MAX_HEADER)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telegram::{Intake, Timestamp, crc16};

    const LINES: &str = "\r\n\r\n1-0:1.7.0(00.329*kW)\r\n!";

    /// A telegram of this meter with its checksum.
    fn with_checksum(header: &str) -> String {
        let body = format!("{header}{LINES}");
        format!("{body}{:04X}\r\n", crc16(body.as_bytes()))
    }

    fn without_checksum(header: &str) -> String {
        format!("{header}{LINES}\r\n")
    }

    fn admit(intake: &mut Intake, telegram: impl AsRef<[u8]>) -> Result<(), Rejection> {
        intake.feed(&mut telegram.as_ref(), Timestamp::default()).expect("a frame").verdict
    }

    #[test]
    fn a_wrong_checksum_is_rejected_and_both_values_are_named() {
        let telegram = with_checksum("/TST5");
        let sent = &telegram[telegram.len() - 6..telegram.len() - 2];
        let damaged = telegram.replace("329", "328");
        let computed = format!("{:04X}", crc16(&damaged.as_bytes()[..damaged.len() - 6]));
        let message = admit(&mut Intake::new(Policy::Auto), &damaged).unwrap_err().to_string();
        assert!(message.contains(sent) && message.contains(&computed), "{message}");
    }

    #[test]
    fn a_missing_checksum_is_accepted_until_that_meter_has_sent_one() {
        let mut intake = Intake::new(Policy::Auto);
        for _ in 0..2 {
            assert_eq!(admit(&mut intake, without_checksum("/TST5")), Ok(()));
        }
        assert_eq!(admit(&mut intake, with_checksum("/TST5")), Ok(()));
        assert_eq!(admit(&mut intake, without_checksum("/TST5")), Err(Rejection::Missing));
    }

    #[test]
    fn where_checksums_have_been_good_a_meter_without_is_accepted_when_it_comes_again() {
        let mut intake = Intake::new(Policy::Auto);
        assert_eq!(admit(&mut intake, without_checksum("/OLD5")), Ok(()));
        assert_eq!(admit(&mut intake, with_checksum("/TST5")), Ok(()));
        assert_eq!(admit(&mut intake, without_checksum("/OLD5")), Ok(()), "known before");
        assert_eq!(admit(&mut intake, without_checksum("/NEW5")), Err(Rejection::Unconfirmed));
        assert_eq!(admit(&mut intake, with_checksum("/TST5")), Ok(()));
        assert_eq!(admit(&mut intake, without_checksum("/NEW5")), Ok(()));
        let mut file = Intake::for_file(Policy::Auto);
        for telegram in [with_checksum("/TST5"), without_checksum("/NEW5")] {
            assert_eq!(admit(&mut file, telegram), Ok(()), "a file holds what it holds");
        }
    }

    #[test]
    fn noise_without_a_checksum_is_rejected_under_every_policy() {
        for policy in [Policy::Auto, Policy::Require, Policy::Ignore] {
            for noise in [
                &b"/\r\n!\r\n"[..],
                b"/>\xCC\xCFf\r\n1-0:1.7.0(1*kW)\r\n!\r\n",
                b"/TST5\r\nx\xF0y\r\n!\r\n",
                b"/TST5\r\n\r\n1-0:1.7.0()\r\n!\r\n",
                b"/TST5\r\n\r\n(1*kW)\r\n!\r\n",
                b"/\r\n1-0:1.7.0(1*kW)\r\n!\r\n",
            ] {
                let verdict = admit(&mut Intake::new(policy), noise);
                assert_eq!(verdict, Err(Rejection::Noise), "{}", noise.escape_ascii());
                assert!(!Rejection::Noise.is_intact());
            }
        }
    }

    #[test]
    fn codes_of_older_meters_are_objects_too() {
        for line in ["1.8.0(000123.4*kWh)", "C.1.0(12345678)", "1-0:1.8.0*255(1)", "F.F(00)"] {
            let telegram = format!("/ISK5MT382\r\n{line}\r\n!\r\n");
            assert_eq!(admit(&mut Intake::new(Policy::Auto), &telegram), Ok(()), "{line}");
        }
    }

    #[test]
    fn require_and_ignore_do_what_they_say() {
        let mut intake = Intake::new(Policy::Require);
        assert_eq!(admit(&mut intake, without_checksum("/TST5")), Err(Rejection::Required));
        assert_eq!(admit(&mut intake, with_checksum("/TST5")), Ok(()));
        intake.set_policy(Policy::Ignore);
        for telegram in [format!("/TST5{LINES}0000\r\n"), without_checksum("/NEW5")] {
            assert_eq!(admit(&mut intake, &telegram), Ok(()), "{telegram}");
        }
    }

    #[test]
    fn made_up_meters_neither_grow_the_memory_nor_push_out_the_real_one() {
        let mut intake = Intake::new(Policy::Auto);
        assert_eq!(admit(&mut intake, with_checksum("/TST5")), Ok(()));
        for number in 0..1000 {
            admit(&mut intake, with_checksum(&format!("/TST5{number:0>500}"))).unwrap();
            let _ = admit(&mut intake, without_checksum(&format!("/NEW5{number}")));
        }
        assert_eq!(admit(&mut intake, without_checksum("/TST5")), Err(Rejection::Missing));
        let gate = &intake.gate();
        assert!(gate.meters.len() <= MAX_METERS + MAX_METERS_WITHOUT);
        assert!(gate.meters.iter().all(|meter| meter.header.len() <= shape::MAX_HEADER));
    }
}

//! The datagram of an energy meter, byte for byte: always the same 608 bytes.
//!
//! Owns the layout, both ways. Source: SMA Solar Technology AG, "EMETER-Protocol-TI-en-10", and published
//! captures, which differ from that document's example and agree with each other. All numbers are big-endian
//! and unsigned. Some receivers read by fixed offset and others refuse a datagram that lacks a channel, so
//! every channel is there once, in the usual order, and is 0 where nothing is known.

use std::fmt;

/// The length of the datagram, in bytes.
pub(super) const LENGTH: usize = 608;

/// `SMA\0`; tag `tag0` of 4 bytes: group 1; data of 588 bytes, tag `SMA Net 2`; protocol of energy meters.
const HEADER: [u8; 18] =
    [b'S', b'M', b'A', 0, 0, 4, 0x02, 0xA0, 0, 0, 0, 1, 0x02, 0x4C, 0x00, 0x10, 0x60, 0x69];

/// Software version 2.3.4.R. Some receivers fail on other letters than R.
const VERSION: [u8; 8] = [144, 0, 0, 0, 2, 3, 4, b'R'];

/// Length and tag of the end.
const END: [u8; 4] = [0; 4];

/// Value group C of the channels that the sum and each phase have, import before export: IEC 62056-6-1.
const QUANTITIES: [u8; 6] = [1, 2, 3, 4, 9, 10];

/// What is added to it for L1, L2 and L3.
const PHASES: [u8; 3] = [20, 40, 60];

const CURRENT: u8 = 11;
const VOLTAGE: u8 = 12;
const POWER_FACTOR: u8 = 13;
const FREQUENCY: u8 = 14;

/// Value group D: the value now, in 4 bytes, and a counter, in 8.
const NOW: u8 = 4;
const COUNTER: u8 = 8;

/// Whom a datagram is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    /// The kind of device.
    pub susy_id: u16,
    /// The serial number.
    pub serial: u32,
}

/// What a datagram says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Measurement {
    pub sum: Circuit,
    /// mHz.
    pub frequency: u32,
    /// L1, L2, L3.
    pub phases: [Phase; 3],
}

/// Powers and counters of one direction each, and the power factor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Circuit {
    /// Of import and export, one is 0.
    pub active: Directions,
    pub reactive: Directions,
    /// On the side of the active power.
    pub apparent: Directions,
    /// Thousandths, without a sign.
    pub power_factor: u32,
}

/// One quantity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Directions {
    pub import: Channel,
    pub export: Channel,
}

/// One direction of a quantity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Channel {
    /// Tenths of W, var or VA.
    pub now: u32,
    /// Ws, vars or VAs.
    pub counter: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Phase {
    pub circuit: Circuit,
    /// mA, without a sign.
    pub current: u32,
    /// mV.
    pub voltage: u32,
}

/// Writes the datagram of what was measured at `tick`: milliseconds that overflow.
pub(super) fn encode(measurement: &Measurement, identity: Identity, tick: u32) -> [u8; LENGTH] {
    let mut writer = Writer { bytes: [0; LENGTH], at: 0 };
    writer.put(&HEADER);
    writer.put(&identity.susy_id.to_be_bytes());
    writer.put(&identity.serial.to_be_bytes());
    writer.put(&tick.to_be_bytes());
    writer.circuit(0, &measurement.sum);
    writer.now(POWER_FACTOR, measurement.sum.power_factor);
    writer.now(FREQUENCY, measurement.frequency);
    for (offset, phase) in PHASES.into_iter().zip(&measurement.phases) {
        writer.circuit(offset, &phase.circuit);
        writer.now(offset + CURRENT, phase.current);
        writer.now(offset + VOLTAGE, phase.voltage);
        writer.now(offset + POWER_FACTOR, phase.circuit.power_factor);
    }
    writer.put(&VERSION);
    writer.put(&END);
    debug_assert_eq!(writer.at, LENGTH);
    writer.bytes
}

struct Writer {
    bytes: [u8; LENGTH],
    at: usize,
}

impl Writer {
    fn put(&mut self, bytes: &[u8]) {
        let end = self.at + bytes.len();
        self.bytes[self.at..end].copy_from_slice(bytes);
        self.at = end;
    }

    fn now(&mut self, channel: u8, value: u32) {
        self.put(&[0, channel, NOW, 0]);
        self.put(&value.to_be_bytes());
    }

    fn circuit(&mut self, offset: u8, circuit: &Circuit) {
        for (channel, value) in QUANTITIES.into_iter().zip(circuit.channels()) {
            self.now(offset + channel, value.now);
            self.put(&[0, offset + channel, COUNTER, 0]);
            self.put(&value.counter.to_be_bytes());
        }
    }
}

impl Circuit {
    /// In the order of [`QUANTITIES`].
    fn channels(&self) -> [Channel; 6] {
        let [active, reactive, apparent] = [self.active, self.reactive, self.apparent];
        [
            active.import,
            active.export,
            reactive.import,
            reactive.export,
            apparent.import,
            apparent.export,
        ]
    }
}

/// A datagram as a receiver reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decoded {
    pub identity: Identity,
    pub tick: u32,
    pub measurement: Measurement,
}

/// Reads a datagram, strictly: `None` for everything that [`encode`] does not write.
pub(super) fn decode(bytes: &[u8]) -> Option<Decoded> {
    let mut reader = Reader(bytes);
    reader.expect(&HEADER)?;
    let susy_id = u16::from_be_bytes(reader.take()?);
    let serial = u32::from_be_bytes(reader.take()?);
    let tick = u32::from_be_bytes(reader.take()?);
    let mut measurement = Measurement { sum: reader.circuit(0)?, ..Measurement::default() };
    measurement.sum.power_factor = reader.now(POWER_FACTOR)?;
    measurement.frequency = reader.now(FREQUENCY)?;
    for (offset, phase) in PHASES.into_iter().zip(&mut measurement.phases) {
        phase.circuit = reader.circuit(offset)?;
        phase.current = reader.now(offset + CURRENT)?;
        phase.voltage = reader.now(offset + VOLTAGE)?;
        phase.circuit.power_factor = reader.now(offset + POWER_FACTOR)?;
    }
    reader.expect(&VERSION)?;
    reader.expect(&END)?;
    let decoded = Decoded { identity: Identity { susy_id, serial }, tick, measurement };
    reader.0.is_empty().then_some(decoded)
}

struct Reader<'b>(&'b [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    fn expect(&mut self, bytes: &[u8]) -> Option<()> {
        self.0 = self.0.strip_prefix(bytes)?;
        Some(())
    }

    fn now(&mut self, channel: u8) -> Option<u32> {
        self.expect(&[0, channel, NOW, 0])?;
        Some(u32::from_be_bytes(self.take()?))
    }

    /// All but the power factor, which stands elsewhere.
    fn circuit(&mut self, offset: u8) -> Option<Circuit> {
        let mut channels = [Channel::default(); 6];
        for (channel, value) in QUANTITIES.into_iter().zip(&mut channels) {
            value.now = self.now(offset + channel)?;
            self.expect(&[0, offset + channel, COUNTER, 0])?;
            value.counter = u64::from_be_bytes(self.take()?);
        }
        let [import, export, q_import, q_export, s_import, s_export] = channels;
        Some(Circuit {
            active: Directions { import, export },
            reactive: Directions { import: q_import, export: q_export },
            apparent: Directions { import: s_import, export: s_export },
            power_factor: 0,
        })
    }
}

/// For people: `import 744.0 W`, and each phase on a line of its own.
impl fmt::Display for Decoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Measurement { sum, frequency, phases } = &self.measurement;
        let Identity { susy_id, serial } = self.identity;
        writeln!(f, "serial number {serial}, SUSy-ID {susy_id}, time {}", self.tick)?;
        writeln!(f, "  sum  {sum}, {} Hz", Fixed(frequency.to_owned().into(), 3))?;
        let energy = |channel: Channel| Fixed(u128::from(channel.counter) * 1000 / 3_600_000, 3);
        writeln!(
            f,
            "       imported {} kWh, exported {} kWh",
            energy(sum.active.import),
            energy(sum.active.export)
        )?;
        for (number, phase) in (1..).zip(phases) {
            let [volts, amperes] = [phase.voltage, phase.current].map(|it| Fixed(it.into(), 3));
            writeln!(f, "  L{number}   {}, {volts} V, {amperes} A", phase.circuit)?;
        }
        Ok(())
    }
}

impl fmt::Display for Circuit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = |channel: Channel| Fixed(channel.now.into(), 1);
        let (import, export) = (tenths(self.active.import), tenths(self.active.export));
        let apparent = Fixed((self.apparent.import.now.max(self.apparent.export.now)).into(), 1);
        let factor = Fixed(self.power_factor.into(), 3);
        let reactive = [self.reactive.import, self.reactive.export];
        let sign = if reactive[1].now > reactive[0].now { "-" } else { "" };
        let reactive = Fixed(reactive[0].now.max(reactive[1].now).into(), 1);
        write!(
            f,
            "import {import:>8} W, export {export:>8} W, {sign}{reactive} var, {apparent} VA, factor {factor}"
        )
    }
}

/// An integer with so many of its digits behind the point.
struct Fixed(u128, u32);

impl fmt::Display for Fixed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, digits) = (10u128.pow(self.1), self.1 as usize);
        f.pad(&format!("{}.{:0digits$}", self.0 / unit, self.0 % unit))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const IDENTITY: Identity = Identity { susy_id: 349, serial: 912_345_678 };

    fn channel() -> impl Strategy<Value = Channel> {
        (any::<u32>(), any::<u64>()).prop_map(|(now, counter)| Channel { now, counter })
    }

    fn directions() -> impl Strategy<Value = Directions> {
        (channel(), channel()).prop_map(|(import, export)| Directions { import, export })
    }

    fn circuit() -> impl Strategy<Value = Circuit> {
        (directions(), directions(), directions(), any::<u32>()).prop_map(
            |(active, reactive, apparent, power_factor)| Circuit {
                active,
                reactive,
                apparent,
                power_factor,
            },
        )
    }

    fn phase() -> impl Strategy<Value = Phase> {
        (circuit(), any::<u32>(), any::<u32>()).prop_map(|(circuit, current, voltage)| Phase {
            circuit,
            current,
            voltage,
        })
    }

    fn measurement() -> impl Strategy<Value = Measurement> {
        (circuit(), any::<u32>(), [phase(), phase(), phase()])
            .prop_map(|(sum, frequency, phases)| Measurement { sum, frequency, phases })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(measurement in measurement(), susy_id: u16, serial: u32, tick: u32) {
            let identity = Identity { susy_id, serial };
            let bytes = encode(&measurement, identity, tick);
            prop_assert_eq!(decode(&bytes), Some(Decoded { identity, tick, measurement }));
        }

        #[test]
        fn a_datagram_with_another_layout_is_refused(at in 0..LENGTH, change in 1u8.., cut in 0..LENGTH) {
            let bytes = encode(&Measurement::default(), IDENTITY, 7);
            prop_assert_eq!(decode(&bytes[..cut]), None);
            let mut changed = bytes;
            changed[at] ^= change;
            // It is another value, or nothing.
            if let Some(decoded) = decode(&changed) {
                prop_assert_eq!(encode(&decoded.measurement, decoded.identity, decoded.tick), changed);
            }
            let longer: Vec<u8> = bytes.into_iter().chain([0]).collect();
            prop_assert_eq!(decode(&longer), None);
        }
    }

    /// Offset of the value, and what it should be, for receivers that read by offset.
    #[test]
    fn values_stand_at_the_offsets_that_receivers_read() {
        let mut next = 0;
        let mut channel = || {
            next += 1;
            Channel { now: next, counter: u64::from(next) << 32 }
        };
        let mut circuit = || {
            let mut directions = || Directions { import: channel(), export: channel() };
            let [active, reactive, apparent] = std::array::from_fn(|_| directions());
            Circuit { active, reactive, apparent, power_factor: 900 }
        };
        let sum = circuit();
        let mut phase = || Phase { circuit: circuit(), current: 701, voltage: 702 };
        let phases = [phase(), phase(), phase()];
        let bytes = encode(&Measurement { sum, frequency: 50_000, phases }, IDENTITY, 1);
        let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
        // The counter's upper half stands eight bytes behind the power.
        for (first, block) in [(0, 32), (6, 168), (12, 312), (18, 456)] {
            for (count, at) in (1..=6).zip((block..).step_by(20)) {
                assert_eq!((number(at), number(at + 8)), (first + count, first + count), "at {at}");
            }
        }
        assert_eq!((number(152), number(160)), (900, 50_000));
        for block in [164, 308, 452] {
            let found = [124, 132, 140].map(|offset| number(block + offset));
            assert_eq!(found, [701, 702, 900]);
        }
    }
}

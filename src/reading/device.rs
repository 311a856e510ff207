//! The devices on the M-Bus, by their type.
//!
//! Owns which of several readings counts. Channels are numbered in the order of installation, and a
//! device that was replaced may stay on its own: only type and time tell.

use super::objects::{Objects, in_unit};
use crate::telegram::{Decimal, Obis, TWO_LINE_COLD, Timestamp, Unit};

const TYPE: Obis = Obis::literal("0-n:24.1.0");
/// Dutch and Luxembourgish meters send the first, Belgian ones the second.
const IDENTIFIERS: [Obis; 2] = [Obis::literal("0-n:96.1.0"), Obis::literal("0-n:96.1.1")];
/// Belgian meters send gas that is not temperature converted under the third, those of DSMR 3 cold under the last.
const READINGS: [Obis; 4] = [
    Obis::literal("0-n:24.2.1"),
    Obis::literal("0-n:24.2.2"),
    Obis::literal("0-n:24.2.3"),
    TWO_LINE_COLD,
];

/// The type of a cooling meter: EN 13757-3.
const COOLING: u8 = 10;

/// Devices that count the same thing.
#[derive(Debug)]
pub(super) struct Family {
    /// Their types: EN 13757-3.
    pub(super) types: &'static [u8],
    /// The units that they may count in. A bare number on the wire is of the first.
    pub(super) units: &'static [Unit],
}

/// A register of an M-Bus device.
pub(super) struct Device<'m> {
    /// EN 13757-3.
    kind: u8,
    register: Obis,
    /// As sent.
    pub(super) identifier: Option<&'m str>,
    /// When the register was read, if that is certain.
    pub(super) time: Option<Timestamp>,
    /// The same within an hour: good enough to tell which of two is the newer.
    pub(super) approximate_time: Option<Timestamp>,
}

impl Device<'_> {
    /// Whether `number` is the zero that stands behind a nonsensical time until the device is read: counted, the
    /// first reading would be all that it has ever measured.
    fn was_never_read(&self, objects: &Objects<'_>, number: Decimal) -> bool {
        number.negated() == Some(number)
            && self.approximate_time.is_none()
            && objects.values(self.register).nth(1).is_some()
    }
}

/// The registers of all devices that tell their type, in the order of the channels.
pub(super) struct Devices<'m>(Vec<Device<'m>>);

impl<'m> Devices<'m> {
    pub(super) fn of(objects: &Objects<'m>) -> Self {
        let mut devices = Vec::new();
        for channel in objects.channels() {
            let Some(number) = objects.whole(TYPE.of_channel(channel)) else {
                continue;
            };
            let Ok(kind) = u8::try_from(number.whole()) else {
                continue;
            };
            let mut identifiers =
                IDENTIFIERS.iter().flat_map(|code| objects.texts(code.of_channel(channel)));
            let identifier = identifiers.find(|text| !text.trim().is_empty());
            let registers = READINGS.map(|code| code.of_channel(channel));
            devices.extend(registers.into_iter().filter_map(|register| {
                let is_cold = register == TWO_LINE_COLD.of_channel(channel);
                let kind = match kind {
                    4 | 10..=13 if is_cold => COOLING,
                    _ if is_cold => return None,
                    _ => kind,
                };
                Some(Device {
                    kind,
                    register,
                    identifier,
                    time: objects.time(register),
                    approximate_time: objects
                        .texts(register)
                        .find_map(|text| Timestamp::parse_approximate(text.as_bytes())),
                })
            }));
        }
        Self(devices)
    }

    /// Of the registers of a family that hold a number in this unit, the one with the newest time, and
    /// its number.
    ///
    /// Any sensible time is newer than none; of equal ones the lower channel counts.
    pub(super) fn newest(
        &self,
        objects: &Objects<'m>,
        family: &Family,
        unit: Unit,
    ) -> Option<(&Device<'m>, Decimal)> {
        let usual = *family.units.first()?;
        let of_family = self.0.iter().filter(|device| family.types.contains(&device.kind));
        let with_number = of_family.filter_map(|device| {
            let mut values = objects.values(device.register);
            let number = values.find_map(|value| in_unit(value, unit, usual))?;
            (!device.was_never_read(objects, number)).then_some((device, number))
        });
        with_number.reduce(|best, next| {
            if next.0.approximate_time > best.0.approximate_time { next } else { best }
        })
    }

    /// The device that gives the reading of a family, in whichever unit.
    pub(super) fn source(&self, objects: &Objects<'m>, family: &Family) -> Option<&Device<'m>> {
        let units = family.units.iter();
        units.copied().find_map(|unit| Some(self.newest(objects, family, unit)?.0))
    }
}

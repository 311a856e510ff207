//! The objects of a message by the numbers of their code.
//!
//! Owns the look-up, and the way back from a value on the wire to a number in a unit.

use std::cell::OnceCell;

use crate::message::{Message, Value as Sent, code_of};
use crate::telegram::{Decimal, MAX_TARIFF, MeterZone, Obis, Quantity, Timestamp, Unit};

/// Every value of a message that stands under an OBIS code, sorted by it.
pub(super) struct Objects<'m> {
    entries: Vec<Entry<'m>>,
    message: &'m Message,
    /// Worked out when the first time is asked for: the recorder asks for none.
    zone: OnceCell<MeterZone>,
}

struct Entry<'m> {
    /// As asked for: that of the main channel as `1-0:`.
    obis: Obis,
    /// As sent.
    sent_as: Obis,
    value: &'m Sent,
}

impl<'m> Objects<'m> {
    pub(super) fn of(message: &'m Message) -> Self {
        let mut entries = Vec::with_capacity(message.telegram.len());
        for (key, value) in &message.telegram {
            if let Some(sent_as) = Obis::parse(code_of(key).as_bytes()) {
                entries.push(Entry { obis: sent_as.main_channel(), sent_as, value });
            }
        }
        let main = Obis::main_channel_of(entries.iter().map(|entry| entry.sent_as));
        if main > 1 {
            for entry in &mut entries {
                entry.obis = entry.sent_as.main_channel_from(main);
            }
        }
        // Stable: the values of one object stay in their order, first `.A`, then `.B`.
        entries.sort_by_key(|entry| entry.obis);
        Self { entries, message, zone: OnceCell::new() }
    }

    /// The values of an object, one or two; none if it was not sent.
    ///
    /// Where a meter sends `1-0:` and `1-1:`, those of `1-0:`. Where it sends neither, the lowest channel is that of
    /// the main meter.
    pub(super) fn values(&self, obis: Obis) -> impl Iterator<Item = &'m Sent> {
        let start = self.entries.partition_point(|entry| entry.obis < obis);
        let object = self.entries[start..].iter().take_while(move |entry| entry.obis == obis);
        let sent_as = object.clone().map(|entry| entry.sent_as).min();
        object.filter(move |entry| Some(entry.sent_as) == sent_as).map(|entry| entry.value)
    }

    pub(super) fn contains(&self, obis: Obis) -> bool {
        self.values(obis).next().is_some()
    }

    /// The first number of an object, in this unit; which of two values it is makes no difference.
    pub(super) fn number(&self, obis: Obis, unit: Unit) -> Option<Decimal> {
        self.values(obis).find_map(|value| in_unit(value, unit, unit))
    }

    /// Tariff and number, in Wh, of each register of the tariffs of an untariffed one, in order; no
    /// number where it cannot be read.
    pub(super) fn tariffs(
        &self,
        untariffed: Obis,
    ) -> impl Iterator<Item = (usize, Option<Decimal>)> {
        let start = self.entries.partition_point(|entry| entry.obis <= untariffed);
        let registers = self.entries[start..].iter().map(|entry| entry.obis);
        let registers = registers.take_while(move |obis| *obis <= untariffed.of_tariff(MAX_TARIFF));
        let mut last = None;
        let registers = registers.filter(move |&obis| last.replace(obis) != Some(obis));
        registers.map(|obis| (obis.tariff().into(), self.number(obis, Unit::Wh)))
    }

    /// The texts of an object.
    pub(super) fn texts(&self, obis: Obis) -> impl Iterator<Item = &'m str> {
        self.values(obis).filter_map(Sent::text)
    }

    /// The first sensible time of an object.
    pub(super) fn time(&self, obis: Obis) -> Option<Timestamp> {
        let zone = *self.zone.get_or_init(|| self.message.zone());
        self.texts(obis).find_map(|text| Timestamp::parse_meter_time(text.as_bytes(), zone))
    }

    /// The whole number of an object that has no unit: a count, a state, a type.
    pub(super) fn whole(&self, obis: Obis) -> Option<Decimal> {
        self.plain(obis).filter(|number| number.decimals() == 0)
    }

    /// The number of an object that has no unit.
    pub(super) fn plain(&self, obis: Obis) -> Option<Decimal> {
        self.values(obis).find_map(plain)
    }

    /// The channels of the M-Bus that objects were sent of, each once, in order.
    pub(super) fn channels(&self) -> impl Iterator<Item = u8> {
        let mut last = None;
        let channels = self.entries.iter().filter_map(|entry| entry.sent_as.channel());
        channels.filter(move |&channel| last.replace(channel) != Some(channel))
    }
}

fn plain(value: &Sent) -> Option<Decimal> {
    match value {
        Sent::Number(number) => Some(*number),
        Sent::Text(text) => Decimal::parse(text.trim().as_bytes()),
    }
}

/// The number that stands for a value, in `unit`, exactly; `None` where it is none, or of something else.
///
/// A number on the wire has lost its unit: it is in the base unit of `usual`, GJ in thousandths. A
/// text still has its unit: one that does not become a number, or is not what the object measures.
pub(super) fn in_unit(value: &Sent, unit: Unit, usual: Unit) -> Option<Decimal> {
    let (base, power) = unit.base();
    match value {
        Sent::Number(number) if usual.base().0 == base => number.shifted(match unit {
            Unit::GigaJoule => -3,
            _ => -power,
        }),
        Sent::Number(_) => None,
        Sent::Text(text) => {
            // `65.0*A,-65.0*A`: one bracket with two limits, as some Belgian meters send it.
            let first = text.split(',').next()?;
            let quantity = Quantity::parse(first.as_bytes())?;
            let (sent_base, sent_power) = quantity.unit.base();
            let places = sent_power - power;
            match (sent_base, base) {
                (Unit::Wh, Unit::Joule) => {
                    let joules = quantity.number.times(3600)?.shifted(places)?;
                    Some(joules.without_trailing_zeros())
                }
                _ if sent_base == base => quantity.number.shifted(places),
                _ => None,
            }
        }
    }
}

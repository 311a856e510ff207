//! The registers of devices on the M-Bus that are counted.
//!
//! Owns which readings belong together: what a register shows, when it was read, and which device it is of.

/// A register of a device, by the names of its readings.
#[derive(Debug)]
pub(crate) struct DeviceRegister {
    /// What it shows: `gas_m3`.
    pub name: &'static str,
    /// When it was read: `gas_timestamp`.
    pub time: &'static str,
    /// The identifier of its device: `gas_unique_id`.
    pub id: &'static str,
}

/// All of them. Two registers of one device share its time and identifier.
pub(crate) static DEVICE_REGISTERS: [DeviceRegister; 10] = [
    register("gas_m3", "gas_timestamp", "gas_unique_id"),
    register("water_m3", "water_timestamp", "water_unique_id"),
    register("warm_water_m3", "warm_water_timestamp", "warm_water_unique_id"),
    register("heat_gj", "heat_timestamp", "heat_unique_id"),
    register("heat_m3", "heat_timestamp", "heat_unique_id"),
    register("inlet_heat_gj", "inlet_heat_timestamp", "inlet_heat_unique_id"),
    register("inlet_heat_m3", "inlet_heat_timestamp", "inlet_heat_unique_id"),
    register("cooling_gj", "cooling_timestamp", "cooling_unique_id"),
    register("cooling_m3", "cooling_timestamp", "cooling_unique_id"),
    register("submeter_energy_kwh", "submeter_energy_timestamp", "submeter_energy_unique_id"),
];

impl DeviceRegister {
    /// The register of this name; `None` for one of the meter itself.
    pub fn named(name: &str) -> Option<&'static Self> {
        DEVICE_REGISTERS.iter().find(|register| register.name == name)
    }
}

const fn register(name: &'static str, time: &'static str, id: &'static str) -> DeviceRegister {
    DeviceRegister { name, time, id }
}

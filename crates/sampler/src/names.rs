//! What is measured: names, kinds and units, in one table.
//!
//! Names are those of OpenTelemetry's semantic conventions where there is one. Nearly all of `system.*` and `hw.*` is still in
//! development there, so the version stands in every segment, and a change of theirs is a change of this file alone.
//! `probity.*` is ours: there is no convention for a drain rate, bytes per hour, load or limits of a container.

/// The version of the semantic conventions, as its schema.
pub const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/1.44.0";

/// How a number is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Rises and falls.
    Gauge,
    /// Only rises, or begins anew.
    Counter,
}

impl Kind {
    /// The word in a segment.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Gauge => "gauge",
            Kind::Counter => "counter",
        }
    }
}

/// One metric.
#[derive(Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// How its number is to be read.
    pub kind: Kind,
    /// UCUM.
    pub unit: &'static str,
}

macro_rules! table {
    ($($constant:ident $name:literal $kind:ident $unit:literal)*) => {
        $(pub(crate) const $constant: &Metric = &Metric { name: $name, kind: Kind::$kind, unit: $unit };)*
        /// Every metric.
        pub const TABLE: &[&Metric] = &[$($constant),*];
    };
}

table! {
    CPU_UTILIZATION "system.cpu.utilization" Gauge "1"
    MEMORY_USAGE "system.memory.usage" Gauge "By"
    MEMORY_LIMIT "system.memory.limit" Gauge "By"
    MEMORY_UTILIZATION "system.memory.utilization" Gauge "1"
    MEMORY_AVAILABLE "system.memory.linux.available" Gauge "By"
    LOAD "probity.system.load_average" Gauge "1"
    NETWORK_IO "system.network.io" Counter "By"
    NETWORK_RATE "probity.network.rate" Gauge "By/h"
    NETWORK_RESETS "probity.network.resets" Counter "1"
    DISK_IO "system.disk.io" Counter "By"
    FILESYSTEM_USAGE "system.filesystem.usage" Gauge "By"
    FILESYSTEM_LIMIT "system.filesystem.limit" Gauge "By"
    BATTERY_CHARGE "hw.battery.charge" Gauge "1"
    BATTERY_RESOLUTION "probity.battery.resolution" Gauge "1"
    BATTERY_DRAIN "probity.battery.drain_rate" Gauge "%/h"
    STATUS "hw.status" Gauge "1"
    TEMPERATURE "hw.temperature" Gauge "Cel"
    PROCESS_MEMORY "process.memory.usage" Gauge "By"
    PROCESS_CPU "process.cpu.time" Counter "s"
    CONTAINER_CPU "container.cpu.usage" Gauge "{cpu}"
    CONTAINER_CPU_LIMIT "probity.container.cpu.limit" Gauge "{cpu}"
    CONTAINER_CPU_UTILIZATION "probity.container.cpu.utilization" Gauge "1"
    CONTAINER_MEMORY "container.memory.usage" Gauge "By"
    CONTAINER_WORKING_SET "container.memory.working_set" Gauge "By"
    CONTAINER_MEMORY_LIMIT "probity.container.memory.limit" Gauge "By"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = TABLE.iter().map(|metric| metric.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), TABLE.len());
    }
}

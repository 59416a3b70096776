//! Three clocks: the one on the wall, which people set; the one that runs since the boot, through sleep as well; and the one
//! that stops in sleep.

/// A minute in nanoseconds.
pub(crate) const MINUTE_NS: i64 = 60_000_000_000;
/// An hour in nanoseconds.
pub(crate) const HOUR_NS: i64 = 60 * MINUTE_NS;

/// One moment on all three. Room code gets it from whoever calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// Nanoseconds since 1970 (CLOCK_REALTIME).
    pub wall_ns: i64,
    /// Nanoseconds since the boot, sleep included (CLOCK_BOOTTIME).
    pub boot_ns: i64,
    /// Nanoseconds since the boot without sleep (CLOCK_MONOTONIC).
    pub mono_ns: i64,
}

impl Now {
    /// The clocks of this machine: for the edge.
    #[cfg(unix)]
    pub fn of_this_machine() -> Self {
        use rustix::time::{ClockId, clock_gettime};
        let read = |clock| {
            let time = clock_gettime(clock);
            // Nanoseconds since the epoch fit until the year 2262.
            time.tv_sec.saturating_mul(1_000_000_000).saturating_add(time.tv_nsec)
        };
        #[cfg(target_os = "linux")]
        let boot = ClockId::Boottime;
        // That of macOS goes on in sleep, that of FreeBSD does not.
        #[cfg(not(target_os = "linux"))]
        let boot = ClockId::Monotonic;
        Now { wall_ns: read(ClockId::Realtime), boot_ns: read(boot), mono_ns: read(ClockId::Monotonic) }
    }

    /// The clocks of this machine: for the edge. The counter of Windows goes on in sleep, and there is no other.
    #[cfg(windows)]
    pub fn of_this_machine() -> Self {
        use std::sync::OnceLock;
        use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
        static FIRST: OnceLock<(Instant, Duration)> = OnceLock::new();
        let nanos = |time: Duration| i64::try_from(time.as_nanos()).unwrap_or(i64::MAX);
        let (since, up) = FIRST.get_or_init(|| (Instant::now(), Duration::from_secs(sysinfo::System::uptime())));
        let boot_ns = nanos(*up + since.elapsed());
        let wall_ns = nanos(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default());
        Now { wall_ns, boot_ns, mono_ns: boot_ns }
    }
}

//! Stretches of time that objectives are judged over, and how they are cut into slices.

use model::{Fault, Instant};

use crate::calendar::{Calendar, Period};
use crate::duration::Duration;
use crate::maintenance::{Maintenance, time_left};
use crate::measure::{Interval, Slicing};
use crate::openslo::WindowSpec;

/// Slices of one stretch. 30 seconds over a year are half of it.
const SLICES_MAX: u64 = 2_000_000;

/// A stretch of time.
#[derive(Clone, Debug)]
pub(crate) enum Stretch {
    /// The last `length` before `at`.
    Rolling { length: Duration, at: Instant },
    /// A window of a calendar, as far as it is over at `at`.
    Calendar { period: Period, at: Instant },
}

/// How a stretch was cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sliced {
    /// The length of one.
    pub width: Duration,
    /// Whole ones in the window.
    pub whole: u64,
    /// Those that something lies in.
    pub counted: u64,
    /// Those that are over and in which nothing lies: they count for nothing.
    pub empty: u64,
    /// Those that are over and that maintenance reaches into.
    pub excluded: u64,
    /// Those of a calendar window that are not over yet.
    pub to_come: u64,
    /// What those that are over lie in; none where none is.
    pub interval: Option<Interval>,
}

impl Stretch {
    /// The window of a rule around `at`.
    ///
    /// # Errors
    /// As [`Calendar::period`].
    pub(crate) fn of(window: &WindowSpec, at: Instant) -> Result<Self, Fault> {
        if window.rolling {
            return Ok(Stretch::Rolling { length: window.duration, at });
        }
        let calendar = window.calendar.clone().unwrap_or_else(|| Calendar::universal(window.duration));
        let period = calendar.period(window.duration, at).map_err(|fault| fault.at(window.place.clone()))?;
        Ok(Stretch::Calendar { period, at })
    }

    pub(crate) fn period(&self) -> Option<&Period> {
        if let Stretch::Calendar { period, .. } = self { Some(period) } else { None }
    }

    /// What lies in it.
    ///
    /// # Errors
    /// `window-out-of-range`.
    pub(crate) fn interval(&self) -> Result<Interval, Fault> {
        match self {
            Stretch::Rolling { length, at } => {
                let from = at.minus(length.rolling()).ok_or_else(|| {
                    Fault::bad_config(
                        "window-out-of-range",
                        format!("A window of {length} before {at} begins too early"),
                    )
                    .advise("Instants lie between 1677 and 2262.")
                })?;
                Ok(Interval { from, to: *at })
            }
            Stretch::Calendar { period, at } => {
                let whole = Interval::between(period.from, period.to);
                Ok(Interval { to: whole.to.min(*at), ..whole })
            }
        }
    }

    /// How much of a calendar window is over, and how much there is, in nanoseconds without maintenance; nothing of one that is over
    /// or rolling.
    pub(crate) fn progress(&self, maintenance: &[Maintenance]) -> Option<(u128, u128)> {
        let Stretch::Calendar { period, at } = self else { return None };
        let whole = Interval::between(period.from, period.to);
        let until = |to: Instant| time_left(maintenance, Interval { to, ..whole });
        (*at < whole.to).then(|| (until(*at), until(whole.to)))
    }

    /// Cuts it into slices that are over, with what is known of them before anything is counted; none where the first is not over.
    ///
    /// Slices of a calendar window begin with it. Those of a rolling one lie on multiples of their width since 1970, so that each
    /// judgement cuts alike: the window then ends with the last slice that is over, and holds as many as its length does; one
    /// at least.
    ///
    /// # Errors
    /// `slice-longer-than-window`, `too-many-slices`, `window-out-of-range`.
    pub(crate) fn slices(&self, width: Duration) -> Result<(Option<Slicing>, Sliced), Fault> {
        let step = width.rolling().nanos();
        let (from, whole, over) = match self {
            Stretch::Rolling { length, at } => {
                let count = (length.rolling().nanos() / step).max(1);
                let end = (i128::from(at.nanos()) + 1).div_euclid(step) * step;
                (end - count * step, count, count)
            }
            Stretch::Calendar { period, at } => {
                let from = i128::from(period.from.nanos());
                let until = |to: i128| (to - from) / step;
                let end = i128::from(period.to.nanos());
                (from, until(end), until(end.min(i128::from(at.nanos()) + 1)))
            }
        };
        let whole = u64::try_from(whole).unwrap_or_default();
        let over = u32::try_from(over).unwrap_or_default();
        if whole == 0 {
            return Err(Fault::bad_config(
                "slice-longer-than-window",
                format!("No slice of {width} fits into the window"),
            )
            .advise("Write a shorter timeSliceWindow, or a longer window."));
        }
        if whole > SLICES_MAX {
            return Err(Fault::bad_config("too-many-slices", format!("The window has {whole} slices of {width}"))
                .advise(format!("At most {SLICES_MAX} are counted: write a longer timeSliceWindow.")));
        }
        let out_of_range = || {
            Fault::bad_config("window-out-of-range", "A window of slices begins too early")
                .advise("Instants lie between 1677 and 2262.")
        };
        let from = i64::try_from(from).ok().filter(|from| *from > i64::MIN).ok_or_else(out_of_range)?;
        let step = i64::try_from(step).map_err(|_| out_of_range())?;
        let slicing = (over > 0).then(|| Slicing { from: Instant::from_nanos(from), width: step, count: over });
        let to_come = whole.saturating_sub(over.into());
        let interval = slicing.map(Slicing::interval);
        Ok((slicing, Sliced { width, whole, counted: 0, empty: over.into(), excluded: 0, to_come, interval }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Place;

    fn duration(text: &str) -> Duration {
        Duration::seconds(text).unwrap_or_else(|| Duration::parse(text, "d", &Place::default()).unwrap())
    }

    fn instant(text: &str) -> Instant {
        Instant::parse(text).unwrap()
    }

    /// `from count whole to_come` of a rolling window.
    #[test]
    fn rolling_windows_are_cut_alike_whenever_they_are_judged() {
        let check = |length: &str, width: &str, at: &str, expect: Result<(&str, u32, u64), &str>| {
            let found = Stretch::Rolling { length: duration(length), at: instant(at) }.slices(duration(width));
            let found = found.as_ref().map(|(slicing, sliced)| {
                let slicing = slicing.unwrap();
                (slicing.from.to_string(), slicing.count, sliced.whole)
            });
            let expect = expect.map(|(from, count, whole)| (from.to_owned(), count, whole));
            assert_eq!(found.map_err(Fault::code), expect, "{length} {width} {at}");
        };
        check("2w", "1m", "2026-01-31T00:00:00Z", Ok(("2026-01-17T00:00:00Z", 20_160, 20_160)));
        check("2w", "1m", "2026-01-31T00:00:59Z", Ok(("2026-01-17T00:00:00Z", 20_160, 20_160)));
        // The last nanosecond of a slice is over with it.
        check("1h", "1m", "2026-01-31T00:00:59.999999999Z", Ok(("2026-01-30T23:01:00Z", 60, 60)));
        check("30d", "30s", "2026-01-31T00:00:00Z", Ok(("2026-01-01T00:00:00Z", 86_400, 86_400)));
        check("1h", "40m", "2026-01-31T00:10:00Z", Ok(("2026-01-30T23:20:00Z", 1, 1)));
        // Shorter than a slice: the last one that is over.
        check("5m", "10m", "2026-01-31T00:05:00Z", Ok(("2026-01-30T23:50:00Z", 1, 1)));
        check("1Y", "1s", "2026-01-31T00:00:00Z", Err("too-many-slices"));
        check("500Y", "1d", "2026-01-31T00:00:00Z", Err("window-out-of-range"));
    }

    #[test]
    fn calendar_windows_are_cut_from_their_beginning() {
        let place = Place::default();
        let calendar = Calendar::read(("2026-01-01 00:00:00", &place), ("America/New_York", &place)).unwrap();
        let cut = |at: &str, width: &str| {
            let period = calendar.period(duration("1M"), instant(at)).unwrap();
            Stretch::Calendar { period, at: instant(at) }.slices(duration(width)).map_err(|fault| fault.code())
        };
        let (slicing, sliced) = cut("2026-03-08T09:30:00Z", "1h").unwrap();
        // Seven days and four hours of the eighth, an hour of which was skipped; the fifth hour is not over.
        assert_eq!((sliced.whole, sliced.empty, sliced.to_come), (743, 172, 571));
        assert_eq!(slicing.unwrap().from, instant("2026-03-01T00:00:00-05:00"));
        assert_eq!(cut("2026-04-01T04:00:00Z", "1m").unwrap().1.empty, 44_580);
        assert_eq!(cut("2026-03-01T05:00:30Z", "1m").unwrap().0, None);
        assert_eq!(cut("2026-03-08T09:30:00Z", "5w"), Err("slice-longer-than-window"));
    }
}

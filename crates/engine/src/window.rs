//! Windows of time, to the nanosecond.
//!
//! A row's time is `ts_ns` where it is finer than a microsecond, else `ts`.

use datafusion::arrow::datatypes::DataType;
use datafusion::functions::core::expr_fn::coalesce;
use datafusion::logical_expr::{Expr, cast, col, lit};
use datafusion::scalar::ScalarValue;
use model::Instant;
use slo::measure::Interval;

/// A row's time in nanoseconds since 1970.
pub(crate) fn time() -> Expr {
    coalesce(vec![col("ts_ns"), cast(col("ts"), DataType::Int64) * lit(1_000_i64)])
}

/// Whether a row lies after `from`, up to and including `to`. The bounds on `ts` alone let whole row groups be skipped.
pub(crate) fn inside(window: Interval) -> Expr {
    let (from, to) = (stamp(window.from), stamp(window.to));
    let after =
        col("ts").gt(from.clone()).or(col("ts").eq(from.clone()).and(col("ts_ns").gt(lit(window.from.nanos()))));
    let within = col("ts_ns").is_null().or(col("ts_ns").lt_eq(lit(window.to.nanos())));
    let until = col("ts").lt(to.clone()).or(col("ts").eq(to.clone()).and(within));
    col("ts").gt_eq(from).and(col("ts").lt_eq(to)).and(after).and(until)
}

/// The microsecond an instant lies in, as the column `ts` holds it.
fn stamp(instant: Instant) -> Expr {
    lit(ScalarValue::TimestampMicrosecond(Some(instant.micros()), Some("UTC".into())))
}

/// Whether a file with rows from `first` to `last` may hold rows of the window.
pub(crate) fn overlaps(window: Interval, first: Instant, last: Instant) -> bool {
    last > window.from && first <= window.to
}

//! Exact counts: what verdicts are decided with.

use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Decimal128Type, Int64Type};
use datafusion::dataframe::DataFrame;
use datafusion::error::Result as Planned;
use datafusion::functions_aggregate::expr_fn::{count, max, min, sum};
use datafusion::logical_expr::{Expr, ExprFunctionExt, cast, col, lit};
use model::{Decimal, Fault, Instant};
use slo::measure::{Basis, Comparison, Counts, Interval, Measure, Percentile, Slices, Slicing, Source};

use crate::engine::Engine;
use crate::micro::MICRO;
use crate::percentile::Distributions;
use crate::refuse::{self, Author, bad_query_because};
use crate::sketch::Distribution;
use crate::source::Values;
use crate::threshold::holds;
use crate::window;

impl Measure for Engine {
    /// Rows of one table are counted in one pass, and a good row is one that fulfils both filters. Other sources are
    /// counted each by itself: increases by their exact sum, samples and the values of SQL by theirs.
    fn ratio(&self, good: &Source, total: &Source, window: Interval) -> Result<Counts, Fault> {
        match (good, total) {
            (Source::Rows { table, filter: good, .. }, Source::Rows { table: of, filter: total, .. })
                if table == of =>
            {
                let rows = self.rows(*of, total.as_deref(), window)?;
                let good = match good {
                    Some(good) => self.base.create_logical_expr(good, rows.schema()).map_err(planned)?,
                    None => lit(true),
                };
                self.count(rows, window::time(), lit(1_i64), good)
            }
            _ => {
                let (total, seen) = self.events(total, window)?;
                let (good, _) = self.events(good, window)?;
                Ok(Counts { good, total, seen })
            }
        }
    }

    fn threshold(&self, source: &Source, op: Comparison, value: Decimal, window: Interval) -> Result<Counts, Fault> {
        let values = self.numbers(source, window)?;
        let good = holding(&values, op, value)?;
        self.count(values.frame, col("t"), col("value"), good)
    }

    fn ratio_slices(&self, good: &Source, total: &Source, slicing: Slicing) -> Result<Slices, Fault> {
        self.sliced_ratio(good, total, slicing)
    }

    fn threshold_slices(
        &self,
        source: &Source,
        op: Comparison,
        value: Decimal,
        slicing: Slicing,
    ) -> Result<Slices, Fault> {
        self.sliced_threshold(source, op, value, slicing)
    }

    fn raw_slices(&self, source: &Source, slicing: Slicing) -> Result<Slices, Fault> {
        self.sliced_raw(source, slicing)
    }

    fn percentile(&self, source: &Source, rank: Decimal, window: Interval) -> Result<Option<Percentile>, Fault> {
        if rank <= Decimal::ZERO || rank > Decimal::ONE {
            return Err(Fault::bad_config("bad-rank", format!("There is no percentile of rank {rank}"))
                .advise("Give a rank above 0 and not above 1: 0.95 for the 95th percentile."));
        }
        let values = self.numbers(source, window)?;
        let all = datafusion::logical_expr::AggregateUDF::from(Distributions::default());
        let all = all.call(vec![cast(col("value"), DataType::Float64)]);
        let answer = self.one_row(values.frame, vec![all])?;
        let corrupt = |_| Fault::internal("engine-failed", "The state of a distribution does not read");
        let distribution = Distribution::from_bytes(answer.column(0).as_binary::<i32>().value(0)).map_err(corrupt)?;
        let value = distribution.quantile(rank).map_err(corrupt)?;
        Ok(value.map(|value| Percentile { value, definition: distribution.definition() }))
    }

    fn newest(&self) -> Result<Option<Instant>, Fault> {
        Ok(Engine::newest(self))
    }

    fn basis(&self) -> Basis {
        self.basis
    }
}

impl Engine {
    /// Rows where `value` is not null; those of them that are `good`; the first and last `time`.
    fn count(&self, rows: DataFrame, time: Expr, value: Expr, good: Expr) -> Result<Counts, Fault> {
        let there = value.clone().is_not_null();
        let aggregates = || -> Planned<Vec<Expr>> {
            Ok(vec![
                count(value.clone()),
                count(value.clone()).filter(good).build()?,
                min(time.clone()).filter(there.clone()).build()?,
                max(time).filter(there).build()?,
            ])
        };
        let answer = self.one_row(rows, aggregates().map_err(planned)?)?;
        let [total, good] = [0, 1].map(|at| integer(&answer, at).unwrap_or(0).unsigned_abs());
        Ok(Counts { good, total, seen: seen(&answer, 2) })
    }

    /// How many events a source holds, and when the first and the last of them happened.
    fn events(&self, source: &Source, window: Interval) -> Result<(u64, Option<(Instant, Instant)>), Fault> {
        if let Source::Rows { table, filter, .. } = source {
            let rows = self.rows(*table, filter.as_deref(), window)?;
            let counts = self.count(rows, window::time(), lit(1_i64), lit(true))?;
            return Ok((counts.total, counts.seen));
        }
        let values = self.values(source, window)?;
        let micro = values.micro()?;
        // An increase that has no millionths has no value either.
        let there = if values.are_increases { lit(true) } else { col("value").is_not_null() };
        let gauge = if values.are_increases { col("gauge") } else { lit(false) };
        let aggregates = || -> Planned<Vec<Expr>> {
            let counted = micro.clone().gt(lit(0_i64));
            Ok(vec![
                count(lit(1_i64)).filter(gauge).build()?,
                count(lit(1_i64)).filter(micro.clone().is_null().and(there)).build()?,
                sum(micro.clone()),
                min(micro.clone()),
                min(col("t")).filter(counted.clone()).build()?,
                max(col("t")).filter(counted).build()?,
            ])
        };
        let answer = self.one_row(values.frame, aggregates().map_err(planned)?)?;
        refuse_gauges(source, integer(&answer, 0))?;
        if integer(&answer, 1).unwrap_or(0) > 0 {
            return Err(uncountable(source, "has a value too large to be counted exactly"));
        }
        Ok((whole(source, decimal(&answer, 2), decimal(&answer, 3))?, seen(&answer, 4)))
    }

    /// The values of a source; a gauge that is asked for its increase is refused.
    pub(crate) fn numbers(&self, source: &Source, window: Interval) -> Result<Values, Fault> {
        needs_value(source)?;
        let values = self.values(source, window)?;
        if values.are_increases {
            let gauges = count(lit(1_i64)).filter(col("gauge")).build().map_err(planned)?;
            let gauges = self.one_row(values.frame.clone(), vec![gauges])?;
            refuse_gauges(source, integer(&gauges, 0))?;
        }
        Ok(values)
    }

    fn one_row(&self, rows: DataFrame, aggregates: Vec<Expr>) -> Result<RecordBatch, Fault> {
        let frame = rows.aggregate(vec![], aggregates).map_err(planned)?;
        let batches = self.wait(Author::Rule, frame.collect())?;
        batches
            .into_iter()
            .find(|batch| batch.num_rows() == 1)
            .ok_or_else(|| Fault::internal("engine-failed", "An aggregate without groups yielded no row"))
    }
}

/// Whether a value holds.
pub(crate) fn holding(values: &Values, op: Comparison, limit: Decimal) -> Result<Expr, Fault> {
    let good = holds(col("value"), &values.data_type, op, limit)?;
    if !values.has_integers {
        return Ok(good);
    }
    let exact = holds(col("value_int"), &DataType::Int64, op, limit)?;
    Ok(col("value_int").is_not_null().and(exact).or(col("value_int").is_null().and(good)))
}

pub(crate) fn planned(error: datafusion::error::DataFusionError) -> Fault {
    refuse::fault(&error, Author::Rule)
}

fn needs_value(source: &Source) -> Result<(), Fault> {
    match source {
        Source::Rows { value: None, .. } => Err(bad_query_because("The rows have no value to compare", Author::Rule)
            .advise("Name the value: a column such as latency_ms, or an expression.")),
        _ => Ok(()),
    }
}

fn integer(answer: &RecordBatch, column: usize) -> Option<i64> {
    let column = answer.column(column).as_primitive::<Int64Type>();
    column.is_valid(0).then(|| column.value(0))
}

fn decimal(answer: &RecordBatch, column: usize) -> i128 {
    let column = answer.column(column).as_primitive::<Decimal128Type>();
    if column.is_valid(0) { column.value(0) } else { 0 }
}

/// First and last time from two columns of nanoseconds.
fn seen(answer: &RecordBatch, column: usize) -> Option<(Instant, Instant)> {
    Some((Instant::from_nanos(integer(answer, column)?), Instant::from_nanos(integer(answer, column + 1)?)))
}

/// A sum of millionths as a count.
pub(crate) fn whole(source: &Source, micros: i128, smallest: i128) -> Result<u64, Fault> {
    if smallest < 0 {
        return Err(uncountable(source, "has a value below 0"));
    }
    if micros % MICRO != 0 {
        return Err(uncountable(source, "does not add up to a whole number"));
    }
    u64::try_from(micros / MICRO).map_err(|_| uncountable(source, "adds up to more than can be counted"))
}

pub(crate) fn uncountable(source: &Source, what: &str) -> Fault {
    Fault::bad_config("fractional-counter", format!("{} {what}: it does not count events", named(source)))
        .advise("Count events with a counter of whole numbers; judge other values with a threshold.")
}

pub(crate) fn refuse_gauges(source: &Source, gauges: Option<i64>) -> Result<(), Fault> {
    match gauges {
        None | Some(0) => Ok(()),
        Some(_) => Err(Fault::bad_config("not-a-counter", format!("{} is a gauge: it has no increase", named(source)))
            .advise("Use a counter, or a threshold over its samples.")),
    }
}

fn named(source: &Source) -> String {
    match source {
        Source::Increase(selector) | Source::Samples(selector) => selector.name.clone(),
        Source::Rows { table, .. } => format!("A value of {table}"),
        Source::Sql(_) => "The query".to_owned(),
    }
}

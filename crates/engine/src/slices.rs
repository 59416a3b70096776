//! The same counts for each of many equal stretches of time, in one pass.

use std::collections::HashMap;

use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Decimal128Type, Int64Type};
use datafusion::dataframe::DataFrame;
use datafusion::functions_aggregate::expr_fn::{count, max, min, sum};
use datafusion::logical_expr::{Expr, ExprFunctionExt, cast, col, lit};
use model::{Decimal, Fault, Instant};
use slo::measure::{Comparison, Slice, Slices, Slicing, Source};

use crate::engine::Engine;
use crate::measure::{holding, planned, refuse_gauges, uncountable, whole};
use crate::refuse::Author;
use crate::window;

/// Ratios are kept with fifteen decimals; a double that was written with as many comes out as it was written.
const RATIO: DataType = DataType::Decimal128(38, 15);

impl Engine {
    pub(crate) fn sliced_ratio(&self, good: &Source, total: &Source, slicing: Slicing) -> Result<Slices, Fault> {
        if let (Source::Rows { table, filter: good, .. }, Source::Rows { table: of, filter: total, .. }) = (good, total)
            && table == of
        {
            let rows = self.rows(*of, total.as_deref(), slicing.interval())?;
            let good = match good {
                Some(good) => self.base.create_logical_expr(good, rows.schema()).map_err(planned)?,
                None => lit(true),
            };
            return self.count_slices(rows, window::time(), lit(1_i64), good, slicing);
        }
        let mut all = self.sliced_events(total, slicing)?;
        let mut known: HashMap<u32, usize> = all.slices.iter().enumerate().map(|(at, one)| (one.number, at)).collect();
        for Slice { number, total: good, .. } in self.sliced_events(good, slicing)?.slices {
            let at = *known.entry(number).or_insert_with(|| {
                all.slices.push(Slice { number, good: 0, total: 0 });
                all.slices.len() - 1
            });
            all.slices[at].good = good;
        }
        Ok(all)
    }

    pub(crate) fn sliced_threshold(
        &self,
        source: &Source,
        op: Comparison,
        value: Decimal,
        slicing: Slicing,
    ) -> Result<Slices, Fault> {
        let values = self.numbers(source, slicing.interval())?;
        let good = holding(&values, op, value)?;
        self.count_slices(values.frame, col("t"), col("value"), good, slicing)
    }

    pub(crate) fn sliced_raw(&self, source: &Source, slicing: Slicing) -> Result<Slices, Fault> {
        let values = self.numbers(source, slicing.interval())?;
        let ratio = || cast(col("value"), RATIO);
        let outside =
            col("value").is_not_null().and(ratio().is_null().or(ratio().lt(lit(0_i64))).or(ratio().gt(lit(1_i64))));
        let aggregates = vec![
            count(col("value")),
            sum(ratio()),
            count(lit(1_i64)).filter(outside).build().map_err(planned)?,
            min(col("t")),
            max(col("t")),
        ];
        let present = values.frame.filter(col("value").is_not_null()).map_err(planned)?;
        let mut found = Slices::default();
        for batch in self.by_slice(present, col("t"), aggregates, slicing)? {
            let (counts, sums) = (integers(&batch, 1), batch.column(2).as_primitive::<Decimal128Type>());
            let outside = integers(&batch, 3);
            for row in 0..batch.num_rows() {
                if outside.value(row) > 0 || sums.is_null(row) {
                    return Err(Fault::bad_config("no-ratio", "A value is not a ratio: it lies outside [0, 1]")
                        .advise("Let the source yield shares of 1; a percentage has to be divided by 100."));
                }
                let total = u128::from(counts.value(row).unsigned_abs()) * Slice::PARTS;
                let good = sums.value(row).unsigned_abs();
                found.add(Slice { number: number(&batch, row), good, total }, seen(&batch, row, 4));
            }
        }
        Ok(found)
    }

    /// Rows where `value` is not null, and those of them that are `good`.
    fn count_slices(
        &self,
        rows: DataFrame,
        time: Expr,
        value: Expr,
        good: Expr,
        slicing: Slicing,
    ) -> Result<Slices, Fault> {
        let there = value.clone().is_not_null();
        let present = rows.filter(there).map_err(planned)?;
        let good = count(value.clone()).filter(good).build().map_err(planned)?;
        let aggregates = vec![count(value), good, min(time.clone()), max(time.clone())];
        let mut found = Slices::default();
        for batch in self.by_slice(present, time, aggregates, slicing)? {
            let (totals, goods) = (integers(&batch, 1), integers(&batch, 2));
            for row in 0..batch.num_rows() {
                let [good, total] = [goods, totals].map(|column| u128::from(column.value(row).unsigned_abs()));
                found.add(Slice { number: number(&batch, row), good, total }, seen(&batch, row, 3));
            }
        }
        Ok(found)
    }

    /// The events that a source holds, as the totals of slices.
    fn sliced_events(&self, source: &Source, slicing: Slicing) -> Result<Slices, Fault> {
        if let Source::Rows { table, filter, .. } = source {
            let rows = self.rows(*table, filter.as_deref(), slicing.interval())?;
            return self.count_slices(rows, window::time(), lit(1_i64), lit(true), slicing);
        }
        let values = self.values(source, slicing.interval())?;
        let micro = values.micro()?;
        // An increase that has no millionths has no value either.
        let there = if values.are_increases { lit(true) } else { col("value").is_not_null() };
        let gauge = if values.are_increases { col("gauge") } else { lit(false) };
        let counted = micro.clone().gt(lit(0_i64));
        let within = |aggregate: Expr, filter: Expr| aggregate.filter(filter).build().map_err(planned);
        let aggregates = vec![
            within(count(lit(1_i64)), gauge)?,
            within(count(lit(1_i64)), micro.clone().is_null().and(there))?,
            sum(micro.clone()),
            min(micro),
            within(min(col("t")), counted.clone())?,
            within(max(col("t")), counted)?,
        ];
        let mut found = Slices::default();
        for batch in self.by_slice(values.frame, col("t"), aggregates, slicing)? {
            let (gauges, unknown) = (integers(&batch, 1), integers(&batch, 2));
            let [sums, least] = [3, 4].map(|column| batch.column(column).as_primitive::<Decimal128Type>());
            for row in 0..batch.num_rows() {
                refuse_gauges(source, Some(gauges.value(row)))?;
                if unknown.value(row) > 0 {
                    return Err(uncountable(source, "has a value too large to be counted exactly"));
                }
                let or_zero = |column: &datafusion::arrow::array::Decimal128Array| {
                    if column.is_valid(row) { column.value(row) } else { 0 }
                };
                let total = whole(source, or_zero(sums), or_zero(least))?.into();
                // A counter that stood still is a slice without events.
                if total > 0 {
                    found.add(Slice { number: number(&batch, row), good: 0, total }, seen(&batch, row, 5));
                }
            }
        }
        Ok(found)
    }

    /// The first column is the number of the slice.
    fn by_slice(
        &self,
        rows: DataFrame,
        time: Expr,
        aggregates: Vec<Expr>,
        slicing: Slicing,
    ) -> Result<Vec<RecordBatch>, Fault> {
        // Everything lies at or after the beginning of the first slice, so that cutting is rounding down.
        let slice = (time - lit(slicing.from.nanos())) / lit(slicing.width);
        let frame = rows.aggregate(vec![slice.alias("slice")], aggregates).map_err(planned)?;
        self.wait(Author::Rule, frame.collect())
    }
}

fn integers(batch: &RecordBatch, column: usize) -> &datafusion::arrow::array::Int64Array {
    batch.column(column).as_primitive::<Int64Type>()
}

fn number(batch: &RecordBatch, row: usize) -> u32 {
    // Below the number of slices, which is a u32.
    u32::try_from(integers(batch, 0).value(row)).unwrap_or(u32::MAX)
}

fn seen(batch: &RecordBatch, row: usize, column: usize) -> Option<(Instant, Instant)> {
    let at = |column: usize| {
        let column = integers(batch, column);
        column.is_valid(row).then(|| Instant::from_nanos(column.value(row)))
    };
    at(column).zip(at(column + 1))
}

//! What a question is about, as rows with a time and a value.

use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::Column;
use datafusion::dataframe::DataFrame;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::SessionState;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, ScalarUDF, cast, col, lit};
use datafusion::scalar::ScalarValue;
use model::{Fault, RecordKind};
use slo::measure::{Interval, Selector, Source};

use crate::engine::Engine;
use crate::increments;
use crate::micro::{ExactMicro, MICRO_TYPE};
use crate::query;
use crate::refuse::{self, Author};
use crate::selector::Selects;
use crate::session;
use crate::threshold::no_number;
use crate::window;

/// Rows with the columns `t` (nanoseconds since 1970) and `value`; see [`Values`].
pub(crate) struct Values {
    pub(crate) frame: DataFrame,
    /// The type of the column `value`.
    pub(crate) data_type: DataType,
    /// Whether the frame has a column `value_int` with the exact value where that is an integer.
    pub(crate) has_integers: bool,
    /// Whether the frame has columns `micro` and `gauge`; see [`increments`].
    pub(crate) are_increases: bool,
}

impl Values {
    /// The value in millionths, as an exact integer.
    ///
    /// # Errors
    /// `bad-query` when the value is no number.
    pub(crate) fn micro(&self) -> Result<Expr, Fault> {
        let exact = |double: Expr, integer: Expr| ScalarUDF::from(ExactMicro::default()).call(vec![double, integer]);
        let no_integer = || lit(ScalarValue::Int64(None));
        let double = || cast(col("value"), DataType::Float64);
        match &self.data_type {
            _ if self.are_increases => Ok(col("micro")),
            DataType::Float64 if self.has_integers => Ok(exact(col("value"), col("value_int"))),
            DataType::Null | DataType::Float16 | DataType::Float32 | DataType::Float64 => {
                Ok(exact(double(), no_integer()))
            }
            DataType::UInt64 => Ok(cast(col("value"), MICRO_TYPE) * million()),
            DataType::Decimal128(..) => Ok(cast(col("value") * million(), MICRO_TYPE)),
            kind if kind.is_integer() => Ok(exact(double(), cast(col("value"), DataType::Int64))),
            other => Err(no_number(other)),
        }
    }
}

fn million() -> Expr {
    lit(ScalarValue::Decimal128(Some(1_000_000), 7, 0))
}

impl Engine {
    /// The rows of a table inside `window` that fulfil `filter`.
    ///
    /// # Errors
    /// `bad-query` when the filter does not plan.
    pub(crate) fn rows(&self, table: RecordKind, filter: Option<&str>, window: Interval) -> Result<DataFrame, Fault> {
        let frame = || {
            let frame = DataFrame::new(self.base.clone(), session::rows(table, &self.files, Some(window))?);
            match filter {
                Some(filter) => {
                    let filter = parse(&frame, &self.base, filter)?;
                    frame.filter(filter)
                }
                None => Ok(frame),
            }
        };
        frame().map_err(planned)
    }

    /// The values of `source` inside `window`.
    ///
    /// # Errors
    /// `bad-query`, `bad-matcher`.
    pub(crate) fn values(&self, source: &Source, window: Interval) -> Result<Values, Fault> {
        match source {
            Source::Rows { table, filter, value } => {
                let rows = self.rows(*table, filter.as_deref(), window)?;
                let value = value.as_deref().unwrap_or("NULL");
                let frame = parse(&rows, &self.base, value)
                    .and_then(|value| rows.select(vec![window::time().alias("t"), value.alias("value")]));
                plain(frame.map_err(planned)?)
            }
            Source::Increase(selector) => {
                let samples = self.samples(selector, window)?.into_unoptimized_plan();
                let plan = self.wait(Author::Rule, increments::amounts(&self.base, samples))?;
                let values = plain(DataFrame::new(self.base.clone(), plan))?;
                Ok(Values { are_increases: true, ..values })
            }
            Source::Samples(selector) => {
                let columns = vec![window::time().alias("t"), col("value"), col("value_int")];
                let values = plain(self.samples(selector, window)?.select(columns).map_err(planned)?)?;
                Ok(Values { has_integers: true, ..values })
            }
            Source::Sql(sql) => plain(self.wait(Author::Rule, self.answer(sql, window))?),
        }
    }

    fn samples(&self, selector: &Selector, window: Interval) -> Result<DataFrame, Fault> {
        let samples = self.rows(RecordKind::Metrics, None, window)?;
        let named = samples.filter(col("name").eq(lit(selector.name.as_str()))).map_err(planned)?;
        if selector.matchers.is_empty() {
            return Ok(named);
        }
        let selects = ScalarUDF::from(Selects::compile(selector)?).call(["series", "service", "host"].map(col).into());
        named.filter(selects).map_err(planned)
    }

    /// The columns `ts` and `value` of a query over the tables inside `window`, where `ts` lies inside it too.
    async fn answer(&self, sql: &str, window: Interval) -> Result<DataFrame> {
        let state = self.state(&self.base, Some(window))?;
        let plan = query::plan(&state, sql).await?;
        let find = |name: &str| {
            let found = plan.schema().iter().find(|(_, field)| field.name().eq_ignore_ascii_case(name));
            found.map(|(table, field)| Expr::Column(Column::from((table, field)))).ok_or_else(|| {
                DataFusionError::Plan(format!("The query yields no column {name}; it has to yield ts and value"))
            })
        };
        let (time, value) = (find("ts")?, find("value")?);
        let stamp = cast(time, DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())));
        let plan = LogicalPlanBuilder::from(plan)
            .project(vec![cast(stamp, DataType::Int64).alias("t"), value.alias("value")])?
            .filter(col("t").gt(lit(window.from.nanos())).and(col("t").lt_eq(lit(window.to.nanos()))))?
            .build()?;
        Ok(DataFrame::new(state, plan))
    }
}

fn plain(frame: DataFrame) -> Result<Values, Fault> {
    let value = frame.schema().field_with_unqualified_name("value").map_err(planned)?;
    let data_type = value.data_type().clone();
    Ok(Values { frame, data_type, has_integers: false, are_increases: false })
}

fn planned(error: DataFusionError) -> Fault {
    refuse::fault(&error, Author::Rule)
}

/// A SQL expression over the columns of `frame`: one expression and nothing after it.
fn parse(frame: &DataFrame, state: &SessionState, sql: &str) -> Result<Expr> {
    state.create_logical_expr(sql, frame.schema())
}

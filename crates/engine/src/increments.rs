//! Increases of counters: pairs of neighbouring samples of one series, resets detected.
//!
//! A series is told apart by its text, service and host. Samples are ordered by time; samples of one instant by start
//! and value, so that a repeated scrape is an increase of 0 and never a reset.

use std::sync::Arc;

use datafusion::catalog::{MemorySchemaProvider, SchemaProvider};
use datafusion::datasource::ViewTable;
use datafusion::error::Result;
use datafusion::execution::SessionState;
use datafusion::logical_expr::LogicalPlan;

use crate::session;

/// Every sample beside the one before it.
///
/// A lower value is a reset, and so is a newer start: the counter then began again at 0, and its value is the increase.
const PAIRS: &str = "\
SELECT *, coalesce(micro < previous_micro OR start_ts > previous_start, false) AS reset
FROM (SELECT *, lag(ts) OVER w AS previous_ts, lag(t) OVER w AS previous_t, lag(value) OVER w AS previous_value,
             lag(micro) OVER w AS previous_micro, lag(start_ts) OVER w AS previous_start
      FROM (SELECT *, coalesce(ts_ns, CAST(ts AS BIGINT) * 1000) AS t, exact_micro(value, value_int) AS micro
            FROM samples) AS timed
      WINDOW w AS (PARTITION BY series, service, host, sample_type ORDER BY t, start_ts, micro)) AS paired";

/// The view `increments`.
pub(crate) const VIEW: &str = "\
SELECT ts, previous_ts, CAST(t - previous_t AS DOUBLE) / 1e9 AS seconds, name, series, service, host, attributes,
       CASE WHEN reset THEN value ELSE value - previous_value END AS increase,
       CASE WHEN reset THEN micro ELSE micro - previous_micro END AS increase_micro, reset
FROM pairs WHERE sample_type = 'counter' AND previous_t IS NOT NULL";

/// What is counted: increases of counters, and of samples that nobody gave a type; the values of deltas.
///
/// `gauge` marks samples that have no increase; whoever asks for one is told so.
const AMOUNTS: &str = "\
SELECT t, micro, micro * CAST(0.000001 AS DECIMAL(7, 6)) AS value, gauge FROM (
  SELECT t, sample_type = 'gauge' AS gauge,
         CASE WHEN reset OR sample_type = 'delta' THEN micro ELSE micro - previous_micro END AS micro
  FROM pairs WHERE sample_type IN ('delta', 'gauge') OR previous_t IS NOT NULL) AS amounts";

/// The view `increments` over samples.
pub(crate) async fn view(base: &SessionState, samples: LogicalPlan) -> Result<LogicalPlan> {
    over_pairs(base, samples, VIEW).await
}

/// Columns `t` (nanoseconds), `micro` and `value` (decimals), `gauge` (boolean) over samples.
pub(crate) async fn amounts(base: &SessionState, samples: LogicalPlan) -> Result<LogicalPlan> {
    over_pairs(base, samples, AMOUNTS).await
}

async fn over_pairs(base: &SessionState, samples: LogicalPlan, sql: &str) -> Result<LogicalPlan> {
    let tables = MemorySchemaProvider::new();
    tables.register_table("samples".to_owned(), Arc::new(ViewTable::new(samples, None)))?;
    let tables = Arc::new(tables);
    let state = session::over(base, Arc::clone(&tables) as Arc<dyn SchemaProvider>)?;
    let pairs = state.create_logical_plan(PAIRS).await?;
    tables.register_table("pairs".to_owned(), Arc::new(ViewTable::new(pairs, None)))?;
    state.create_logical_plan(sql).await
}

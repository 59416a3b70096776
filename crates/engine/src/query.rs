//! Ad-hoc SQL: read-only, streaming.

use datafusion::arrow::array::RecordBatch;
use datafusion::common::plan_err;
use datafusion::dataframe::DataFrame;
use datafusion::error::{DataFusionError, Result as Planned};
use datafusion::execution::context::SQLOptions;
use datafusion::execution::{SendableRecordBatchStream, SessionState};
use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::Statement as Sql;
use futures::StreamExt;
use model::Fault;

use crate::cell::Cell;
use crate::engine::{self, Deadline, Engine};
use crate::limits::Limits;
use crate::refuse::Author;

/// A column of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name; where the query gives a name twice, the second is `name_2`.
    pub name: String,
    /// Whether its values are numbers: they are then aligned to the right.
    pub is_number: bool,
    /// Its type in SQL's words, as `DESCRIBE` prints it.
    pub data_type: String,
}

/// The rows of an answer, as they become known.
pub struct Rows<'e> {
    engine: &'e Engine,
    stream: SendableRecordBatchStream,
    columns: Vec<Column>,
    left: Option<u64>,
    deadline: Option<Deadline>,
}

/// Some neighbouring rows of an answer.
pub struct Batch(RecordBatch);

impl Engine {
    /// Runs one read-only statement: `SELECT`, `WITH`, `VALUES`, `EXPLAIN`, `SHOW` or `DESCRIBE`, over the tables
    /// `logs`, `metrics` and `traces` and the view `increments`.
    ///
    /// Rows come in an order only where the query says `ORDER BY`. Nothing is written but what spills.
    ///
    /// # Errors
    /// `bad-query` when it does not parse or plan, `not-read-only` when it would change something, `query-too-long`.
    /// Reading rows: `bad-query` (a division by zero), `memory-limit`, `too-many-rows`, `query-timeout`, `io-failed`,
    /// `interrupted`.
    pub fn query(&self, sql: &str, limits: &Limits) -> Result<Rows<'_>, Fault> {
        if sql.len() > limits.sql_bytes_max {
            let message = format!("The query has {} bytes; {} are allowed", sql.len(), limits.sql_bytes_max);
            return Err(Fault::usage("query-too-long", message).advise("Shorten it, or filter with a join."));
        }
        let base = engine::base(self.threads, limits, self.now)?;
        let deadline = limits.time_max.map(Deadline::after);
        let stream = self.wait_until(deadline, Author::User, async {
            let state = self.state(&base, None)?;
            let plan = plan(&state, sql).await?;
            DataFrame::new(state, plan).execute_stream().await
        })?;
        let columns = columns(&stream);
        Ok(Rows { engine: self, stream, columns, left: limits.rows_max, deadline })
    }
}

impl Rows<'_> {
    /// The columns, in order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The next rows; `None` after the last. Waits for them.
    ///
    /// # Errors
    /// See [`Engine::query`].
    pub fn next_batch(&mut self) -> Result<Option<Batch>, Fault> {
        let stream = &mut self.stream;
        let next = self.engine.wait_until(self.deadline, Author::User, async { stream.next().await.transpose() })?;
        let Some(batch) = next else {
            return Ok(None);
        };
        if let Some(left) = &mut self.left {
            *left = left.checked_sub(batch.num_rows() as u64).ok_or_else(|| {
                Fault::usage("too-many-rows", "The answer has more rows than are allowed")
                    .advise("Add a LIMIT, group the rows, or allow more.")
            })?;
        }
        Ok(Some(Batch(batch)))
    }
}

impl Batch {
    /// How many rows.
    pub fn rows(&self) -> usize {
        self.0.num_rows()
    }

    /// The value in a row and a column, both from 0 and below [`Batch::rows`] and the number of columns.
    pub fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        Cell::at(self.0.column(column).as_ref(), row)
    }
}

/// The plan of one statement that changes nothing.
pub(crate) async fn plan(state: &SessionState, sql: &str) -> Planned<LogicalPlan> {
    let dialect = state.config().options().sql_parser.dialect;
    let statement = state.sql_to_statement(sql, &dialect)?;
    if !is_question(&statement) {
        return Err(DataFusionError::External(Box::new(not_read_only())));
    }
    let plan = state.statement_to_plan(statement).await?;
    let nothing = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    nothing.verify_plan(&plan).map_err(|_| DataFusionError::External(Box::new(not_read_only())))?;
    if plan.schema().fields().is_empty() {
        return plan_err!("The query yields no columns");
    }
    Ok(plan)
}

fn is_question(statement: &Statement) -> bool {
    match statement {
        Statement::Statement(statement) => matches!(
            statement.as_ref(),
            Sql::Query(_)
                | Sql::Explain { .. }
                | Sql::ExplainTable { .. }
                | Sql::ShowTables { .. }
                | Sql::ShowColumns { .. }
                | Sql::ShowFunctions { .. }
                | Sql::ShowVariable { .. }
        ),
        Statement::Explain(explain) => is_question(&explain.statement),
        _ => false,
    }
}

fn not_read_only() -> Fault {
    Fault::usage("not-read-only", "The statement would change something; queries only read")
        .advise("Ask with one SELECT, WITH, EXPLAIN, SHOW or DESCRIBE.")
}

fn columns(stream: &SendableRecordBatchStream) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    for field in stream.schema().fields() {
        let taken = |name: &str| columns.iter().any(|column: &Column| column.name == name);
        let numbered = (2..).map(|n| format!("{}_{n}", field.name()));
        let mut names = std::iter::once(field.name().clone()).chain(numbered);
        let name = names.find(|name| !taken(name)).unwrap_or_default();
        columns.push(Column {
            name,
            is_number: field.data_type().is_numeric(),
            data_type: field.data_type().to_string(),
        });
    }
    columns
}

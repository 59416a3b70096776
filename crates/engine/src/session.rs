//! What a question is planned in: functions, options, memory, and the tables of one snapshot.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::temporal_conversions::timestamp_ns_to_datetime;
use datafusion::catalog::{
    CatalogProvider, CatalogProviderList, MemoryCatalogProvider, MemoryCatalogProviderList, SchemaProvider,
    TableProvider,
};
use datafusion::common::DFSchema;
use datafusion::datasource::{ViewTable, provider_as_source};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::execution::{FunctionRegistry, SessionState, SessionStateDefaults as Defaults};
use datafusion::functions::core::get_field;
use datafusion::logical_expr::execution_props::ExecutionProps;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawFieldAccessExpr};
use datafusion::logical_expr::{AggregateUDF, Expr, GetFieldAccess, LogicalPlan, LogicalPlanBuilder, ScalarUDF, lit};
use datafusion::prelude::SessionConfig;
use model::{Instant, RecordKind};
use slo::measure::Interval;
use store::DataFile;

use crate::increments;
use crate::limits::Limits;
use crate::micro::ExactMicro;
use crate::percentile::{Distributions, Percentiles};
use crate::table::Files;
use crate::window::inside;

const CATALOG: &str = "probity";
const SCHEMA: &str = "store";
/// The view of pairs of samples.
pub(crate) const INCREMENTS: &str = "increments";
/// Aggregates whose answer depends on the number of threads: an answer that nobody can repeat is no answer.
const NOT_OFFERED: [&str; 3] = ["approx_percentile_cont", "approx_percentile_cont_with_weight", "approx_median"];

/// Memory, spilling and caches.
fn runtime(limits: &Limits) -> Result<Arc<RuntimeEnv>> {
    let mode = match &limits.spill {
        Some(folder) => DiskManagerMode::Directories(vec![folder.clone()]),
        None => DiskManagerMode::Disabled,
    };
    let disk = DiskManagerBuilder::default().with_mode(mode).with_max_temp_directory_size(limits.spill_bytes_max);
    RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(FairSpillPool::new(limits.memory_bytes_max)))
        .with_disk_manager_builder(disk)
        .build_arc()
}

/// Functions that answer differently each time. The time is given, or there is none.
const CLOCKS: [&str; 3] = ["now", "current_date", "current_time"];
const CHANCE: [&str; 2] = ["random", "uuid"];

/// Functions and options, no tables. `now()` and its like are offered only where `now` is given. File formats and table
/// factories are left out: nothing is created or copied.
pub(crate) fn base(threads: usize, limits: &Limits, now: Option<Instant>) -> Result<SessionState> {
    // What a sort keeps back for merging; DataFusion's 10 MiB for each thread would eat up a small limit.
    let reservation = (limits.memory_bytes_max / threads / 8).min(10 << 20);
    let config = SessionConfig::new()
        .with_target_partitions(threads)
        .with_sort_spill_reservation_bytes(reservation)
        .with_information_schema(true)
        .with_default_catalog_and_schema(CATALOG, SCHEMA)
        .with_create_default_catalog_and_schema(false);
    let mut planners = Defaults::default_expr_planners();
    planners.push(Arc::new(MapAccess));
    let mut aggregates = Defaults::default_aggregate_functions();
    aggregates.retain(|function| !NOT_OFFERED.contains(&function.name()));
    let mut scalars = Defaults::default_scalar_functions();
    scalars
        .retain(|function| !CHANCE.contains(&function.name()) && (now.is_some() || !CLOCKS.contains(&function.name())));
    let mut properties = ExecutionProps::new();
    properties.query_execution_start_time =
        now.and_then(|now| timestamp_ns_to_datetime(now.nanos())).map(|now| now.and_utc());
    let mut state = SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(runtime(limits)?)
        .with_expr_planners(planners)
        .with_execution_props(properties)
        .with_scalar_functions(scalars)
        .with_aggregate_functions(aggregates)
        .with_window_functions(Defaults::default_window_functions())
        .build();
    state.register_udf(Arc::new(ScalarUDF::from(ExactMicro::default())))?;
    state.register_udaf(Arc::new(AggregateUDF::from(Distributions::default())))?;
    state.register_udaf(Arc::new(AggregateUDF::from(Percentiles::default())))?;
    Ok(state)
}

/// `base` with these tables, and no others.
pub(crate) fn over(base: &SessionState, tables: Arc<dyn SchemaProvider>) -> Result<SessionState> {
    let catalog = MemoryCatalogProvider::new();
    catalog.register_schema(SCHEMA, tables)?;
    let catalogs = MemoryCatalogProviderList::new();
    catalogs.register_catalog(CATALOG.to_owned(), Arc::new(catalog));
    let mut state = base.clone();
    state.register_catalog_list(Arc::new(catalogs));
    Ok(state)
}

/// The rows of one kind: those inside the window, where there is one.
pub(crate) fn rows(kind: RecordKind, files: &[DataFile], window: Option<Interval>) -> Result<LogicalPlan> {
    let files = Files::of(kind, files, window).map_err(|fault| DataFusionError::External(Box::new(fault)))?;
    let scan = LogicalPlanBuilder::scan(kind.word(), provider_as_source(Arc::new(files)), None)?;
    match window {
        Some(window) => scan.filter(inside(window))?.build(),
        None => scan.build(),
    }
}

/// The tables `logs`, `metrics`, `traces` and the view `increments` of one snapshot, each made when it is asked for.
///
/// With a window they hold the rows inside it and nothing else: no answer depends on how rows are spread over files,
/// and no increase looks at a sample outside (R14).
pub(crate) struct Tables {
    pub(crate) files: Arc<[DataFile]>,
    pub(crate) window: Option<Interval>,
    pub(crate) base: SessionState,
}

impl fmt::Debug for Tables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tables").field("files", &self.files.len()).field("window", &self.window).finish()
    }
}

#[async_trait]
impl SchemaProvider for Tables {
    fn table_names(&self) -> Vec<String> {
        RecordKind::ALL.map(RecordKind::word).into_iter().chain([INCREMENTS]).map(str::to_owned).collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        if name == INCREMENTS {
            let samples = rows(RecordKind::Metrics, &self.files, self.window)?;
            let plan = increments::view(&self.base, samples).await?;
            return Ok(Some(Arc::new(ViewTable::new(plan, Some(increments::VIEW.to_owned())))));
        }
        let Ok(kind) = RecordKind::parse(name) else { return Ok(None) };
        Ok(Some(match self.window {
            Some(_) => Arc::new(ViewTable::new(rows(kind, &self.files, self.window)?, None)),
            None => Arc::new(
                Files::of(kind, &self.files, None).map_err(|fault| DataFusionError::External(Box::new(fault)))?,
            ),
        }))
    }

    fn table_exist(&self, name: &str) -> bool {
        name == INCREMENTS || RecordKind::parse(name).is_ok()
    }
}

/// `attributes['key']`: the value of a map, or `NULL`.
#[derive(Debug)]
struct MapAccess;

impl ExprPlanner for MapAccess {
    fn plan_field_access(&self, access: RawFieldAccessExpr, _: &DFSchema) -> Result<PlannerResult<RawFieldAccessExpr>> {
        let key = match &access.field_access {
            GetFieldAccess::NamedStructField { name } => lit(name.clone()),
            GetFieldAccess::ListIndex { key } => key.as_ref().clone(),
            GetFieldAccess::ListRange { .. } => return Ok(PlannerResult::Original(access)),
        };
        Ok(PlannerResult::Planned(Expr::ScalarFunction(ScalarFunction::new_udf(get_field(), vec![access.expr, key]))))
    }
}

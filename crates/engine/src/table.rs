//! A table over an explicit list of Parquet files: no folder is listed, no schema inferred.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::{ArrayRef, BooleanArray, TimestampMicrosecondArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::{Column, DFSchema};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::object_store::path::Path;
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::scalar::ScalarValue;
use model::{Fault, RecordKind};
use slo::measure::Interval;
use store::DataFile;

use crate::window::overlaps;

/// The files of one kind, with the times their rows lie between.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    schema: SchemaRef,
    files: Vec<Timed>,
}

#[derive(Clone, Debug)]
struct Timed {
    path: PathBuf,
    file: PartitionedFile,
    /// Of the oldest row, in microseconds since 1970.
    first: i64,
    /// Of the newest row.
    last: i64,
}

impl Files {
    /// The files of `kind` among `files`; only those that overlap `window`, where there is one.
    ///
    /// # Errors
    /// `bad-path` when a path is not absolute.
    pub(crate) fn of(kind: RecordKind, files: &[DataFile], window: Option<Interval>) -> Result<Self, Fault> {
        let wanted =
            |file: &&DataFile| file.kind == kind && window.is_none_or(|window| overlaps(window, file.first, file.last));
        let files = files.iter().filter(wanted).map(timed).collect::<Result<_, _>>()?;
        Ok(Files { schema: with_views(&store::columns(kind)), files })
    }

    /// The files that may hold rows that fulfil `filters`, as far as the times of their rows tell.
    fn kept(&self, session: &dyn Session, filters: &[Expr]) -> Result<Vec<PartitionedFile>, Fault> {
        // What cannot be told is kept: leaving out files saves time and changes no answer.
        let keep = self.may_hold(session, filters).unwrap_or_else(|_| vec![true; self.files.len()]);
        self.files.iter().zip(keep).filter(|(_, keep)| *keep).map(|(timed, _)| timed.present()).collect()
    }

    fn may_hold(&self, session: &dyn Session, filters: &[Expr]) -> Result<Vec<bool>> {
        let about_time = filters.iter().filter(|filter| filter.column_refs().iter().all(|column| column.name == "ts"));
        let Some(filter) = conjunction(about_time.cloned()) else { return Ok(vec![true; self.files.len()]) };
        let schema = DFSchema::try_from(self.schema.as_ref().clone())?;
        let filter = session.create_physical_expr(filter, &schema)?;
        PruningPredicateBuilder::new().with_file_schema(Arc::clone(&self.schema)).try_build(filter)?.prune(self)
    }
}

impl Timed {
    /// The file, if it lies where it should with the size it should have: a plain word early, instead of the reader's.
    fn present(&self) -> Result<PartitionedFile, Fault> {
        let shown = self.path.display();
        let size = match std::fs::metadata(&self.path) {
            Ok(metadata) => metadata.len(),
            Err(error) => {
                let message = format!("The data file {shown} cannot be read: {error}");
                return Err(Fault::unavailable("io-failed", message)
                    .advise("Restore it from a backup, or ingest its original again.")
                    .caused_by(error));
            }
        };
        if size != self.file.object_meta.size {
            let expected = self.file.object_meta.size;
            let message = format!("The data file {shown} has {size} bytes; {expected} were written");
            return Err(Fault::unverified("damaged-data-file", message)
                .advise("Restore it from a backup, or ingest its original again."));
        }
        Ok(self.file.clone())
    }
}

fn timed(file: &DataFile) -> Result<Timed, Fault> {
    let location = Path::from_absolute_path(&file.path).map_err(|error| {
        Fault::internal("bad-path", format!("The path {} cannot be read from: {error}", file.path.display()))
            .advise("Move the project to a folder whose path is plain UTF-8 text.")
    })?;
    let mut partitioned = PartitionedFile::new("", file.bytes);
    partitioned.object_meta.location = location;
    Ok(Timed { path: file.path.clone(), file: partitioned, first: file.first.micros(), last: file.last.micros() })
}

/// Strings as views: filters and groups then copy no text.
fn with_views(schema: &Schema) -> SchemaRef {
    let fields = schema.fields().iter().map(|field| match field.data_type() {
        DataType::Utf8 => Arc::new(Field::clone(field).with_data_type(DataType::Utf8View)),
        _ => Arc::clone(field),
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

#[async_trait]
impl TableProvider for Files {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let files = self.kept(session, filters).map_err(|fault| DataFusionError::External(Box::new(fault)))?;
        if files.is_empty() {
            let schema = match projection {
                Some(columns) => Arc::new(self.schema.project(columns)?),
                None => self.schema(),
            };
            return Ok(Arc::new(EmptyExec::new(schema)));
        }
        let url = ObjectStoreUrl::local_filesystem();
        let runtime = session.runtime_env();
        // Footers are read once per engine, not once per question.
        let readers = CachedParquetFileReaderFactory::new(
            runtime.object_store(&url)?,
            runtime.cache_manager.get_file_metadata_cache(),
        );
        let source = ParquetSource::new(self.schema())
            .with_table_parquet_options(session.default_table_options().parquet)
            .with_parquet_file_reader_factory(Arc::new(readers));
        let scan = FileScanConfigBuilder::new(url, Arc::new(source))
            .with_file_groups(FileGroup::new(files).split_files(session.config().target_partitions()))
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        Ok(DataSourceExec::from_data_source(scan))
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        // Filters skip files and row groups; each row is tested above the scan.
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }
}

impl PruningStatistics for Files {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        times(column, self.files.iter().map(|timed| timed.first))
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        times(column, self.files.iter().map(|timed| timed.last))
    }

    fn num_containers(&self) -> usize {
        self.files.len()
    }

    fn null_counts(&self, _: &Column) -> Option<ArrayRef> {
        None
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        None
    }

    fn contained(&self, _: &Column, _: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        None
    }
}

fn times(column: &Column, micros: impl Iterator<Item = i64>) -> Option<ArrayRef> {
    let array = || TimestampMicrosecondArray::from_iter_values(micros).with_timezone("UTC");
    (column.name == "ts").then(|| Arc::new(array()) as ArrayRef)
}

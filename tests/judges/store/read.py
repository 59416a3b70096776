"""Counts the rows of a store with three foreign readers, and tries to write into it with one of them."""
import json
import sys
from pathlib import Path

import deltalake
import duckdb
import polars
import pyarrow

KINDS = ["logs", "metrics", "traces"]


def by_kind(pairs):
    counts = dict(pairs)
    return {kind: int(counts.get(kind, 0)) for kind in KINDS}


def delta(folder):
    table = deltalake.DeltaTable(folder)
    rows = table.to_pyarrow_table()
    counts = rows.group_by("kind").aggregate([("kind", "count")]).to_pylist()
    return {
        "version": table.version(),
        "files": len(table.file_uris()),
        "rows": by_kind((row["kind"], row["kind_count"]) for row in counts),
        "history": [commit.get("x_prev_sha256") for commit in table.history()],
        "columns": [field.name for field in table.schema().fields],
        "attributes": sum(len(entry or []) for entry in rows["attributes"].to_pylist()),
        "append": append(folder, rows),
    }


def append(folder, rows):
    """Another writer must be refused: it knows nothing of the chain."""
    before = sorted(path.name for path in Path(folder, "_delta_log").iterdir())
    try:
        deltalake.write_deltalake(folder, rows.slice(0, 1), mode="append")
    except Exception as error:
        after = sorted(path.name for path in Path(folder, "_delta_log").iterdir())
        return {"refused": before == after, "words": str(error)}
    return {"refused": False, "words": ""}


def with_polars(folder):
    table = polars.scan_delta(folder)
    counts = table.group_by("kind").len().collect()
    day = table.filter(polars.col("ts") >= polars.lit("1970-01-01").str.to_datetime(time_zone="UTC")).select(polars.len())
    newest = table.select(polars.col("ts").max()).collect().item()
    spans = table.filter(polars.col("kind") == "traces")
    last_span = spans.select(polars.col("ts").max()).collect().item()
    at_last = spans.filter(polars.col("ts") >= last_span).select(polars.len()).collect().item() if last_span else 0
    return {
        "rows": by_kind(counts.iter_rows()),
        "filtered": int(day.collect().item()),
        "newest": newest.isoformat() if newest else None,
        "at_last_span": int(at_last),
    }


def with_duckdb(folder):
    """DuckDB reads the active files themselves: its Delta extension is a package of its own."""
    files = [path.removeprefix("file://") for path in deltalake.DeltaTable(folder).file_uris()]
    if not files:
        return {"rows": by_kind([]), "newest": None}
    connection = duckdb.connect()
    query = "from read_parquet(?, hive_partitioning = true, union_by_name = true)"
    counts = connection.execute(f"select kind, count(*) {query} group by kind", [files]).fetchall()
    newest, originals = connection.execute(
        f"select epoch_us(max(ts)), count(distinct raw) {query}", [files]).fetchone()
    return {"rows": by_kind(counts), "newest_us": newest, "originals": originals}


def main():
    folder = str(Path(sys.argv[1], "data").resolve())
    answer = {
        "programs": {module.__name__: module.__version__ for module in (deltalake, polars, pyarrow, duckdb)},
        "deltalake": delta(folder),
        "polars": with_polars(folder),
        "duckdb": with_duckdb(folder),
    }
    json.dump(answer, sys.stdout, indent=1)
    print()


main()

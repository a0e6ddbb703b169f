"""Opens the tables of a run with every reader at hand, and compares types, nulls and numbers with the run's CSV.

    python readers.py RUN COLUMNS

RUN is the folder of a run that has its tables in both formats, COLUMNS what `sweep columns --format json` prints.
`check.py` calls it, in an environment that has the packages of requirements.txt. R is tried if it is there, and has
the package arrow: it must have the same nulls.
"""

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pandas
import polars

PARSE = {"str": str, "f64": float, "u32": int, "u64": int, "bool": {"true": True, "false": False}.__getitem__}
POLARS = {"String": "str", "Float64": "f64", "UInt32": "u32", "UInt64": "u64", "Boolean": "bool"}
DUCKDB = {"VARCHAR": "str", "DOUBLE": "f64", "UINTEGER": "u32", "UBIGINT": "u64", "BOOLEAN": "bool"}
ARROW = {"string": "str", "string_view": "str", "double": "f64", "uint32": "u32", "uint64": "u64", "bool": "bool"}
# Without Arrow's types, pandas has no integers with nulls, and calls bools with nulls objects.
PANDAS = {"str": "str", "f64": "float64", "u32": "uint32", "u64": "uint64", "bool": "bool"}
PANDAS_WITH_NULLS = PANDAS | {"u32": "float64", "u64": "float64", "bool": "object"}
R_NULLS = """
if (!requireNamespace("arrow", quietly = TRUE)) quit(status = 77)
table <- as.data.frame(arrow::read_parquet(commandArgs(trailingOnly = TRUE)[1]))
for (name in names(table)) cat(name, sum(is.na(table[[name]])), sep = "\\t", fill = TRUE)
"""
R_HAS_NO_ARROW = 77


def main():
    run, columns = Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text())
    for table in ("jobs", "cells"):
        dtypes = {column["name"]: column["dtype"] for column in columns if table in column["tables"].split(", ")}
        truth = read_csv(run / f"{table}.csv", dtypes)
        file = run / f"{table}.parquet"
        for reader in (read_polars, read_pandas, read_pandas_arrow, read_duckdb):
            compare(f"{table} by {reader.__name__}", reader(file), truth, dtypes)
        nulls = sum(values.count(None) for values in truth.values())
        size = len(next(iter(truth.values())))
        print(f"{table}: polars, pandas, pandas with Arrow's types and DuckDB agree with the CSV "
              f"({size} rows, {len(truth)} columns, {nulls} nulls); {try_r(file, truth)}")


def read_csv(path, dtypes):
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    if unknown := rows[0].keys() - dtypes.keys():
        fail(f"{path.name}: {sorted(unknown)} are not documented")
    return {
        name: [None if row[name] == "" else PARSE[dtypes[name]](row[name]) for row in rows] for name in rows[0]
    }


def compare(what, columns, truth, dtypes):
    """`columns` has a type and the values of each column; None as the type if it is what it should be."""
    if list(columns) != list(truth):
        fail(f"{what}: other columns than in the CSV")
    for name, (dtype, values) in columns.items():
        if dtype not in (None, dtypes[name]):
            fail(f"{what}: {name} is {dtype} instead of {dtypes[name]}")
        if values != truth[name]:
            fail(f"{what}: {name} differs from the CSV")


def read_polars(path):
    return {column.name: (named(POLARS, column.dtype), column.to_list()) for column in polars.read_parquet(path)}


def read_duckdb(path):
    table = duckdb.connect().read_parquet(str(path))
    values = zip(*table.fetchall())
    columns = zip(table.columns, table.types, values)
    return {name: (named(DUCKDB, type_), list(column)) for name, type_, column in columns}


def read_pandas_arrow(path):
    frame = pandas.read_parquet(path, engine="pyarrow", dtype_backend="pyarrow")
    return {
        name: (named(ARROW, frame[name].dtype.pyarrow_dtype), without_na(frame[name]))
        for name in frame
    }


def read_pandas(path):
    frame = pandas.read_parquet(path, engine="pyarrow")
    return {name: (pandas_type(frame[name]), without_na(frame[name])) for name in frame}


def pandas_type(series):
    """The type that a column has in the file; as pandas says it if there is none such."""
    types = PANDAS_WITH_NULLS if series.isna().any() else PANDAS
    found = [type_ for type_, name in types.items() if name == str(series.dtype)]
    # A float64 with nulls may have been an integer: its values decide.
    return None if len(found) > 1 else (found or [str(series.dtype)])[0]


def named(names, type_):
    """What `sweep columns` calls a reader's type; the reader's own name for one that should not occur."""
    return names.get(str(type_), str(type_))


def without_na(series):
    return [None if pandas.isna(value) else value for value in series.tolist()]


def try_r(path, truth):
    """What R has to say, if it is there."""
    if not shutil.which("Rscript"):
        return "no R here"
    result = subprocess.run(["Rscript", "-e", R_NULLS, path], capture_output=True, text=True)
    if result.returncode == R_HAS_NO_ARROW:
        return "R has no arrow here"
    found = dict(line.split("\t") for line in result.stdout.splitlines())
    if result.returncode != 0 or found != {name: str(values.count(None)) for name, values in truth.items()}:
        fail(f"{path.name} by R: other nulls than in the CSV: {result.stdout}{result.stderr}")
    return "R, too, finds all nulls"


def fail(text):
    sys.exit(f"FAILED: {text}")


if __name__ == "__main__":
    main()

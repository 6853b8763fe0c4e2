"""Reads every table with delta-rs: deltars.py arrow|datafusion REQUEST ANSWER."""

import json
import os
import sys

import pyarrow as pa
from deltalake import DeltaTable, QueryBuilder

from canon import Digest, digest_all, probes_sql


def with_arrow(table):
    """delta-rs reads the log, Arrow's own reader the files."""
    return DeltaTable(table["path"]).to_pyarrow_table()


def with_datafusion(table):
    """delta-rs reads all of it, with DataFusion."""
    query = QueryBuilder().register("it", DeltaTable(table["path"]))
    return pa.table(query.execute("SELECT * FROM it").read_all())


def probe(table):
    query = QueryBuilder().register("it", DeltaTable(table["path"]))
    statement = probes_sql(table, "it", '"', lambda at: f"arrow_cast('{at}Z', 'Timestamp(Microsecond, Some(\"UTC\"))')")
    return pa.table(query.execute(statement).read_all()).column("n").to_pylist()


def column(c):
    if pa.types.is_timestamp(c.type):
        if c.type.tz != "UTC":
            raise TypeError(f"a timestamp of zone {c.type.tz}, not of UTC")
        return c.cast(pa.timestamp("us", "UTC")).cast(pa.int64()).to_pylist()
    return c.to_pylist()


def digest(read):
    def of(table):
        rows = read(table)
        d = Digest(rows.column_names)
        for row in zip(*map(column, rows.columns)):
            d.add(row)
        return d

    return of


how, request, answer = sys.argv[1:]
with open(request) as f:
    tables = json.load(f)
read = {"arrow": with_arrow, "datafusion": with_datafusion}[how]
with open(answer, "w") as f:
    json.dump(digest_all(tables, digest(read), probe), f)
# Arrow's threads may still be closing files of delta-rs, which takes Python: while
# it shuts down that ends them, and with them the process, now and then.
os._exit(0)

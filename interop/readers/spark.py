"""Reads every table with Spark: spark.py REQUEST ANSWER."""

import json
import os
import sys

from pyspark.sql import functions as F
from pyspark.sql.types import MapType, TimestampType

from canon import Digest, digest_all, probes_sql
from session import session

request, answer = sys.argv[1:]
spark = session(os.path.dirname(answer))


def cell(field):
    c = F.col(f"`{field.name}`")
    if isinstance(field.dataType, TimestampType):
        # As Python value it would be in the zone of the machine.
        c = F.unix_micros(c)
    elif isinstance(field.dataType, MapType):
        # As Python value it would be a dict, which a struct is too.
        c = F.map_entries(c)
    return c.alias(field.name)


def digest(table):
    rows = spark.read.format("delta").load(table["path"])
    rows = rows.select(*map(cell, rows.schema.fields))
    d = Digest(rows.columns)
    for row in rows.collect():
        d.add([v.asDict() if hasattr(v, "asDict") else v for v in row])
    return d


def probe(table):
    statement = probes_sql(table, f"delta.`{table['path']}`", "`", lambda at: f"TIMESTAMP'{at}Z'")
    return [row.n for row in spark.sql(statement).collect()]


with open(request) as f:
    tables = json.load(f)
answers = digest_all(tables, digest, probe)
with open(answer, "w") as f:
    json.dump(answers, f)
spark.stop()

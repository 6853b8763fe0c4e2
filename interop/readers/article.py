"""The article's statements and DESCRIBE HISTORY on Spark: article.py REQUEST ANSWER.

The tables are registered as a user would, by their last name."""

import json
import os
import re
import sys

from session import session

request, answer = sys.argv[1:]
spark = session(os.path.dirname(answer))


def rows(statement):
    return [[v if v is None or isinstance(v, (int, str)) else str(v) for v in row] for row in spark.sql(statement).collect()]


with open(request) as f:
    tables = json.load(f)
history = {}
for table in tables:
    name = os.path.basename(table["name"])
    spark.sql(f"CREATE TABLE {name} USING DELTA LOCATION '{table['path']}'")
    history[table["name"]] = [
        {"version": h.version, "operation": h.operation, "engine": h.engineInfo, "metrics": h.operationMetrics}
        for h in spark.sql(f"DESCRIBE HISTORY {name}").collect()
    ]

with open(os.path.join(os.path.dirname(__file__), "article.sql")) as f:
    script = re.sub("^--.*$", "", f.read(), flags=re.MULTILINE)
statements = [rows(s) for s in script.split(";") if s.strip()]

with open(answer, "w") as f:
    json.dump({"history": history, "statements": statements}, f)
spark.stop()

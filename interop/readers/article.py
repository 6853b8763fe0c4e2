"""The article's statements and DESCRIBE HISTORY on Spark: article.py REQUEST REGISTER ANSWER.

REGISTER is the SQL that auditlake register prints. It is run twice, as users may."""

import json
import os
import re
import sys

from session import session

request, register, answer = sys.argv[1:]
spark = session(os.path.dirname(answer))


def rows(statement):
    return [[v if v is None or isinstance(v, (int, str)) else str(v) for v in row] for row in spark.sql(statement).collect()]


def script(path):
    with open(path) as f:
        text = re.sub("^--.*$", "", f.read(), flags=re.MULTILINE)
    return [s for s in text.split(";") if s.strip()]


for statement in 2 * script(register):
    spark.sql(statement)
spark.sql("USE auditlake")
registered = [row.tableName for row in spark.sql("SHOW TABLES").collect()]

with open(request) as f:
    tables = json.load(f)
history = {}
for table in tables:
    name = os.path.basename(table["name"])
    history[table["name"]] = [
        {"version": h.version, "operation": h.operation, "engine": h.engineInfo, "metrics": h.operationMetrics}
        for h in spark.sql(f"DESCRIBE HISTORY {name}").collect()
    ]

statements = [rows(s) for s in script(os.path.join(os.path.dirname(__file__), "article.sql"))]

with open(answer, "w") as f:
    json.dump({"registered": registered, "history": history, "statements": statements}, f)
spark.stop()

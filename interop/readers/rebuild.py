"""Runs the statements that auditlake rebuild prints, twice, as users may: rebuild.py SCRIPT SCRATCH."""

import sys

from session import session

script, scratch = sys.argv[1:]
spark = session(scratch)
with open(script) as f:
    text = f.read()
statements = [s for s in text.rstrip().removesuffix(";").split(";\n") if s]
for statement in 2 * statements:
    try:
        spark.sql(statement)
    except Exception as refused:
        raise SystemExit(f"{statement[:2000]}\n{str(refused)[:3000]}")
spark.stop()

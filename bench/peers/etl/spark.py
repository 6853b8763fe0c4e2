"""The article's notebook on Spark with Delta: spark.py DELIVERED EMPTY_FOLDER.

Needs pyspark of interop/requirements.txt, Java 17, and INTEROP_JARS, a folder for
Delta's jars. Prints what each layer took as JSON. Without arguments it only starts
Spark, which fetches the jars.

Each layer is a Delta table that the next one reads. Tuned for two cores: few and
even tasks, small files opened cheaply, no Python in the rows (the article's
functions in Python are Spark's own here), tables written without a shuffle.
Rows and what is left out are as in notebook.sql.
"""

import json
import os
import sys
import time

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "interop", "readers"))
from session import DELTA  # noqa: E402

delivered, out = (os.path.abspath(path) for path in sys.argv[1:] or (".", "."))
scratch = os.path.join(out, ".spark")

began = time.perf_counter()
layers = {}


def done(layer):
    global began
    now = time.perf_counter()
    layers[layer] = now - began
    began = now


spark = (
    SparkSession.builder.master("local[2]")
    .appName("auditlake bench")
    .config("spark.driver.memory", "4g")
    .config("spark.jars.packages", DELTA)
    .config("spark.jars.ivy", os.environ["INTEROP_JARS"])
    .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
    .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
    .config("spark.sql.warehouse.dir", os.path.join(scratch, "warehouse"))
    .config("spark.local.dir", scratch)
    .config("spark.driver.extraJavaOptions", f"-Dderby.system.home={scratch}")
    .config("spark.driver.bindAddress", "127.0.0.1")
    .config("spark.driver.host", "127.0.0.1")
    .config("spark.ui.enabled", "false")
    .config("spark.ui.showConsoleProgress", "false")
    .config("spark.sql.session.timeZone", "UTC")
    .config("spark.sql.parquet.compression.codec", "zstd")
    .config("spark.sql.shuffle.partitions", "2")
    .config("spark.databricks.delta.snapshotPartitions", "1")
    # Else each of thousands of small files counts as 4 MB of work.
    .config("spark.sql.files.openCostInBytes", str(64 << 10))
    .getOrCreate()
)
spark.sparkContext.setLogLevel("ERROR")
done("preparation")


def end():
    """Ends the JVM with its input. Waiting for it has the system count its time and
    memory with ours."""
    java = spark.sparkContext._gateway.proc
    spark.stop()
    java.stdin.close()
    java.wait()


if len(sys.argv) == 1:
    end()
    sys.exit()


def write(rows, table, *partition):
    writer = rows.write.format("delta")
    if partition:
        writer = writer.partitionBy(*partition)
    writer.save(os.path.join(out, table))


def read(table):
    return spark.read.format("delta").load(os.path.join(out, table))


lines = (
    spark.read.option("recursiveFileLookup", "true").option("pathGlobFilter", "*.json*").text(delivered)
    .withColumn("sourceFile", F.regexp_extract(F.input_file_name(), "((workspaceId=[0-9]+/)?date=[0-9-]{10}/[^/]+)$", 1))
    .where("value <> '' AND sourceFile <> ''")
)
write(
    lines.select(
        F.col("value").alias("raw"),
        F.expr("cast(nullif(regexp_extract(sourceFile, 'workspaceId=([0-9]+)/', 1), '') AS BIGINT)").alias("workspaceId"),
        F.regexp_extract("sourceFile", "date=([0-9-]{10})/", 1).cast("date").alias("date"),
        "sourceFile",
        F.md5("value").alias("lineHash"),
        F.current_timestamp().alias("ingestedAt"),
    ),
    "bronze",
    "date",
)
done("bronze")

# Some status codes are numbers in quotes, which Spark takes for no number.
EVENT = """
    version STRING, auditLevel STRING, timestamp STRING, orgId STRING, workspaceId STRING, accountId STRING,
    shardName STRING, sourceIPAddress STRING, userAgent STRING, sessionId STRING, serviceName STRING,
    actionName STRING, requestId STRING, userIdentity STRUCT<email: STRING, subjectName: STRING>,
    requestParams MAP<STRING, STRING>,
    response STRUCT<statusCode: STRING, errorMessage: STRING, result: STRING>, identityMetadata STRING
"""
FIRST, LAST = 1356998400000, int((time.time() + 2 * 24 * 60 * 60) * 1000)
events = (
    read("bronze")
    # A line that is not valid UTF-8 is no event.
    .where(~F.decode(F.col("raw").cast("binary"), "UTF-8").contains("\ufffd"))
    .withColumn("event", F.from_json("raw", EVENT))
    .withColumn("status", F.expr("cast(event.response.statusCode AS BIGINT)"))
    .withColumn("millis", F.expr("CASE WHEN event.timestamp RLIKE '^-?[0-9]+$' THEN cast(event.timestamp AS BIGINT) END"))
    .where(F.col("millis").between(FIRST, LAST))
)
write(
    events.selectExpr(
        "event.version", "event.auditLevel", "millis AS timestamp", "event.orgId",
        "coalesce(cast(event.workspaceId AS BIGINT), workspaceId) AS workspaceId",
        "event.accountId", "event.shardName", "event.sourceIPAddress", "event.userAgent", "event.sessionId",
        "event.serviceName", "event.actionName", "event.requestId",
        "event.userIdentity.email AS email", "event.userIdentity.subjectName AS subjectName",
        "coalesce(nullif(event.userIdentity.email, ''), nullif(event.requestParams['user'], '')) AS actor",
        "timestamp_millis(millis) AS date_time", "cast(timestamp_millis(millis) AS DATE) AS date",
        "map_filter(event.requestParams, (k, v) -> v IS NOT NULL) AS requestParams",
        """CASE WHEN event.response IS NOT NULL THEN named_struct('statusCode', status,
                'errorMessage', event.response.errorMessage, 'result', event.response.result) END AS response""",
        """CASE WHEN status BETWEEN 200 AND 399 THEN 'succeeded'
                WHEN status IN (401, 403) THEN 'denied'
                WHEN status IS NULL THEN 'unknown' ELSE 'error' END AS outcome""",
        "event.identityMetadata", "lineHash AS eventKey", "sourceFile", "ingestedAt",
    ),
    "silver",
    "date",
)
done("silver")

services = {}
for (service,) in read("silver").select("serviceName").distinct().collect():
    # Services that differ only in case share a table.
    services.setdefault((service or "").lower().replace("-", "_") or "_unknown", []).append(service)
for table, names in services.items():
    rows = read("silver").where(F.col("serviceName").isin([n for n in names if n is not None]))
    if None in names:
        rows = read("silver").where(F.col("serviceName").isNull() | F.col("serviceName").isin([n for n in names if n is not None]))
    fields = {}
    for (key,) in rows.select(F.explode(F.map_keys("requestParams"))).distinct().collect():
        # Keys that differ only in case are one field.
        fields.setdefault(key.lower(), []).append(key)
    columns = [
        F.coalesce(*[F.col("requestParams")[key] for key in sorted(keys)]).alias(min(keys)) for keys in fields.values()
    ] or [F.lit(None).cast("string").alias("placeholder")]
    struct = F.when(F.col("requestParams").isNotNull(), F.struct(*columns))
    write(rows.withColumn("requestParams", struct), f"gold/{table}")
done("gold")

print(json.dumps(layers))
end()

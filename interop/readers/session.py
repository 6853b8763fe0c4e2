"""A Spark session that can read Delta tables."""

import os

from pyspark.sql import SparkSession

# Of the Delta release for the pyspark of requirements.txt.
DELTA = "io.delta:delta-spark_2.12:3.3.2"


def session(scratch):
    """scratch is a folder for what Spark leaves lying about."""
    return (
        SparkSession.builder.master("local[2]")
        .appName("auditlake interop")
        .config("spark.jars.packages", DELTA)
        .config("spark.jars.ivy", os.environ["INTEROP_JARS"])
        .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
        .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
        .config("spark.sql.warehouse.dir", os.path.join(scratch, "warehouse"))
        .config("spark.local.dir", scratch)
        .config("spark.driver.extraJavaOptions", f"-Dderby.system.home={scratch} -XX:TieredStopAtLevel=1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.ui.showConsoleProgress", "false")
        # The tables are many and small: tasks and compiling cost more than the work.
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.databricks.delta.snapshotPartitions", "1")
        .config("spark.sql.codegen.wholeStage", "false")
        .config("spark.sql.adaptive.enabled", "false")
        .getOrCreate()
    )

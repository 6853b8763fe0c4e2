// Reads the Parquet files of every table with DuckDB: node duckdb.mjs REQUEST
// ANSWER. DuckDB reads no Delta log here, so the request says which files are
// live; the folder names say the partition.
import { readFileSync, writeFileSync } from 'node:fs';
import {
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBInstance,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
} from '@duckdb/node-api';
import { Digest, atom, digestAll, map, struct } from './canon.mjs';

const duckdb = await (await DuckDBInstance.create()).connect();
await duckdb.run("SET TimeZone = 'UTC'");

function text(v) {
  if (v instanceof DuckDBTimestampTZValue) {
    return atom(v.micros);
  }
  if (v instanceof DuckDBDateValue) {
    return atom(v.toString());
  }
  if (v instanceof DuckDBBlobValue) {
    return atom(Buffer.from(v.bytes).toString('hex'));
  }
  if (v instanceof DuckDBStructValue) {
    return struct(Object.entries(v.entries).map(([name, field]) => [name, text(field)]));
  }
  if (v instanceof DuckDBMapValue) {
    return map(v.entries.map(({ key, value }) => [key, text(value)]));
  }
  return atom(v);
}

async function digest({ files }) {
  const list = files.map((file) => `'${file.replaceAll("'", "''")}'`).join();
  const rows = await duckdb.stream(
    `SELECT * FROM read_parquet([${list}], union_by_name = true, hive_partitioning = true)`
  );
  const all = new Digest(rows.columnNames());
  for await (const chunk of rows.yieldRows()) {
    for (const row of chunk) {
      all.add(row.map(text));
    }
  }
  return all;
}

const [request, answer] = process.argv.slice(2);
writeFileSync(answer, JSON.stringify(await digestAll(JSON.parse(readFileSync(request, 'utf8')), digest)));

// Answers panels with DuckDB and writes the rows again with DuckDB's own writer:
// node duckdb.mjs FOLDER-WITH-node_modules < request > answer. A request has the
// files of the variants, the SQL of the panels, and how often to repeat.
import { createRequire } from 'node:module';
import { readFileSync, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';

const { DuckDBInstance } = createRequire(join(process.argv[2], 'package.json'))('@duckdb/node-api');
const { files, panels, repeats } = JSON.parse(readFileSync(0, 'utf8'));
const db = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
await db.run("SET TimeZone = 'UTC'");

async function ms(sql) {
  await db.runAndReadAll(sql);
  const times = [];
  for (let i = 0; i < repeats; i++) {
    const start = performance.now();
    await db.runAndReadAll(sql);
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)];
}

async function answer(file) {
  const out = [];
  for (const sql of panels) {
    out.push(await ms(sql.replace('%s', `read_parquet('${file}')`).replaceAll('%%', '%')));
  }
  return out;
}

const variants = [];
for (const file of files) {
  variants.push(await answer(file));
}
const own = [];
for (const version of ['V1', 'V2']) {
  const file = `${files[0]}.duckdb-${version}`;
  await db.run(
    `COPY (FROM read_parquet('${files[0]}')) TO '${file}' (FORMAT parquet, PARQUET_VERSION ${version}, COMPRESSION zstd, ROW_GROUP_SIZE 131072)`
  );
  own.push({ version, size: statSync(file).size, ms: await answer(file) });
  unlinkSync(file);
}
console.log(JSON.stringify({ variants, own }));

// Answers every question of this folder from the delivered files in a folder,
// with DuckDB: node run.mjs FOLDER prints {"name": [rows]}, the name being that
// of the SQL file.
import { readFileSync, readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';

const here = import.meta.dirname;
const duckdb = await (await DuckDBInstance.create()).connect();
const script = (file) => readFileSync(join(here, file), 'utf8');
const questions = (folder) =>
  readdirSync(join(here, folder))
    .filter((file) => file.endsWith('.sql') && file !== 'events.sql')
    .map((file) => join(folder, file));

// What a timestamp means must not depend on where this runs.
await duckdb.run("SET TimeZone = 'UTC'");
await duckdb.run('SET VARIABLE root = $1', [resolve(process.argv[2])]);
await duckdb.run(script('events.sql'));

const answers = {};
for (const file of [...questions('.'), ...questions('panels')]) {
  const answer = await duckdb.runAndReadAll(script(file));
  // Counts come as BIGINT, which is a string in JSON.
  answers[basename(file, '.sql')] = answer
    .getRowObjectsJS()
    .map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)])));
}
process.stdout.write(JSON.stringify(answers));

function plain(value) {
  if (typeof value === 'bigint') {
    return Number(value);
  }
  return value instanceof Date ? value.toISOString().slice(0, 10) : value;
}

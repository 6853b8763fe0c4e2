// Reads every table with ClickHouse, in process: node chdb.mjs REQUEST ANSWER.
//
// ClickHouse has no null map and, by default, no null tuple: it reads them as the
// empty map and as the tuple of nulls. The test compares with a digest in which
// they are that.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { query } from 'chdb';
import { Digest, atom, digestAll, map, struct } from './canon.mjs';

const quote = (name) => `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;
const lines = (text) =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));

const source = (path) => `deltaLakeLocal('${path.replaceAll("'", "\\'")}')`;

async function digest({ path, binary }) {
  const table = source(path);
  const columns = lines(query(`DESCRIBE ${table}`, 'JSONEachRow'));
  const cell = ({ name, type }) => {
    if (binary.includes(name)) {
      // ClickHouse has one type for text and bytes, and JSON holds no bytes.
      return `lower(hex(${quote(name)}))`;
    }
    return type.includes('DateTime64(6') ? `toUnixTimestamp64Micro(${quote(name)})` : quote(name);
  };
  const rows = lines(
    query(
      `SELECT ${columns.map(cell).join()} FROM ${table} SETTINGS session_timezone = 'UTC',
         output_format_json_quote_64bit_integers = 1, output_format_json_named_tuples_as_objects = 1`,
      'JSONCompactEachRow'
    )
  );
  const texts = columns.map(({ type }) => {
    const nested = (of) => (v) => of(Object.entries(v).map(([name, item]) => [name, atom(item)]));
    return type.startsWith('Map(') ? nested(map) : type.startsWith('Tuple(') ? nested(struct) : atom;
  });
  const all = new Digest(columns.map(({ name }) => name));
  for (const row of rows) {
    all.add(row.map((v, i) => texts[i](v)));
  }
  return all;
}

function probe({ path, probes }) {
  const literals = {
    string: (v) => `'${v}'`,
    long: (v) => v,
    timestamp: (v) => `toDateTime64('${v.replace('T', ' ')}', 6, 'UTC')`,
  };
  const counts = probes.map(
    ({ column, kind, value }, i) =>
      `SELECT ${i} AS i, count() AS n FROM ${source(path)} WHERE ${quote(column)} = ${literals[kind](value)}`
  );
  const rows = lines(query(`SELECT * FROM (${counts.join(' UNION ALL ')}) ORDER BY i`, 'JSONEachRow'));
  return rows.map(({ n }) => Number(n));
}

const [request, answer] = process.argv.slice(2);
const tables = JSON.parse(readFileSync(request, 'utf8'));
// The engine reads no files outside of the folder it runs in.
process.chdir(dirname(request));
writeFileSync(answer, JSON.stringify(await digestAll(tables, digest, probe)));
// The engine's threads would hold the process.
process.exit(0);

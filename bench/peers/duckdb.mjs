// DuckDB as a process: one JSON message a line on the standard input, one answer
// a line on the standard output, until the input ends.
//
//   {"database": ":memory:", "threads": 2, "pragmas": ["SET memory_limit='4GB'"]}
//     -> {"version": "v1.5.6"}
//   {"sql": "SELECT 1 AS one"}
//     -> {"seconds": 0.001, "cpuSeconds": 0.002, "bytes": 4096, "rows": 1}
//   {"sql": "SELECT 1 AS one", "answer": true}
//     -> {"seconds": 0.001, ..., "rows": 1, "answer": [{"one": 1}]}
//
// The first message opens the database, every other is one or more statements.
// seconds is the time from the statement's text to its last row fetched, of the
// last one if there are several, on the client's side; making JavaScript values
// of the rows is not in it. cpuSeconds is what the process used meanwhile, and
// bytes what it read from files, 0 where the system does not tell. What goes wrong is {"error": "..."}, and the next
// message is still read. Numbers that JavaScript cannot hold are strings.
//
// As a command it runs a script, with two threads, and prints what each layer took:
//
//   node duckdb.mjs FILE.sql [name=value ...]
//
// In the script {name} stands for the value. Two kinds of comments, each a line of
// its own, are understood:
//
//   -- layer: silver             what follows counts as this layer
//   -- for each: SELECT a, b ... the next statement is run once for each row, where
//                                {a} and {b} stand for its columns
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';

// The package is installed where the interop tests have it.
const { DuckDBInstance, version } = createRequire(new URL('../../interop/package.json', import.meta.url))(
  '@duckdb/node-api'
);

async function open({ database = ':memory:', threads = 2, pragmas = [] }) {
  const connection = await (await DuckDBInstance.create(database, { threads: String(threads) })).connect();
  await connection.run("SET TimeZone = 'UTC'");
  for (const pragma of pragmas) {
    await connection.run(pragma);
  }
  return connection;
}

function bytesRead() {
  try {
    return Number(/^rchar: (\d+)/m.exec(readFileSync('/proc/self/io', 'utf8'))[1]);
  } catch {
    return 0;
  }
}

async function execute(connection, { sql, answer }) {
  const before = bytesRead();
  const cpu = process.cpuUsage();
  const began = performance.now();
  const reader = await connection.runAndReadAll(sql);
  const seconds = (performance.now() - began) / 1000;
  const used = process.cpuUsage(cpu);
  const done = {
    seconds,
    cpuSeconds: (used.user + used.system) / 1e6,
    bytes: bytesRead() - before,
    rows: reader.currentRowCount,
  };
  return answer ? { ...done, answer: reader.getRowObjectsJson() } : done;
}

async function serve() {
  let connection;
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    let answer;
    try {
      const message = JSON.parse(line);
      if (connection) {
        answer = await execute(connection, message);
      } else {
        connection = await open(message);
        answer = { version: version() };
      }
    } catch (error) {
      answer = { error: String(error.message ?? error) };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
}

// steps are the statements of a script with their layer; a line that ends in a
// semicolon ends one.
function* steps(script) {
  let layer = 'preparation';
  let each;
  let lines = [];
  for (const line of script.split('\n')) {
    const comment = /^-- (layer|for each): (.*)$/.exec(line);
    if (comment?.[1] === 'layer') {
      layer = comment[2];
    } else if (comment) {
      each = comment[2];
    } else if (!line.startsWith('--')) {
      lines.push(line);
      if (line.trimEnd().endsWith(';')) {
        yield { layer, each, sql: lines.join('\n') };
        each = undefined;
        lines = [];
      }
    }
  }
}

const filledIn = (text, values) =>
  Object.entries(values).reduce((sql, [name, value]) => sql.replaceAll(`{${name}}`, () => value), text);

async function runScript(file, assignments) {
  const variables = Object.fromEntries(
    assignments.map((assignment) => {
      const at = assignment.indexOf('=');
      return [assignment.slice(0, at), assignment.slice(at + 1)];
    })
  );
  const connection = await open({});
  const layers = {};
  for (const { layer, each, sql } of steps(readFileSync(file, 'utf8'))) {
    const began = performance.now();
    const rows = each ? (await connection.runAndReadAll(filledIn(each, variables))).getRowObjectsJson() : [{}];
    for (const row of rows) {
      await connection.run(filledIn(sql, { ...variables, ...row }));
    }
    layers[layer] = (layers[layer] ?? 0) + (performance.now() - began) / 1000;
  }
  process.stdout.write(`${JSON.stringify(layers)}\n`);
}

const [file, ...assignments] = process.argv.slice(2);
await (file ? runScript(file, assignments) : serve());

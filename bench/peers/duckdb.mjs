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
// By hand:  node duckdb.mjs FILE.sql [name=value ...]  runs a script with two
// threads, with the variables set, and prints what each statement took.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';

// The package is installed where the interop tests have it.
const { DuckDBInstance, version } = createRequire(new URL('../../interop/package.json', import.meta.url))('@duckdb/node-api');

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

// statements of a script; a line that ends in a semicolon ends one.
const statements = (script) =>
  script
    .split(/;[ \t]*$/m)
    .filter((statement) => statement.replace(/--.*$/gm, '').trim() !== '');

async function runScript(file, variables) {
  const connection = await open({});
  for (const variable of variables) {
    const at = variable.indexOf('=');
    await connection.run(`SET VARIABLE ${variable.slice(0, at)} = $1`, [variable.slice(at + 1)]);
  }
  const began = performance.now();
  for (const sql of statements(readFileSync(file, 'utf8'))) {
    const { seconds } = await execute(connection, { sql });
    const first = sql.replace(/--.*$/gm, '').trim().split('\n')[0];
    process.stdout.write(`${seconds.toFixed(3)} s  ${first}\n`);
  }
  process.stdout.write(`${((performance.now() - began) / 1000).toFixed(3)} s  in all\n`);
}

const [file, ...variables] = process.argv.slice(2);
await (file ? runScript(file, variables) : serve());

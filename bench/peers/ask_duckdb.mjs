// Answers SQL with DuckDB until its standard input ends: node ask_duckdb.mjs FOLDER [DATABASE],
// where FOLDER has the node_modules. One JSON object a line each way:
//
//   {"prepare": [sql, ...]}    set-up, answered by {"millis"}
//   {"ask": sql, "rows": bool} answered by {"millis", "cpuMicros", "bytes", "rows"?}
//
// millis is from the text of the statement to its complete result inside DuckDB; the
// values are turned into JSON after the clock has stopped. bytes is what this process
// read from files meanwhile, 0 where the system does not tell. The clock of a first
// question does not cover the start of Node or the loading of the library.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

const [folder, database = ':memory:'] = process.argv.slice(2);
const {
  DuckDBInstance,
  DuckDBDateValue,
  DuckDBMapValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
} = createRequire(resolve(folder, 'package.json'))('@duckdb/node-api');

const connection = await (await DuckDBInstance.create(database)).connect();

// The harness knows all values but doubles as text.
function text(v) {
  if (v === null || typeof v === 'number') {
    return v;
  }
  if (v instanceof DuckDBTimestampTZValue || v instanceof DuckDBTimestampValue) {
    return v.micros.toString();
  }
  if (v instanceof DuckDBDateValue) {
    return v.toString();
  }
  if (v instanceof DuckDBMapValue) {
    const entries = v.entries.map(({ key, value }) => [text(key), text(value)]);
    return JSON.stringify(entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  }
  return String(v);
}

function readBytes() {
  try {
    return Number(/^rchar: (\d+)/m.exec(readFileSync('/proc/self/io', 'utf8'))[1]);
  } catch {
    return 0;
  }
}

async function ask(sql, wantRows) {
  const bytes = readBytes();
  const cpu = process.cpuUsage();
  const began = process.hrtime.bigint();
  const result = await connection.run(sql);
  const millis = Number(process.hrtime.bigint() - began) / 1e6;
  const used = process.cpuUsage(cpu);
  const answer = { millis, cpuMicros: used.user + used.system, bytes: readBytes() - bytes };
  if (wantRows) {
    answer.rows = (await result.getRows()).map((row) => row.map(text));
  }
  return answer;
}

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  let answer;
  try {
    if (request.prepare) {
      const began = process.hrtime.bigint();
      for (const sql of request.prepare) {
        await connection.run(sql);
      }
      answer = { millis: Number(process.hrtime.bigint() - began) / 1e6 };
    } else {
      answer = await ask(request.ask, request.rows);
    }
  } catch (error) {
    answer = { error: String(error.message ?? error) };
  }
  process.stdout.write(JSON.stringify(answer) + '\n');
}

// Answers statements with DuckDB: node plans.mjs REQUEST ANSWER. Each case of the
// request has statements that make its tables, and a query whose columns are texts.
import { readFileSync, writeFileSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';

const duckdb = await (await DuckDBInstance.create()).connect();
await duckdb.run("SET TimeZone = 'UTC'");

async function answer({ setup, query }) {
  try {
    for (const statement of setup) {
      await duckdb.run(statement);
    }
    return { rows: (await duckdb.runAndReadAll(query)).getRowsJson() };
  } catch (error) {
    return { error: error.message };
  }
}

const [request, target] = process.argv.slice(2);
const answers = [];
for (const each of JSON.parse(readFileSync(request, 'utf8'))) {
  answers.push(await answer(each));
}
writeFileSync(target, JSON.stringify(answers));

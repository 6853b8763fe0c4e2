// The canonical text of a row and the digest of a table: see digest_test.go,
// which says what they are.
import { createHash } from 'node:crypto';

const bytes = (text) => (Buffer.isBuffer(text) ? text : Buffer.from(text));
const byBytes = (a, b) => Buffer.compare(bytes(a), bytes(b));

export function scalar(text) {
  const b = bytes(text);
  return Buffer.concat([Buffer.from(`${b.length}:`), b]);
}

/** A null, boolean, whole number or string. */
export function atom(v) {
  switch (typeof v) {
    case 'boolean':
    case 'bigint':
      return scalar(String(v));
    case 'number':
      if (!Number.isSafeInteger(v)) {
        throw new Error(`no canonical text for the number ${v}`);
      }
      return scalar(String(v));
    case 'string':
      return scalar(v);
  }
  if (v === null) {
    return Buffer.from('-');
  }
  throw new Error(`no canonical text for ${v?.constructor?.name ?? typeof v}`);
}

/** Pairs of a string and a canonical text. */
const pairs = (items) => items.sort(([a], [b]) => byBytes(a, b)).flatMap(([name, text]) => [scalar(name), text]);

export const struct = (items) => Buffer.concat([Buffer.from('('), ...pairs(items), Buffer.from(')')]);
export const map = (items) => Buffer.concat([Buffer.from('{'), ...pairs(items), Buffer.from('}')]);

const number = (text) => createHash('sha256').update(text).digest().readBigUInt64BE(0);
const word = (n) => BigInt.asUintN(64, n).toString(16).padStart(16, '0');

/** Adds up the rows of a table in any order. */
export class Digest {
  rows = 0;
  sum = 0n;

  constructor(columns) {
    this.columns = columns;
    this.order = columns.map((_, i) => i).sort((a, b) => byBytes(columns[a], columns[b]));
    this.byColumn = columns.map(() => 0n);
  }

  /** cells are the canonical texts, in the order of the columns. */
  add(cells) {
    const row = [Buffer.from('(')];
    for (const i of this.order) {
      const cell = Buffer.concat([scalar(this.columns[i]), cells[i]]);
      this.byColumn[i] += number(cell);
      row.push(cell);
    }
    row.push(Buffer.from(')'));
    this.rows++;
    this.sum += number(Buffer.concat(row));
  }

  answer() {
    return {
      rows: this.rows,
      digest: word(this.sum),
      columns: Object.fromEntries(this.columns.map((name, i) => [name, word(this.byColumn[i])])),
    };
  }
}

/** The answer for every table, or why the engine did not read it. Not every engine has a probe. */
export async function digestAll(tables, digestOf, probe) {
  const answers = {};
  for (const table of tables) {
    try {
      const answer = (await digestOf(table)).answer();
      if (probe && table.probes.length > 0) {
        answer.probes = probe(table);
      }
      answers[table.name] = answer;
    } catch (refused) {
      answers[table.name] = { error: String(refused.message ?? refused) };
    }
  }
  return answers;
}

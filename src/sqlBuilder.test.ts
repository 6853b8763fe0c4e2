import { readFileSync } from 'fs';
import { join } from 'path';
import { buildSql, newBuilder, outputOf } from './sqlBuilder';
import { type Builder } from './types';

interface Case {
  title: string;
  builder: Builder;
  sql: string;
}

// A test of the backend has each of them answered.
const cases: Case[] = JSON.parse(readFileSync(join(__dirname, '../pkg/plugin/testdata/builder.json'), 'utf8'));

describe('buildSql', () => {
  it.each(cases.map(({ title, builder, sql }) => [title, builder, sql] as const))('%s', (_, builder, sql) => {
    expect(buildSql(builder)).toBe(sql);
  });

  it('begins with the events of the time range by service', () => {
    expect(buildSql(newBuilder)).toBe(
      'SELECT serviceName,\n  count(*) AS num_events\nFROM silver\nWHERE $__timeFilter(date_time)\nGROUP BY 1'
    );
  });

  it.each([
    ["x' OR 1 = 1 --", "email = 'x'' OR 1 = 1 --'"],
    ['$user', 'email IN (${user:sqlstring})'],
    ['${user}', 'email IN (${user:sqlstring})'],
    ['${user:raw}', "email = '${user:raw}'"],
    ['a-$user', "email = 'a-$user'"],
    ['$__timeFilter', "email = '$__timeFilter'"],
  ])('has the value %s as no SQL', (value, condition) => {
    expect(buildSql({ filters: [{ key: 'email', operator: '=', value }] })).toContain(`WHERE ${condition}`);
  });

  it.each([
    ['email` = 1; --', '`email`` = 1; --`'],
    ["requestParams['a'] or ['b']", "`requestParams['a'] or ['b']`"],
    ['order', '`order`'],
    ['a.b c', "a['b c']"],
  ])('has the column %s as no SQL', (key, sql) => {
    expect(buildSql({ columns: [key] })).toMatch(`SELECT ${sql}`);
  });

  it('does not know every operator', () => {
    expect(() => buildSql({ filters: [{ key: 'email', operator: 'or', value: '' }] })).toThrow(
      'operator or is not known'
    );
  });

  it.each([
    ['an aggregate without a column', { aggregates: [{ function: 'sum' as const }] }, 'SELECT *\nFROM silver'],
    [
      'a bucket without a time',
      { bucket: '1h', aggregates: [{ function: 'count' as const }] },
      'SELECT count(*) AS num_events\nFROM silver',
    ],
    [
      'a bucket that is none',
      { time: 't', bucket: '1) or', columns: ['a'] },
      'SELECT a\nFROM silver\nWHERE $__timeFilter(t)',
    ],
    ['an order by what is not there', { columns: ['a'], orderBy: 'b' }, 'SELECT a\nFROM silver'],
  ])('leaves out %s', (_, builder, sql) => {
    expect(buildSql(builder)).toBe(sql);
  });
});

describe('outputOf', () => {
  it('names the columns of the answer', () => {
    const builder: Builder = {
      time: 'date_time',
      bucket: 'auto',
      columns: ["requestParams['cluster-id']", 'time'],
      aggregates: [{ function: 'percentile', column: 'a.b', percentile: 99 }],
    };

    expect(outputOf(builder)).toEqual(['time', 'cluster_id', 'time_2', 'p99_b']);
  });
});

import React, { useState } from 'react';
import { dateTimeFormat, formattedValueToString, getValueFormat } from '@grafana/data';
import { Button } from '@grafana/ui';
import { type LakeStatus } from '../../../pipeline';

const number = (value: number) => value.toLocaleString('en-US');
const bytes = (value: number) => formattedValueToString(getValueFormat('bytes')(value, 1));
const time = (text: string | null) => (text ? dateTimeFormat(text) : '');

/** How many tables are shown at once: those of the layers come first, then one for each service. */
const few = 8;

/** The tables of the lake at their newest versions. */
export function TableTable({ tables }: Pick<LakeStatus, 'tables'>) {
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole ? tables : tables.slice(0, few);
  return (
    <>
      <Sheet
        caption="Tables"
        head={['Table', 'Rows', 'Files', 'Size', 'Oldest event', 'Newest event', 'Version']}
        rows={shown.map((t) => [
          t.name,
          number(t.rows),
          number(t.files),
          bytes(t.bytes),
          time(t.firstEvent ?? null),
          time(t.lastEvent),
          number(t.version),
        ])}
      />
      {tables.length > few && (
        <Button
          size="sm"
          variant="secondary"
          fill="text"
          icon={isWhole ? 'angle-up' : 'angle-down'}
          aria-expanded={isWhole}
          onClick={() => setWhole(!isWhole)}
        >
          {isWhole ? 'Show fewer tables' : `Show all ${tables.length} tables`}
        </Button>
      )}
    </>
  );
}

/** The last runs, the newest first. */
export function RunTable({ runs }: Pick<LakeStatus, 'runs'>) {
  return (
    <Sheet
      caption="Last runs"
      head={['Started', 'Outcome', 'Files', 'Lines', 'Error']}
      rows={runs.map((r) => [
        time(r.startedAt),
        r.outcome,
        number(r.filesRead ?? 0),
        number(r.bronzeRows ?? 0),
        r.error ?? '',
      ])}
    />
  );
}

const numbers = new Set(['Rows', 'Files', 'Size', 'Lines']);
const right = { textAlign: 'right' } as const;

function Sheet({ caption, head, rows }: { caption: string; head: string[]; rows: string[][] }) {
  const styleOf = (text: string) => (numbers.has(text) ? right : undefined);
  return (
    <table className="filter-table">
      <caption style={{ captionSide: 'top' }}>{caption}</caption>
      <thead>
        <tr>
          {head.map((text) => (
            <th key={text} scope="col" style={styleOf(text)}>
              {text}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((cells, row) => (
          <tr key={row}>
            {cells.map((cell, column) => (
              <td key={column} style={styleOf(head[column])}>
                {cell}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

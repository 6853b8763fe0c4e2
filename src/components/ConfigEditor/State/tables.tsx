import React, { type ReactNode } from 'react';
import { dateTimeFormat, formattedValueToString, getValueFormat } from '@grafana/data';
import { type LakeStatus } from '../../../pipeline';

const number = (value: number) => value.toLocaleString('en-US');
const bytes = (value: number) => formattedValueToString(getValueFormat('bytes')(value, 1));
const time = (text: string | null) => (text ? dateTimeFormat(text) : '');

/** The tables of the lake at their newest versions. */
export function TableTable({ tables }: Pick<LakeStatus, 'tables'>) {
  return (
    <Sheet
      caption="Tables"
      head={['Table', 'Rows', 'Files', 'Size', 'Oldest event', 'Newest event', 'Version']}
      rows={tables.map((t) => [
        t.name,
        number(t.rows),
        number(t.files),
        bytes(t.bytes),
        time(t.firstEvent ?? null),
        time(t.lastEvent),
        number(t.version),
      ])}
    />
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

function Sheet({ caption, head, rows }: { caption: string; head: string[]; rows: ReactNode[][] }) {
  return (
    <table className="filter-table">
      <caption style={{ captionSide: 'top' }}>{caption}</caption>
      <thead>
        <tr>
          {head.map((text) => (
            <th key={text} scope="col">
              {text}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((cells, row) => (
          <tr key={row}>
            {cells.map((cell, column) => (
              <td key={column}>{cell}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

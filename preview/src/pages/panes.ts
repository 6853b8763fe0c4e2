import { type DataQuery } from '@grafana/schema';

/** What one pane of Explore shows, as it stands in its URL. */
export interface Pane {
  datasource?: string;
  queries?: DataQuery[];
  range?: { from: string; to: string };
}

/** The first pane of the URL's search; the older form with one `left` counts too. */
export function paneOf(search: string): Pane {
  const params = new URLSearchParams(search);
  const panes: unknown = parse(params.get('panes'));
  const first: unknown = Object.values(Object(panes))[0] ?? parse(params.get('left'));
  return Object(first);
}

export function searchOf(pane: Pane): string {
  return `?${new URLSearchParams({ schemaVersion: '1', panes: JSON.stringify({ a: pane }) })}`;
}

function parse(text: string | null): unknown {
  try {
    return text ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}

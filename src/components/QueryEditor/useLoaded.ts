import { useEffect, useState } from 'react';
import { type AuditlakeDataSource } from '../../datasource';
import { messageOf } from '../../pipeline';

export interface Loaded<T> {
  value: T;
  loading: boolean;
  /** Words for the user; empty while all is well. */
  error: string;
}

/** Loads something once per data source. `load` must be the same function each time; `none` stands in until it has come. */
export function useLoaded<T>(
  datasource: AuditlakeDataSource,
  load: (datasource: AuditlakeDataSource) => Promise<T>,
  none: T
): Loaded<T> {
  const [state, setState] = useState<Loaded<T>>({ value: none, loading: true, error: '' });

  useEffect(() => {
    let current = true;
    const settle = (change: Partial<Loaded<T>>) =>
      current && setState((before) => ({ ...before, ...change, loading: false }));

    load(datasource).then(
      (value) => settle({ value, error: '' }),
      (reason: unknown) => settle({ error: messageOf(reason) })
    );
    return () => {
      current = false;
    };
  }, [datasource, load]);

  return state;
}

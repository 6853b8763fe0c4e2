import { useEffect, useState } from 'react';
import { type AuditlakeDataSource } from '../../datasource';
import { type NamedQuery } from '../../types';

export interface NamedQueries {
  queries: NamedQuery[];
  loading: boolean;
  /** Words for the user; empty while all is well. */
  error: string;
}

/** Loads the catalog once per data source. */
export function useNamedQueries(datasource: AuditlakeDataSource): NamedQueries {
  const [state, setState] = useState<NamedQueries>({ queries: [], loading: true, error: '' });

  useEffect(() => {
    let current = true;
    const settle = (next: Omit<NamedQueries, 'loading'>) => current && setState({ ...next, loading: false });

    datasource.getNamedQueries().then(
      (queries) => settle({ queries, error: '' }),
      (reason: unknown) => settle({ queries: [], error: messageOf(reason) })
    );
    return () => {
      current = false;
    };
  }, [datasource]);

  return state;
}

/** Grafana rejects with a FetchError, whose words are in `data.message`; other rejections are plain errors. */
function messageOf(reason: unknown): string {
  const { data, message } = (reason ?? {}) as { data?: { message?: string }; message?: string };
  return data?.message ?? message ?? String(reason);
}

import { useEffect, useState } from 'react';
import { isFetchError } from '@grafana/runtime';
import { backend } from '../boot/backend';

interface Fetched<T> {
  value?: T;
  error?: string;
}

/** What the server says at url, once it has said it. */
export function useFetched<T>(url: string): Fetched<T> {
  const [state, setState] = useState<Fetched<T> & { url?: string }>({});
  useEffect(() => {
    let left = false;
    const tell = (next: Fetched<T>) => !left && setState({ ...next, url });
    backend.get<T>(url).then(
      (value) => tell({ value }),
      (error: unknown) => tell({ error: wordsOf(error) })
    );
    return () => {
      left = true;
    };
  }, [url]);
  return state.url === url ? state : {};
}

/** The words of a failure, the server's first. */
export function wordsOf(error: unknown): string {
  if (isFetchError<{ message?: string }>(error)) {
    return error.data?.message ?? error.statusText ?? `status ${error.status}`;
  }
  // A health check fails with an object that is no Error.
  const { message } = Object(error);
  return typeof message === 'string' ? message : String(error);
}

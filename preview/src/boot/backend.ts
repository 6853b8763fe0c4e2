import { type BackendSrv, type BackendSrvRequest, type FetchError, type FetchResponse } from '@grafana/runtime';
import { lastValueFrom, Observable } from 'rxjs';
import { roleHeader } from './start';

function addressOf({ url, params }: BackendSrvRequest): string {
  const address = new URL(url, `${window.location.origin}/`);
  for (const [key, value] of Object.entries(params ?? {})) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null) {
        address.searchParams.append(key, String(one));
      }
    }
  }
  return address.toString();
}

async function dataOf(response: Response, type: BackendSrvRequest['responseType']): Promise<unknown> {
  if (type === 'blob') {
    return response.blob();
  }
  if (type === 'arraybuffer') {
    return response.arrayBuffer();
  }
  const text = await response.text();
  if (type === 'text') {
    return text;
  }
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

async function send<T>(config: BackendSrvRequest, signal: AbortSignal): Promise<FetchResponse<T>> {
  const body = config.data === undefined ? undefined : JSON.stringify(config.data);
  const response = await fetch(addressOf(config), {
    method: config.method ?? 'GET',
    headers: { ...(body && { 'Content-Type': 'application/json' }), ...config.headers, ...roleHeader },
    body,
    signal,
  });
  const { ok, status, statusText, headers, redirected, type, url } = response;
  // The caller says what it expects; nothing here could tell.
  const data = (await dataOf(response, config.responseType)) as T;
  if (!ok) {
    const failure: FetchError = { status, statusText, data, config };
    throw failure;
  }
  return { data, ok, status, statusText, headers, redirected, type, url, config };
}

/** Requests to the preview's server. What nobody waits for any more, or is asked again under the same id, is cut off. */
class PreviewBackend implements BackendSrv {
  private readonly running = new Map<string, AbortController>();

  fetch<T>(config: BackendSrvRequest): Observable<FetchResponse<T>> {
    return new Observable((subscriber) => {
      const abort = new AbortController();
      const id = config.requestId;
      if (id) {
        this.running.get(id)?.abort();
        this.running.set(id, abort);
      }
      config.abortSignal?.addEventListener('abort', () => abort.abort());
      send<T>(config, abort.signal).then(
        (response) => {
          subscriber.next(response);
          subscriber.complete();
        },
        (error: unknown) => {
          if (abort.signal.aborted) {
            subscriber.complete();
          } else {
            subscriber.error(error);
          }
        }
      );
      return () => {
        abort.abort();
        if (id && this.running.get(id) === abort) {
          this.running.delete(id);
        }
      };
    });
  }

  async request<T>(config: BackendSrvRequest): Promise<T> {
    return (await this.datasourceRequest<T>(config)).data;
  }

  datasourceRequest<T>(config: BackendSrvRequest): Promise<FetchResponse<T>> {
    return lastValueFrom(this.fetch<T>(config));
  }

  get<T>(url: string, params?: BackendSrvRequest['params'], requestId?: string, options?: Partial<BackendSrvRequest>) {
    return this.request<T>({ ...options, method: 'GET', url, params, requestId });
  }

  post<T>(url: string, data?: unknown, options?: Partial<BackendSrvRequest>) {
    return this.request<T>({ ...options, method: 'POST', url, data });
  }

  put<T>(url: string, data?: unknown, options?: Partial<BackendSrvRequest>) {
    return this.request<T>({ ...options, method: 'PUT', url, data });
  }

  patch<T>(url: string, data?: unknown, options?: Partial<BackendSrvRequest>) {
    return this.request<T>({ ...options, method: 'PATCH', url, data });
  }

  delete<T>(url: string, data?: unknown, options?: Partial<BackendSrvRequest>) {
    return this.request<T>({ ...options, method: 'DELETE', url, data });
  }

  chunked(): Observable<FetchResponse<Uint8Array | undefined>> {
    throw new Error('the preview has no chunked responses');
  }
}

export const backend: BackendSrv = new PreviewBackend();

import { LiveChannelScope, type DataFrame } from '@grafana/data';
import { getBackendSrv, getGrafanaLiveSrv, type FetchError } from '@grafana/runtime';
import {
  catchError,
  concat,
  defer,
  EMPTY,
  lastValueFrom,
  map,
  mergeMap,
  of,
  repeat,
  retry,
  timeout,
  type Observable,
} from 'rxjs';

/** What the ETL of a data source is doing, from `GET etl` and from the stream `etl`; docs/resources.md has the fields. */
export interface EtlStatus {
  state: 'waiting' | 'queued' | 'running' | 'off' | 'refused';
  reason?: string;
  task?: string;
  table?: string;
  next?: string;
  progress: {
    stage: string;
    table?: string;
    files: number;
    totalFiles: number;
    done: number;
    secondsLeft: number | null;
  };
  last?: { task: string; finished: string; error?: string };
}

/** The lake at its newest version, from `GET status`. */
export interface LakeStatus {
  tables: Array<{
    name: string;
    version: number;
    rows: number;
    files: number;
    bytes: number;
    firstEvent?: string | null;
    lastEvent: string | null;
  }>;
  /** Newest first. */
  runs: Array<{
    startedAt: string;
    finishedAt: string | null;
    outcome: string;
    error: string | null;
    filesRead: number;
    bronzeRows: number;
  }>;
}

/** What the sources hold and what of it is in the lake, from `GET sources`; docs/resources.md has the fields. */
export interface SourcesFound {
  sources: SourceFound[];
  landed: { files: number; bytes: number; lines: number; firstDate: string; lastDate: string } | null;
}

export interface SourceFound {
  /** As the settings write it. */
  url: string;
  ok: boolean;
  message: string;
  warnings: string[];
  workspaces: string[];
  firstDate: string;
  lastDate: string;
  keys: number;
  files: number;
  bytes: number;
  unrecognised: number;
  complete: boolean;
  suggestions: string[];
}

/** One thing that a data source depends on, as Save & test found it. */
export interface HealthPart {
  name: string;
  url?: string;
  ok: boolean;
  message: string;
  warnings?: string[];
}

export type Task = 'run' | 'optimize' | 'replay';

/** How long the stream may take to say something before the state is asked for instead, and how often then. */
const patience = 5000;
const pause = 2000;

const path = (uid: string, rest: string) => `/api/datasources/uid/${encodeURIComponent(uid)}/${rest}`;

async function call<T>(method: 'GET' | 'POST', url: string): Promise<T> {
  // The component shows what goes wrong, in its place.
  const response = await lastValueFrom(getBackendSrv().fetch<T>({ method, url, showErrorAlert: false }));
  return response.data;
}

export const lakeStatus = (uid: string) => call<LakeStatus>('GET', path(uid, 'resources/status'));

export const sourcesFound = (uid: string) => call<SourcesFound>('GET', path(uid, 'resources/sources'));

/** Starts a task, which goes on when this has answered. */
export const startTask = (uid: string, task: Task) => call<EtlStatus>('POST', path(uid, `resources/etl/${task}`));

/** The parts that Save & test looks at; a failure of some is an answer, too. */
export async function healthParts(uid: string): Promise<HealthPart[]> {
  const partsOf = (body?: { details?: { parts?: HealthPart[] } }) => body?.details?.parts;
  try {
    return partsOf(await call('GET', path(uid, 'health'))) ?? [];
  } catch (reason) {
    const parts = partsOf((reason as FetchError)?.data);
    if (parts) {
      return parts;
    }
    throw reason;
  }
}

/** What the ETL does, now and with each change: as Grafana Live tells it, or asked for where that says nothing. */
export function watchEtl(uid: string): Observable<EtlStatus> {
  const asked = defer(() => call<EtlStatus>('GET', path(uid, 'resources/etl')));
  const polled = asked.pipe(retry({ count: 3, delay: pause, resetOnSuccess: true }), repeat({ delay: pause }));
  const told = defer(() =>
    getGrafanaLiveSrv().getDataStream({ addr: { scope: LiveChannelScope.DataSource, stream: uid, path: 'etl' } })
  ).pipe(
    mergeMap(({ data }) => (data[0] ? of(data[0] as DataFrame) : EMPTY)),
    map(statusOf),
    timeout({ first: patience, with: () => polled }),
    catchError(() => polled)
  );
  return concat(asked, told);
}

/** The newest row of the stream. */
export function statusOf({ fields, length }: DataFrame): EtlStatus {
  const row = Object.fromEntries(fields.map(({ name, values }) => [name, values[length - 1]]));
  const time = (ms: unknown) => (typeof ms === 'number' ? new Date(ms).toISOString() : undefined);
  const finished = time(row.lastFinished);
  return {
    state: row.state,
    reason: row.reason || undefined,
    task: row.task || undefined,
    table: row.table || undefined,
    next: time(row.next),
    progress: {
      stage: row.stage,
      files: row.files,
      totalFiles: row.totalFiles,
      done: row.done,
      secondsLeft: row.secondsLeft ?? null,
    },
    last: finished ? { task: row.lastTask, finished, error: row.lastError || undefined } : undefined,
  };
}

/** Grafana rejects with a FetchError, whose words are in `data.message`; other rejections are plain errors. */
export function messageOf(reason: unknown): string {
  const { data, message } = (reason ?? {}) as { data?: { message?: string }; message?: string };
  return data?.message ?? message ?? String(reason);
}

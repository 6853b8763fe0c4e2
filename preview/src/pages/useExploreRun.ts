import { useEffect, useRef, useState } from 'react';
import {
  CoreApp,
  type DataQueryRequest,
  type DataSourceApi,
  hasSupplementaryQuerySupport,
  type PanelData,
  rangeUtil,
  SupplementaryQueryType,
  type TimeRange,
} from '@grafana/data';
import { type DataQuery } from '@grafana/schema';
import { type Subscription } from 'rxjs';
import { runRequest } from '../boot/runRequest';

let requests = 0;

function requestOf(queries: DataQuery[], range: TimeRange): DataQueryRequest {
  const { interval, intervalMs } = rangeUtil.calculateInterval(range, 1000, '1s');
  return {
    app: CoreApp.Explore,
    requestId: `explore-${++requests}`,
    range,
    rangeRaw: range.raw,
    interval,
    intervalMs,
    maxDataPoints: 1000,
    scopedVars: {},
    targets: queries,
    timezone: 'browser',
    startTime: Date.now(),
  };
}

/** Runs queries, and beside them what the data source offers as their volume of logs. */
export function useExploreRun(datasource: DataSourceApi) {
  const [data, setData] = useState<PanelData>();
  const [volume, setVolume] = useState<PanelData>();
  const running = useRef<Subscription[]>([]);
  const stop = () => {
    running.current.forEach((one) => one.unsubscribe());
    running.current = [];
  };
  useEffect(() => stop, []);

  const run = (queries: DataQuery[], range: TimeRange) => {
    stop();
    setVolume(undefined);
    const asked = queries.filter((query) => !query.hide && (datasource.filterQuery?.(query) ?? true));
    const request = requestOf(asked, range);
    running.current.push(runRequest(datasource, request).subscribe(setData));
    const beside = volumeRequest(datasource, request);
    if (beside) {
      running.current.push(runRequest(datasource, beside).subscribe(setVolume));
    }
  };
  return { data, volume, run };
}

function volumeRequest(datasource: DataSourceApi, request: DataQueryRequest): DataQueryRequest | undefined {
  const type = SupplementaryQueryType.LogsVolume;
  if (!hasSupplementaryQuerySupport(datasource, type)) {
    return undefined;
  }
  const beside: unknown = datasource.getSupplementaryRequest?.(type, request);
  // Older data sources give an Observable of answers instead.
  return beside && typeof beside === 'object' && 'targets' in beside
    ? { ...(beside as DataQueryRequest), requestId: `${request.requestId}-volume` }
    : undefined;
}

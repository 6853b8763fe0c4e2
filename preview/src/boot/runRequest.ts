import {
  type DataFrame,
  type DataQueryRequest,
  type DataQueryResponse,
  type DataSourceApi,
  DataTopic,
  LoadingState,
  type PanelData,
  toDataFrame,
} from '@grafana/data';
import { toDataQueryError } from '@grafana/runtime';
import { catchError, from, isObservable, map, type Observable, of, startWith } from 'rxjs';

/** Runs a panel's queries: first that they are under way, then the answer, whose failures are part of it. */
export function runRequest(datasource: DataSourceApi, request: DataQueryRequest): Observable<PanelData> {
  const empty: PanelData = { state: LoadingState.Loading, series: [], request, timeRange: request.range };
  if (request.targets.length === 0) {
    return of({ ...empty, state: LoadingState.Done });
  }
  request.startTime = Date.now();
  return answersOf(datasource, request).pipe(
    map((response) => panelData(response, request)),
    catchError((error: unknown) => {
      const failure = toDataQueryError(error instanceof Error ? error : Object(error));
      return of({ ...empty, state: LoadingState.Error, error: failure, errors: [failure] });
    }),
    startWith(empty)
  );
}

function answersOf(datasource: DataSourceApi, request: DataQueryRequest): Observable<DataQueryResponse> {
  const answer = datasource.query(request);
  return isObservable(answer) ? answer : from(answer);
}

function panelData(response: DataQueryResponse, request: DataQueryRequest): PanelData {
  request.endTime = Date.now();
  const frames: DataFrame[] = response.data.map(toDataFrame);
  const annotation = (frame: DataFrame) => frame.meta?.dataTopic === DataTopic.Annotations;
  const errors = response.errors ?? (response.error && [response.error]);
  return {
    state: errors?.length ? LoadingState.Error : (response.state ?? LoadingState.Done),
    series: frames.filter((frame) => !annotation(frame)),
    annotations: frames.filter(annotation),
    request,
    timeRange: request.range,
    errors,
    error: errors?.[0],
  };
}

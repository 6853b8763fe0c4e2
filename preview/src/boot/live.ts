import {
  type DataQueryResponse,
  type LiveChannelAddress,
  LiveChannelConnectionState,
  type LiveChannelEvent,
  LiveChannelEventType,
  LoadingState,
  StreamingDataFrame,
} from '@grafana/data';
import { type GrafanaLiveSrv } from '@grafana/runtime';
import { map, Observable, of } from 'rxjs';
import { role } from './start';

const pathOf = ({ stream, namespace, path }: LiveChannelAddress) => `ds/${stream ?? namespace}/${path}`;

/** Packets of a data source's stream, by server-sent events in place of Grafana's web socket. */
function packets<T>(address: LiveChannelAddress): Observable<LiveChannelEvent<T>> {
  return new Observable((subscriber) => {
    const id = pathOf(address);
    const source = new EventSource(`/api/live/${id}?${new URLSearchParams({ role })}`);
    const tell = (state: LiveChannelConnectionState, error?: string) =>
      subscriber.next({ type: LiveChannelEventType.Status, id, timestamp: Date.now(), state, error });
    source.onopen = () => tell(LiveChannelConnectionState.Connected);
    source.onmessage = ({ data }) => subscriber.next({ type: LiveChannelEventType.Message, message: JSON.parse(data) });
    source.addEventListener('refused', (event) => {
      tell(LiveChannelConnectionState.Invalid, event instanceof MessageEvent ? String(event.data) : undefined);
      source.close();
    });
    return () => source.close();
  });
}

export const live: GrafanaLiveSrv = {
  getConnectionState: () => of(true),
  getStream: packets,
  getDataStream: ({ addr, buffer }): Observable<DataQueryResponse> => {
    const frame = StreamingDataFrame.empty({ ...buffer });
    return packets<Parameters<typeof frame.push>[0]>(addr).pipe(
      map((event) => {
        if (event.type === LiveChannelEventType.Message) {
          frame.push(event.message);
        }
        return { data: [frame], state: LoadingState.Streaming, key: pathOf(addr) };
      })
    );
  },
  getPresence: () => Promise.reject(new Error('the preview has one user')),
  publish: () => Promise.reject(new Error('the preview only listens')),
};

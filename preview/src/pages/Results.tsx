import { useMemo } from 'react';
import { css } from '@emotion/css';
import {
  DataFrameType,
  type DataFrame,
  FieldType,
  type GrafanaTheme2,
  LoadingState,
  type PanelData,
} from '@grafana/data';
import {
  EmbeddedScene,
  SceneDataNode,
  SceneFlexItem,
  SceneFlexLayout,
  SceneTimeRange,
  VizPanel,
} from '@grafana/scenes';
import { Alert, Stack, useStyles2 } from '@grafana/ui';
import { drawnBy } from '../panels/panels';

type Kind = 'logs' | 'timeseries' | 'table';

/** How a frame is best shown: as it asks for, or by its type. */
function kindOf(frame: DataFrame): Kind {
  const { preferredVisualisationType, type } = frame.meta ?? {};
  if (preferredVisualisationType === 'logs' || type === DataFrameType.LogLines) {
    return 'logs';
  }
  const series = type?.startsWith('timeseries') || preferredVisualisationType === 'graph';
  return series && frame.fields.some((field) => field.type === FieldType.time) ? 'timeseries' : 'table';
}

const titles: Record<Kind, string> = { logs: 'Logs', timeseries: 'Graph', table: 'Table' };
const heights: Record<Kind, number> = { logs: 560, timeseries: 320, table: 420 };

/** The colours of severities, in the volume of logs. */
const severities = Object.entries({
  critical: 'purple',
  error: 'red',
  warning: 'orange',
  info: 'green',
  debug: 'blue',
}).map(([options, fixedColor]) => ({
  matcher: { id: 'byName', options },
  properties: [{ id: 'color', value: { mode: 'fixed', fixedColor } }],
}));

/** What queries in Explore have answered: notices, volume of logs, then each kind of frame. */
export function Results({ data, volume }: { data: PanelData; volume?: PanelData }) {
  const styles = useStyles2(getStyles);
  const notices = data.series.flatMap(({ meta }) => meta?.notices ?? []);
  const kinds = (['logs', 'timeseries', 'table'] as const).filter((kind) =>
    data.series.some((frame) => kindOf(frame) === kind)
  );
  const rows = data.series.reduce((sum, { length }) => sum + length, 0);
  return (
    <Stack direction="column" gap={1}>
      {notices.map(({ severity, text }) => (
        <Alert key={text} severity={severity === 'error' ? 'error' : severity} title={text} />
      ))}
      {volume && volume.state === LoadingState.Done && volume.series.length > 0 && (
        <Result title="Log volume" kind="timeseries" height={180} data={volume} />
      )}
      {kinds.map((kind) => (
        <Result
          key={kind}
          title={titles[kind]}
          kind={kind}
          height={heights[kind]}
          data={{ ...data, series: data.series.filter((frame) => kindOf(frame) === kind) }}
        />
      ))}
      <p role="status" className={styles.count}>
        {data.state === LoadingState.Done ? (rows === 1 ? '1 row' : `${rows} rows`) : ''}
      </p>
    </Stack>
  );
}

function Result({ title, kind, height, data }: { title: string; kind: Kind; height: number; data: PanelData }) {
  const scene = useMemo(() => {
    const custom =
      kind === 'timeseries' ? { drawStyle: 'bars', fillOpacity: 70, stacking: { mode: 'normal', group: 'A' } } : {};
    return new EmbeddedScene({
      $timeRange: new SceneTimeRange({
        value: data.timeRange,
        from: data.timeRange.from.toISOString(),
        to: data.timeRange.to.toISOString(),
      }),
      body: new SceneFlexLayout({
        children: [
          new SceneFlexItem({
            height,
            body: new VizPanel({
              pluginId: drawnBy(kind),
              title,
              $data: new SceneDataNode({ data }),
              options:
                kind === 'timeseries'
                  ? { legend: { showLegend: true, displayMode: 'list', placement: 'bottom', calcs: [] } }
                  : {},
              fieldConfig: { defaults: { custom }, overrides: kind === 'timeseries' ? severities : [] },
            }),
          }),
        ],
      }),
    });
  }, [title, kind, height, data]);
  return <scene.Component model={scene} />;
}

const getStyles = (theme: GrafanaTheme2) => ({
  count: css({ color: theme.colors.text.secondary, margin: 0 }),
});

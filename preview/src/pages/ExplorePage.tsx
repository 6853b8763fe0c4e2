import { useEffect, useMemo, useState } from 'react';
import { css } from '@emotion/css';
import {
  CoreApp,
  type DataSourceApi,
  dateMath,
  dateTime,
  type GrafanaTheme2,
  LoadingState,
  type PanelData,
  rangeUtil,
  type TimeRange,
} from '@grafana/data';
import { locationService } from '@grafana/runtime';
import { type DataQuery } from '@grafana/schema';
import { Alert, Button, Field, LoadingPlaceholder, Select, TimeRangePicker, useStyles2 } from '@grafana/ui';
import { useLocation } from 'react-router-dom';
import { usePreview } from '../parts/preview';
import { paneOf, searchOf } from './panes';
import { Results } from './Results';
import { useExploreRun } from './useExploreRun';

const hour = { from: 'now-7d', to: 'now' };

/** One query with the plugin's own editor, and what it answers. */
export function ExplorePage() {
  const { sources } = usePreview();
  const { search } = useLocation();
  const [datasource, setDatasource] = useState<DataSourceApi>();
  const pane = useMemo(() => paneOf(search), [search]);
  useEffect(() => {
    document.title = 'Explore';
    let left = false;
    void sources.get(pane.datasource).then((found) => !left && setDatasource(found));
    return () => {
      left = true;
    };
  }, [sources, pane.datasource]);
  return datasource ? (
    <Exploring
      key={`${datasource.uid} ${search}`}
      datasource={datasource}
      queries={pane.queries}
      range={pane.range ?? hour}
    />
  ) : (
    <LoadingPlaceholder text="Loading the data source" />
  );
}

interface Props {
  datasource: DataSourceApi;
  queries?: DataQuery[];
  range: { from: string; to: string };
}

function Exploring({ datasource, queries: given, range: raw }: Props) {
  const { start, sources } = usePreview();
  const styles = useStyles2(getStyles);
  const [queries, setQueries] = useState<DataQuery[]>(() => withDefaults(given, datasource));
  const [range, setRange] = useState<TimeRange>(() => timeRange(raw));
  const { data, volume, run } = useExploreRun(datasource);
  const { QueryEditor: Editor, QueryEditorHelp: Help } = sources.plugin.components;
  const [isHelping, setHelping] = useState(false);

  useEffect(() => {
    if (given?.length) {
      run(queries, range);
    }
    // Only what the URL asks for is run at once.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);

  const go = (next: TimeRange, asked = queries) => {
    const fresh = timeRange(texts(next));
    setRange(fresh);
    run(asked, fresh);
    // Without a step of the router, which would make this page anew.
    window.history.replaceState(
      window.history.state,
      '',
      `/explore${searchOf({ datasource: datasource.uid, queries: asked, range: texts(next) })}`
    );
  };

  return (
    <>
      <div className={styles.bar}>
        <h1 className={styles.title}>Explore</h1>
        <Select
          aria-label="Data source"
          width={40}
          value={datasource.uid}
          options={start.datasources.map(({ uid, name }) => ({ value: uid, label: name }))}
          onChange={({ value }) =>
            locationService.push(`/explore${searchOf({ datasource: value, queries, range: texts(range) })}`)
          }
        />
        <div className={styles.grow} />
        <TimeRangePicker
          value={range}
          onChange={(next) => go(next)}
          onChangeTimeZone={() => undefined}
          onMoveBackward={() => go(moved(range, -1))}
          onMoveForward={() => go(moved(range, 1))}
          onZoom={() => go(zoomed(range))}
        />
        {Help && (
          <Button
            variant="secondary"
            icon="question-circle"
            aria-expanded={isHelping}
            onClick={() => setHelping(!isHelping)}
          >
            Help
          </Button>
        )}
        <Button icon="sync" onClick={() => go(range)}>
          Run query
        </Button>
      </div>
      {Help && isHelping && (
        <section aria-label="Help" className={styles.query}>
          <Help
            datasource={datasource}
            query={queries[0]}
            onClickExample={(example: DataQuery) => {
              const asked = [{ ...example, refId: queries[0].refId, datasource: datasource.getRef() }];
              setQueries(asked);
              setHelping(false);
              go(range, asked);
            }}
          />
        </section>
      )}
      {queries.map((query, index) => (
        <section key={query.refId} aria-label={`Query ${query.refId}`} className={styles.query}>
          {Editor ? (
            <Editor
              app={CoreApp.Explore}
              datasource={datasource}
              query={query}
              queries={queries}
              range={range}
              data={data as PanelData | undefined}
              history={[]}
              onChange={(next: DataQuery) =>
                setQueries((all) => all.map((one, at) => (at === index ? { ...next, refId: one.refId } : one)))
              }
              onRunQuery={() =>
                setQueries((all) => {
                  queueMicrotask(() => go(range, all));
                  return all;
                })
              }
            />
          ) : (
            <Field label="The plugin has no query editor">
              <span />
            </Field>
          )}
        </section>
      ))}
      {data?.errors?.map(({ refId, message, data: details }) => (
        <Alert key={refId} title={details?.message ?? message ?? 'The query failed'} />
      ))}
      {data?.state === LoadingState.Loading && <LoadingPlaceholder text="Asking" />}
      {data && data.state !== LoadingState.Loading && <Results data={data} volume={volume} />}
    </>
  );
}

function withDefaults(given: DataQuery[] | undefined, datasource: DataSourceApi): DataQuery[] {
  const empty: DataQuery[] = [{ refId: 'A' }];
  const defaults = datasource.getDefaultQuery?.(CoreApp.Explore);
  return (given?.length ? given : empty).map((query, index) => ({
    ...defaults,
    ...query,
    refId: query.refId || String.fromCharCode(65 + index),
    datasource: datasource.getRef(),
  }));
}

function timeRange(raw: { from: string; to: string }): TimeRange {
  const at = (text: string, roundUp: boolean) =>
    /^\d+$/.test(text) ? dateTime(Number(text)) : (dateMath.toDateTime(text, { roundUp }) ?? dateTime());
  return { from: at(raw.from, false), to: at(raw.to, true), raw };
}

/** As it stands in a URL: relative times as they are, others in milliseconds. */
function texts({ raw }: TimeRange): { from: string; to: string } {
  const text = (value: TimeRange['raw']['from']) => (typeof value === 'string' ? value : String(value.valueOf()));
  return { from: text(raw.from), to: text(raw.to) };
}

function between(from: number, to: number): TimeRange {
  const raw = { from: dateTime(from), to: dateTime(to) };
  return { ...raw, raw };
}

const moved = (range: TimeRange, direction: number) => {
  const half = (direction * (range.to.valueOf() - range.from.valueOf())) / 2;
  return between(range.from.valueOf() + half, range.to.valueOf() + half);
};

const zoomed = (range: TimeRange) => {
  const half = (range.to.valueOf() - range.from.valueOf()) / 2;
  return between(range.from.valueOf() - half, range.to.valueOf() + half);
};

export const isRelative = (range: TimeRange) => rangeUtil.isRelativeTimeRange(range.raw);

const getStyles = (theme: GrafanaTheme2) => ({
  bar: css({
    display: 'flex',
    alignItems: 'center',
    flexWrap: 'wrap',
    gap: theme.spacing(1),
    marginBottom: theme.spacing(2),
  }),
  title: css({ fontSize: theme.typography.h3.fontSize, margin: theme.spacing(0, 2, 0, 0) }),
  grow: css({ flex: 1 }),
  query: css({
    background: theme.colors.background.primary,
    border: `1px solid ${theme.colors.border.weak}`,
    borderRadius: theme.shape.radius.default,
    padding: theme.spacing(1.5),
    marginBottom: theme.spacing(1),
  }),
});

import { LoadingState } from '@grafana/data';
import {
  SceneDataTransformer,
  SceneQueryRunner,
  SceneTimeRange,
  VizPanel,
  VizPanelMenu,
  sceneGraph,
  type SceneDataQuery,
} from '@grafana/scenes';
import { locationService } from '@grafana/runtime';
import { exploreUrl } from '../boot/services';
import { drawnBy } from '../panels/panels';
import { type Panel } from './model';
import { PanelLinks } from './PanelLinks';

/** A panel with its queries and transformations. */
export function panelOf(model: Panel): VizPanel {
  const targets = (model.targets ?? []) as SceneDataQuery[];
  const runner = new SceneQueryRunner({
    queries: targets.map((query) => ({ datasource: model.datasource, ...query })),
    datasource: model.datasource,
    maxDataPoints: model.maxDataPoints,
    maxDataPointsFromWidth: model.maxDataPoints === undefined,
    minInterval: model.interval,
    dataLayerFilter: { panelId: model.id },
  });
  const panel = new VizPanel({
    key: `panel-${model.id}`,
    pluginId: drawnBy(model.type),
    title: model.title ?? '',
    description: model.description,
    displayMode: model.transparent ? 'transparent' : 'default',
    hoverHeader: !model.title && !model.timeFrom,
    options: model.options ?? {},
    fieldConfig: {
      defaults: model.fieldConfig?.defaults ?? {},
      overrides: model.fieldConfig?.overrides ?? [],
    },
    titleItems: model.links?.length ? new PanelLinks({ links: model.links }) : undefined,
    $timeRange: model.timeFrom ? new SceneTimeRange({ from: `now-${model.timeFrom}`, to: 'now' }) : undefined,
    $data:
      targets.length > 0
        ? new SceneDataTransformer({ $data: runner, transformations: model.transformations ?? [] })
        : undefined,
  });
  if (targets.length > 0) {
    panel.setState({ menu: menuOf(panel, targets) });
  }
  return panel;
}

function menuOf(panel: VizPanel, targets: SceneDataQuery[]): VizPanelMenu {
  return new VizPanelMenu({
    items: [
      {
        text: 'Explore',
        iconClassName: 'compass',
        onClick: () => {
          const queries = targets.map(({ datasource: _, ...query }) => interpolated(panel, query));
          const uid = sceneGraph.interpolate(panel, targets[0].datasource?.uid ?? panelSource(panel));
          locationService.push(exploreUrl(panel, uid, queries as object[]));
        },
      },
    ],
  });
}

function panelSource(panel: VizPanel): string {
  const { $data } = panel.state.$data?.state ?? {};
  return $data instanceof SceneQueryRunner ? ($data.state.datasource?.uid ?? '') : '';
}

/** The value with the variables of all its texts replaced. */
function interpolated(panel: VizPanel, value: unknown): unknown {
  if (typeof value === 'string') {
    return sceneGraph.interpolate(panel, value);
  }
  if (Array.isArray(value)) {
    return value.map((one) => interpolated(panel, one));
  }
  if (value && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, interpolated(panel, one)]));
  }
  return value;
}

/** Whether the panel's answer is there, or its failure. */
export const isSettled = (panel: VizPanel): boolean => {
  const state = sceneGraph.getData(panel).state.data?.state;
  return state === LoadingState.Done || state === LoadingState.Error;
};

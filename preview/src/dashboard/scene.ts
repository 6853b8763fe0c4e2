import {
  behaviors,
  dataLayers,
  EmbeddedScene,
  SceneControlsSpacer,
  SceneDataLayerControls,
  SceneDataLayerSet,
  SceneGridItem,
  type SceneGridItemLike,
  SceneGridLayout,
  SceneGridRow,
  SceneRefreshPicker,
  SceneTimePicker,
  SceneTimeRange,
  SceneVariableSet,
  VariableValueSelectors,
} from '@grafana/scenes';
import { DashboardCursorSync } from '@grafana/schema';
import { type Dashboard, type Panel } from './model';
import { panelOf } from './panel';
import { unsupported } from './unsupported';
import { variableOf } from './variables';

export interface Drawn {
  scene: EmbeddedScene;
  /** What of the dashboard the preview leaves out, in words. */
  missing: string[];
}

/** Makes the scene of a dashboard's JSON. */
export function sceneOf(dashboard: Dashboard): Drawn {
  const variables = (dashboard.templating?.list ?? []).map(variableOf).filter((one) => one !== undefined);
  const annotations = (dashboard.annotations?.list ?? []).filter(({ builtIn }) => !builtIn);
  const layers = annotations.map(
    (query) =>
      new dataLayers.AnnotationsDataLayer({
        key: `annotations-${query.name}`,
        name: query.name,
        query,
        isEnabled: query.enable,
        isHidden: Boolean(query.hide),
      })
  );
  const scene = new EmbeddedScene({
    key: dashboard.uid,
    $variables: new SceneVariableSet({ variables }),
    $timeRange: new SceneTimeRange({
      from: dashboard.time?.from ?? 'now-6h',
      to: dashboard.time?.to ?? 'now',
      timeZone: dashboard.timezone || undefined,
    }),
    $data: layers.length > 0 ? new SceneDataLayerSet({ layers }) : undefined,
    $behaviors: [new behaviors.CursorSync({ sync: DashboardCursorSync.Off })],
    controls: [
      new VariableValueSelectors({}),
      ...(layers.length > 0 ? [new SceneDataLayerControls()] : []),
      new SceneControlsSpacer(),
      new SceneTimePicker({}),
      new SceneRefreshPicker({ refresh: dashboard.refresh ?? '', intervals: dashboard.timepicker?.refresh_intervals }),
    ],
    body: new SceneGridLayout({
      isDraggable: false,
      isResizable: false,
      isLazy: true,
      children: gridOf(dashboard.panels),
    }),
  });
  return { scene, missing: unsupported(dashboard) };
}

/** Panels that follow an open row belong to it; a collapsed row holds its own. */
function gridOf(panels: Panel[]): SceneGridItemLike[] {
  const grid: SceneGridItemLike[] = [];
  let row: SceneGridRow | undefined;
  for (const panel of panels) {
    if (panel.type === 'row') {
      row = new SceneGridRow({
        key: `row-${panel.id}`,
        title: panel.title,
        y: panel.gridPos.y,
        isCollapsed: panel.collapsed,
        children: (panel.panels ?? []).map(itemOf),
      });
      grid.push(row);
    } else if (row && !row.state.isCollapsed) {
      row.setState({ children: [...row.state.children, itemOf(panel)] });
    } else {
      grid.push(itemOf(panel));
    }
  }
  return grid;
}

function itemOf(panel: Panel): SceneGridItem {
  const { x, y, w: width, h: height } = panel.gridPos;
  return new SceneGridItem({ key: `item-${panel.id}`, x, y, width, height, body: panelOf(panel) });
}

import {
  behaviors,
  dataLayers,
  SceneDataLayerSet,
  SceneRefreshPicker,
  SceneTimePicker,
  SceneTimeRange,
  SceneVariableSet,
  VariableValueSelectors,
} from '@grafana/scenes';
import { DashboardCursorSync } from '@grafana/schema';
import { DashboardScene } from './DashboardScene';
import { gridOf } from './grid';
import { type Dashboard } from './model';
import { unsupported } from './unsupported';
import { variableOf } from './variables';

/** Makes the scene of a dashboard's JSON. */
export function sceneOf(dashboard: Dashboard): DashboardScene {
  const variables = (dashboard.templating?.list ?? []).map(variableOf).filter((one) => one !== undefined);
  const layers = (dashboard.annotations?.list ?? [])
    .filter(({ builtIn }) => !builtIn)
    .map(
      (query) =>
        new dataLayers.AnnotationsDataLayer({
          key: `annotations-${query.name}`,
          name: query.name,
          query,
          isEnabled: query.enable,
          isHidden: Boolean(query.hide),
        })
    );
  return new DashboardScene({
    key: dashboard.uid,
    dashboard,
    missing: unsupported(dashboard),
    $variables: new SceneVariableSet({ variables }),
    $timeRange: new SceneTimeRange({
      from: dashboard.time?.from ?? 'now-6h',
      to: dashboard.time?.to ?? 'now',
      timeZone: dashboard.timezone || undefined,
    }),
    $data: layers.length > 0 ? new SceneDataLayerSet({ layers }) : undefined,
    $behaviors: [new behaviors.CursorSync({ sync: DashboardCursorSync.Off })],
    choices: new VariableValueSelectors({}),
    time: new SceneTimePicker({}),
    refresh: new SceneRefreshPicker({
      refresh: dashboard.refresh ?? '',
      intervals: dashboard.timepicker?.refresh_intervals,
      // Without it the button has no name for who does not see.
      withText: true,
    }),
    body: gridOf(dashboard.panels),
  });
}

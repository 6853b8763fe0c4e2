import { type PanelPlugin } from '@grafana/data';
import { sceneUtils } from '@grafana/scenes';
import { barchart } from './barchart';
import { logs } from './logs';
import { piechart } from './piechart';
import { table } from './table';
import { text } from './text';
import { timeseries } from './timeseries';
import { bargauge, stat } from './values';

/** The kinds of panels that the preview draws, under Grafana's ids. */
const drawn: Record<string, PanelPlugin> = Object.fromEntries(
  Object.entries({ barchart, bargauge, gauge: bargauge, logs, piechart, stat, table, text, timeseries }).map(
    ([id, plugin]) => [id, plugin as PanelPlugin]
  )
);

/** The id of a panel plugin that draws this kind: a table where there is no other. */
export function drawnBy(type: string): string {
  return `preview-${type in drawn ? type : 'table'}`;
}

export const isDrawn = (type: string): boolean => type in drawn;

export function registerPanels(): void {
  for (const [type, plugin] of Object.entries(drawn)) {
    sceneUtils.registerRuntimePanelPlugin({ pluginId: `preview-${type}`, plugin });
  }
}

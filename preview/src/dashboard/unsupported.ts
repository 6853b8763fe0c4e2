import { standardTransformersRegistry } from '@grafana/data';
import { isDrawn } from '../panels/panels';
import { type Dashboard, type Panel } from './model';
import { variableOf } from './variables';

/** What of a dashboard the preview does not show as Grafana would, in words. */
export function unsupported({ panels, templating }: Dashboard): string[] {
  const found = new Set<string>();
  for (const variable of templating?.list ?? []) {
    if (!variableOf(variable)) {
      found.add(`variables of the kind ${variable.type}`);
    }
  }
  for (const panel of panels.flatMap((one): Panel[] => [one, ...(one.panels ?? [])])) {
    if (panel.type !== 'row' && !isDrawn(panel.type)) {
      found.add(`panels of the kind ${panel.type}, which are shown as tables`);
    }
    if (panel.type === 'gauge') {
      found.add('gauges, which are shown as bars');
    }
    if (panel.repeat) {
      found.add(`repeats of "${panel.title}" for each value of ${panel.repeat}`);
    }
    if (panel.libraryPanel) {
      found.add('library panels');
    }
    if (panel.timeShift) {
      found.add('shifted times of panels');
    }
    for (const { id } of panel.transformations ?? []) {
      if (!standardTransformersRegistry.getIfExists(id)) {
        found.add(`the transformation ${id}`);
      }
    }
  }
  return [...found];
}

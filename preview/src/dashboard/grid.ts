import { SceneGridItem, type SceneGridItemLike, SceneGridLayout, SceneGridRow } from '@grafana/scenes';
import { type Panel } from './model';
import { panelOf } from './panel';

/** Lays panels out as their JSON says. Those that follow an open row belong to it; a collapsed row holds its own. */
export function gridOf(panels: Panel[]): SceneGridLayout {
  const children: SceneGridItemLike[] = [];
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
      children.push(row);
    } else if (row && !row.state.isCollapsed) {
      row.setState({ children: [...row.state.children, itemOf(panel)] });
    } else {
      children.push(itemOf(panel));
    }
  }
  return new SceneGridLayout({ isDraggable: false, isResizable: false, isLazy: true, children });
}

function itemOf(panel: Panel): SceneGridItem {
  const { x, y, w: width, h: height } = panel.gridPos;
  return new SceneGridItem({ key: `item-${panel.id}`, x, y, width, height, body: panelOf(panel) });
}

import { useMemo, useState } from 'react';
import { css } from '@emotion/css';
import {
  cacheFieldDisplayNames,
  type DataFrame,
  getFrameDisplayName,
  PanelPlugin,
  type PanelProps,
} from '@grafana/data';
import { type TableCellHeight, TableCellDisplayMode } from '@grafana/schema';
import { Select, type TableSortByFieldState, usePanelContext } from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';
import { NoData } from './noData';
import { withFieldSettings } from './settings';

interface Options {
  showHeader?: boolean;
  cellHeight?: TableCellHeight;
  sortBy?: TableSortByFieldState[];
  enablePagination?: boolean;
  frozenColumns?: { left?: number };
}

const pickerHeight = 40;

/** One table of the answer, with a choice where there are several. */
function TablePanel({ id, title, data, width, height, options, fieldConfig, timeRange }: PanelProps<Options>) {
  const context = usePanelContext();
  const [chosen, choose] = useState(0);
  const frames = useMemo(() => {
    // The table reads names from where this puts them.
    cacheFieldDisplayNames(data.series);
    return data.series.filter(({ fields }) => fields.length > 0);
  }, [data.series]);
  const frame: DataFrame | undefined = frames[Math.min(chosen, frames.length - 1)];
  if (!frame || frame.length === 0) {
    return <NoData fieldConfig={fieldConfig} />;
  }
  const several = frames.length > 1;
  return (
    <>
      <TableNG
        key={id}
        ariaLabel={title || 'Table'}
        data={frame}
        width={width}
        height={several ? height - pickerHeight : height}
        noHeader={options.showHeader === false}
        showTypeIcons={false}
        resizable
        cellHeight={options.cellHeight}
        sortBy={options.sortBy}
        enablePagination={options.enablePagination}
        frozenColumns={options.frozenColumns?.left}
        fieldConfig={fieldConfig}
        structureRev={data.structureRev}
        timeRange={timeRange}
        onCellFilterAdded={context.onAddAdHocFilter}
      />
      {several && (
        <div className={picker}>
          <Select
            aria-label="Which of the tables"
            value={chosen}
            options={frames.map((one, value) => ({ value, label: getFrameDisplayName(one, value) }))}
            onChange={({ value }) => choose(value ?? 0)}
          />
        </div>
      )}
    </>
  );
}

const picker = css({ paddingTop: 8 });

export const table = withFieldSettings(new PanelPlugin<Options>(TablePanel), {
  align: 'auto',
  cellOptions: { type: TableCellDisplayMode.Auto },
  inspect: false,
  filterable: undefined,
  width: undefined,
  minWidth: undefined,
  wrapText: false,
  wrapHeaderText: false,
  tooltip: undefined,
  footer: undefined,
  hideFrom: undefined,
  styleField: undefined,
});

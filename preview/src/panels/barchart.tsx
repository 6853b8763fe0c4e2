import { css, cx } from '@emotion/css';
import {
  type DataFrame,
  type Field,
  FieldType,
  formattedValueToString,
  getFieldDisplayName,
  type GrafanaTheme2,
  PanelPlugin,
  type PanelProps,
} from '@grafana/data';
import {
  LegendDisplayMode,
  type OptionsWithLegend,
  StackingMode,
  VisibilityMode,
  VizOrientation,
} from '@grafana/schema';
import { Tooltip, useStyles2, useTheme2, VizLayout, VizLegend } from '@grafana/ui';
import { NoData } from './noData';
import { withFieldSettings } from './settings';

interface Options extends Partial<OptionsWithLegend> {
  orientation?: VizOrientation;
  xField?: string;
  showValue?: VisibilityMode;
  stacking?: StackingMode;
}

/** The bars of one category. */
interface Category {
  name: string;
  row: number;
}

function partsOf(frame: DataFrame, xField?: string) {
  const name = (field: Field) => getFieldDisplayName(field, frame);
  const x =
    frame.fields.find((field) => xField && (field.name === xField || name(field) === xField)) ??
    frame.fields.find(({ type }) => type === FieldType.string) ??
    frame.fields.find(({ type }) => type === FieldType.time);
  const series = frame.fields.filter(
    (field) => field !== x && field.type === FieldType.number && !field.config.custom?.hideFrom?.viz
  );
  return { x, series, name };
}

const textOf = (field: Field, row: number): string => {
  const value: unknown = field.values[row];
  return field.display ? formattedValueToString(field.display(value)) : String(value);
};

/** Bars by category, of HTML: @grafana/ui has no bar chart, that panel is part of Grafana's server. */
function BarChartPanel({ data, width, height, options, fieldConfig, title }: PanelProps<Options>) {
  const theme = useTheme2();
  const frame = data.series.find(({ length }) => length > 0);
  const { x, series, name } = frame ? partsOf(frame, options.xField) : { x: undefined, series: [], name: undefined };
  if (!frame || !x || series.length === 0) {
    return <NoData fieldConfig={fieldConfig} />;
  }
  const stacked = options.stacking === StackingMode.Normal || options.stacking === StackingMode.Percent;
  const categories: Category[] = Array.from({ length: frame.length }, (_, row) => ({
    row,
    name: textOf(x, row) || '–',
  }));
  const at = (field: Field, row: number) => Math.max(0, Number(field.values[row] ?? 0));
  const total = (row: number) => series.reduce((sum, field) => sum + at(field, row), 0);
  const highest = Math.max(
    ...categories.map(({ row }) => (stacked ? total(row) : Math.max(...series.map((f) => at(f, row))))),
    1
  );
  const colorOf = (field: Field, row: number) =>
    series.length === 1 && field.config.color?.mode === 'palette-classic'
      ? theme.visualization.getColorByName(theme.visualization.palette[row % theme.visualization.palette.length])
      : (field.display?.(field.values[row]).color ?? theme.visualization.palette[0]);
  const legend =
    options.legend?.showLegend && series.length > 1 ? (
      <VizLayout.Legend placement={options.legend.placement}>
        <VizLegend
          placement={options.legend.placement}
          displayMode={options.legend.displayMode ?? LegendDisplayMode.List}
          items={series.map((field) => ({ label: name!(field), color: colorOf(field, 0), yAxis: 1 }))}
        />
      </VizLayout.Legend>
    ) : null;
  const upright =
    options.orientation === VizOrientation.Vertical ||
    (options.orientation !== VizOrientation.Horizontal && width > height * 1.5);
  const draw = (category: Category) => ({
    category,
    bars: series.map((field) => ({
      label: name!(field),
      text: textOf(field, category.row),
      color: colorOf(field, category.row),
      share: at(field, category.row) / (options.stacking === StackingMode.Percent ? total(category.row) || 1 : highest),
    })),
  });
  return (
    <VizLayout width={width} height={height} legend={legend}>
      {(w, h) => (
        <Bars
          title={title}
          width={w}
          height={h}
          upright={upright}
          stacked={stacked}
          values={options.showValue !== VisibilityMode.Never}
          rows={categories.map(draw)}
        />
      )}
    </VizLayout>
  );
}

interface BarsProps {
  title: string;
  width: number;
  height: number;
  upright: boolean;
  stacked: boolean;
  values: boolean;
  rows: Array<{ category: Category; bars: Array<{ label: string; text: string; color: string; share: number }> }>;
}

function Bars({ title, width, height, upright, stacked, values, rows }: BarsProps) {
  const styles = useStyles2(getStyles);
  return (
    <div
      role="list"
      aria-label={title || 'Bars'}
      tabIndex={0}
      className={cx(styles.chart, upright ? styles.upright : styles.flat)}
      style={{ width, height }}
    >
      {rows.map(({ category, bars }) => (
        <div role="listitem" key={category.row} className={upright ? styles.column : styles.row}>
          <div className={upright ? styles.foot : styles.name} title={category.name}>
            {category.name}
          </div>
          <div className={cx(upright ? styles.columnBars : styles.rowBars, stacked && styles.stacked)}>
            {bars.map(({ label, text, color, share }) => (
              <Tooltip key={label} content={`${category.name}: ${label} ${text}`}>
                <div
                  className={upright ? styles.slotUp : styles.slot}
                  style={stacked ? { [upright ? 'height' : 'width']: `${share * 85}%` } : undefined}
                >
                  <div
                    className={styles.bar}
                    style={{
                      background: color,
                      [upright ? 'height' : 'width']: stacked
                        ? '100%'
                        : `${Math.max(share * 85, share > 0 ? 0.5 : 0)}%`,
                    }}
                  />
                  {values && !stacked && <span className={styles.value}>{text}</span>}
                </div>
              </Tooltip>
            ))}
          </div>
        </div>
      ))}
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  chart: css({
    display: 'flex',
    overflow: 'auto',
    gap: theme.spacing(0.5),
    fontSize: theme.typography.bodySmall.fontSize,
  }),
  flat: css({ flexDirection: 'column', justifyContent: 'space-around' }),
  upright: css({ flexDirection: 'row', alignItems: 'stretch' }),
  row: css({
    display: 'flex',
    alignItems: 'stretch',
    gap: theme.spacing(1),
    flex: '1 1 20px',
    minHeight: 20,
    maxHeight: 64,
  }),
  name: css({
    flex: '0 0 30%',
    alignSelf: 'center',
    textAlign: 'right',
    overflow: 'hidden',
    textOverflow: 'ellipsis',
    whiteSpace: 'nowrap',
  }),
  rowBars: css({ flex: 1, display: 'flex', flexDirection: 'column', justifyContent: 'center', minWidth: 0, gap: 1 }),
  slot: css({ flex: '1 1 auto', display: 'flex', alignItems: 'center', minHeight: 8, gap: theme.spacing(1) }),
  column: css({ display: 'flex', flexDirection: 'column-reverse', flex: '1 0 24px', minWidth: 24 }),
  foot: css({
    textAlign: 'center',
    overflow: 'hidden',
    textOverflow: 'ellipsis',
    whiteSpace: 'nowrap',
    flex: '0 0 18px',
  }),
  columnBars: css({ flex: 1, display: 'flex', alignItems: 'stretch', justifyContent: 'center', minHeight: 0, gap: 1 }),
  slotUp: css({
    flex: '1 1 auto',
    display: 'flex',
    flexDirection: 'column-reverse',
    alignItems: 'stretch',
    textAlign: 'center',
  }),
  stacked: css({ flexDirection: 'row', gap: 0, justifyContent: 'flex-start', '& > div': { flex: '0 0 auto' } }),
  bar: css({ alignSelf: 'stretch', borderRadius: theme.shape.radius.sm, flex: 'none' }),
  value: css({ whiteSpace: 'nowrap', color: theme.colors.text.primary }),
});

export const barchart = withFieldSettings(new PanelPlugin<Options>(BarChartPanel), {
  lineWidth: 1,
  fillOpacity: 80,
  gradientMode: 'none',
  axisPlacement: 'auto',
  axisLabel: '',
  hideFrom: { tooltip: false, viz: false, legend: false },
  thresholdsStyle: { mode: 'off' },
});

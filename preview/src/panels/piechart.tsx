import { css } from '@emotion/css';
import {
  formattedValueToString,
  getFieldDisplayValues,
  PanelPlugin,
  type PanelProps,
  type ReduceDataOptions,
} from '@grafana/data';
import { LegendDisplayMode, type OptionsWithLegend } from '@grafana/schema';
import { useTheme2, VizLayout, VizLegend } from '@grafana/ui';
import { NoData } from './noData';
import { withFieldSettings } from './settings';

interface Options extends Partial<OptionsWithLegend> {
  reduceOptions?: ReduceDataOptions;
  pieType?: 'pie' | 'donut';
}

const radius = 48;

function PieChartPanel({
  data,
  width,
  height,
  options,
  fieldConfig,
  replaceVariables,
  timeZone,
  title,
}: PanelProps<Options>) {
  const theme = useTheme2();
  const values = getFieldDisplayValues({
    fieldConfig,
    reduceOptions: options.reduceOptions ?? { calcs: ['lastNotNull'] },
    replaceVariables,
    theme,
    data: data.series,
    timeZone,
  }).filter(({ display }) => display.numeric > 0);
  const total = values.reduce((sum, { display }) => sum + display.numeric, 0);
  if (total === 0) {
    return <NoData fieldConfig={fieldConfig} />;
  }
  const parts = values.map(({ display }, index) => {
    const share = display.numeric / total;
    return {
      from: values.slice(0, index).reduce((sum, one) => sum + one.display.numeric, 0) / total,
      share,
      color: display.color ?? theme.visualization.palette[index],
      label: `${display.title}: ${formattedValueToString(display)} (${(share * 100).toFixed(1)}%)`,
    };
  });
  const thickness = options.pieType === 'donut' ? radius / 2 : radius;
  const middle = radius - thickness / 2;
  const around = 2 * Math.PI * middle;
  const placement = options.legend?.placement ?? 'right';
  const legend =
    options.legend?.showLegend === false ? null : (
      <VizLayout.Legend placement={placement}>
        <VizLegend
          placement={placement}
          displayMode={options.legend?.displayMode ?? LegendDisplayMode.List}
          items={parts.map(({ label, color }) => ({ label, color, yAxis: 1 }))}
        />
      </VizLayout.Legend>
    );
  return (
    <VizLayout width={width} height={height} legend={legend}>
      {(w, h) => (
        <svg
          role="img"
          aria-label={`${title}: ${parts.map(({ label }) => label).join(', ')}`}
          className={pie}
          width={w}
          height={h}
          viewBox="-50 -50 100 100"
        >
          {parts.map(({ from, share, color, label }) => (
            <circle
              key={label}
              r={middle}
              fill="none"
              stroke={color}
              strokeWidth={thickness}
              strokeDasharray={`${share * around} ${around}`}
              strokeDashoffset={-from * around}
            >
              <title>{label}</title>
            </circle>
          ))}
        </svg>
      )}
    </VizLayout>
  );
}

const pie = css({ '& circle': { transform: 'rotate(-90deg)' } });

export const piechart = withFieldSettings(new PanelPlugin<Options>(PieChartPanel), {
  hideFrom: { tooltip: false, viz: false, legend: false },
});

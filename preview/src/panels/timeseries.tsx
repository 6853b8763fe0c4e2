import { FieldType, PanelPlugin, type PanelProps, type DataFrame } from '@grafana/data';
import {
  BarAlignment,
  GraphDrawStyle,
  GraphGradientMode,
  LegendDisplayMode,
  LineInterpolation,
  ScaleDistribution,
  SortOrder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  AxisPlacement,
  type OptionsWithLegend,
  type OptionsWithTooltip,
} from '@grafana/schema';
import { TimeSeries, TooltipPlugin, ZoomPlugin } from '@grafana/ui';
import { AnnotationMarks } from './annotationMarks';
import { NoData } from './noData';
import { withFieldSettings } from './settings';

type Options = OptionsWithLegend & OptionsWithTooltip;

function drawable(frame: DataFrame): boolean {
  return (
    frame.length > 0 &&
    frame.fields.some(({ type }) => type === FieldType.time) &&
    frame.fields.some(({ type }) => type === FieldType.number || type === FieldType.boolean)
  );
}

function TimeSeriesPanel({
  data,
  timeRange,
  timeZone,
  width,
  height,
  options,
  fieldConfig,
  onChangeTimeRange,
}: PanelProps<Options>) {
  const frames = data.series.filter(drawable);
  if (frames.length === 0) {
    return <NoData fieldConfig={fieldConfig} />;
  }
  const { legend, tooltip } = options;
  return (
    <TimeSeries
      frames={frames}
      structureRev={data.structureRev}
      timeRange={timeRange}
      timeZone={timeZone}
      width={width}
      height={height}
      legend={legend ?? { showLegend: false, displayMode: LegendDisplayMode.List, placement: 'bottom', calcs: [] }}
      options={options}
    >
      {(config, alignedFrame) => (
        <>
          <ZoomPlugin config={config} onZoom={({ from, to }) => onChangeTimeRange({ from, to })} withZoomY={false} />
          <TooltipPlugin
            config={config}
            data={alignedFrame}
            frames={frames}
            mode={tooltip?.mode ?? TooltipDisplayMode.Single}
            sortOrder={tooltip?.sort ?? SortOrder.None}
            timeZone={timeZone}
          />
          <AnnotationMarks config={config} annotations={data.annotations ?? []} timeZone={timeZone} />
        </>
      )}
    </TimeSeries>
  );
}

export const timeseries = withFieldSettings(
  new PanelPlugin<Options>(TimeSeriesPanel).setDataSupport({ annotations: true }),
  {
    drawStyle: GraphDrawStyle.Line,
    lineInterpolation: LineInterpolation.Linear,
    lineWidth: 1,
    lineStyle: undefined,
    fillOpacity: 0,
    gradientMode: GraphGradientMode.None,
    barAlignment: BarAlignment.Center,
    barWidthFactor: 0.6,
    barMaxWidth: undefined,
    fillBelowTo: undefined,
    spanNulls: false,
    insertNulls: false,
    showPoints: VisibilityMode.Auto,
    pointSize: 5,
    stacking: { mode: StackingMode.None, group: 'A' },
    axisPlacement: AxisPlacement.Auto,
    axisLabel: '',
    axisWidth: undefined,
    axisSoftMin: undefined,
    axisSoftMax: undefined,
    axisGridShow: undefined,
    axisBorderShow: false,
    axisColorMode: 'text',
    axisCenteredZero: false,
    scaleDistribution: { type: ScaleDistribution.Linear },
    thresholdsStyle: { mode: 'off' },
    hideFrom: { tooltip: false, viz: false, legend: false },
    transform: undefined,
  }
);

import {
  type DisplayValueAlignmentFactors,
  type FieldDisplay,
  getDisplayValueAlignmentFactors,
  getFieldDisplayValues,
  PanelPlugin,
  type PanelProps,
  type ReduceDataOptions,
  VizOrientation,
} from '@grafana/data';
import { BarGaugeDisplayMode, BarGaugeValueMode } from '@grafana/schema';
import {
  BarGauge,
  BigValue,
  BigValueColorMode,
  BigValueGraphMode,
  BigValueJustifyMode,
  BigValueTextMode,
  DataLinksContextMenu,
  useTheme2,
  VizRepeater,
  type VizRepeaterRenderValueProps,
} from '@grafana/ui';
import { NoData } from './noData';
import { withFieldSettings } from './settings';

interface Options {
  reduceOptions?: ReduceDataOptions;
  orientation?: VizOrientation;
}

interface StatOptions extends Options {
  colorMode?: BigValueColorMode;
  graphMode?: BigValueGraphMode;
  justifyMode?: BigValueJustifyMode;
  textMode?: BigValueTextMode;
  wideLayout?: boolean;
}

interface BarGaugeOptions extends Options {
  displayMode?: BarGaugeDisplayMode;
  valueMode?: BarGaugeValueMode;
  showUnfilled?: boolean;
}

/** One number or a row of them, as stat panels and bar gauges have it. */
function Values<TOptions extends Options>({
  panel,
  sparkline,
  itemSpacing,
  draw,
}: {
  panel: PanelProps<TOptions>;
  sparkline: boolean;
  itemSpacing: number;
  draw: (
    props: VizRepeaterRenderValueProps<FieldDisplay, DisplayValueAlignmentFactors>,
    menu?: OpenMenu
  ) => React.JSX.Element;
}) {
  const theme = useTheme2();
  const { data, options, fieldConfig, replaceVariables, timeZone, width, height, renderCounter } = panel;
  const getValues = () =>
    getFieldDisplayValues({
      fieldConfig,
      reduceOptions: options.reduceOptions ?? { calcs: ['lastNotNull'] },
      replaceVariables,
      theme,
      data: data.series,
      sparkline,
      timeZone,
    });
  if (getValues().length === 0) {
    return <NoData fieldConfig={fieldConfig} />;
  }
  return (
    <VizRepeater
      getValues={getValues}
      source={data}
      renderCounter={renderCounter}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      width={width}
      height={height}
      itemSpacing={itemSpacing}
      orientation={options.orientation ?? VizOrientation.Auto}
      autoGrid
      renderValue={(props) => {
        const { hasLinks, getLinks } = props.value;
        return hasLinks && getLinks ? (
          <DataLinksContextMenu links={getLinks}>{(menu) => draw(props, menu)}</DataLinksContextMenu>
        ) : (
          draw(props)
        );
      }}
    />
  );
}

type OpenMenu = Parameters<React.ComponentProps<typeof DataLinksContextMenu>['children']>[0];

function StatPanel(panel: PanelProps<StatOptions>) {
  const theme = useTheme2();
  const { options } = panel;
  const graph = options.graphMode ?? BigValueGraphMode.Area;
  return (
    <Values
      panel={panel}
      sparkline={graph !== BigValueGraphMode.None}
      itemSpacing={3}
      draw={({ value, width, height, count, alignmentFactors }, menu) => (
        <BigValue
          value={value.display}
          sparkline={value.sparkline}
          count={count}
          width={width}
          height={height}
          theme={theme}
          alignmentFactors={alignmentFactors}
          colorMode={options.colorMode ?? BigValueColorMode.Value}
          graphMode={graph}
          justifyMode={options.justifyMode ?? BigValueJustifyMode.Auto}
          textMode={options.textMode ?? BigValueTextMode.Auto}
          disableWideLayout={options.wideLayout === false}
          onClick={menu?.openMenu}
          className={menu?.targetClassName}
          hasLinks={Boolean(menu)}
        />
      )}
    />
  );
}

function BarGaugePanel(panel: PanelProps<BarGaugeOptions>) {
  const theme = useTheme2();
  const { options } = panel;
  return (
    <Values
      panel={panel}
      sparkline={false}
      itemSpacing={10}
      draw={({ value, width, height, orientation }, menu) => (
        <BarGauge
          value={value.display}
          field={value.field}
          display={value.view?.getFieldDisplayProcessor(value.colIndex!)}
          width={width}
          height={height}
          orientation={orientation}
          theme={theme}
          displayMode={options.displayMode ?? BarGaugeDisplayMode.Gradient}
          valueDisplayMode={options.valueMode}
          showUnfilled={options.showUnfilled ?? true}
          onClick={menu?.openMenu}
          className={menu?.targetClassName}
        />
      )}
    />
  );
}

export const stat = withFieldSettings(new PanelPlugin<StatOptions>(StatPanel), {});
export const bargauge = withFieldSettings(new PanelPlugin<BarGaugeOptions>(BarGaugePanel), {});

import { useLayoutEffect, useRef } from 'react';
import type uPlot from 'uplot';
import { css } from '@emotion/css';
import { type DataFrame, dateTimeFormat, type GrafanaTheme2, type TimeZone } from '@grafana/data';
import { EventsCanvas, Tooltip, type UPlotConfigBuilder, useStyles2, useTheme2 } from '@grafana/ui';

interface Props {
  config: UPlotConfigBuilder;
  annotations: DataFrame[];
  timeZone: TimeZone;
}

const cell = (frame: DataFrame, name: string, row: number): unknown =>
  frame.fields.find((field) => field.name === name)?.values[row];

/** Dashed lines with a mark at the bottom, whose tip tells the annotation. */
export function AnnotationMarks({ config, annotations, timeZone }: Props) {
  const styles = useStyles2(getStyles);
  const fallback = useTheme2().visualization.getColorByName('red');
  const plot = useRef<uPlot>(undefined);
  const shown = useRef(annotations);
  useLayoutEffect(() => {
    shown.current = annotations;
    plot.current?.redraw(false);
  }, [annotations]);
  const colorOf = (frame: DataFrame, row: number) => String(cell(frame, 'color', row) ?? fallback);

  useLayoutEffect(() => {
    config.addHook('init', (made) => {
      plot.current = made;
    });
    config.addHook('draw', (u) => {
      const { ctx, bbox } = u;
      ctx.save();
      ctx.setLineDash([5, 5]);
      for (const frame of shown.current) {
        for (let row = 0; row < frame.length; row++) {
          const x = u.valToPos(Number(cell(frame, 'time', row)), 'x', true);
          if (x < bbox.left || x > bbox.left + bbox.width) {
            continue;
          }
          ctx.strokeStyle = colorOf(frame, row);
          ctx.beginPath();
          ctx.moveTo(x, bbox.top);
          ctx.lineTo(x, bbox.top + bbox.height);
          ctx.stroke();
        }
      }
      ctx.restore();
    });
    // Hooks stay with the builder, which has them from the first drawing on.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [config]);

  const place = (frame: DataFrame, row: number) => {
    const u = plot.current;
    const x = u?.valToPos(Number(cell(frame, 'time', row)), 'x');
    const width = (u?.bbox.width ?? 0) / window.devicePixelRatio;
    return u && x !== undefined && x >= 0 && x <= width ? { x, y: u.bbox.height / window.devicePixelRatio } : undefined;
  };
  const draw = (frame: DataFrame, row: number) => {
    const words = ['title', 'text'].map((name) => cell(frame, name, row)).filter(Boolean);
    const text = [...words, dateTimeFormat(Number(cell(frame, 'time', row)), { timeZone })].join('\n');
    return (
      <Tooltip content={<span style={{ whiteSpace: 'pre-line' }}>{text}</span>}>
        <button
          type="button"
          data-testid="annotation mark"
          className={styles.mark}
          style={{ borderBottomColor: colorOf(frame, row) }}
          aria-label={text}
        />
      </Tooltip>
    );
  };
  return (
    <EventsCanvas
      id="annotations"
      config={config}
      events={annotations}
      renderEventMarker={draw}
      mapEventToXYCoords={place}
    />
  );
}

const getStyles = (_theme: GrafanaTheme2) => ({
  mark: css({
    display: 'block',
    width: 0,
    height: 0,
    padding: 0,
    background: 'none',
    border: '5px solid transparent',
    borderTop: 0,
    borderBottomWidth: 6,
    transform: 'translateX(-50%)',
  }),
});

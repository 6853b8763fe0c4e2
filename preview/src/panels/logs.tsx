import { useState } from 'react';
import { css } from '@emotion/css';
import {
  type DataFrame,
  dateTimeFormatISO,
  type Field,
  type GrafanaTheme2,
  type LinkModel,
  PanelPlugin,
  type PanelProps,
  textUtil,
} from '@grafana/data';
import { Icon, TextLink, useStyles2, useTheme2 } from '@grafana/ui';
import { NoData } from './noData';
import { withFieldSettings } from './settings';

interface Options {
  showTime?: boolean;
  showLabels?: boolean;
  wrapLogMessage?: boolean;
  enableLogDetails?: boolean;
  sortOrder?: 'Ascending' | 'Descending';
}

interface Line {
  id: string;
  time: number;
  body: string;
  severity: string;
  labels: Array<[name: string, value: string]>;
  links: LinkModel[];
}

const fieldOf = (frame: DataFrame, ...names: string[]) =>
  names.map((name) => frame.fields.find((field) => field.name === name)).find(Boolean);

/** The lines of frames that keep to the contract of log lines: timestamp, body, severity, id, labels. */
export function linesOf(frames: DataFrame[]): Line[] {
  return frames.flatMap((frame) => {
    const time = fieldOf(frame, 'timestamp', 'time', 'Time');
    const body = fieldOf(frame, 'body', 'line', 'Line', 'message');
    if (!time || !body) {
      return [];
    }
    const at = (field: Field | undefined, row: number) => field?.values[row];
    const labels = fieldOf(frame, 'labels');
    const known = [time, body, labels, fieldOf(frame, 'severity', 'level'), fieldOf(frame, 'id')];
    const others = frame.fields.filter((field) => !known.includes(field));
    return Array.from({ length: frame.length }, (_, row): Line => ({
      id: String(at(fieldOf(frame, 'id'), row) ?? row),
      time: Number(at(time, row)),
      body: String(at(body, row)),
      severity: String(at(fieldOf(frame, 'severity', 'level'), row) ?? 'unknown'),
      labels: Object.entries({
        ...Object.fromEntries(others.map(({ name, values }) => [name, String(values[row] ?? '')])),
        ...labelsOf(at(labels, row)),
      }),
      links: frame.fields.flatMap((field) => field.getLinks?.({ valueRowIndex: row }) ?? []),
    }));
  });
}

function labelsOf(given: unknown): Record<string, string> {
  const labels: unknown = typeof given === 'string' ? JSON.parse(given) : given;
  return Object.fromEntries(
    Object.entries(labels ?? {}).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ])
  );
}

/** Log lines that open, of HTML: Grafana's own log view is part of its server. */
function LogsPanel({ data, height, width, options, fieldConfig, title }: PanelProps<Options>) {
  const styles = useStyles2(getStyles);
  const lines = linesOf(data.series);
  if (lines.length === 0) {
    return <NoData fieldConfig={fieldConfig} />;
  }
  const order = options.sortOrder === 'Ascending' ? 1 : -1;
  const sorted = options.sortOrder ? [...lines].sort((a, b) => order * (a.time - b.time)) : lines;
  return (
    <div role="list" aria-label={title || 'Log lines'} tabIndex={0} className={styles.lines} style={{ width, height }}>
      {sorted.map((line) => (
        <LogLine key={line.id} line={line} options={options} />
      ))}
    </div>
  );
}

function LogLine({ line, options }: { line: Line; options: Options }) {
  const styles = useStyles2(getStyles);
  const theme = useTheme2();
  const [open, setOpen] = useState(false);
  const colors: Record<string, string> = {
    critical: theme.visualization.getColorByName('purple'),
    error: theme.colors.error.main,
    warning: theme.colors.warning.main,
    warn: theme.colors.warning.main,
    info: theme.colors.success.main,
    debug: theme.colors.info.main,
  };
  return (
    <div
      role="listitem"
      className={styles.line}
      style={{ borderLeftColor: colors[line.severity] ?? theme.colors.border.strong }}
    >
      <button type="button" className={styles.head} aria-expanded={open} onClick={() => setOpen(!open)}>
        <Icon name={open ? 'angle-down' : 'angle-right'} />
        {options.showTime !== false && (
          <span className={styles.time}>{dateTimeFormatISO(line.time, { timeZone: 'utc' })}</span>
        )}
        <span className={options.wrapLogMessage === false ? styles.cut : styles.body}>{line.body}</span>
      </button>
      {open && (
        <table className={styles.details}>
          <tbody>
            <tr>
              <th scope="row">severity</th>
              <td>{line.severity}</td>
            </tr>
            {line.labels.map(([name, value]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>{value}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {open &&
        line.links.map(({ href, title, target, onClick }) => (
          <div key={title} className={styles.link}>
            <TextLink href={textUtil.sanitizeUrl(href)} external={target === '_blank'} onClick={onClick} inline={false}>
              {title}
            </TextLink>
          </div>
        ))}
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  lines: css({
    overflow: 'auto',
    fontFamily: theme.typography.fontFamilyMonospace,
    fontSize: theme.typography.bodySmall.fontSize,
  }),
  line: css({ borderLeft: '3px solid', marginBottom: 1, '&:hover': { background: theme.colors.action.hover } }),
  head: css({
    display: 'flex',
    gap: theme.spacing(1),
    width: '100%',
    padding: theme.spacing(0.25, 0.5),
    border: 0,
    background: 'none',
    color: 'inherit',
    font: 'inherit',
    textAlign: 'left',
    cursor: 'pointer',
    '& svg': { flex: 'none' },
  }),
  time: css({ color: theme.colors.text.secondary, whiteSpace: 'nowrap' }),
  body: css({ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }),
  cut: css({ overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' }),
  details: css({
    margin: theme.spacing(0.5, 0, 1, 3.5),
    '& th': {
      fontWeight: 'normal',
      color: theme.colors.text.secondary,
      textAlign: 'left',
      verticalAlign: 'top',
      paddingRight: theme.spacing(2),
      whiteSpace: 'nowrap',
    },
    '& td': { overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' },
  }),
  link: css({ margin: theme.spacing(0, 0, 1, 3.5) }),
});

export const logs = withFieldSettings(new PanelPlugin<Options>(LogsPanel), {});

import { type AuditlakeOptions } from '../../settings';

/**
 * What is wrong with a value, in words for who enters it, as far as that can be told without the backend, whose
 * `Settings` in pkg/plugin have the last word. Empty values have a default and nothing wrong with them.
 */
export type Problem = string | undefined;

/** A list, which provisioning may write as a text with commas or blanks. */
export function listOf(value: unknown): string[] {
  if (Array.isArray(value)) {
    return value.map(String);
  }
  return typeof value === 'string' ? value.split(/[\s,]+/).filter(Boolean) : [];
}

interface Place {
  url: URL;
  /** Equal for all ways to write one root, with a slash at the end. */
  root: string;
}

function s3Place(text: string, endpoint: string): Place | undefined {
  try {
    const url = new URL(text);
    const at = url.searchParams.get('endpoint') || endpoint;
    const host = at ? new URL(at).host : '';
    const path = url.pathname.replace(/^\/+|\/+$/g, '');
    return {
      url,
      root: `s3://${host.endsWith('.amazonaws.com') ? '' : host}/${url.host}/${path && `${path}/`}`,
    };
  } catch {
    return undefined;
  }
}

const isFolder = (text: string) => /^(\/|file:\/\/\/|[A-Za-z]:[\\/])/.test(text);

/** The URL of a source or a lake. */
export function placeProblem(text: string): Problem {
  if (!text || isFolder(text)) {
    return undefined;
  }
  if (!text.startsWith('s3://')) {
    return 'Write s3://bucket/prefix';
  }
  const place = s3Place(text, '');
  if (!place || !/^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/.test(place.url.hostname)) {
    return 'Write s3://bucket/prefix, with the name of a bucket';
  }
  if (place.url.username || place.url.password || place.url.port) {
    return 'Keys do not belong in the URL: enter them below';
  }
  for (const name of ['profile', 'role_arn']) {
    if (place.url.searchParams.has(name)) {
      return `${name} does not belong in the URL: choose an authentication provider below`;
    }
  }
  return undefined;
}

function rootOf(text: string, endpoint: string): string | undefined {
  if (isFolder(text)) {
    return `${text.replace(/^file:\/\//, '').replace(/\/+$/, '')}/`;
  }
  return s3Place(text, endpoint)?.root;
}

/** Whether one lies in the other, or they are the same. */
function overlap(a: string, b: string, { endpoint = '' }: AuditlakeOptions): boolean {
  const [one, other] = [rootOf(a, endpoint), rootOf(b, endpoint)];
  return Boolean(one && other && (one.startsWith(other) || other.startsWith(one)));
}

/** One of the sources, by its place among those that are stored. */
export function sourceProblem(index: number, options: AuditlakeOptions): Problem {
  const sources = listOf(options.sources);
  const source = sources[index];
  const problem = placeProblem(source);
  if (problem) {
    return problem;
  }
  const other = sources.findIndex((text, i) => i < index && overlap(text, source, options));
  return other < 0 ? undefined : `Overlaps with source ${other + 1}: keep one of them`;
}

export function lakeProblem(options: AuditlakeOptions): Problem {
  const lake = options.lake ?? '';
  const problem = placeProblem(lake);
  if (problem || !lake) {
    return problem;
  }
  const source = listOf(options.sources).find((text) => overlap(text, lake, options));
  return source && `Overlaps with the source ${source}: the lake must lie beside the delivered files, not among them`;
}

const units: Record<string, number> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** Seconds of a duration such as 90s, 1h30m or 1d. */
function secondsOf(text: string): number | undefined {
  if (!/^([0-9]{1,4}[dw]|([0-9.]+(ms|s|m|h))+)$/.test(text)) {
    return undefined;
  }
  const parts = [...text.matchAll(/([0-9.]+)(ms|[smhdw])/g)];
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * units[unit], 0);
}

/** A duration between two others. */
export function durationProblem(text: string, least: string, most: string): Problem {
  const seconds = secondsOf(text);
  if (!text || (seconds !== undefined && seconds >= secondsOf(least)! && seconds <= secondsOf(most)!)) {
    return undefined;
  }
  return `Write a duration from ${least} to ${most}, such as 90s, 15m, 1h or 1d`;
}

export const scheduleProblem = (text: string): Problem =>
  text.toLowerCase() === 'off' ? undefined : durationProblem(text, '1m', '30d');

/** Numbers may be texts, which provisioning makes of variables. */
export function wholeProblem(value: unknown, least: number, most: number): Problem {
  if (value === undefined || value === null || value === '') {
    return undefined;
  }
  const number = Number(value);
  return Number.isInteger(number) && number >= least && number <= most
    ? undefined
    : `Write a whole number from ${least} to ${most}`;
}

export const mostDays = 36_500;

/** Days that a layer is kept, more than those whose deliveries still change. */
export function retentionProblem(value: unknown, { lookbackDays }: AuditlakeOptions): Problem {
  const lookback = Number(lookbackDays || 3);
  const days = Number(value);
  return (
    wholeProblem(value, 0, mostDays) ??
    (days > 0 && days <= lookback
      ? `Write more than the ${lookback} days of Look back, whose deliveries still change, or 0 for ever`
      : undefined)
  );
}

/** A URL without keys and parameters. */
export function urlProblem(text: string, schemes: string[], example: string): Problem {
  if (!text) {
    return undefined;
  }
  try {
    const { protocol, username, password, search, hash } = new URL(text);
    if (schemes.includes(protocol) && !username && !password && !search && !hash) {
      return undefined;
    }
  } catch {
    // It is no URL at all.
  }
  return `Write a URL without keys and parameters, such as ${example}`;
}

export const regionProblem = (text: string): Problem =>
  /^[a-z0-9-]*$/.test(text) ? undefined : 'Write the name of a region, such as eu-central-1';

export const roleProblem = (text: string): Problem =>
  !text || text.startsWith('arn:')
    ? undefined
    : 'Write the ARN of a role, such as arn:aws:iam::111122223333:role/auditlake';

export const workspacesProblem = (ids: string[]): Problem =>
  ids.every((id) => /^[0-9]+$/.test(id.trim())) ? undefined : 'Write the digits of the ids, or 0 for the account level';

/** The host of Databricks, with or without https://. */
export const hostProblem = (text: string): Problem =>
  text &&
  urlProblem(
    text.includes('://') ? text : `https://${text}`,
    ['https:', 'http:'],
    'https://dbc-a1b2c3d4-e5f6.cloud.databricks.com'
  );

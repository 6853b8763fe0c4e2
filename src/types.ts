import { type DataQuery } from '@grafana/schema';
import { type Engine } from './settings';

/**
 * One query as it is stored in a dashboard and sent to the backend, where `queryType` names the handler. A query
 * without a type, as in rules written by hand, is a named one.
 */
export type AuditlakeQuery = NamedModel | SqlModel | EventsModel | VolumeModel | LineModel | PipelineModel;

export type QueryType = AuditlakeQuery['queryType'];

/** One condition on a column of the events, such as `actionName` or `requestParams.cluster_name`. */
export interface Filter {
  key: string;
  /** One of `=`, `!=`, `=~`, `!~`, `<`, `<=`, `>`, `>=`, and `=|` and `!=|` for several values. */
  operator: string;
  value: string;
  /** For `=|` and `!=|`, which look at nothing else. */
  values?: string[];
}

interface Model extends DataQuery {
  queryType: string;
  /** The dashboard's filters. They are put here when the query is sent, and stay when it is opened in Explore. */
  adhocFilters?: Filter[];
}

interface Rows {
  /** Who answers, where the data source has a Trino; empty leaves it to its settings. */
  engine?: '' | Engine;
  /** `names` shows users, jobs and clusters by name instead of id. */
  display?: '' | 'names';
  /** No rows are the number 0. In alert rules the default is what suits the query, elsewhere it is false. */
  zero?: boolean;
}

/** Frames that a statement gives; `annotations` is set by annotations and never stored in a panel. */
export type Format = 'table' | 'time_series' | 'numeric' | 'annotations';

/** A query of the catalog. */
export interface NamedModel extends Model, Rows {
  queryType: 'named';
  /** Nothing is run without one. */
  named?: string;
  /** Values by parameter name; a missing one takes the default of the catalog. Values may hold template variables. */
  params?: Record<string, string>;
  /** `time_series` is for alert rules, which get one number for each label otherwise. */
  format?: 'time_series' | 'annotations';
}

export interface SqlModel extends Model, Rows {
  queryType: 'sql';
  sql?: string;
  /** Whose SQL it is: `trino` is that of Trino itself, which only Trino answers; empty is ours. */
  dialect?: '' | 'trino';
  /** Default `table`. */
  format?: Format;
  /** What `sql` was made of in the builder; the backend looks at `sql` alone. */
  builder?: Builder;
  /** Default `code`. */
  editorMode?: 'builder' | 'code';
}

export type AggregateFunction = 'count' | 'count_distinct' | 'sum' | 'avg' | 'min' | 'max' | 'percentile';

export interface Aggregate {
  function: AggregateFunction;
  /** Nothing is made of an aggregate without one, except for `count`. */
  column?: string;
  /** Of `percentile`, from 0 to 100; default 95. */
  percentile?: number;
}

/** A statement by its parts. Columns are as SQL names them: `actionName`, `requestParams['cluster-id']`. */
export interface Builder {
  /** Default `silver`. */
  table?: string;
  /** The column that is to be in the time range; without one, there is no such condition. */
  time?: string;
  filters?: Filter[];
  /** What rows are grouped by, or all that is shown of them where nothing is aggregated. */
  columns?: string[];
  /** Groups by time, too: `auto`, which is the interval of the panel, or one such as `1h`. */
  bucket?: string;
  aggregates?: Aggregate[];
  /** A column of the answer. */
  orderBy?: string;
  descending?: boolean;
  limit?: number;
}

/** What a search is made of, for log lines and their volume alike. */
export interface Search {
  /** `silver`, which is the default and has all events, or a gold table. */
  table?: string;
  /** Words, each of which has to be somewhere in the event, in any letter case; "in quotes" is one phrase. */
  search?: string;
  filters?: Filter[];
}

export type Direction = 'backward' | 'forward';

/** Events as log lines. */
export interface EventsModel extends Model, Search {
  queryType: 'events';
  /** Most lines, up to 5000; default 1000. */
  limit?: number;
  /** `backward`, the default, is the newest first. */
  direction?: Direction;
  /** Only the lines after, or before, the one with this id. */
  after?: string;
  before?: string;
}

/** Events over time, by level: the histogram above the log lines. */
export interface VolumeModel extends Model, Search {
  queryType: 'volume';
}

/** The tables of the lake, or the last runs of the ETL. */
export interface PipelineModel extends Model {
  queryType: 'pipeline';
  /** Default `tables`. */
  view?: 'tables' | 'runs';
}

/** The delivered line that became an event, verbatim. Links fill numbers in as texts. */
export interface LineModel extends Model {
  queryType: 'line';
  fileId?: string | number;
  lineNumber?: string | number;
}

export const defaultQuery: Pick<NamedModel, 'queryType'> = { queryType: 'named' };
export const defaultEvents: Pick<EventsModel, 'queryType'> = { queryType: 'events' };
export const defaultLimit = 1000;
export const maxLimit = 5000;

/** One entry of the backend's catalog, from `GET named-queries`. */
export interface NamedQuery {
  name: string;
  title: string;
  description: string;
  /** What it is about, such as Clusters or Logins. */
  group: string;
  visualization: 'timeseries' | 'table' | 'barchart' | 'stat';
  /** An alert rule can be set on it. */
  alertable: boolean;
  /** How much an alert on it matters; empty if there is none. */
  severity: '' | 'info' | 'warning' | 'critical';
  /** It is the user's, not shipped. */
  own: boolean;
  params: NamedQueryParam[];
}

export interface NamedQueryParam {
  name: string;
  description: string;
  type: 'string' | 'integer' | 'number' | 'list';
  default: string;
  required: boolean;
}

/** One table of the lake, from `GET tables`. */
export interface LakeTable {
  name: string;
  layer: string;
}

/** What SQL may name, from `GET sql-metadata`. */
export interface SqlMetadata {
  tables: SqlTable[];
  functions: SqlWord[];
  macros: SqlWord[];
}

export interface SqlTable {
  name: string;
  layer?: string;
  columns: Array<{ name: string; type: string; description?: string }>;
  /** The column below which request parameters are, and those that were seen. */
  params?: string;
  keys?: string[];
}

export interface SqlWord {
  name: string;
  /** With its arguments, such as `strpos(text, part)`; a line for each way to call it. */
  signature?: string;
  description?: string;
}

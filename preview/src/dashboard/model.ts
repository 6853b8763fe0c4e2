import {
  type AdHocVariableFilter,
  type AnnotationQuery,
  type FieldConfigSource,
  type DataTransformerConfig,
} from '@grafana/data';
import { type DataQuery, type DataSourceRef } from '@grafana/schema';

/** A dashboard's JSON, schema version 42, as far as the preview reads it. */
export interface Dashboard {
  uid: string;
  title: string;
  description?: string;
  tags?: string[];
  timezone?: string;
  refresh?: string;
  time?: { from: string; to: string };
  timepicker?: { refresh_intervals?: string[]; hidden?: boolean };
  links?: Link[];
  annotations?: { list?: AnnotationQuery[] };
  templating?: { list?: Variable[] };
  panels: Panel[];
}

/** A dashboard in the list of all. */
export interface DashboardEntry {
  uid: string;
  title: string;
  description: string;
  tags: string[] | null;
}

export interface Link {
  title: string;
  type?: 'link' | 'dashboards';
  url?: string;
  icon?: string;
  tooltip?: string;
  tags?: string[];
  targetBlank?: boolean;
  asDropdown?: boolean;
  includeVars?: boolean;
  keepTime?: boolean;
}

export interface Panel {
  id: number;
  type: string;
  title?: string;
  description?: string;
  transparent?: boolean;
  gridPos: { x: number; y: number; w: number; h: number };
  datasource?: DataSourceRef;
  targets?: DataQuery[];
  maxDataPoints?: number;
  interval?: string;
  timeFrom?: string;
  timeShift?: string;
  repeat?: string;
  libraryPanel?: object;
  fieldConfig?: FieldConfigSource;
  options?: Record<string, unknown>;
  transformations?: DataTransformerConfig[];
  links?: Link[];
  // Of a row.
  collapsed?: boolean;
  panels?: Panel[];
}

export interface Variable {
  name: string;
  type: string;
  label?: string;
  description?: string;
  hide?: number;
  skipUrlSync?: boolean;
  query?: string | DataQuery;
  definition?: string;
  regex?: string;
  sort?: number;
  refresh?: number;
  datasource?: DataSourceRef;
  current?: { text?: string | string[]; value?: string | string[] };
  multi?: boolean;
  includeAll?: boolean;
  allValue?: string;
  allowCustomValue?: boolean;
  auto?: boolean;
  auto_count?: number;
  auto_min?: string;
  enabledValue?: string;
  disabledValue?: string;
  filters?: AdHocVariableFilter[];
  baseFilters?: AdHocVariableFilter[];
}

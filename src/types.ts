import { type DataSourceJsonData } from '@grafana/data';
import { type DataQuery } from '@grafana/schema';

/** What kind of query the backend runs; it names the handler there. */
export type QueryType = 'named';

/** One query as it is stored in a dashboard and sent to the backend. */
export interface AuditlakeQuery extends DataQuery {
  queryType: QueryType;
  /** Name of the catalog query; nothing is run without one. */
  named?: string;
  /** Values by parameter name; a missing one takes the default of the catalog. Values may hold template variables. */
  params?: Record<string, string>;
}

export const defaultQuery: Pick<AuditlakeQuery, 'queryType'> = { queryType: 'named' };

/** One entry of the backend's catalog, from `GET named-queries`. */
export interface NamedQuery {
  name: string;
  title: string;
  description: string;
  visualization: 'timeseries' | 'table' | 'barchart' | 'stat';
  /** An alert rule can be set on it. */
  alertable: boolean;
  params: NamedQueryParam[];
}

export interface NamedQueryParam {
  name: string;
  description: string;
  default: string;
  required: boolean;
}

/** `default` is the AWS SDK's own chain (environment, shared files, instance role). */
export type AuthType = 'default' | 'keys';

export interface AuditlakeOptions extends DataSourceJsonData {
  /** Where Databricks delivers the logs, e.g. `s3://acme-audit-logs/delivery`. */
  sources?: string[];
  /** Root of the Delta tables. It must not overlap with a source. */
  lake?: string;
  authType?: AuthType;
  region?: string;
  /** For S3-compatible stores; empty means AWS. */
  endpoint?: string;
  /** Puts the bucket into the path instead of the host name, as most S3-compatible stores need. */
  pathStyle?: boolean;
}

/** Sent to the backend when saved and never read back. */
export interface AuditlakeSecureOptions {
  accessKey?: string;
  secretKey?: string;
}

import { type DataSourceJsonData } from '@grafana/data';

/**
 * `default` is the AWS SDK's own chain (variables, shared files, role of the pod, task or instance), `credentials` a
 * profile of the shared files, `ec2_iam_role` the role of the instance and nothing else.
 */
export type AuthType = 'default' | 'keys' | 'credentials' | 'ec2_iam_role';

/** A personal access token, or a service principal's id and secret (OAuth machine to machine). */
export type DatabricksAuth = 'pat' | 'oauth';

/** The least role that sees everything; `Viewer` is everybody, `None` nobody. */
export type UnredactedRole = 'Admin' | 'Editor' | 'Viewer' | 'None';

/** Who answers queries: Grafana's machine, a Trino, or the latter for what has much to read. */
export type Engine = 'embedded' | 'trino' | 'auto';

/**
 * What a data source is configured with; docs/settings.md describes every key, `Settings` in pkg/plugin reads them.
 * A key that is missing or empty has its default. Numbers may be texts, which provisioning makes of variables.
 */
export interface AuditlakeOptions extends DataSourceJsonData {
  /** Where Databricks delivers the logs, e.g. `s3://acme-audit-logs/delivery`. Without sources the data source only reads. */
  sources?: string[];
  /** Root of the Delta tables. It must not overlap with a source. */
  lake?: string;

  authType?: AuthType;
  /** For `credentials`; empty is the profile `default`. */
  profile?: string;
  /** Role to assume with the credentials of `authType`. */
  assumeRoleArn?: string;
  /** Asked for by the role's trust policy. */
  externalId?: string;

  /** Region of the buckets and of STS; empty or `default` is the AWS SDK's own choice. */
  defaultRegion?: string;
  /** For S3-compatible stores; empty means AWS. */
  endpoint?: string;
  /** Puts the bucket into the path instead of the host name, as most S3-compatible stores need; default with an endpoint. */
  pathStyle?: boolean;
  /** Trusts the authority in the secret `tlsCACert` too. */
  tlsAuthWithCACert?: boolean;

  /** Time between two runs of the ETL, from `1m` to `30d`, or `off`; default `15m`. */
  schedule?: string;
  /** Days before the newest delivery that each run looks at; default 3. */
  lookbackDays?: number | string;
  /** Days that rows are kept, more than `lookbackDays`; default 0, for ever. */
  bronzeRetentionDays?: number | string;
  silverRetentionDays?: number | string;
  goldRetentionDays?: number | string;

  /** Rows of one query's answer, up to 1000000; default 100000. */
  maxRows?: number | string;
  /** MiB that one query may hold, 16 to 2048; default 256. */
  maxQueryMemoryMiB?: number | string;
  /** Time of one query, `1s` to `1h`; default `60s`. */
  queryTimeout?: string;
  /** Queries that run at once, up to 64; default 4. */
  maxParallelQueries?: number | string;
  /** Rows that the joins of one query may give, 1000000 to 10000000000; default 100000000. */
  maxJoinRows?: number | string;
  /** MiB of answers that are kept, up to 4096; 0 keeps none; default 32. */
  resultCacheMiB?: number | string;
  /** MiB that a run of the ETL may hold, 64 to 65536; default 192. */
  etlMemoryMiB?: number | string;

  /** An SQS queue with the notifications of the sources' buckets; empty is none. */
  queueUrl?: string;

  /** Ids of the workspaces whose events may be seen, 0 for the account level; missing or empty is all of them. Ids are texts here because they exceed what a browser's numbers hold. */
  workspaces?: Array<string | number>;

  /** Hides the texts of commands, queries and notebooks; default true. */
  redactCommandText?: boolean;
  /** Keys of requestParams whose values are hidden too. */
  redactKeys?: string[];
  /** Default `Admin`. */
  unredactedRole?: UnredactedRole;

  /** Whom the ETL asks who the users and service principals are that events do not explain; empty is nobody. */
  databricksHost?: string;
  /** With the host of an account console. */
  databricksAccountId?: string;
  /** Default `pat`. */
  databricksAuth?: DatabricksAuth;
  /** Of the service principal, for `oauth`. */
  databricksClientId?: string;
  /** Has all users and service principals listed once a day; default false. */
  databricksListAll?: boolean;

  /** Where the ETL registers new tables: `trino`, `glue`; default nowhere. */
  register?: string[];
  /** Of Glue; default `auditlake`. */
  glueDatabase?: string;

  /** Coordinator of a Trino where the lake's tables are registered; empty is none. */
  trinoUrl?: string;
  /** Who answers a query that does not say it; default `auto` with a `trinoUrl`, else `embedded`. */
  engine?: Engine;
  /** MiB that a query has to read for `auto` to be Trino; default 4096. */
  trinoAboveMiB?: number | string;
  /** Default `delta`. */
  trinoCatalog?: string;
  /** Default `auditlake`. */
  trinoSchema?: string;
  trinoUser?: string;
  /** A line `name=value` for each, or an object. */
  trinoSessionProperties?: string | Record<string, string>;
  trinoClientTags?: string[];
  /** Time of one query on Trino; default `5m`. */
  trinoTimeout?: string;
  /** Queries that run on Trino at once, up to 64; default 4. */
  maxTrinoQueries?: number | string;
}

/** Sent to the backend when saved and never read back. */
export interface AuditlakeSecureOptions {
  /** For `keys`. */
  accessKey?: string;
  secretKey?: string;
  /** For temporary keys. */
  sessionToken?: string;
  /** Certificates in PEM. */
  tlsCACert?: string;
  /** For `pat`. */
  databricksToken?: string;
  /** For `oauth`. */
  databricksClientSecret?: string;
  trinoPassword?: string;
  /** A JWT, in the place of a password. */
  trinoToken?: string;
  /** Certificates in PEM. */
  trinoCACert?: string;
}

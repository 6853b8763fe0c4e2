import { type AnnotationQuery, type AnnotationSupport } from '@grafana/data';
import { AnnotationEditor } from './components/QueryEditor/AnnotationEditor';
import { isRunnable } from './queries';
import { type AuditlakeQuery } from './types';

type Annotation = AnnotationQuery<AuditlakeQuery>;

/** Annotations from named queries, SQL and events. */
export const annotations: AnnotationSupport<AuditlakeQuery> = {
  QueryEditor: AnnotationEditor,
  getDefaultQuery: () => ({ queryType: 'named', named: 'job_failures', params: {} }),
  prepareAnnotation,
  prepareQuery,
};

/**
 * Brings annotations of all forms into the present one, which has the query in `target`. In JSON written by hand it
 * may be beside the name, in `query`, or be the text of a statement.
 */
export function prepareAnnotation(json: Record<string, unknown>): Annotation {
  const { target, query, queryType, named, params, sql, ...rest } = json;
  return { ...rest, target: queryOf(target ?? query ?? { queryType, named, params, sql }) } as Annotation;
}

function queryOf(given: unknown): AuditlakeQuery {
  const query = (typeof given === 'string' ? { sql: given } : given) as Partial<AuditlakeQuery> & { sql?: string };
  const queryType = query.queryType ?? (query.sql ? 'sql' : 'named');
  const entries = Object.entries({ refId: 'Anno', ...query, queryType }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as unknown as AuditlakeQuery;
}

/** The query with its answer as annotations; nothing while there is none. Events are annotations as they are. */
export function prepareQuery({ target }: Annotation): AuditlakeQuery | undefined {
  if (!target || !isRunnable(target)) {
    return undefined;
  }
  const asks = target.queryType === 'named' || target.queryType === 'sql';
  return asks ? { ...target, format: 'annotations' } : target;
}

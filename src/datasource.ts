import { type ScopedVars } from '@grafana/data';
import { DataSourceWithBackend, getTemplateSrv } from '@grafana/runtime';
import { defaultQuery, type AuditlakeOptions, type AuditlakeQuery, type NamedQuery } from './types';

/** The browser's side of the data source: every query is answered by the backend. */
export class AuditlakeDataSource extends DataSourceWithBackend<AuditlakeQuery, AuditlakeOptions> {
  /** Annotations use the query editor and the frames as they are. */
  annotations = {};

  getDefaultQuery(): Partial<AuditlakeQuery> {
    return { ...defaultQuery };
  }

  filterQuery(query: AuditlakeQuery): boolean {
    return !query.hide && Boolean(query.named);
  }

  /** Returns a new query: Grafana keeps the given one as what the user typed. Several values are joined with commas. */
  applyTemplateVariables(query: AuditlakeQuery, scopedVars: ScopedVars): AuditlakeQuery {
    const templates = getTemplateSrv();
    const params = Object.entries(query.params ?? {}).map(([name, value]) => [
      name,
      templates.replace(value, scopedVars, 'csv'),
    ]);
    return { ...defaultQuery, ...query, params: Object.fromEntries(params) };
  }

  getQueryDisplayText({ named, params = {} }: AuditlakeQuery): string {
    const given = Object.entries(params).filter(([, value]) => value !== '');
    const list = given.map(([name, value]) => `${name}=${value}`).join(', ');
    return [named ?? '', list && `(${list})`].filter(Boolean).join(' ');
  }

  /** The catalog the backend offers, in its order. */
  getNamedQueries(): Promise<NamedQuery[]> {
    return this.getResource<NamedQuery[]>('named-queries');
  }
}

import { type QueryEditorProps } from '@grafana/data';
import { type AuditlakeDataSource } from '../../datasource';
import { type AuditlakeOptions } from '../../settings';
import { type AuditlakeQuery, type Format, type QueryType } from '../../types';

export type Props = QueryEditorProps<AuditlakeDataSource, AuditlakeQuery, AuditlakeOptions>;

/** What every part of the editor gets; the query is of the part's own type. */
export interface PartProps<T extends AuditlakeQuery = AuditlakeQuery> extends Omit<Props, 'query'> {
  query: T;
}

/** What an editor offers where it stands. */
export interface Offer {
  types: QueryType[];
  /** Of SQL. Where Grafana itself knows what it needs there is nothing to choose. */
  formats: Format[];
}

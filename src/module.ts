import { DataSourcePlugin } from '@grafana/data';
import { ConfigEditor } from './components/ConfigEditor/ConfigEditor';
import { QueryEditor } from './components/QueryEditor/QueryEditor';
import { AuditlakeDataSource } from './datasource';
import { type AuditlakeOptions, type AuditlakeQuery, type AuditlakeSecureOptions } from './types';

export const plugin = new DataSourcePlugin<
  AuditlakeDataSource,
  AuditlakeQuery,
  AuditlakeOptions,
  AuditlakeSecureOptions
>(AuditlakeDataSource)
  .setConfigEditor(ConfigEditor)
  .setQueryEditor(QueryEditor);

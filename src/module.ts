import { DataSourcePlugin } from '@grafana/data';
import { CheatSheet } from './components/CheatSheet';
import { ConfigEditor } from './components/ConfigEditor/ConfigEditor';
import { QueryEditor } from './components/QueryEditor/QueryEditor';
import { AuditlakeDataSource } from './datasource';
import { type AuditlakeOptions, type AuditlakeSecureOptions } from './settings';
import { type AuditlakeQuery } from './types';

export const plugin = new DataSourcePlugin<
  AuditlakeDataSource,
  AuditlakeQuery,
  AuditlakeOptions,
  AuditlakeSecureOptions
>(AuditlakeDataSource)
  .setConfigEditor(ConfigEditor)
  .setQueryEditor(QueryEditor)
  .setQueryEditorHelp(CheatSheet);

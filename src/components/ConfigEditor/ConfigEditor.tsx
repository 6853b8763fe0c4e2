import React from 'react';
import { ConfigSection, DataSourceDescription } from '@grafana/plugin-ui';
import { Divider } from '@grafana/ui';
import { Authentication } from './Authentication';
import { Connection } from './Connection';
import { ListField, TextField, type ConfigEditorProps } from './fields';
import { Identities } from './Identities';
import { Limits } from './Limits';
import { Schedule } from './Schedule';
import { State } from './State/State';
import { Trino } from './Trino';
import { Visibility } from './Visibility';

export function ConfigEditor(editor: ConfigEditorProps) {
  return (
    <>
      <DataSourceDescription
        dataSourceName="Auditlake"
        docsLink="https://github.com/auditlake/auditlake/blob/main/docs/settings.md"
        hasRequiredFields
      />
      <Divider />
      <ConfigSection title="Lake" description="Where the audit logs arrive and where the Delta tables are kept.">
        <ListField
          {...editor}
          name="sources"
          label="Sources"
          description="Where Databricks delivers the logs. Press Enter after each URL. A lake that is filled elsewhere needs none."
          placeholder="s3://acme-audit-logs/delivery"
        />
        <TextField
          {...editor}
          name="lake"
          label="Lake"
          description="Root of the Delta tables, outside every source."
          placeholder="s3://acme-auditlake/lake"
          required
        />
      </ConfigSection>
      <Divider />
      <Authentication {...editor} />
      <Divider />
      <Connection {...editor} />
      <Divider />
      <Schedule {...editor} />
      <Divider />
      <Limits {...editor} />
      <Divider />
      <Visibility {...editor} />
      <Divider />
      <Identities {...editor} />
      <Divider />
      <Trino {...editor} />
      <State uid={editor.options.uid} version={editor.options.version} />
    </>
  );
}

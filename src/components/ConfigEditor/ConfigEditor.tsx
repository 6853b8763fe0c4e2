import React, { type ChangeEvent } from 'react';
import { type DataSourcePluginOptionsEditorProps } from '@grafana/data';
import { ConfigSection, DataSourceDescription } from '@grafana/plugin-ui';
import { Divider, Field, Input, Switch, TagsInput } from '@grafana/ui';
import { type AuditlakeOptions, type AuditlakeSecureOptions } from '../../types';
import { Credentials } from './Credentials';

export type ConfigEditorProps = DataSourcePluginOptionsEditorProps<AuditlakeOptions, AuditlakeSecureOptions>;

const width = 60;

export function ConfigEditor({ options, onOptionsChange }: ConfigEditorProps) {
  const { jsonData } = options;
  const update = (change: Partial<AuditlakeOptions>) =>
    onOptionsChange({ ...options, jsonData: { ...jsonData, ...change } });
  const text = (key: 'lake' | 'region' | 'endpoint') => ({
    id: `config-${key}`,
    width,
    value: jsonData[key] ?? '',
    onChange: (event: ChangeEvent<HTMLInputElement>) => update({ [key]: event.target.value.trim() }),
  });

  return (
    <>
      <DataSourceDescription
        dataSourceName="Auditlake"
        docsLink="https://github.com/auditlake/auditlake/tree/main/docs"
        hasRequiredFields
      />
      <Divider />
      <ConfigSection title="Lake" description="Where the audit logs arrive and where the Delta tables are kept.">
        <Field
          label="Sources"
          description="Where Databricks delivers the logs. Press Enter after each URL. A lake that is filled elsewhere needs none."
          htmlFor="config-sources"
        >
          <TagsInput
            id="config-sources"
            width={width}
            placeholder="s3://acme-audit-logs/delivery"
            tags={jsonData.sources ?? []}
            onChange={(sources) => update({ sources })}
            autoColors={false}
            addOnBlur
          />
        </Field>
        <Field label="Lake" description="Root of the Delta tables, outside every source." required>
          <Input {...text('lake')} placeholder="s3://acme-auditlake/lake" />
        </Field>
      </ConfigSection>
      <Divider />
      <Credentials options={options} onOptionsChange={onOptionsChange} />
      <Divider />
      <ConfigSection title="Connection" isCollapsible isInitiallyOpen={Boolean(jsonData.endpoint || jsonData.region)}>
        <Field label="Region" description="Empty: the AWS SDK's own choice.">
          <Input {...text('region')} placeholder="eu-central-1" />
        </Field>
        <Field label="Endpoint" description="For S3-compatible stores.">
          <Input {...text('endpoint')} placeholder="https://minio.example.com:9000" />
        </Field>
        <Field label="Path style" description="Put the bucket into the path. Most S3-compatible stores need it.">
          <Switch
            id="config-pathStyle"
            value={jsonData.pathStyle ?? false}
            onChange={(event) => update({ pathStyle: event.currentTarget.checked })}
          />
        </Field>
      </ConfigSection>
    </>
  );
}

import React from 'react';
import { ConfigSection } from '@grafana/plugin-ui';
import { SecretField, SwitchField, TextField, type ConfigEditorProps } from './fields';

/** Where the buckets are, as far as their URLs do not say. */
export function Connection(editor: ConfigEditorProps) {
  const { defaultRegion, endpoint, tlsAuthWithCACert } = editor.options.jsonData;

  return (
    <ConfigSection title="Connection" isCollapsible isInitiallyOpen={Boolean(endpoint || defaultRegion)}>
      <TextField
        {...editor}
        name="defaultRegion"
        label="Default region"
        description="Of the buckets and of STS. Empty: the AWS SDK's own choice."
        placeholder="eu-central-1"
      />
      <TextField
        {...editor}
        name="endpoint"
        label="Endpoint"
        description="For S3-compatible stores."
        placeholder="https://minio.example.com:9000"
      />
      <SwitchField
        {...editor}
        name="pathStyle"
        label="Path style"
        description="Put the bucket into the path, as most S3-compatible stores need."
        fallback={Boolean(endpoint)}
      />
      <SwitchField
        {...editor}
        name="tlsAuthWithCACert"
        label="With CA certificate"
        description="Trust another authority for the store's certificate, in addition to the usual ones."
        fallback={false}
      />
      {tlsAuthWithCACert && (
        <SecretField
          {...editor}
          name="tlsCACert"
          label="CA certificate"
          placeholder="-----BEGIN CERTIFICATE-----"
          rows={7}
          required
        />
      )}
    </ConfigSection>
  );
}

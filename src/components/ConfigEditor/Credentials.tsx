import React from 'react';
import { ConfigSection } from '@grafana/plugin-ui';
import { Combobox, Field, SecretInput, type ComboboxOption } from '@grafana/ui';
import { type AuditlakeSecureOptions, type AuthType } from '../../types';
import { type ConfigEditorProps } from './ConfigEditor';

const width = 60;

const authTypes: Array<ComboboxOption<AuthType>> = [
  { value: 'default', label: 'AWS SDK default', description: 'Environment, shared files or the role of the machine' },
  { value: 'keys', label: 'Access and secret key' },
];

const keys: Array<{ key: keyof AuditlakeSecureOptions; label: string }> = [
  { key: 'accessKey', label: 'Access key ID' },
  { key: 'secretKey', label: 'Secret access key' },
];

/** How the backend signs in to the object store. Secrets are written only: Grafana says whether one is set. */
export function Credentials({ options, onOptionsChange }: ConfigEditorProps) {
  const { jsonData, secureJsonData, secureJsonFields } = options;
  const authType = jsonData.authType ?? 'default';

  const setSecret = (key: keyof AuditlakeSecureOptions, value: string) =>
    onOptionsChange({
      ...options,
      secureJsonFields: { ...secureJsonFields, [key]: false },
      secureJsonData: { ...secureJsonData, [key]: value },
    });

  return (
    <ConfigSection title="Authentication">
      <Field label="Authentication provider">
        <Combobox
          id="config-authType"
          width={width}
          options={authTypes}
          value={authType}
          onChange={({ value }) => onOptionsChange({ ...options, jsonData: { ...jsonData, authType: value } })}
        />
      </Field>
      {authType === 'keys' &&
        keys.map(({ key, label }) => (
          <Field key={key} label={label} htmlFor={`config-${key}`} required>
            <SecretInput
              id={`config-${key}`}
              width={width}
              autoComplete="new-password"
              isConfigured={Boolean(secureJsonFields?.[key])}
              value={secureJsonData?.[key] ?? ''}
              onChange={(event) => setSecret(key, event.currentTarget.value)}
              onReset={() => setSecret(key, '')}
            />
          </Field>
        ))}
    </ConfigSection>
  );
}

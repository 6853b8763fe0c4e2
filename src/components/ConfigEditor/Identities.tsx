import React from 'react';
import { ConfigSection } from '@grafana/plugin-ui';
import { Field, RadioButtonGroup } from '@grafana/ui';
import { type DatabricksAuth } from '../../settings';
import { SecretField, TextField, update, type ConfigEditorProps } from './fields';

const ways: Array<{ value: DatabricksAuth; label: string }> = [
  { value: 'pat', label: 'Access token' },
  { value: 'oauth', label: 'Service principal (OAuth)' },
];

/** Where names of users, jobs and clusters come from. Nothing of it is needed to fill or query the lake. */
export function Identities(editor: ConfigEditorProps) {
  const { databricksHost, databricksAuth = 'pat' } = editor.options.jsonData;

  return (
    <ConfigSection
      title="Databricks"
      description="Asked for the names behind the ids of users, jobs and clusters. Without it, names are those that the events tell."
      isCollapsible
      isInitiallyOpen={Boolean(databricksHost)}
    >
      <TextField
        {...editor}
        name="databricksHost"
        label="Host"
        description="Of a workspace, or of the account console."
        placeholder="https://dbc-a1b2c3d4-e5f6.cloud.databricks.com"
      />
      <TextField
        {...editor}
        name="databricksAccountId"
        label="Account ID"
        description="Only with the account console as host."
        placeholder="0d26daa6-5e44-4c97-a497-ef015f91254a"
      />
      <Field label="Sign in with">
        <RadioButtonGroup
          aria-label="Sign in with"
          options={ways}
          value={databricksAuth}
          onChange={(next) => update(editor, { databricksAuth: next })}
        />
      </Field>
      {databricksAuth === 'pat' ? (
        <SecretField {...editor} name="databricksToken" label="Token" />
      ) : (
        <>
          <TextField {...editor} name="databricksClientId" label="Client ID" />
          <SecretField {...editor} name="databricksClientSecret" label="Client secret" />
        </>
      )}
    </ConfigSection>
  );
}

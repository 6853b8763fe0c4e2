import React from 'react';
import { ConfigSection } from '@grafana/plugin-ui';
import { Field, RadioButtonGroup } from '@grafana/ui';
import { type DatabricksAuth } from '../../settings';
import { hostProblem } from './checks';
import { SecretField, SwitchField, TextField, update, type ConfigEditorProps } from './fields';

const ways: Array<{ value: DatabricksAuth; label: string }> = [
  { value: 'pat', label: 'Access token' },
  { value: 'oauth', label: 'Service principal (OAuth)' },
];

/** Whom the ETL asks who somebody is. Nothing of it is needed to fill or query the lake. */
export function Identities(editor: ConfigEditorProps) {
  const { databricksHost, databricksAuth = 'pat' } = editor.options.jsonData;

  return (
    <ConfigSection
      title="Databricks"
      description="Asked after each run who the users and service principals are that the events do not explain. Without it, names are those that the events tell."
      isCollapsible
      isInitiallyOpen={Boolean(databricksHost)}
    >
      <TextField
        {...editor}
        name="databricksHost"
        label="Host"
        description="Of a workspace, or of the account console. Empty: nobody is asked."
        placeholder="https://dbc-a1b2c3d4-e5f6.cloud.databricks.com"
        problem={hostProblem(databricksHost ?? '')}
      />
      <TextField
        {...editor}
        name="databricksAccountId"
        label="Account ID"
        description="Only with the account console as host."
        placeholder="11112222-3333-4444-5555-666677778888"
      />
      <Field label="Sign in with" disabled={editor.options.readOnly}>
        <RadioButtonGroup
          aria-label="Sign in with"
          options={ways}
          value={databricksAuth}
          onChange={(next) => update(editor, { databricksAuth: next })}
        />
      </Field>
      {databricksAuth === 'pat' ? (
        <SecretField {...editor} name="databricksToken" label="Token" required={Boolean(databricksHost)} />
      ) : (
        <>
          <TextField {...editor} name="databricksClientId" label="Client ID" required={Boolean(databricksHost)} />
          <SecretField
            {...editor}
            name="databricksClientSecret"
            label="Client secret"
            required={Boolean(databricksHost)}
          />
        </>
      )}
      <SwitchField
        {...editor}
        name="databricksListAll"
        label="List everybody"
        description="Once a day, so that names are known before somebody does anything."
        fallback={false}
      />
    </ConfigSection>
  );
}

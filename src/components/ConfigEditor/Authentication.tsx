import React from 'react';
import { ConfigSection, ConfigSubSection } from '@grafana/plugin-ui';
import { config } from '@grafana/runtime';
import { Combobox, Field, type ComboboxOption } from '@grafana/ui';
import { type AuthType } from '../../settings';
import { SecretField, TextField, update, width, type ConfigEditorProps } from './fields';

const providers: Array<ComboboxOption<AuthType>> = [
  {
    value: 'default',
    label: 'AWS SDK default',
    description: 'Variables, shared files, or the role of the pod or task',
  },
  { value: 'keys', label: 'Access and secret key' },
  {
    value: 'credentials',
    label: 'Credentials file',
    description: "A profile in the shared files of Grafana's machine",
  },
  { value: 'ec2_iam_role', label: 'EC2 IAM role', description: 'The role of the instance on which Grafana runs' },
];

/** What the administrator allows; the backend has the last word. */
function offered(current: AuthType): Array<ComboboxOption<AuthType>> {
  const allowed = config.awsAllowedAuthProviders ?? [];
  return providers.filter(({ value }) => value === current || allowed.length === 0 || allowed.includes(value));
}

/** How the backend signs in to the object store. */
export function Authentication(editor: ConfigEditorProps) {
  const { authType = 'default', assumeRoleArn } = editor.options.jsonData;
  const mayAssume = config.awsAssumeRoleEnabled !== false;

  return (
    <ConfigSection title="Authentication">
      <Field label="Authentication provider">
        <Combobox
          id="config-authType"
          width={width}
          options={offered(authType)}
          value={authType}
          onChange={({ value }) => update(editor, { authType: value })}
        />
      </Field>
      {authType === 'keys' && (
        <>
          <SecretField {...editor} name="accessKey" label="Access key ID" required />
          <SecretField {...editor} name="secretKey" label="Secret access key" required />
          <SecretField {...editor} name="sessionToken" label="Session token" description="Only for temporary keys." />
        </>
      )}
      {authType === 'credentials' && (
        <TextField
          {...editor}
          name="profile"
          label="Profile"
          description="Name of the profile in the credentials file."
          placeholder="default"
        />
      )}
      {(mayAssume || assumeRoleArn) && (
        <ConfigSubSection
          title="Assume role"
          description="With the credentials above, for instance in another account."
        >
          <TextField
            {...editor}
            name="assumeRoleArn"
            label="Role ARN"
            placeholder="arn:aws:iam::111122223333:role/auditlake"
          />
          <TextField
            {...editor}
            name="externalId"
            label="External ID"
            description="If the role's trust policy asks for one."
          />
        </ConfigSubSection>
      )}
    </ConfigSection>
  );
}

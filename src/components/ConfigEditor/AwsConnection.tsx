import React from 'react';
import { ConfigSection, ConfigSubSection } from '@grafana/plugin-ui';
import { config } from '@grafana/runtime';
import { Combobox, Field, type ComboboxOption } from '@grafana/ui';
import { type AuthType } from '../../settings';
import { regionProblem, roleProblem, urlProblem } from './checks';
import { ChoiceField, SecretField, SwitchField, TextField, update, width, type ConfigEditorProps } from './fields';
import { regions } from './regions';

/** Names and order are those of Grafana's own AWS data sources; docs/adr/0027 says why the code is not. */
const providers: Array<ComboboxOption<AuthType>> = [
  {
    value: 'ec2_iam_role',
    label: 'Workspace IAM Role',
    description: 'The role of the instance on which Grafana runs, and nothing else',
  },
  {
    value: 'default',
    label: 'AWS SDK Default',
    description: 'Variables, shared files, or the role of the pod, task or instance',
  },
  { value: 'keys', label: 'Access & secret key' },
  {
    value: 'credentials',
    label: 'Credentials file',
    description: "A profile in the shared files of Grafana's machine",
  },
];

/** What the administrator allows, and what is chosen already; the backend has the last word. */
function offered(current: AuthType): Array<ComboboxOption<AuthType>> {
  const allowed = config.awsAllowedAuthProviders ?? [];
  return providers.filter(({ value }) => value === current || allowed.length === 0 || allowed.includes(value));
}

function providerProblem(authType: AuthType): string | undefined {
  const allowed = config.awsAllowedAuthProviders ?? [];
  if (!providers.some(({ value }) => value === authType)) {
    return 'Only Grafana Cloud can sign in like this: choose another authentication provider';
  }
  return allowed.length === 0 || allowed.includes(authType)
    ? undefined
    : `The administrator does not allow this: choose another, or have ${authType} added to allowed_auth_providers in the section [aws] of grafana.ini`;
}

/** How the backend signs in to the object stores and where they are, as far as their URLs do not say. */
export function AwsConnection(editor: ConfigEditorProps) {
  const { authType = 'default', assumeRoleArn = '', endpoint, defaultRegion, ...rest } = editor.options.jsonData;
  const mayAssume = config.awsAssumeRoleEnabled !== false;
  const problem = providerProblem(authType);

  return (
    <ConfigSection title="AWS connection" description="How sources and lake are reached.">
      <ConfigSubSection title="Authentication">
        <Field
          label="Authentication Provider"
          description="Where the credentials come from."
          disabled={editor.options.readOnly}
          invalid={Boolean(problem)}
          error={problem}
        >
          <Combobox
            id="config-authType"
            width={width}
            options={offered(authType)}
            value={authType}
            onChange={({ value }) => update(editor, { authType: value })}
          />
        </Field>
        {authType === 'credentials' && (
          <TextField
            {...editor}
            name="profile"
            label="Credentials Profile Name"
            description="A profile of the credentials file."
            placeholder="default"
          />
        )}
        {authType === 'keys' && (
          <>
            <SecretField {...editor} name="accessKey" label="Access Key ID" required />
            <SecretField {...editor} name="secretKey" label="Secret Access Key" required />
            <SecretField {...editor} name="sessionToken" label="Session Token" description="Only for temporary keys." />
          </>
        )}
      </ConfigSubSection>
      {(mayAssume || assumeRoleArn) && (
        <ConfigSubSection title="Assume Role">
          <TextField
            {...editor}
            name="assumeRoleArn"
            label="Assume Role ARN"
            description="Optional. A role to assume with the credentials above, for instance in another account."
            placeholder="arn:aws:iam::111122223333:role/auditlake"
            problem={
              mayAssume
                ? roleProblem(assumeRoleArn)
                : 'The administrator does not allow roles to be assumed: leave this empty, or have assume_role_enabled = true set in the section [aws] of grafana.ini'
            }
          />
          <TextField
            {...editor}
            name="externalId"
            label="External ID"
            description="If the role's trust policy asks for one."
          />
        </ConfigSubSection>
      )}
      <ConfigSubSection title="Additional Settings">
        <TextField
          {...editor}
          name="endpoint"
          label="Endpoint"
          description="Optional. For stores that speak S3's protocol and are not AWS."
          placeholder="https://minio.example.com:9000"
          problem={urlProblem(endpoint ?? '', ['http:', 'https:'], 'https://minio.example.com:9000')}
        />
        <ChoiceField
          {...editor}
          name="defaultRegion"
          label="Default Region"
          description="Of the buckets and of STS. Empty: the AWS SDK's own choice."
          placeholder="eu-central-1"
          choices={regions}
          problem={regionProblem(defaultRegion ?? '')}
        />
        <SwitchField
          {...editor}
          name="pathStyle"
          label="Path style"
          description="Put the bucket into the path, as most stores that are not AWS need."
          fallback={Boolean(endpoint)}
        />
        <SwitchField
          {...editor}
          name="tlsAuthWithCACert"
          label="With CA certificate"
          description="Trust another authority for the store's certificate, in addition to the usual ones."
          fallback={false}
        />
        {rest.tlsAuthWithCACert && (
          <SecretField
            {...editor}
            name="tlsCACert"
            label="CA certificate"
            placeholder="-----BEGIN CERTIFICATE-----"
            rows={7}
            required
          />
        )}
      </ConfigSubSection>
    </ConfigSection>
  );
}

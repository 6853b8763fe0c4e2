import React from 'react';
import { ConfigSection } from '@grafana/plugin-ui';
import { Combobox, Field, TextArea, type ComboboxOption } from '@grafana/ui';
import { type Engine } from '../../settings';
import { ListField, NumberField, SecretField, TextField, update, width, type ConfigEditorProps } from './fields';

const engines: Array<ComboboxOption<Engine>> = [
  { value: 'auto', label: 'Auto', description: 'Trino for what has much to read' },
  { value: 'trino', label: 'Trino', description: 'Whatever can be answered there' },
  { value: 'embedded', label: 'Embedded', description: 'Nothing goes to Trino' },
];

/** Session properties as the lines that are edited; provisioning may have written an object. */
function lines(properties: string | Record<string, string> = ''): string {
  return typeof properties === 'string'
    ? properties
    : Object.entries(properties)
        .map(([name, value]) => `${name}=${value}`)
        .join('\n');
}

/** The cluster that answers what is too much for one machine. */
export function Trino(editor: ConfigEditorProps) {
  const { trinoUrl, engine, trinoSessionProperties } = editor.options.jsonData;

  return (
    <ConfigSection
      title="Trino"
      description="Answers queries in the place of Grafana's machine, over the same tables, which are registered there. Without a URL nothing goes to a cluster."
      isCollapsible
      isInitiallyOpen={Boolean(trinoUrl)}
    >
      <TextField
        {...editor}
        name="trinoUrl"
        label="Coordinator"
        description="URL without user, path and parameters."
        placeholder="https://trino.example.com:8443"
      />
      <Field label="Engine" description="Who answers a query that does not say it." disabled={editor.options.readOnly}>
        <Combobox
          id="config-engine"
          width={width}
          options={engines}
          value={engine ?? (trinoUrl ? 'auto' : 'embedded')}
          onChange={({ value }) => update(editor, { engine: value })}
        />
      </Field>
      <NumberField
        {...editor}
        name="trinoAboveMiB"
        label="Trino above"
        description="What a query has to read of the store for Auto to be Trino."
        placeholder="4096"
        min={0}
        max={2 ** 30}
        unit="MiB"
      />
      <TextField {...editor} name="trinoCatalog" label="Catalog" placeholder="delta" />
      <TextField {...editor} name="trinoSchema" label="Schema" placeholder="auditlake" />
      <TextField
        {...editor}
        name="trinoUser"
        label="User"
        description="Whom queries run as: let it read the tables and nothing else."
        placeholder="auditlake"
      />
      <SecretField {...editor} name="trinoPassword" label="Password of Trino" />
      <SecretField {...editor} name="trinoToken" label="JWT" description="A token, in the place of a password." />
      <SecretField
        {...editor}
        name="trinoCACert"
        label="CA certificate of Trino"
        description="In PEM, if the machine does not trust it already."
        placeholder="-----BEGIN CERTIFICATE-----"
        rows={5}
      />
      <Field
        label="Session properties"
        description="One on each line, such as query_max_run_time=10m."
        disabled={editor.options.readOnly}
      >
        <TextArea
          id="config-trinoSessionProperties"
          autoComplete="off"
          cols={width}
          rows={3}
          value={lines(trinoSessionProperties)}
          onChange={(event) => update(editor, { trinoSessionProperties: event.currentTarget.value || undefined })}
        />
      </Field>
      <ListField
        {...editor}
        name="trinoClientTags"
        label="Client tags"
        description="For resource groups of the cluster."
      />
      <TextField
        {...editor}
        name="trinoTimeout"
        label="Time on Trino"
        description="Of one query, waiting for its turn included."
        placeholder="5m"
      />
      <NumberField {...editor} name="maxTrinoQueries" label="Queries on Trino" placeholder="4" min={1} max={64} />
      <ListField
        {...editor}
        name="register"
        label="Register tables"
        description="Where the ETL makes new tables known: trino, glue, or both."
        placeholder="trino"
      />
      <TextField {...editor} name="glueDatabase" label="Glue database" placeholder="auditlake" />
    </ConfigSection>
  );
}

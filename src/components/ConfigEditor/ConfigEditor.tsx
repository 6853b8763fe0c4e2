import React from 'react';
import { DataSourceDescription } from '@grafana/plugin-ui';
import { Divider } from '@grafana/ui';
import { AwsConnection } from './AwsConnection';
import { type ConfigEditorProps } from './fields';
import { Identities } from './Identities';
import { Limits } from './Limits';
import { Places } from './Places';
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
      <Places {...editor} />
      <Divider />
      <AwsConnection {...editor} />
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

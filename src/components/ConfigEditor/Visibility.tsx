import React from 'react';
import { ConfigSection, ConfigSubSection } from '@grafana/plugin-ui';
import { Field, RadioButtonGroup } from '@grafana/ui';
import { type UnredactedRole } from '../../settings';
import { listOf, workspacesProblem } from './checks';
import { ListField, SwitchField, update, type ConfigEditorProps } from './fields';

const roles: Array<{ value: UnredactedRole; label: string }> = [
  { value: 'Admin', label: 'Admins' },
  { value: 'Editor', label: 'Editors and admins' },
  { value: 'Viewer', label: 'Everybody' },
  { value: 'None', label: 'Nobody' },
];

/** Which events the data source shows, and what of them to whom. */
export function Visibility(editor: ConfigEditorProps) {
  return (
    <ConfigSection title="Visibility" isCollapsible isInitiallyOpen={false}>
      <ConfigSubSection title="Scope">
        <ListField
          {...editor}
          name="workspaces"
          label="Workspaces"
          description="Ids of the workspaces whose events may be seen, 0 for events of the account. Empty: all."
          placeholder="8252695801807218"
          problem={workspacesProblem(listOf(editor.options.jsonData.workspaces))}
        />
      </ConfigSubSection>
      <ConfigSubSection title="Redaction">
        <SwitchField
          {...editor}
          name="redactCommandText"
          label="Hide command texts"
          description="Texts of commands, queries and notebooks may hold secrets and personal data."
          fallback
        />
        <ListField
          {...editor}
          name="redactKeys"
          label="Hide more keys"
          description="Keys of requestParams whose values are hidden too."
          placeholder="notebookPath"
        />
        <Field
          label="Who sees everything"
          description="Alert rules and other requests without a user count as viewers."
          disabled={editor.options.readOnly}
        >
          <RadioButtonGroup
            options={roles}
            value={editor.options.jsonData.unredactedRole ?? 'Admin'}
            onChange={(unredactedRole) => update(editor, { unredactedRole })}
          />
        </Field>
      </ConfigSubSection>
    </ConfigSection>
  );
}

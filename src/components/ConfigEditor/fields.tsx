import React from 'react';
import { Field, Input, SecretInput, SecretTextArea, Switch, TagsInput } from '@grafana/ui';
import { type DataSourcePluginOptionsEditorProps } from '@grafana/data';
import { type AuditlakeOptions, type AuditlakeSecureOptions } from '../../settings';

export type ConfigEditorProps = DataSourcePluginOptionsEditorProps<AuditlakeOptions, AuditlakeSecureOptions>;

/** The keys of the settings whose values are of a type. */
type KeyOf<T> = {
  [K in keyof AuditlakeOptions]-?: string extends K ? never : AuditlakeOptions[K] extends T | undefined ? K : never;
}[keyof AuditlakeOptions];

interface FieldProps<K> extends ConfigEditorProps {
  /** Key in jsonData or secureJsonData; the input's id is `config-<key>`. */
  name: K;
  label: string;
  description?: string;
  placeholder?: string;
  required?: boolean;
}

export const width = 60;

/** Changes some keys of jsonData and keeps the others; an undefined value takes its key away. */
export function update({ options, onOptionsChange }: ConfigEditorProps, change: Partial<AuditlakeOptions>) {
  const entries = Object.entries({ ...options.jsonData, ...change }).filter(([, value]) => value !== undefined);
  onOptionsChange({ ...options, jsonData: Object.fromEntries(entries) });
}

export function TextField({ name, label, description, placeholder, required, ...editor }: FieldProps<KeyOf<string>>) {
  return (
    <Field label={label} description={description} required={required}>
      <Input
        id={`config-${name}`}
        width={width}
        placeholder={placeholder}
        value={editor.options.jsonData[name] ?? ''}
        onChange={(event) => update(editor, { [name]: event.currentTarget.value.trim() })}
      />
    </Field>
  );
}

interface NumberFieldProps extends FieldProps<KeyOf<number | string>> {
  min: number;
  max?: number;
  /** Unit shown behind the number. */
  unit?: string;
}

/** An emptied number is left to the backend's default, which the placeholder shows. */
export function NumberField({ name, label, description, placeholder, min, max, unit, ...editor }: NumberFieldProps) {
  return (
    <Field label={label} description={description}>
      <Input
        id={`config-${name}`}
        type="number"
        width={width / 2}
        min={min}
        max={max}
        suffix={unit}
        placeholder={placeholder}
        value={editor.options.jsonData[name] ?? ''}
        onChange={({ currentTarget: { value } }) =>
          update(editor, { [name]: value === '' ? undefined : Number(value) })
        }
      />
    </Field>
  );
}

interface SwitchFieldProps extends FieldProps<KeyOf<boolean>> {
  /** What the backend does while nothing is set. */
  fallback: boolean;
}

export function SwitchField({ name, label, description, fallback, ...editor }: SwitchFieldProps) {
  return (
    <Field label={label} description={description}>
      <Switch
        id={`config-${name}`}
        value={editor.options.jsonData[name] ?? fallback}
        onChange={(event) => update(editor, { [name]: event.currentTarget.checked })}
      />
    </Field>
  );
}

/** A list of texts; each is taken over with Enter or when the input is left. */
export function ListField({
  name,
  label,
  description,
  placeholder,
  ...editor
}: FieldProps<'sources' | 'workspaces' | 'redactKeys' | 'trinoClientTags'>) {
  const id = `config-${name}`;
  return (
    <Field label={label} description={description} htmlFor={id}>
      <TagsInput
        id={id}
        width={width}
        placeholder={placeholder}
        tags={(editor.options.jsonData[name] ?? []).map(String)}
        onChange={(tags) => update(editor, { [name]: tags })}
        autoColors={false}
        addOnBlur
      />
    </Field>
  );
}

interface SecretFieldProps extends FieldProps<keyof AuditlakeSecureOptions> {
  /** Rows of a text of several lines. */
  rows?: number;
}

/** Secrets are written only: Grafana says whether one is set. */
export function SecretField({ name, label, description, placeholder, required, rows, ...editor }: SecretFieldProps) {
  const { options, onOptionsChange } = editor;
  const set = (value: string) =>
    onOptionsChange({
      ...options,
      secureJsonFields: { ...options.secureJsonFields, [name]: false },
      secureJsonData: { ...options.secureJsonData, [name]: value },
    });
  const input = {
    id: `config-${name}`,
    placeholder,
    isConfigured: Boolean(options.secureJsonFields?.[name]),
    value: options.secureJsonData?.[name] ?? '',
    onReset: () => set(''),
  };
  return (
    <Field label={label} description={description} htmlFor={input.id} required={required}>
      {rows ? (
        <SecretTextArea {...input} rows={rows} cols={width} onChange={(event) => set(event.currentTarget.value)} />
      ) : (
        <SecretInput
          {...input}
          width={width}
          autoComplete="new-password"
          onChange={(event) => set(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

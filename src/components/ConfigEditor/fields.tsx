import React, { useState, type ReactNode } from 'react';
import {
  Combobox,
  Field,
  Input,
  SecretInput,
  SecretTextArea,
  Switch,
  TagsInput,
  type ComboboxOption,
} from '@grafana/ui';
import { type DataSourcePluginOptionsEditorProps } from '@grafana/data';
import { type AuditlakeOptions, type AuditlakeSecureOptions } from '../../settings';
import { listOf, wholeProblem, type Problem } from './checks';

export type ConfigEditorProps = DataSourcePluginOptionsEditorProps<AuditlakeOptions, AuditlakeSecureOptions>;

/** The keys of the settings whose values are of a type. */
type KeyOf<T> = {
  [K in keyof AuditlakeOptions]-?: string extends K ? never : AuditlakeOptions[K] extends T | undefined ? K : never;
}[keyof AuditlakeOptions];

interface FieldProps<K> extends ConfigEditorProps {
  /** Key in jsonData or secureJsonData; the input's id is `config-<key>`. */
  name: K;
  label: string;
  description?: ReactNode;
  placeholder?: string;
  required?: boolean;
  /** What is wrong with the value. */
  problem?: Problem;
}

export const width = 60;

/** Changes some keys of jsonData and keeps the others; an undefined value takes its key away. */
export function update({ options, onOptionsChange }: ConfigEditorProps, change: Partial<AuditlakeOptions>) {
  const entries = Object.entries({ ...options.jsonData, ...change }).filter(([, value]) => value !== undefined);
  onOptionsChange({ ...options, jsonData: Object.fromEntries(entries) });
}

/**
 * Shows a problem when the input is not being written in, and that a value is missing once the input was left. What it
 * gives is for the Field, and its `watch` for the input.
 */
export function useShown(problem: Problem, isMissing: boolean) {
  const [isWriting, setWriting] = useState(false);
  const [wasLeft, setLeft] = useState(false);
  const error = isWriting ? undefined : (problem ?? (isMissing && wasLeft ? 'Needed' : undefined));
  const watch = {
    onFocus: () => setWriting(true),
    onBlur: () => {
      setWriting(false);
      setLeft(true);
    },
  };
  return { field: { invalid: Boolean(error), error }, watch };
}

export function TextField({
  name,
  label,
  description,
  placeholder,
  required,
  problem,
  ...editor
}: FieldProps<KeyOf<string>>) {
  const value = String(editor.options.jsonData[name] ?? '');
  const { field, watch } = useShown(problem, Boolean(required) && !value);
  return (
    <Field {...field} label={label} description={description} required={required} disabled={editor.options.readOnly}>
      <Input
        {...watch}
        id={`config-${name}`}
        width={width}
        placeholder={placeholder}
        // Browsers and password managers take a text beside a secret for a user's name.
        autoComplete="off"
        value={value}
        onChange={(event) => update(editor, { [name]: event.currentTarget.value.trim() })}
      />
    </Field>
  );
}

interface NumberFieldProps extends FieldProps<KeyOf<number | string>> {
  min: number;
  max: number;
  /** Unit shown behind the number. */
  unit?: string;
}

/** An emptied number is left to the backend's default, which the placeholder shows. */
export function NumberField({
  name,
  label,
  description,
  placeholder,
  min,
  max,
  unit,
  problem,
  ...editor
}: NumberFieldProps) {
  const value = editor.options.jsonData[name] ?? '';
  const { field, watch } = useShown(wholeProblem(value, min, max) ?? problem, false);
  return (
    <Field {...field} label={label} description={description} disabled={editor.options.readOnly}>
      <Input
        {...watch}
        id={`config-${name}`}
        type="number"
        width={width / 2}
        min={min}
        max={max}
        suffix={unit}
        placeholder={placeholder}
        autoComplete="off"
        value={value}
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
    <Field label={label} description={description} disabled={editor.options.readOnly}>
      <Switch
        id={`config-${name}`}
        value={editor.options.jsonData[name] ?? fallback}
        onChange={(event) => update(editor, { [name]: event.currentTarget.checked })}
      />
    </Field>
  );
}

interface ChoiceFieldProps extends FieldProps<KeyOf<string>> {
  choices: Array<ComboboxOption<string>>;
  /** What is shown, and meant, while nothing is set. */
  fallback?: string;
}

/** A text that is mostly one of a few; others can be typed. */
export function ChoiceField({
  name,
  label,
  description,
  placeholder,
  problem,
  choices,
  fallback,
  ...editor
}: ChoiceFieldProps) {
  return (
    <Field
      label={label}
      description={description}
      disabled={editor.options.readOnly}
      invalid={Boolean(problem)}
      error={problem}
    >
      <Combobox
        id={`config-${name}`}
        width={width}
        placeholder={placeholder}
        options={choices}
        value={editor.options.jsonData[name] || fallback || null}
        createCustomValue
        isClearable={!fallback}
        // Enter on a text that matches nothing comes without an option, as clearing does.
        onChange={(option?: ComboboxOption<string> | null) =>
          (option || !fallback) && update(editor, { [name]: option?.value.trim() ?? '' })
        }
      />
    </Field>
  );
}

/** A list of short texts; each is taken over with Enter or when the input is left. */
export function ListField({
  name,
  label,
  description,
  placeholder,
  problem,
  ...editor
}: FieldProps<'workspaces' | 'redactKeys' | 'trinoClientTags' | 'register'>) {
  const id = `config-${name}`;
  return (
    <Field
      label={label}
      description={description}
      htmlFor={id}
      disabled={editor.options.readOnly}
      invalid={Boolean(problem)}
      error={problem}
    >
      <TagsInput
        id={id}
        width={width}
        placeholder={placeholder}
        tags={listOf(editor.options.jsonData[name])}
        onChange={(tags) => update(editor, { [name]: tags.map((tag) => tag.trim()).filter(Boolean) })}
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
  const isConfigured = Boolean(options.secureJsonFields?.[name]);
  const value = options.secureJsonData?.[name] ?? '';
  const { field, watch } = useShown(undefined, Boolean(required) && !isConfigured && !value);
  const id = `config-${name}`;
  const input = { ...watch, id, placeholder, isConfigured, value, onReset: () => set('') };
  return (
    <Field
      {...field}
      label={label}
      description={description}
      htmlFor={id}
      required={required}
      disabled={options.readOnly}
    >
      {options.readOnly ? (
        // What is provisioned cannot be reset.
        <Input id={id} width={width} value={isConfigured ? 'configured' : ''} readOnly />
      ) : rows ? (
        <SecretTextArea
          {...input}
          rows={rows}
          cols={width}
          autoComplete="off"
          onChange={(event) => set(event.currentTarget.value)}
        />
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

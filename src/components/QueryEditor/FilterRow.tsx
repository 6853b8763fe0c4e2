import React from 'react';
import { type MetricFindValue } from '@grafana/data';
import { InputGroup } from '@grafana/plugin-ui';
import { Button, Combobox, MultiCombobox, type ComboboxOption } from '@grafana/ui';
import { isMulti, operators } from '../../filters';
import { type Filter } from '../../types';

interface Props {
  id: string;
  /** What screen readers call the row. */
  name: string;
  filter: Filter;
  keys: MetricFindValue[];
  findValues: (prefix: string) => Promise<MetricFindValue[]>;
  onChange: (filter: Filter) => void;
  onRemove: () => void;
}

const operatorOptions = Object.entries(operators).map(([value, description]) => ({ value, label: value, description }));

/** The width of several values: MultiCombobox takes one in pixels for one in units of the grid. */
const valuesWidth = { width: 320 };

const option = ({ text, value }: MetricFindValue): ComboboxOption<string> => ({
  value: String(value ?? text),
  label: text,
});

/** Key, operator, and one value or several; keys and values that the lake does not have may be typed. */
export function FilterRow({ id, name, filter, keys, findValues, onChange, onRemove }: Props) {
  const { key, operator, value, values } = filter;
  // Without suggestions a value can still be typed.
  const options = (prefix: string) =>
    key
      ? findValues(prefix).then(
          (found) => found.map(option),
          () => []
        )
      : Promise.resolve([]);

  const changeOperator = (next: string) => {
    const list = values ?? (value === '' ? [] : [value]);
    onChange(
      isMulti(next)
        ? { key, operator: next, value: list[0] ?? '', values: list }
        : { key, operator: next, value: list[0] ?? '' }
    );
  };

  return (
    <div role="group" aria-label={name}>
      <InputGroup>
        <Label htmlFor={`${id}-key`}>Key</Label>
        <Combobox
          id={`${id}-key`}
          width={30}
          placeholder="Key"
          options={keys.map(option)}
          value={key ? { value: key, label: key } : null}
          createCustomValue
          onChange={(chosen?: ComboboxOption<string>) => chosen && onChange({ ...filter, key: chosen.value })}
        />
        <Label htmlFor={`${id}-operator`}>Operator</Label>
        <Combobox
          id={`${id}-operator`}
          width={10}
          options={operatorOptions}
          value={operator}
          onChange={(chosen) => changeOperator(chosen.value)}
        />
        <Label htmlFor={`${id}-value`}>Value</Label>
        {isMulti(operator) ? (
          <div style={valuesWidth}>
            <MultiCombobox
              id={`${id}-value`}
              placeholder="Values"
              options={options}
              value={(values ?? []).map((each) => ({ value: each, label: each }))}
              createCustomValue
              onChange={(chosen) => {
                const list = chosen.map((each) => each.value);
                onChange({ ...filter, value: list[0] ?? '', values: list });
              }}
            />
          </div>
        ) : (
          <Combobox
            id={`${id}-value`}
            width={40}
            placeholder="Value"
            options={options}
            value={value ? { value, label: value } : null}
            createCustomValue
            onChange={(chosen?: ComboboxOption<string>) => chosen && onChange({ ...filter, value: chosen.value })}
          />
        )}
        <Button aria-label={`Remove ${name}`} icon="times" variant="secondary" onClick={onRemove} />
      </InputGroup>
    </div>
  );
}

/** A label for screen readers; who sees the row knows the parts by their order. */
export function Label({ htmlFor, children }: { htmlFor: string; children: string }) {
  return (
    <label className="sr-only" htmlFor={htmlFor}>
      {children}
    </label>
  );
}

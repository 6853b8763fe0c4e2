import React from 'react';
import { EditorField } from '@grafana/plugin-ui';
import { Input } from '@grafana/ui';
import { type NamedQueryParam } from '../../types';

interface Props {
  /** Keeps the ids of several queries in one panel apart. */
  idPrefix: string;
  params: NamedQueryParam[];
  values: Record<string, string>;
  onChange: (values: Record<string, string>) => void;
  onBlur: () => void;
}

/** Of an input whose default can be read as a whole, in units of the grid, as far as that is reasonable. */
const widthOf = (fallback: string) => Math.min(Math.max(24, fallback.length + 4), 60);

/** One input per parameter; an empty one is left out, so that the catalog's default applies. */
export function ParamsEditor({ idPrefix, params, values, onChange, onBlur }: Props) {
  const set = (name: string, value: string) => {
    const { [name]: _, ...others } = values;
    onChange(value === '' ? others : { ...others, [name]: value });
  };

  return (
    <>
      {params.map(({ name, description, default: fallback, required }) => {
        const id = `${idPrefix}-${name}`;
        const missing = required && !values[name] && !fallback;
        return (
          <EditorField
            key={name}
            label={name}
            htmlFor={id}
            tooltip={description || undefined}
            optional={!required}
            invalid={missing}
            error={`${name} is required`}
          >
            <Input
              id={id}
              width={widthOf(fallback)}
              value={values[name] ?? ''}
              placeholder={fallback}
              onChange={(event) => set(name, event.currentTarget.value)}
              onBlur={onBlur}
            />
          </EditorField>
        );
      })}
    </>
  );
}

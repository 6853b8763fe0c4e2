import { type Formatter, type Replace } from './interpolate';

export interface FakeVariable {
  value: string | string[];
  multi?: boolean;
  includeAll?: boolean;
}

/** The formats of Grafana that the tests need. */
const formats: Record<string, Formatter> = {
  csv: (value) => [value].flat().join(','),
  raw: (value) => [value].flat().join(','),
  regex: (value) => {
    const escaped = [value].flat().map((one) => String(one).replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    return escaped.length > 1 ? `(${escaped.join('|')})` : escaped[0];
  },
};

/** Replaces `$name` and `${name:format}` as Grafana does, and leaves what it does not know, such as macros. */
export function fakeReplace(variables: Record<string, FakeVariable>): Replace {
  return (text, format) =>
    text.replace(/\$(?:\{(\w+)(?::(\w+))?\}|(\w+))/g, (match, braced, own, bare) => {
      const variable = variables[braced ?? bare];
      const chosen = own ?? format;
      return variable ? (typeof chosen === 'string' ? formats[chosen] : chosen)(variable.value, variable) : match;
    });
}

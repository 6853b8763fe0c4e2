import { FieldType, type DataFrame, type DataLink, type Field } from '@grafana/data';
import { type LineModel } from './types';

/** The data source that a link opens. */
export interface Origin {
  uid: string;
  name: string;
}

/** Opens the delivered line of a row, verbatim, in Explore. */
function lineLink({ uid, name }: Origin): DataLink<LineModel> {
  return {
    title: 'Delivered line',
    url: '',
    internal: {
      datasourceUid: uid,
      datasourceName: name,
      query: {
        refId: 'line',
        queryType: 'line',
        fileId: '${__data.fields.fileId}',
        // Not the text that is shown, which has a unit if a panel says so.
        lineNumber: '${__data.fields.lineNumber.numeric}',
      },
    },
  };
}

const named = (frame: DataFrame, name: string) => frame.fields.find((field) => field.name === name);

/** Puts a link to the delivered line on the line numbers of a frame that says which line each row is of. */
export function withLineLinks(frame: DataFrame, origin: Origin): DataFrame {
  if (!named(frame, 'fileId') || !named(frame, 'lineNumber')) {
    return frame;
  }
  const linked = (field: Field): Field => ({
    ...field,
    config: { ...field.config, links: [...(field.config.links ?? []), lineLink(origin)] },
  });
  return { ...frame, fields: frame.fields.map((field) => (field.name === 'lineNumber' ? linked(field) : field)) };
}

/** Log lines have all they know in `labels`; the place of the line gets fields of its own, which may have a link. */
export function withPlaces(frame: DataFrame): DataFrame {
  const labels = named(frame, 'labels');
  if (!labels || named(frame, 'fileId')) {
    return frame;
  }
  const column = (name: string): Array<string | null> =>
    labels.values.map((row: Record<string, string> | null) => row?.[name] ?? null);
  const files = column('fileId');
  if (files.every((file) => file === null)) {
    return frame;
  }
  const numbers = column('lineNumber').map((line) => line && Number(line));
  const places: Field[] = [
    // It is a label already, so only the number is shown, for its link.
    { name: 'fileId', type: FieldType.string, config: { custom: { hidden: true } }, values: files },
    { name: 'lineNumber', type: FieldType.number, config: {}, values: numbers },
  ];
  return { ...frame, fields: [...frame.fields, ...places] };
}

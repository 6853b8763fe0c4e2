import { FieldType, getFieldDisplayValuesProxy, toDataFrame, type DataFrame } from '@grafana/data';
import { withLineLinks, withPlaces } from './links';

const origin = { uid: 'lake', name: 'Auditlake' };

const table = toDataFrame({
  fields: [
    { name: 'actionName', type: FieldType.string, values: ['create', 'delete'] },
    { name: 'fileId', type: FieldType.string, values: ['7', '8'] },
    { name: 'lineNumber', type: FieldType.number, config: { unit: 'short' }, values: [1200, 3] },
  ],
});

const lines = toDataFrame({
  fields: [
    { name: 'body', type: FieldType.string, values: ['create', 'delete'] },
    { name: 'labels', type: FieldType.other, values: [{ fileId: '7', lineNumber: '1200' }, null] },
  ],
});

const linksOf = (frame: DataFrame) =>
  frame.fields.flatMap(({ name, config }) => (config.links ?? []).map((link) => ({ name, ...link })));

/** What Grafana puts in place of a variable like `${__data.fields.fileId}`. */
function valueOf(frame: DataFrame, rowIndex: number, variable: string): string {
  const path = variable.slice('${__data.fields.'.length, -1).split('.');
  const fields = getFieldDisplayValuesProxy({ frame, rowIndex });
  return String(path[1] === 'numeric' ? fields[path[0]].numeric : fields[path[0]]);
}

describe('withLineLinks', () => {
  it('opens the delivered line of a row', () => {
    const frame = withLineLinks(table, origin);

    const [link] = linksOf(frame);
    expect(link).toMatchObject({ name: 'lineNumber', title: 'Delivered line' });
    expect(link.internal).toMatchObject({ datasourceUid: 'lake', datasourceName: 'Auditlake' });
    const { queryType, fileId, lineNumber } = link.internal?.query;
    expect(queryType).toBe('line');
    expect(valueOf(frame, 0, fileId)).toBe('7');
    expect(valueOf(frame, 0, lineNumber)).toBe('1200');
  });

  it('keeps the links that are there, and the given frame', () => {
    const given = toDataFrame({
      fields: table.fields.map((field) =>
        field.name === 'lineNumber' ? { ...field, config: { links: [{ title: 'Mine', url: '/mine' }] } } : field
      ),
    });

    expect(linksOf(withLineLinks(given, origin)).map(({ title }) => title)).toEqual(['Mine', 'Delivered line']);
    expect(linksOf(given)).toHaveLength(1);
  });

  it('leaves frames alone that do not say which line', () => {
    const frame = toDataFrame({ fields: [{ name: 'fileId', type: FieldType.string, values: ['7'] }] });

    expect(withLineLinks(frame, origin)).toBe(frame);
  });
});

describe('withPlaces', () => {
  it('takes the place of a log line out of its labels', () => {
    const { fields } = withPlaces(lines);

    expect(fields.map(({ name, values }) => [name, values]).slice(2)).toEqual([
      ['fileId', ['7', null]],
      ['lineNumber', [1200, null]],
    ]);
  });

  it('leaves frames alone that have it, or do not know it', () => {
    const unknown = toDataFrame({ fields: [{ name: 'labels', type: FieldType.other, values: [{ actor: 'ada' }] }] });

    expect(withPlaces(table)).toBe(table);
    expect(withPlaces(unknown)).toBe(unknown);
  });
});

import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { type SqlMetadata } from '../../types';
import { open } from './open.fake';

jest.mock('@grafana/ui', () => ({
  ...jest.requireActual('@grafana/ui'),
  ...jest.requireActual('./CodeEditor.fake'),
}));

const metadata: SqlMetadata = {
  tables: [
    {
      name: 'silver',
      layer: 'silver',
      columns: [
        { name: 'date_time', type: 'timestamp' },
        { name: 'email', type: 'string' },
      ],
    },
    {
      name: 'clusters',
      layer: 'gold',
      columns: [
        { name: 'ingestedAt', type: 'timestamp' },
        { name: 'date_time', type: 'timestamp' },
      ],
      params: 'requestParams',
      keys: ['cluster-id'],
    },
  ],
  functions: [],
  macros: [],
};
const loaded = { getSqlMetadata: () => Promise.resolve(metadata) };

const builder = { table: 'silver', columns: ['email'], aggregates: [{ function: 'count' }] };
const sql = 'SELECT email,\n  count(*) AS num_events\nFROM silver\nGROUP BY 1';
const built = { queryType: 'sql', editorMode: 'builder', builder, sql };

const choose = async (label: string, name: string, row = screen as Pick<typeof screen, 'getByLabelText'>) => {
  await userEvent.click(row.getByLabelText(label));
  await userEvent.click(await screen.findByRole('option', { name }));
};

describe('the builder', () => {
  it('begins with the events of the time range', async () => {
    const { query, onRunQuery } = await open({ queryType: 'sql' }, loaded);

    await userEvent.click(screen.getByRole('radio', { name: 'Builder' }));

    expect(query()).toMatchObject({ editorMode: 'builder', sql: expect.stringContaining('$__timeFilter(date_time)') });
    expect(onRunQuery).toHaveBeenCalledTimes(1);
    expect(screen.queryByLabelText('code')).not.toBeInTheDocument();
  });

  it('takes the time of a table, and its columns and parameters', async () => {
    const { query } = await open(built, loaded);

    await choose('Table', 'clusters');
    expect(query()).toHaveProperty(
      'sql',
      'SELECT count(*) AS num_events\nFROM clusters\nWHERE $__timeFilter(date_time)'
    );
    await choose('Group by', "requestParams['cluster-id']");

    expect(query()).toHaveProperty(
      'sql',
      "SELECT requestParams['cluster-id'] AS cluster_id,\n  count(*) AS num_events\nFROM clusters\nWHERE $__timeFilter(date_time)\nGROUP BY 1"
    );
  });

  it('aggregates a column', async () => {
    const { query } = await open(built, loaded);

    await userEvent.click(screen.getByRole('button', { name: 'Add aggregate' }));
    const row = within(screen.getByRole('group', { name: 'Aggregate 2' }));
    await choose('Function', 'Maximum', row);
    await choose('Column', 'date_time', row);
    await userEvent.click(screen.getByRole('button', { name: 'Remove Aggregate 1' }));

    expect(query()).toHaveProperty('sql', 'SELECT email,\n  max(date_time) AS max_date_time\nFROM silver\nGROUP BY 1');
  });

  it('runs with a percentile when its input is left', async () => {
    const aggregates = [{ function: 'percentile', column: 'email' }];
    const { query, onRunQuery } = await open({ ...built, builder: { aggregates } }, loaded);

    await userEvent.type(screen.getByLabelText('Percentile'), '50');
    expect(onRunQuery).not.toHaveBeenCalled();
    await userEvent.tab();

    expect(query()).toHaveProperty('sql', 'SELECT percentile(CAST(email AS double), 0.5) AS p50_email\nFROM silver');
    expect(onRunQuery).toHaveBeenCalledTimes(1);
  });

  it('orders and limits, and runs with a limit when its input is left', async () => {
    const { query, onRunQuery } = await open(built, loaded);

    await choose('Order by', 'num_events');
    await userEvent.click(screen.getByRole('radio', { name: 'Descending' }));
    await userEvent.type(screen.getByLabelText('Limit'), '5');
    expect(onRunQuery).toHaveBeenCalledTimes(2);
    await userEvent.tab();

    expect(query()).toHaveProperty('sql', `${sql}\nORDER BY num_events DESC NULLS LAST\nLIMIT 5`);
    expect(onRunQuery).toHaveBeenCalledTimes(3);
  });

  it('filters as events are filtered', async () => {
    const findValues = jest.fn(() => Promise.resolve([{ text: "o'hara" }]));
    const { query } = await open(built, { ...loaded, findValues });

    await userEvent.click(screen.getByRole('button', { name: 'Add filter' }));
    const row = within(screen.getByRole('group', { name: 'Filters new' }));
    await choose('Key', 'email', row);
    await choose('Value', "o'hara", row);

    expect(query()).toHaveProperty('sql', expect.stringContaining("WHERE email = 'o''hara'"));
  });

  it('gives its statement to be edited, and takes it back unchanged', async () => {
    const { query } = await open(built, loaded);

    await userEvent.click(screen.getByRole('radio', { name: 'Code' }));
    expect(screen.getByLabelText('code')).toHaveValue(sql);
    await userEvent.click(screen.getByRole('radio', { name: 'Builder' }));

    expect(query()).toEqual({ refId: 'A', ...built });
  });

  it('asks before it replaces what was written by hand', async () => {
    const { query } = await open({ ...built, editorMode: 'code', sql: 'select 1' }, loaded);

    await userEvent.click(screen.getByRole('radio', { name: 'Builder' }));
    await userEvent.click(await screen.findByRole('button', { name: 'Keep the statement' }));
    expect(query()).toMatchObject({ editorMode: 'code', sql: 'select 1' });

    await userEvent.click(screen.getByRole('radio', { name: 'Builder' }));
    await userEvent.click(await screen.findByRole('button', { name: 'Replace the statement' }));
    expect(query()).toMatchObject({ editorMode: 'builder', sql });
  });
});

describe('the dialect', () => {
  it('is not asked for where there is no Trino', async () => {
    await open({ queryType: 'sql', sql: 'SELECT 1' }, loaded);

    expect(screen.queryByRole('radio', { name: 'Trino SQL' })).not.toBeInTheDocument();
  });

  it('is kept in the query, and ours is none', async () => {
    const { query } = await open({ queryType: 'sql', sql: 'SELECT 1' }, { ...loaded, asksTrino: true });
    expect(screen.getByRole('radio', { name: 'Embedded SQL' })).toBeChecked();

    await userEvent.click(screen.getByRole('radio', { name: 'Trino SQL' }));
    expect(query()).toMatchObject({ sql: 'SELECT 1', dialect: 'trino' });

    await userEvent.click(screen.getByRole('radio', { name: 'Embedded SQL' }));
    expect(query()).toMatchObject({ sql: 'SELECT 1', dialect: undefined });
  });

  it('is shown of a statement for Trino wherever that is opened', async () => {
    await open({ queryType: 'sql', sql: 'SELECT 1', dialect: 'trino' }, loaded);

    expect(screen.getByRole('radio', { name: 'Trino SQL' })).toBeChecked();
  });
});

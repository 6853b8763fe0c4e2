import { CoreApp, getDefaultTimeRange, LoadingState, toDataFrame } from '@grafana/data';
import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { AnnotationEditor } from './AnnotationEditor';
import { open, openEditor } from './open.fake';
import { VariableEditor } from './VariableEditor';

jest.mock('@grafana/ui', () => ({
  ...jest.requireActual('@grafana/ui'),
  ...jest.requireActual('./CodeEditor.fake'),
}));

const offered = () =>
  within(screen.getByRole('radiogroup', { name: 'Type of the query' }))
    .getAllByRole('radio')
    .map((radio) => (radio as HTMLInputElement).labels?.[0].textContent);

describe('the type', () => {
  it('is a named query where none is stored', async () => {
    await open({});

    expect(await screen.findByLabelText('Query')).toBeInTheDocument();
    expect(screen.getByRole('radio', { name: 'Named query' })).toBeChecked();
  });

  it('is chosen, and what was typed comes back with it', async () => {
    const { query, onRunQuery } = await open({ queryType: 'named', named: 'x', params: { a: '1' } });

    await userEvent.click(screen.getByRole('radio', { name: 'Events' }));
    expect(query()).toEqual({ refId: 'A', queryType: 'events' });
    expect(screen.getByLabelText(/^Search/)).toBeInTheDocument();

    await userEvent.click(screen.getByRole('radio', { name: 'Named query' }));
    expect(query()).toEqual({ refId: 'A', queryType: 'named', named: 'x', params: { a: '1' } });
    expect(onRunQuery).toHaveBeenCalledTimes(2);
  });

  it('may be a line, where a link led to one', async () => {
    const { query, onRunQuery } = await open({ queryType: 'line', fileId: '7', lineNumber: '12' });

    expect(screen.getByRole('radio', { name: 'Line' })).toBeChecked();
    await userEvent.clear(screen.getByLabelText('Line number'));
    await userEvent.type(screen.getByLabelText('Line number'), '13');
    await userEvent.tab();

    expect(query()).toEqual({ refId: 'A', queryType: 'line', fileId: '7', lineNumber: '13' });
    expect(onRunQuery).toHaveBeenCalledTimes(1);
  });

  it('is one that a place has a use for', async () => {
    await open({ queryType: 'named' }, {}, { app: CoreApp.UnifiedAlerting });

    expect(offered()).toEqual(['Named query', 'SQL']);
  });
});

describe('the engine', () => {
  const choose = async (name: RegExp) => {
    await userEvent.click(screen.getByLabelText(/^Engine/));
    await userEvent.click(await screen.findByRole('option', { name }));
  };

  it('is chosen for one query where the data source has a Trino', async () => {
    const { query, onRunQuery } = await open({ queryType: 'named', named: 'x' }, { asksTrino: true });

    await choose(/^Trino/);
    expect(query()).toEqual({ refId: 'A', queryType: 'named', named: 'x', engine: 'trino' });

    await choose(/^As set/);
    expect(query()).toEqual({ refId: 'A', queryType: 'named', named: 'x' });
    expect(onRunQuery).toHaveBeenCalledTimes(2);
  });

  it('is not to be chosen where there is but one', async () => {
    await open({ queryType: 'sql', sql: 'SELECT 1' });

    expect(screen.queryByLabelText(/^Engine/)).not.toBeInTheDocument();
  });

  it('can be given up where a stored query names one that is gone', async () => {
    const { query } = await open({ queryType: 'sql', sql: 'SELECT 1', engine: 'trino' });

    await choose(/^As set/);

    expect(query()).toEqual({ refId: 'A', queryType: 'sql', sql: 'SELECT 1' });
  });

  it('is Trino for a statement of its own dialect, which leaves no choice', async () => {
    await open({ queryType: 'sql', sql: 'SELECT 1', dialect: 'trino' }, { asksTrino: true });

    expect(screen.queryByLabelText(/^Engine/)).not.toBeInTheDocument();
  });
});

describe('the pipeline', () => {
  it('is its tables or its runs', async () => {
    const { query, onRunQuery } = await open({ queryType: 'pipeline' });
    expect(screen.getByRole('radio', { name: 'Tables' })).toBeChecked();

    await userEvent.click(screen.getByRole('radio', { name: 'Runs' }));

    expect(query()).toEqual({ refId: 'A', queryType: 'pipeline', view: 'runs' });
    expect(onRunQuery).toHaveBeenCalledTimes(1);
  });
});

describe('what types have in common', () => {
  it('shows names instead of ids', async () => {
    const { query, onRunQuery } = await open({ queryType: 'named', named: 'x' });

    await userEvent.click(screen.getByRole('switch', { name: 'Display names' }));

    expect(query()).toHaveProperty('display', 'names');
    expect(onRunQuery).toHaveBeenCalledTimes(1);
  });

  it('says what an alert rule gets', async () => {
    const { query } = await open({ queryType: 'named', named: 'x' }, {}, { app: CoreApp.UnifiedAlerting });

    await userEvent.click(screen.getByLabelText(/^No rows/));
    await userEvent.click(await screen.findByText('are no data'));
    await userEvent.click(screen.getByLabelText(/^Answer/));
    await userEvent.click(await screen.findByText('Time series'));

    expect(query()).toEqual({ refId: 'A', queryType: 'named', named: 'x', zero: false, format: 'time_series' });
  });

  it('does not speak of alert rules elsewhere', async () => {
    await open({ queryType: 'named', named: 'x' });

    expect(screen.queryByLabelText(/^No rows/)).not.toBeInTheDocument();
  });

  it('shows what was executed when asked to, of the query itself', async () => {
    const frame = (refId: string, executedQueryString: string) =>
      toDataFrame({ refId, fields: [], meta: { executedQueryString } });
    const data = {
      state: LoadingState.Done,
      timeRange: getDefaultTimeRange(),
      series: [frame('B', 'of another'), frame('A', 'scan silver')],
    };
    await open({ queryType: 'named', named: 'x' }, {}, { data });
    expect(screen.queryByText('scan silver')).not.toBeInTheDocument();

    await userEvent.click(screen.getByRole('button', { name: 'What was executed' }));

    expect(screen.getByRole('region', { name: 'What was executed' })).toHaveTextContent('scan silver');
    expect(screen.queryByText('of another')).not.toBeInTheDocument();
  });

  it('shows filters that came from a dashboard, and lets go of them', async () => {
    const adhocFilters = [{ key: 'email', operator: '=', value: 'ada' }];
    const { query, onRunQuery } = await open({ queryType: 'named', named: 'x', adhocFilters });

    expect(screen.getByLabelText('Value')).toHaveValue('ada');
    await userEvent.click(screen.getByRole('button', { name: 'Remove Filters of the dashboard 1' }));

    expect(query().adhocFilters).toEqual([]);
    expect(onRunQuery).toHaveBeenCalledTimes(1);
    expect(screen.queryByText('Filters of the dashboard')).not.toBeInTheDocument();
  });
});

describe('VariableEditor', () => {
  it('takes over the text of a statement', async () => {
    const { query } = await openEditor(VariableEditor, 'select email from silver');

    expect(offered()).toEqual(['Named query', 'SQL']);
    expect(screen.queryByLabelText(/^Format/)).not.toBeInTheDocument();
    await userEvent.click(screen.getByRole('switch', { name: 'Display names' }));

    expect(query()).toMatchObject({ queryType: 'sql', sql: 'select email from silver', display: 'names' });
  });
});

describe('AnnotationEditor', () => {
  it('offers all types, and no format', async () => {
    await openEditor(AnnotationEditor, { queryType: 'sql', sql: 'select 1' });

    expect(offered()).toEqual(['Named query', 'SQL', 'Events']);
    expect(screen.queryByLabelText(/^Format/)).not.toBeInTheDocument();
  });
});

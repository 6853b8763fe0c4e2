import { CoreApp } from '@grafana/data';
import { cleanup, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { open } from './open.fake';

jest.mock('@grafana/ui', () => ({
  ...jest.requireActual('@grafana/ui'),
  ...jest.requireActual('./CodeEditor.fake'),
}));

describe('SQL', () => {
  it('runs when the editor is left after a change', async () => {
    const { query, onRunQuery } = await open({ queryType: 'sql' });

    await userEvent.type(screen.getByLabelText('code'), 'select 1');
    expect(query()).toEqual({ refId: 'A', queryType: 'sql', sql: 'select 1' });
    expect(onRunQuery).not.toHaveBeenCalled();
    await userEvent.tab();

    expect(onRunQuery).toHaveBeenCalledTimes(1);
  });

  it('does not run when nothing has changed', async () => {
    const { onRunQuery } = await open({ queryType: 'sql', sql: 'select 1' });

    await userEvent.click(screen.getByLabelText('code'));
    await userEvent.tab();

    expect(onRunQuery).not.toHaveBeenCalled();
  });

  it('runs once with Ctrl and Enter', async () => {
    const { onRunQuery } = await open({ queryType: 'sql' });

    await userEvent.type(screen.getByLabelText('code'), 'select 1');
    await userEvent.keyboard('{Control>}{Enter}{/Control}');
    await userEvent.tab();

    expect(onRunQuery).toHaveBeenCalledTimes(1);
  });

  it('runs at a click in a panel; Explore has a button of its own', async () => {
    const { onRunQuery } = await open({ queryType: 'sql', sql: 'select 1' });
    await userEvent.click(screen.getByRole('button', { name: 'Run query' }));
    expect(onRunQuery).toHaveBeenCalledTimes(1);

    cleanup();
    await open({ queryType: 'sql', sql: 'select 1' }, {}, { app: CoreApp.Explore });
    expect(screen.queryByRole('button', { name: 'Run query' })).not.toBeInTheDocument();
  });

  it('keeps what was chosen since the editor was drawn', async () => {
    const { query } = await open({ queryType: 'sql', sql: 'select 1' });

    await userEvent.click(screen.getByLabelText(/^Format/));
    await userEvent.click(await screen.findByText('Time series'));
    await userEvent.type(screen.getByLabelText('code'), '0');

    expect(query()).toEqual({ refId: 'A', queryType: 'sql', sql: 'select 10', format: 'time_series' });
  });

  it('formats the statement', async () => {
    const { query, onRunQuery } = await open({
      queryType: 'sql',
      sql: "select a, count(*) from silver where $__timeFilter(date(t)) and b = '$user' group by a",
    });

    await userEvent.click(screen.getByRole('button', { name: 'Format' }));

    const formatted = `select
  a,
  count(*)
from
  silver
where
  $__timeFilter(date(t))
  and b = '$user'
group by
  a`;
    await waitFor(() => expect(query()).toHaveProperty('sql', formatted));
    expect(onRunQuery).not.toHaveBeenCalled();
    expect(screen.getByLabelText('code')).toHaveValue(formatted);
  });

  it('says that a statement cannot be formatted', async () => {
    const { query } = await open({ queryType: 'sql', sql: 'select (' });

    await userEvent.click(screen.getByRole('button', { name: 'Format' }));

    expect(await screen.findByText(/cannot be formatted/)).toBeInTheDocument();
    expect(query()).toHaveProperty('sql', 'select (');
  });
});

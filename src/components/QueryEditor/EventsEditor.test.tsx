import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { open } from './open.fake';

const answers = {
  getTables: () =>
    Promise.resolve([
      { name: 'bronze', layer: 'bronze' },
      { name: 'silver', layer: 'silver' },
      { name: 'clusters', layer: 'gold' },
    ]),
  getTagKeys: () => Promise.resolve([{ text: 'actionName' }, { text: 'email' }]),
  findValues: jest.fn((_, key: string, prefix: string) =>
    Promise.resolve([{ text: `${key} ada` }, { text: `${key} grace` }].filter(({ text }) => text.includes(prefix)))
  ),
};

const choose = async (label: string, option: string, scope = screen.getByRole('group', { name: /^Filters/ })) => {
  await userEvent.click(within(scope).getByLabelText(label));
  await userEvent.click(await screen.findByRole('option', { name: option }));
};

describe('events', () => {
  it('are of all services or of one', async () => {
    const { query, onRunQuery } = await open({ queryType: 'events' }, answers);
    expect(screen.getByLabelText('Table')).toHaveValue('silver');

    await userEvent.click(screen.getByLabelText('Table'));
    expect(screen.queryByRole('option', { name: /bronze/ })).not.toBeInTheDocument();
    await userEvent.click(await screen.findByRole('option', { name: 'clusters' }));
    expect(query()).toEqual({ refId: 'A', queryType: 'events', table: 'clusters' });

    await userEvent.click(screen.getByLabelText('Table'));
    await userEvent.click(await screen.findByRole('option', { name: /silver/ }));
    expect(query()).not.toHaveProperty('table', 'silver');
    expect(onRunQuery).toHaveBeenCalledTimes(2);
  });

  it('are searched for with Enter', async () => {
    const { query, onRunQuery } = await open({ queryType: 'events' }, answers);

    await userEvent.type(screen.getByLabelText(/^Search/), 'deleted');
    expect(onRunQuery).not.toHaveBeenCalled();
    await userEvent.keyboard('{Enter}');
    expect(onRunQuery).toHaveBeenCalledTimes(1);
    await userEvent.tab();

    expect(query()).toHaveProperty('search', 'deleted');
    expect(onRunQuery).toHaveBeenCalledTimes(1);
  });

  it('are so many, in an order', async () => {
    const { query, onRunQuery } = await open({ queryType: 'events' }, answers);

    await userEvent.type(screen.getByLabelText(/^Lines/), '50');
    await userEvent.click(screen.getByRole('radio', { name: 'Oldest first' }));

    expect(query()).toEqual({ refId: 'A', queryType: 'events', limit: 50, direction: 'forward' });
    expect(onRunQuery).toHaveBeenCalledTimes(2);
  });
});

describe('filters', () => {
  it('are made of offered keys and values', async () => {
    const { query, onRunQuery } = await open({ queryType: 'events', table: 'clusters' }, answers);

    await userEvent.click(screen.getByRole('button', { name: 'Add filter' }));
    await choose('Key', 'email');
    expect(query()).not.toHaveProperty('filters');
    await choose('Value', 'email ada');

    expect(query()).toHaveProperty('filters', [{ key: 'email', operator: '=', value: 'email ada' }]);
    expect(onRunQuery).toHaveBeenCalledTimes(1);
    expect(answers.findValues.mock.calls[0][0]).toMatchObject({ table: 'clusters' });
  });

  it('take what is typed', async () => {
    const { query } = await open({ queryType: 'events' }, answers);

    await userEvent.click(screen.getByRole('button', { name: 'Add filter' }));
    await userEvent.type(screen.getByLabelText('Key'), 'requestParams.x{Enter}');
    await userEvent.type(screen.getByLabelText('Value'), '7');
    await screen.findByRole('option', { name: /Use custom value/ });
    await userEvent.keyboard('{Enter}');

    expect(query()).toHaveProperty('filters', [{ key: 'requestParams.x', operator: '=', value: '7' }]);
  });

  it('compare with several values', async () => {
    const filters = [{ key: 'email', operator: '=', value: 'ada' }];
    const { query } = await open({ queryType: 'events', filters }, answers);

    await choose('Operator', '=| One of');
    expect(query()).toHaveProperty('filters', [{ key: 'email', operator: '=|', value: 'ada', values: ['ada'] }]);
    await choose('Value', 'email grace');

    expect(query()).toHaveProperty('filters', [
      { key: 'email', operator: '=|', value: 'ada', values: ['ada', 'email grace'] },
    ]);
  });

  it('are removed', async () => {
    const filters = [
      { key: 'email', operator: '=', value: 'ada' },
      { key: 'actionName', operator: '!=', value: 'get' },
    ];
    const { query } = await open({ queryType: 'events', filters }, answers);

    await userEvent.click(screen.getByRole('button', { name: 'Remove Filters 1' }));

    expect(query()).toHaveProperty('filters', [filters[1]]);
  });

  it('can be typed while the backend has no values', async () => {
    const findValues = () => Promise.reject(new Error('no lake'));
    const { query } = await open({ queryType: 'events' }, { ...answers, findValues });

    await userEvent.click(screen.getByRole('button', { name: 'Add filter' }));
    await choose('Key', 'email');
    await userEvent.type(screen.getByLabelText('Value'), 'grace');
    await screen.findByRole('option', { name: /Use custom value/ });
    await userEvent.keyboard('{Enter}');

    expect(query()).toHaveProperty('filters', [{ key: 'email', operator: '=', value: 'grace' }]);
  });
});

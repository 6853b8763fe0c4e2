import { CompletionItemKind, type LinkedToken, type SQLMonarchLanguage } from '@grafana/plugin-ui';
import { type Monaco } from '@grafana/ui';
import { type SqlMetadata } from '../../types';
import { sqlLanguage, suggestion } from './sqlLanguage';

const known: SqlMetadata = {
  tables: [
    { name: 'clusters', columns: [{ name: 'actionName', type: 'string' }] },
    { name: 'audit', columns: [], params: 'request_params', keys: ['cluster_id', 'odd-key', "it's"] },
    { name: 'lookups.teams', columns: [{ name: 'team', type: 'string' }] },
  ],
  functions: [{ name: 'strpos', signature: 'strpos(text, part)', description: 'Where the part is' }],
  macros: [{ name: '$__timeFilter', signature: '$__timeFilter(column)' }],
};

const completionOf = (load: () => Promise<SqlMetadata>) =>
  sqlLanguage(load).completionProvider!({} as Monaco, {} as SQLMonarchLanguage);

const wordsOf = async (completion: ReturnType<typeof completionOf>, id: string) => {
  const kind = completion.customSuggestionKinds!().find((each) => each.id === id);
  const words = await kind!.suggestionsResolver({} as never);
  return words.map(({ label }) => label);
};

describe('sqlLanguage', () => {
  it('completes what the backend names, and asks once', async () => {
    const load = jest.fn(() => Promise.resolve(known));
    const completion = completionOf(load);
    const table = completion.tables!.parseName!({ value: 'clusters' } as LinkedToken);

    expect(await completion.tables!.resolve(null)).toContainEqual({ name: 'clusters', completion: 'clusters' });
    expect(await completion.columns!.resolve(table)).toEqual([{ name: 'actionName', type: 'string' }]);
    expect(await wordsOf(completion, 'functionsWithArguments')).toEqual(['strpos']);
    expect(await wordsOf(completion, 'filterMacro')).toEqual(['$__timeFilter']);
    expect(load).toHaveBeenCalledTimes(1);
  });

  it.each([
    ['without what stands in front', 'auditlake.gold.Clusters', ['actionName']],
    ['in backticks', '`clusters`', ['actionName']],
    ['of look-ups', 'lookups.teams', ['team']],
    [
      'with request parameters',
      'system.access.audit',
      ['request_params.cluster_id', "request_params['odd-key']", "request_params['it''s']"],
    ],
  ])('finds tables %s', async (_, table, columns) => {
    const found = await completionOf(() => Promise.resolve(known)).columns!.resolve({ table });

    expect(found.map(({ name }) => name)).toEqual(columns);
  });

  it('knows no columns of tables that are not there', async () => {
    expect(await completionOf(() => Promise.resolve(known)).columns!.resolve({ table: 'x' })).toEqual([]);
  });

  it('asks again after a failure', async () => {
    const load = jest.fn(() => Promise.resolve(known)).mockRejectedValueOnce(new Error('no lake'));
    const completion = completionOf(load);

    expect(await completion.tables!.resolve(null)).toEqual([]);
    expect(await completion.tables!.resolve(null)).toHaveLength(3);
  });
});

describe('suggestion', () => {
  it.each([
    ['a function with the cursor at its arguments', 'strpos', 'strpos(text, part)', 'strpos($0)'],
    ['a function without arguments', 'now', 'now()', 'now()'],
    ['a macro, whose $ is no place for the cursor', '$__timeFilter', '$__timeFilter(column)', '\\$__timeFilter($0)'],
    ['a macro that is no call', '$__interval', '$__interval', '\\$__interval'],
    ['a function that is called in two ways', 'nvl', 'nvl(a, b)\nnvl(a)', 'nvl($0)'],
    ['a function of which no more is known', 'lower', undefined, 'lower($0)'],
  ])('inserts %s', (_, name, signature, insertText) => {
    expect(suggestion({ name, signature }, CompletionItemKind.Function)).toMatchObject({ label: name, insertText });
  });
});

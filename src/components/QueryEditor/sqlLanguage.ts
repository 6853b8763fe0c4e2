import {
  CompletionItemInsertTextRule,
  CompletionItemKind,
  CompletionItemPriority,
  StatementPosition,
  SuggestionKind,
  type ColumnDefinition,
  type LanguageDefinition,
} from '@grafana/plugin-ui';
import { type SqlMetadata, type SqlTable, type SqlWord } from '../../types';

const nothing: SqlMetadata = { tables: [], functions: [], macros: [] };

/**
 * SQL as the backend understands it, for the editor: tables, columns, functions and macros are those the backend
 * names, asked for at the first completion. Without an answer the keywords of SQL are left, and the next completion
 * asks again.
 */
export function sqlLanguage(load: () => Promise<SqlMetadata>): LanguageDefinition {
  let known: Promise<SqlMetadata> | undefined;
  const metadata = async (): Promise<SqlMetadata> => {
    try {
      return { ...nothing, ...(await (known ??= load())) };
    } catch {
      known = undefined;
      return nothing;
    }
  };

  const words = (id: SuggestionKind | string, pick: (known: SqlMetadata) => SqlWord[], kind: CompletionItemKind) => ({
    id,
    overrideDefault: true,
    suggestionsResolver: async () => pick(await metadata()).map((word) => suggestion(word, kind)),
  });
  const macros = (known: SqlMetadata) => known.macros;

  return {
    id: 'sql',
    completionProvider: () => ({
      triggerCharacters: ['.', ' ', '$', ',', '(', "'"],
      tables: {
        resolve: async () => (await metadata()).tables.map(({ name }) => ({ name, completion: name })),
        parseName: (token) => ({ table: token?.value }),
      },
      columns: {
        resolve: async (identifier) => {
          const table = tableOf(await metadata(), identifier?.table);
          return table ? [...table.columns, ...paramsOf(table)] : [];
        },
      },
      customSuggestionKinds: () => [
        words(SuggestionKind.FunctionsWithArguments, ({ functions }) => functions, CompletionItemKind.Function),
        words(SuggestionKind.SelectMacro, macros, CompletionItemKind.Snippet),
        words(SuggestionKind.FilterMacro, macros, CompletionItemKind.Snippet),
        words(SuggestionKind.GroupMacro, macros, CompletionItemKind.Snippet),
        // The standard has a macro for tables only; there is none here.
        words(SuggestionKind.TableMacro, () => [], CompletionItemKind.Snippet),
        {
          id: 'auditlakeFunctions',
          applyTo: [
            StatementPosition.WhereKeyword,
            StatementPosition.WhereValue,
            StatementPosition.AfterGroupByKeywords,
          ],
          suggestionsResolver: async () =>
            (await metadata()).functions.map((word) => suggestion(word, CompletionItemKind.Function)),
        },
      ],
    }),
  };
}

/** Found as the backend does: in any letter case, and with or without what stands in front of the name. */
function tableOf({ tables }: SqlMetadata, text = ''): SqlTable | undefined {
  const written = text.toLowerCase().replaceAll('`', '');
  const called = (name: string) => tables.find((table) => table.name.toLowerCase() === name);
  return called(written) ?? called(written.slice(written.lastIndexOf('.') + 1));
}

/** Request parameters as a statement names them. */
export function paramsOf({ params, keys = [] }: SqlTable): ColumnDefinition[] {
  const path = (key: string) =>
    /^[a-z_]\w*$/i.test(key) ? `${params}.${key}` : `${params}['${key.replaceAll("'", "''")}']`;
  return params ? keys.map((key) => ({ name: path(key), type: 'string' })) : [];
}

/** A function or macro with the cursor between its brackets, if it has any arguments. */
export function suggestion({ name, signature, description }: SqlWord, kind: CompletionItemKind) {
  const argumentless = signature !== undefined && !/\(.*\S.*\)/.test(signature);
  const called = signature === undefined || signature.includes('(');
  const text = name.replace(/\(.*$/, '').replaceAll('$', '\\$');
  return {
    label: name,
    insertText: called ? `${text}(${argumentless ? '' : '$0'})` : text,
    insertTextRules: CompletionItemInsertTextRule.InsertAsSnippet,
    kind,
    detail: signature?.split('\n')[0],
    documentation: [description, signature?.includes('\n') && signature].filter(Boolean).join('\n\n'),
    sortText: CompletionItemPriority.MediumHigh,
  };
}

import {
  CompletionItemInsertTextRule,
  CompletionItemKind,
  CompletionItemPriority,
  StatementPosition,
  SuggestionKind,
  type LanguageDefinition,
} from '@grafana/plugin-ui';
import { type SqlMetadata, type SqlWord } from '../../types';

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
          const table = (await metadata()).tables.find(({ name }) => name === identifier?.table);
          return (table?.columns ?? []).map(({ name, type }) => ({ name, type }));
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
    detail: signature,
    documentation: description,
    sortText: CompletionItemPriority.MediumHigh,
  };
}

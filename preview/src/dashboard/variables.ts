import { VariableHide, VariableRefresh, VariableSort } from '@grafana/data';
import {
  AdHocFiltersVariable,
  ConstantVariable,
  CustomVariable,
  DataSourceVariable,
  IntervalVariable,
  QueryVariable,
  type SceneVariable,
  SwitchVariable,
  TextBoxVariable,
} from '@grafana/scenes';
import { getDataSourceSrv } from '@grafana/runtime';
import { type Variable } from './model';

const first = (value: string | string[] | undefined) => (Array.isArray(value) ? value[0] : value);

/** The scene's variable for one of the dashboard's, or nothing for a kind that the preview does not have. */
export function variableOf(model: Variable): SceneVariable | undefined {
  const { name, type, label, description, skipUrlSync } = model;
  const common = { name, label, description, skipUrlSync, hide: model.hide ?? VariableHide.dontHide };
  const chosen = { value: model.current?.value ?? '', text: model.current?.text ?? '' };
  const choices = {
    isMulti: model.multi,
    includeAll: model.includeAll,
    allValue: model.allValue || undefined,
    allowCustomValue: model.allowCustomValue,
    defaultToAll: model.includeAll && model.current?.value === undefined,
  };
  const query = typeof model.query === 'string' ? model.query : '';
  switch (type) {
    case 'datasource':
      return new DataSourceVariable({ ...common, ...chosen, ...choices, pluginId: query, regex: model.regex ?? '' });
    case 'query':
      return new QueryVariable({
        ...common,
        ...chosen,
        ...choices,
        query: queryOf(model),
        datasource: model.datasource ?? null,
        regex: model.regex ?? '',
        sort: model.sort ?? VariableSort.disabled,
        refresh: model.refresh ?? VariableRefresh.onDashboardLoad,
      });
    case 'custom':
      return new CustomVariable({ ...common, ...chosen, ...choices, query });
    case 'textbox':
      return new TextBoxVariable({ ...common, value: first(model.current?.value) ?? query });
    case 'constant':
      return new ConstantVariable({ ...common, value: query });
    case 'interval':
      return new IntervalVariable({
        ...common,
        value: first(model.current?.value) ?? '',
        intervals: query.split(',').map((text) => text.trim()),
        autoEnabled: model.auto,
        autoStepCount: model.auto_count,
        autoMinInterval: model.auto_min,
      });
    case 'switch':
      return new SwitchVariable({
        ...common,
        value: first(model.current?.value) ?? '',
        enabledValue: model.enabledValue ?? 'true',
        disabledValue: model.disabledValue ?? 'false',
      });
    case 'adhoc':
      return new AdHocFiltersVariable({
        ...common,
        datasource: model.datasource ?? null,
        filters: model.filters ?? [],
        baseFilters: model.baseFilters ?? [],
        applyMode: 'auto',
        allowCustomValue: model.allowCustomValue,
        supportsMultiValueOperators: manyValues(model),
      });
    default:
      return undefined;
  }
}

/** A query of a plugin's own editor is an object, which needs a refId to be run as one. */
function queryOf({ query }: Variable) {
  return typeof query === 'object' ? { ...query, refId: query.refId || 'Variable' } : (query ?? '');
}

const manyValues = ({ datasource }: Variable) =>
  Boolean(
    getDataSourceSrv()
      .getList({ type: datasource?.type })
      .some(({ meta }) => 'multiValueFilterOperators' in meta && meta.multiValueFilterOperators)
  );

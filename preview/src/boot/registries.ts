import {
  booleanOverrideProcessor,
  dataLinksOverrideProcessor,
  displayNameOverrideProcessor,
  type Field,
  type FieldConfigPropertyItem,
  FieldType,
  numberOverrideProcessor,
  stringOverrideProcessor,
  thresholdsOverrideProcessor,
  unitOverrideProcessor,
  valueMappingsOverrideProcessor,
  identityOverrideProcessor,
  monacoLanguageRegistry,
  standardEditorsRegistry,
  standardFieldConfigEditorRegistry,
  standardTransformers,
  standardTransformersRegistry,
  type TransformerRegistryItem,
} from '@grafana/data';

const nothing = () => null;

type Setting = Pick<FieldConfigPropertyItem, 'process'> &
  Partial<Pick<FieldConfigPropertyItem, 'shouldApply' | 'settings'>>;

const ofNumbers = { shouldApply: ({ type }: Field) => type === FieldType.number };

/**
 * What every field can be configured with, and what is made of it. Without an entry here, applyFieldOverrides drops the
 * setting.
 */
const fieldSettings: Record<string, Setting> = {
  displayName: { process: displayNameOverrideProcessor, settings: { expandTemplateVars: true } },
  description: { process: stringOverrideProcessor },
  unit: { process: unitOverrideProcessor },
  min: { process: numberOverrideProcessor, ...ofNumbers },
  max: { process: numberOverrideProcessor, ...ofNumbers },
  decimals: { process: numberOverrideProcessor, ...ofNumbers },
  fieldMinMax: { process: booleanOverrideProcessor, ...ofNumbers },
  color: { process: identityOverrideProcessor },
  mappings: { process: valueMappingsOverrideProcessor },
  thresholds: { process: thresholdsOverrideProcessor },
  noValue: { process: stringOverrideProcessor },
  links: { process: dataLinksOverrideProcessor },
  actions: { process: identityOverrideProcessor },
  filterable: { process: booleanOverrideProcessor },
};

/** A setting of fields, without an editor. */
export function fieldSetting(path: string, setting: Setting, isCustom: boolean): FieldConfigPropertyItem {
  const item = { id: path, path, name: path, isCustom, editor: nothing, override: nothing, shouldApply: () => true };
  return { ...item, ...setting };
}

/** Fills the lists that a Grafana server's front end fills. Editors are not drawn here, so they are empty. */
export function fillRegistries(): void {
  standardEditorsRegistry.setInit(() => []);
  standardFieldConfigEditorRegistry.setInit(() =>
    Object.entries(fieldSettings).map(([id, setting]) => fieldSetting(id, setting, false))
  );
  standardTransformersRegistry.setInit(() =>
    Object.values(standardTransformers).map((transformation): TransformerRegistryItem => ({
      id: transformation.id,
      name: transformation.name,
      transformation: async () => transformation,
      editor: nothing,
      imageDark: '',
      imageLight: '',
    }))
  );
  monacoLanguageRegistry.setInit(() => []);
}

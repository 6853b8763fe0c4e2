import {
  FieldColorModeId,
  identityOverrideProcessor,
  type PanelPlugin,
  type SetFieldConfigOptionsArgs,
} from '@grafana/data';
import { fieldSetting } from '../boot/registries';

/** Declares what a panel's fields can be configured with beyond what all panels have, and with which defaults. */
export function withFieldSettings<TOptions>(plugin: PanelPlugin<TOptions>, defaults: Record<string, unknown>) {
  const args: SetFieldConfigOptionsArgs<Record<string, unknown>> = {
    standardOptions: { color: { defaultValue: { mode: FieldColorModeId.PaletteClassic } } } as never,
    useCustomConfig: (builder) => {
      for (const [path, defaultValue] of Object.entries(defaults)) {
        builder.addCustomEditor({
          ...fieldSetting(path, { process: identityOverrideProcessor }, true),
          defaultValue,
        } as never);
      }
    },
  };
  return (plugin as PanelPlugin).useFieldConfig(args as never) as PanelPlugin<TOptions>;
}

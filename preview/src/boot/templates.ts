import { type ScopedVars, type TypedVariableModel } from '@grafana/data';
import { type TemplateSrv } from '@grafana/runtime';
import { sceneGraph, type SceneObject } from '@grafana/scenes';

type Format = Parameters<typeof sceneGraph.interpolate>[3];

/** The dashboard that is shown: variables of requests that do not name a scene are its. */
export class PreviewTemplates implements TemplateSrv {
  private scene?: SceneObject;

  show(scene: SceneObject | undefined): void {
    this.scene = scene;
  }

  getVariables(): TypedVariableModel[] {
    const variables = this.scene ? sceneGraph.getVariables(this.scene).state.variables : [];
    // Plugins use names and types alone.
    return variables.map(({ state }) => ({ ...state })) as unknown as TypedVariableModel[];
  }

  replace(target = '', scopedVars: ScopedVars = {}, format?: string | Function): string {
    const scene: SceneObject | undefined = scopedVars.__sceneObject?.value?.valueOf() ?? this.scene;
    if (scene) {
      return sceneGraph.interpolate(scene, target, scopedVars, format as Format);
    }
    return target.replace(/\$(\w+)|\$\{(\w+)(?::\w+)?\}/g, (match, plain, braced) => {
      const value: unknown = scopedVars[plain ?? braced]?.value;
      return value === undefined ? match : String(value);
    });
  }

  containsTemplate(target = ''): boolean {
    return /\$\w+|\$\{[^}]+\}|\[\[[^\]]+\]\]/.test(target);
  }

  updateTimeRange(): void {
    // Scenes know their own.
  }
}

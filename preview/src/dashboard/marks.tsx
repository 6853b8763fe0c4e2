import { dataLayers, type SceneDataLayerSet } from '@grafana/scenes';
import { InlineSwitch } from '@grafana/ui';

/** A switch for each annotation, under its name, as Grafana has them. */
export function Marks({ set }: { set: SceneDataLayerSet }) {
  return set.state.layers
    .filter((layer) => layer instanceof dataLayers.AnnotationsDataLayer)
    .map((layer) => <Mark key={layer.state.key} layer={layer} />);
}

function Mark({ layer }: { layer: dataLayers.AnnotationsDataLayer }) {
  const { name, isEnabled, isHidden } = layer.useState();
  return isHidden ? null : (
    <InlineSwitch
      id={layer.state.key}
      label={name}
      showLabel
      value={isEnabled}
      onChange={() => layer.setState({ isEnabled: !isEnabled })}
    />
  );
}

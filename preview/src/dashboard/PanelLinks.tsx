import { sceneGraph, type SceneComponentProps, SceneObjectBase, type SceneObjectState } from '@grafana/scenes';
import { LinkButton } from '@grafana/ui';
import { linkUrl } from './links';
import { type Link } from './model';

interface State extends SceneObjectState {
  links: Link[];
}

/** The links of a panel, in its header. */
export class PanelLinks extends SceneObjectBase<State> {
  static Component = ({ model }: SceneComponentProps<PanelLinks>) => {
    const { links } = model.useState();
    sceneGraph.getTimeRange(model).useState();
    return (
      <>
        {links.map((link) => (
          <LinkButton
            key={link.title}
            size="sm"
            fill="text"
            variant="secondary"
            icon="external-link-alt"
            href={linkUrl(model, link)}
            target={link.targetBlank ? '_blank' : undefined}
          >
            {sceneGraph.interpolate(model, link.title)}
          </LinkButton>
        ))}
      </>
    );
  };
}

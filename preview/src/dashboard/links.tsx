import { textUtil, urlUtil } from '@grafana/data';
import { sceneGraph, type SceneObject, sceneUtils } from '@grafana/scenes';
import { Button, Dropdown, type IconName, LinkButton, Menu, Stack } from '@grafana/ui';
import { useFetched } from '../parts/useFetched';
import { type DashboardEntry, type Link } from './model';

/** The URL of a link, with variables and time range where it asks for them. */
export function linkUrl(from: SceneObject, link: Pick<Link, 'url' | 'includeVars' | 'keepTime'>): string {
  const params: Record<string, unknown> = {};
  if (link.keepTime) {
    const range = sceneGraph.getTimeRange(from).state;
    Object.assign(params, { from: range.from, to: range.to });
  }
  if (link.includeVars) {
    for (const variable of sceneGraph.getVariables(from).state.variables) {
      Object.assign(params, sceneUtils.getUrlState(variable));
    }
  }
  const url = sceneGraph.interpolate(from, link.url ?? '');
  return textUtil.sanitizeUrl(urlUtil.appendQueryToUrl(url, urlUtil.toUrlParams(params)));
}

interface Props {
  scene: SceneObject;
  links: Link[];
  /** The uid of the dashboard, to which it does not link. */
  here: string;
}

/** The links of a dashboard: single ones, and those to all dashboards that have the tags. */
export function DashboardLinks({ scene, links, here }: Props) {
  const { value: dashboards = [] } = useFetched<DashboardEntry[]>('/api/search');
  sceneGraph.getTimeRange(scene).useState();
  const tagged = (link: Link) =>
    dashboards
      .filter(({ uid, tags }) => uid !== here && (link.tags ?? []).every((tag) => tags?.includes(tag)))
      .map(({ uid, title }): Link => ({ ...link, title, url: `/d/${uid}` }));
  return (
    <Stack gap={1} wrap="wrap">
      {links.map((link) => {
        if (link.type !== 'dashboards') {
          return <OneLink key={link.title} scene={scene} link={link} />;
        }
        if (!link.asDropdown) {
          return tagged(link).map((one) => <OneLink key={one.title} scene={scene} link={one} />);
        }
        const menu = () => (
          <Menu>
            {tagged(link).map((one) => (
              // The address is made when the menu opens, and with it knows what was chosen until then.
              <Menu.Item key={one.title} label={one.title} url={linkUrl(scene, one)} />
            ))}
          </Menu>
        );
        return (
          <Dropdown key={link.title} overlay={menu}>
            <Button size="sm" variant="secondary" fill="outline" icon="bars">
              {link.title}
            </Button>
          </Dropdown>
        );
      })}
    </Stack>
  );
}

function OneLink({ scene, link }: { scene: SceneObject; link: Link }) {
  return (
    <LinkButton
      size="sm"
      variant="secondary"
      fill="outline"
      icon={icons[link.icon ?? ''] ?? 'external-link-alt'}
      tooltip={link.tooltip || undefined}
      href={linkUrl(scene, link)}
      target={link.targetBlank ? '_blank' : undefined}
    >
      {sceneGraph.interpolate(scene, link.title)}
    </LinkButton>
  );
}

/** Names of icons in a dashboard's JSON. */
const icons: Record<string, IconName> = {
  apps: 'apps',
  bolt: 'bolt',
  cloud: 'cloud',
  dashboard: 'apps',
  doc: 'file-alt',
  'external link': 'external-link-alt',
  info: 'info-circle',
  question: 'question-circle',
};

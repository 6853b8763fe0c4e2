import { textUtil, urlUtil } from '@grafana/data';
import { sceneGraph, type SceneObject, sceneUtils, type SceneVariable } from '@grafana/scenes';
import { type IconName, LinkButton, Stack } from '@grafana/ui';
import { type Link } from './model';

/** The URL of a link, with variables and time range where it asks for them. */
export function linkUrl(
  from: SceneObject,
  { url = '', includeVars, keepTime }: Pick<Link, 'url' | 'includeVars' | 'keepTime'>
): string {
  const params: Record<string, unknown> = {};
  if (keepTime) {
    const range = sceneGraph.getTimeRange(from).state;
    Object.assign(params, { from: range.from, to: range.to });
  }
  if (includeVars) {
    for (const variable of sceneGraph.getVariables(from).state.variables) {
      Object.assign(params, stateInUrl(variable));
    }
  }
  return urlUtil.appendQueryToUrl(sceneGraph.interpolate(from, url), urlUtil.toUrlParams(params));
}

const stateInUrl = (variable: SceneVariable) => sceneUtils.getUrlState(variable);

interface Props {
  scene: SceneObject;
  links: Link[];
  dashboards: Array<{ uid: string; title: string; tags: string[] }>;
  here: string;
}

/** The links of a dashboard: single ones, and those to all dashboards that have the tags. */
export function DashboardLinks({ scene, links, dashboards, here }: Props) {
  sceneGraph.getTimeRange(scene).useState();
  const all = links.flatMap((link) =>
    link.type === 'dashboards'
      ? dashboards
          .filter(({ uid, tags }) => uid !== here && (link.tags ?? []).every((tag) => tags.includes(tag)))
          .map(({ uid, title }): Link => ({ ...link, title, url: `/d/${uid}`, icon: 'apps' }))
      : [link]
  );
  return (
    <Stack gap={1} wrap="wrap">
      {all.map((link) => (
        <LinkButton
          key={`${link.title} ${link.url}`}
          size="sm"
          variant="secondary"
          fill="outline"
          icon={icons[link.icon ?? ''] ?? 'external-link-alt'}
          tooltip={link.tooltip || undefined}
          href={textUtil.sanitizeUrl(linkUrl(scene, link))}
          target={link.targetBlank ? '_blank' : undefined}
        >
          {sceneGraph.interpolate(scene, link.title)}
        </LinkButton>
      ))}
    </Stack>
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

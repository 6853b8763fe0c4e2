import { css } from '@emotion/css';
import { type GrafanaTheme2, urlUtil } from '@grafana/data';
import { Alert, Card, TextLink, useStyles2 } from '@grafana/ui';
import { type DashboardEntry } from '../dashboard/model';
import { usePreview } from '../parts/preview';
import { useFetched } from '../parts/useFetched';

/** The dashboards in the folder, and the data sources. */
export function HomePage() {
  const { start } = usePreview();
  const styles = useStyles2(getStyles);
  const { value: dashboards, error } = useFetched<DashboardEntry[]>('/api/search');
  return (
    <>
      <h1>Dashboards</h1>
      {error && <Alert title={error} />}
      <ul className={styles.list}>
        {dashboards?.map(({ uid, title, description }) => (
          <li key={uid}>
            <Card href={`/d/${uid}`}>
              <Card.Heading>{title}</Card.Heading>
              <Card.Description>{description}</Card.Description>
            </Card>
            {(start.links ?? []).map((link) => (
              <div key={link.title} className={styles.other}>
                <TextLink
                  href={urlUtil.renderUrl(`/d/${uid}`, { 'var-datasource': link.source, from: link.from, to: link.to })}
                >
                  {`${title}, ${link.title}`}
                </TextLink>{' '}
                {link.text}
              </div>
            ))}
          </li>
        ))}
      </ul>
      <h2>Data sources</h2>
      <ul className={styles.list}>
        {start.datasources.map(({ uid, name }) => (
          <li key={uid}>
            <Card href={`/datasources/edit/${uid}`}>
              <Card.Heading>{name}</Card.Heading>
              <Card.Meta>{start.plugin.name}</Card.Meta>
            </Card>
          </li>
        ))}
      </ul>
    </>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  list: css({
    listStyle: 'none',
    display: 'grid',
    gap: theme.spacing(1),
    gridTemplateColumns: 'repeat(auto-fill, minmax(420px, 1fr))',
    marginBottom: theme.spacing(3),
  }),
  other: css({ padding: theme.spacing(0, 2), color: theme.colors.text.secondary }),
});

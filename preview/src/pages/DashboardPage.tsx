import { useEffect, useMemo } from 'react';
import { css } from '@emotion/css';
import { type GrafanaTheme2 } from '@grafana/data';
import { UrlSyncContextProvider } from '@grafana/scenes';
import { Alert, LoadingPlaceholder, useStyles2 } from '@grafana/ui';
import { useParams } from 'react-router-dom';
import { DashboardLinks } from '../dashboard/links';
import { type Dashboard } from '../dashboard/model';
import { sceneOf } from '../dashboard/scene';
import { usePreview } from '../parts/preview';
import { useFetched } from '../parts/useFetched';
import { type DashboardEntry } from './HomePage';

export function DashboardPage() {
  const { uid = '' } = useParams();
  const { value, error } = useFetched<{ dashboard: Dashboard }>(`/api/dashboards/uid/${encodeURIComponent(uid)}`);
  if (error) {
    return <Alert title={error} />;
  }
  return value ? (
    <Drawing key={uid} dashboard={value.dashboard} />
  ) : (
    <LoadingPlaceholder text="Loading the dashboard" />
  );
}

function Drawing({ dashboard }: { dashboard: Dashboard }) {
  const { templates } = usePreview();
  const styles = useStyles2(getStyles);
  const { value: all = [] } = useFetched<DashboardEntry[]>('/api/search');
  const { scene, missing } = useMemo(() => {
    const drawn = sceneOf(dashboard);
    templates.show(drawn.scene);
    return drawn;
  }, [dashboard, templates]);
  useEffect(() => {
    document.title = dashboard.title;
    return () => templates.show(undefined);
  }, [dashboard, templates]);
  return (
    <>
      <div className={styles.head}>
        <h1 className={styles.title}>{dashboard.title}</h1>
        <DashboardLinks scene={scene} links={dashboard.links ?? []} dashboards={all} here={dashboard.uid} />
      </div>
      {dashboard.description && <p className={styles.description}>{dashboard.description}</p>}
      {missing.length > 0 && (
        <Alert severity="info" title={`The preview does not show as Grafana does: ${missing.join('; ')}.`} />
      )}
      <UrlSyncContextProvider scene={scene} updateUrlOnInit createBrowserHistorySteps>
        <scene.Component model={scene} />
      </UrlSyncContextProvider>
    </>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  head: css({
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: theme.spacing(1, 3),
    justifyContent: 'space-between',
  }),
  title: css({ fontSize: theme.typography.h3.fontSize, margin: 0 }),
  description: css({ color: theme.colors.text.secondary, margin: theme.spacing(0.5, 0, 1) }),
});

import { useEffect, useMemo } from 'react';
import { UrlSyncContextProvider } from '@grafana/scenes';
import { Alert, LoadingPlaceholder } from '@grafana/ui';
import { useParams } from 'react-router-dom';
import { type Dashboard } from '../dashboard/model';
import { sceneOf } from '../dashboard/scene';
import { usePreview } from '../parts/preview';
import { useFetched } from '../parts/useFetched';

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
  const scene = useMemo(() => sceneOf(dashboard), [dashboard]);
  useEffect(() => {
    document.title = dashboard.title;
    templates.show(scene);
    return () => templates.show(undefined);
  }, [dashboard, scene, templates]);
  return (
    <UrlSyncContextProvider scene={scene} updateUrlOnInit createBrowserHistorySteps>
      <scene.Component model={scene} />
    </UrlSyncContextProvider>
  );
}

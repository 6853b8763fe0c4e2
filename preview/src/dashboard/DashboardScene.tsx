import { css } from '@emotion/css';
import { type GrafanaTheme2 } from '@grafana/data';
import {
  type SceneComponentProps,
  SceneDataLayerSet,
  type SceneGridLayout,
  SceneObjectBase,
  type SceneObjectState,
  type SceneRefreshPicker,
  type SceneTimePicker,
  type VariableValueSelectors,
} from '@grafana/scenes';
import { Alert, useStyles2 } from '@grafana/ui';
import { DashboardLinks } from './links';
import { Marks } from './marks';
import { type Dashboard } from './model';

interface State extends SceneObjectState {
  dashboard: Dashboard;
  /** What of the dashboard the preview leaves out, in words. */
  missing: string[];
  choices: VariableValueSelectors;
  time: SceneTimePicker;
  refresh: SceneRefreshPicker;
  body: SceneGridLayout;
}

/** A dashboard with its title, links and controls, in the places where Grafana has them. */
export class DashboardScene extends SceneObjectBase<State> {
  static Component = Drawing;
}

function Drawing({ model }: SceneComponentProps<DashboardScene>) {
  const { dashboard, missing, choices, $data, time, refresh, body } = model.useState();
  const styles = useStyles2(getStyles);
  return (
    <>
      <div className={styles.bar}>
        <h1 className={styles.title}>{dashboard.title}</h1>
        <div className={styles.controls}>
          <time.Component model={time} />
          <refresh.Component model={refresh} />
        </div>
      </div>
      {dashboard.description && <p className={styles.description}>{dashboard.description}</p>}
      {missing.length > 0 && (
        <Alert severity="info" title={`The preview does not show as Grafana does: ${missing.join('; ')}.`} />
      )}
      <div className={styles.bar}>
        <div className={styles.controls}>
          <choices.Component model={choices} />
          {$data instanceof SceneDataLayerSet && <Marks set={$data} />}
        </div>
        <DashboardLinks scene={model} links={dashboard.links ?? []} here={dashboard.uid} />
      </div>
      <div className={styles.body}>
        <body.Component model={body} />
      </div>
    </>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  bar: css({
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'flex-start',
    justifyContent: 'space-between',
    gap: theme.spacing(1, 2),
    marginBottom: theme.spacing(1),
  }),
  title: css({ fontSize: theme.typography.h3.fontSize, margin: 0 }),
  controls: css({ display: 'flex', flexWrap: 'wrap', gap: theme.spacing(1) }),
  description: css({ color: theme.colors.text.secondary, margin: theme.spacing(0, 0, 1) }),
  body: css({ display: 'flex', flexGrow: 1 }),
});

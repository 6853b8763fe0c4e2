import { css } from '@emotion/css';
import { type FieldConfigSource, type GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';

/** In place of a drawing that has nothing to draw. */
export function NoData({ fieldConfig }: { fieldConfig?: FieldConfigSource }) {
  const styles = useStyles2(getStyles);
  return <div className={styles.center}>{fieldConfig?.defaults.noValue || 'No data'}</div>;
}

const getStyles = (theme: GrafanaTheme2) => ({
  center: css({
    display: 'flex',
    height: '100%',
    alignItems: 'center',
    justifyContent: 'center',
    color: theme.colors.text.secondary,
  }),
});

import { type ReactNode } from 'react';
import { css } from '@emotion/css';
import { type GrafanaTheme2 } from '@grafana/data';
import { Badge, Button, Select, TextLink, useStyles2 } from '@grafana/ui';
import { useLocation } from 'react-router-dom';
import { role, theme } from '../boot/start';
import { usePreview } from './preview';

const repository = 'https://github.com/auditlake/auditlake';

/** Opens the present page as somebody else, or in the other theme. */
function reloadWith(name: string, value: string): void {
  const url = new URL(window.location.href);
  url.searchParams.set(name, value);
  window.location.assign(url);
}

/** What stands around every page. */
export function Frame({ children }: { children: ReactNode }) {
  const { start } = usePreview();
  const styles = useStyles2(getStyles);
  const { pathname } = useLocation();
  const source = start.datasources[0];
  const places = [
    { href: '/', text: 'Dashboards', here: pathname === '/' || pathname.startsWith('/d/') },
    { href: '/explore', text: 'Explore', here: pathname.startsWith('/explore') },
    { href: `/datasources/edit/${source?.uid}`, text: 'Data source', here: pathname.includes('/datasources/') },
  ];
  return (
    <>
      <header className={styles.header}>
        <img src={`/public/plugins/${start.pluginId}/img/logo.svg`} alt="" width={24} height={24} />
        <strong>Auditlake</strong>
        <Badge text="Preview" color="orange" icon="exclamation-triangle" />
        <nav aria-label="Pages" className={styles.nav}>
          {places.map(({ href, text, here }) => (
            <a key={href} href={href} aria-current={here ? 'page' : undefined} className={styles.place}>
              {text}
            </a>
          ))}
        </nav>
        <div className={styles.grow} />
        <Select
          aria-label="Role"
          width={14}
          value={role}
          options={['Admin', 'Editor', 'Viewer'].map((value) => ({ value, label: value }))}
          onChange={({ value }) => reloadWith('role', value ?? 'Admin')}
        />
        <Button
          variant="secondary"
          fill="outline"
          onClick={() => reloadWith('theme', theme === 'dark' ? 'light' : 'dark')}
        >
          {theme === 'dark' ? 'Light theme' : 'Dark theme'}
        </Button>
      </header>
      <main className={styles.main}>{children}</main>
      <footer className={styles.footer}>
        This is a preview, not Grafana. It draws the shipped dashboards over the real plugin, with Grafana&apos;s parts
        where they can be had without a server and simpler ones elsewhere.{' '}
        <TextLink href={`${repository}/blob/main/docs/preview.md`} external inline variant="bodySmall">
          What it can and cannot do
        </TextLink>
      </footer>
    </>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  header: css({
    display: 'flex',
    alignItems: 'center',
    gap: theme.spacing(1.5),
    padding: theme.spacing(1, 2),
    background: theme.colors.background.primary,
    borderBottom: `1px solid ${theme.colors.border.weak}`,
  }),
  nav: css({ display: 'flex', gap: theme.spacing(0.5), marginLeft: theme.spacing(2) }),
  place: css({
    padding: theme.spacing(0.75, 1.5),
    borderRadius: theme.shape.radius.default,
    color: theme.colors.text.primary,
    '&:hover': { background: theme.colors.action.hover },
    '&[aria-current]': { background: theme.colors.action.selected, fontWeight: theme.typography.fontWeightMedium },
  }),
  grow: css({ flex: 1 }),
  main: css({ padding: theme.spacing(2), minHeight: 'calc(100vh - 110px)' }),
  footer: css({
    padding: theme.spacing(1, 2, 2),
    color: theme.colors.text.secondary,
    fontSize: theme.typography.bodySmall.fontSize,
  }),
});

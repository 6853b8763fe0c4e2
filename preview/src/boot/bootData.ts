import { type Start, type ThemeName } from './start';

/** The version of Grafana whose packages draw the page; the build fills it in. */
declare const grafanaVersion: string;

/**
 * What a Grafana server writes into its page. The packages read it while they are loaded, so it has to be there before
 * any of them is imported.
 */
export function writeBootData(start: Start, theme: ThemeName): void {
  const user = {
    id: 1,
    uid: start.user.login,
    isSignedIn: true,
    login: start.user.login,
    name: start.user.name,
    email: start.user.email,
    orgId: 1,
    orgName: 'Preview',
    orgRole: start.user.role,
    timezone: 'browser',
    weekStart: 'monday',
    locale: 'en-US',
    language: 'en-US',
    regionalFormat: 'en-US',
    theme,
    lightTheme: theme === 'light',
    permissions: {},
  };
  const settings = {
    buildInfo: { version: grafanaVersion, edition: 'Open Source', env: 'production', hideVersion: false },
    featureToggles: {},
    appUrl: `${window.location.origin}/`,
    appSubUrl: '',
    namespace: 'default',
    datasources: {},
    panels: {},
    apps: {},
    minRefreshInterval: '5s',
    exploreEnabled: true,
    liveEnabled: true,
    defaultDatasource: start.datasources[0]?.name,
  };
  Object.assign(window, {
    grafanaBootData: { user, settings, navTree: [], assets: { dark: '', light: '' } },
    __grafana_public_path__: '/public/',
  });
}

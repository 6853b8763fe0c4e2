import { version } from 'react';
import { createRoot } from 'react-dom/client';
import { config, locationService, LocationServiceProvider } from '@grafana/runtime';
import { GlobalStyles, PortalContainer } from '@grafana/ui';
import { ThemeContext } from '@grafana/data';
import { startServices } from './boot/services';
import { type Start } from './boot/start';
import { DashboardPage } from './pages/DashboardPage';
import { DataSourcePage } from './pages/DataSourcePage';
import { ExplorePage } from './pages/ExplorePage';
import { HomePage } from './pages/HomePage';
import { registerPanels } from './panels/panels';
import { Frame } from './parts/Frame';
import { followLinks, PageRouter } from './parts/router';
import { Preview } from './parts/preview';
import { Navigate, Route, Routes } from 'react-router-dom';

/** Draws the page once Grafana's services have their stand-ins. */
export async function render(start: Start, root: HTMLElement): Promise<void> {
  const services = await startServices(start);
  registerPanels();
  followLinks(locationService);
  // Tests ask for it.
  root.dataset.react = version;
  createRoot(root).render(
    <ThemeContext.Provider value={config.theme2}>
      <Preview.Provider value={{ start, ...services }}>
        <GlobalStyles />
        <LocationServiceProvider service={locationService}>
          <PageRouter service={locationService}>
            <Frame>
              <Routes>
                <Route path="/" element={<HomePage />} />
                <Route path="/d/:uid/*" element={<DashboardPage />} />
                <Route path="/explore" element={<ExplorePage />} />
                <Route path="/connections/datasources/edit/:uid" element={<DataSourcePage />} />
                <Route path="/datasources/edit/:uid" element={<DataSourcePage />} />
                <Route path="*" element={<Navigate to="/" replace />} />
              </Routes>
            </Frame>
          </PageRouter>
        </LocationServiceProvider>
        <PortalContainer />
      </Preview.Provider>
    </ThemeContext.Provider>
  );
}

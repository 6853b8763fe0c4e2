import { type ReactNode, useLayoutEffect, useState } from 'react';
import { type LocationService } from '@grafana/runtime';
import { Router } from 'react-router-dom';

/** The router over the location service, by which scenes and plugins go to other pages. */
export function PageRouter({ service, children }: { service: LocationService; children: ReactNode }) {
  const history = service.getHistory();
  const [location, setLocation] = useState(history.location);
  useLayoutEffect(() => history.listen((next) => setLocation(next)), [history]);
  const navigator = {
    createHref: (to: Parameters<typeof history.createHref>[0] | string) =>
      typeof to === 'string' ? to : history.createHref(to),
    push: (to: string | object, state?: unknown) => history.push(to as string, state),
    replace: (to: string | object, state?: unknown) => history.replace(to as string, state),
    go: (delta: number) => history.go(delta),
  };
  return (
    <Router location={{ ...location, key: location.key ?? 'default' }} navigator={navigator as never}>
      {children}
    </Router>
  );
}

/** Links within the page change it without loading it anew, as in Grafana. */
export function followLinks(service: LocationService): void {
  document.addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest('a[href]') : null;
    if (!(link instanceof HTMLAnchorElement) || event.defaultPrevented || event.button !== 0) {
      return;
    }
    const elsewhere = link.origin !== window.location.origin || (link.target && link.target !== '_self');
    if (elsewhere || link.download || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) {
      return;
    }
    event.preventDefault();
    service.push(link.pathname + link.search + link.hash);
  });
}

// The preview in a real browser, over the plugin's binary and the built module.js.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { testAccess } from './access.mjs';
import { testDashboards } from './dashboards.mjs';
import { testEditors } from './editors.mjs';
import { testNewcomer } from './newcomer.mjs';
import { testQueries } from './queries.mjs';
import { testState } from './state.mjs';
import { testTruth } from './truth.mjs';
import { testTypes } from './types.mjs';
import { react, readDashboards, World } from './world.mjs';

const dashboards = await readDashboards();

describe(`preview with React ${react}`, () => {
  let world;
  const the = () => world;
  before(async () => {
    world = await World.make();
  });
  after(() => world?.end());

  it('is drawn with the React that is asked for', async () => {
    const view = await the().open('/');
    const version = await view.page.locator('#root').getAttribute('data-react');
    assert.ok(version.startsWith(`${react}.`), version);
    await view.close();
  });

  // The plugin has to run with every React that Grafana has had; the rest is the same page, and is tested once.
  const rest = react === '19';
  if (rest) {
    testNewcomer(the);
  }
  testDashboards(
    the,
    dashboards,
    rest ? { themes: ['dark', 'light'], widths: [1280, 1920] } : { themes: ['dark'], widths: [1280] }
  );
  testTypes(the);
  testEditors(the);
  if (rest) {
    testQueries(the);
    testTruth(the, dashboards);
    testAccess(the, dashboards);
    testState(the); // the last: it delivers a line
  }
});

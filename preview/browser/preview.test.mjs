// The preview in a real browser, over the plugin's binary and the built module.js.
import { after, before, describe } from 'node:test';
import { testAccess } from './access.mjs';
import { testDashboards } from './dashboards.mjs';
import { testEditors } from './editors.mjs';
import { testNewcomer } from './newcomer.mjs';
import { testQueries } from './queries.mjs';
import { testState } from './state.mjs';
import { testTruth } from './truth.mjs';
import { readDashboards, World } from './world.mjs';

const dashboards = await readDashboards();

describe('preview', () => {
  let world;
  const the = () => world;
  before(async () => {
    world = await World.make();
  });
  after(() => world?.end());

  testNewcomer(the);
  testDashboards(the, dashboards);
  testTruth(the, dashboards);
  testEditors(the);
  testQueries(the);
  testAccess(the, dashboards);
  testState(the);
});

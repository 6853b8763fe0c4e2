// Takes the pictures of the dashboards that the documentation shows: of one lake,
// at one moment, so that they differ only where a dashboard does.
//
//   node pictures/pictures.mjs FOLDER
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { World, dashboardPath } from '../browser/world.mjs';

const [folder] = process.argv.slice(2);
const size = { width: 1440, height: 1040 };

/** What is chosen at the top, where a picture of everything would say little. */
const chosen = { 'auditlake-investigation': { 'var-actor': 'quentin.garcia36@northwind.example' } };

const world = await World.still();
try {
  await mkdir(folder, { recursive: true });
  for (const dashboard of world.dashboards) {
    const days = Number(/^now-(\d+)d$/.exec(dashboard.time.from)[1]);
    const range = { from: world.now - days * 86_400_000, to: world.now };
    const view = await world.open(
      dashboardPath(dashboard, { theme: 'dark', ...range, ...chosen[dashboard.uid] }),
      size
    );
    const path = join(folder, `${dashboard.uid.replace(/^auditlake-/, '')}.png`);
    await view.page.screenshot({ path });
    if (view.problems.length > 0) {
      throw new Error(`${dashboard.title}: ${view.problems.join('\n')}`);
    }
    await view.close();
    console.log(path);
  }
} finally {
  await world.end();
}

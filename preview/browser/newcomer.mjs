import assert from 'node:assert/strict';
import { it } from 'node:test';

/** Who has never seen the page finds the answer to the first question. */
export function testNewcomer(the) {
  it('finds who created the clusters with at most 3 clicks and in 60 s', async () => {
    const began = performance.now();
    const view = await the().open('/', { width: 1280, height: 900 });
    const { page } = view;
    let clicks = 0;
    await page.exposeFunction('clicked', () => clicks++);
    await page.evaluate(() => document.addEventListener('mousedown', () => globalThis.clicked(), true));

    await page.getByRole('link', { name: 'Clusters and cost hygiene' }).click();
    await page.getByRole('heading', { level: 1, name: /Clusters and cost hygiene/ }).waitFor();
    // The panel is seen without scrolling, over the last 30 days. The logs begin a little earlier.
    const panel = view.panel('Clusters by creator');
    await panel.waitFor();
    const { y, height } = await panel.boundingBox();
    assert.ok(y + height <= 900, `the panel ends at ${y + height} px`);
    await page.getByRole('button', { name: /^Time range selected/ }).click();
    await page.getByText('Last 90 days').click();
    await page.getByRole('button', { name: /Last 90 days/ }).waitFor();
    await view.settled();

    const texts = (await panel.getByTestId('data-testid panel content').innerText()).split('\n');
    const seconds = (performance.now() - began) / 1000;
    for (const { creator, num_clusters: number } of the().rowsOf('clusters_by_creator')) {
      assert.ok(texts.includes(creator), `${creator} in ${texts.join(', ')}`);
      assert.ok(texts.includes(String(number)), `${number} in ${texts.join(', ')}`);
    }
    assert.ok(clicks >= 1 && clicks <= 3, `${clicks} clicks`);
    assert.ok(seconds <= 60, `${seconds} s`);
    console.log(`who created the clusters: ${clicks} clicks, ${seconds.toFixed(1)} s`);
    assert.deepEqual(view.problems, []);
    await view.close();
  });
}

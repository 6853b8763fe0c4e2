import { expect, test } from './fixtures';

/** The generator delivers a month of logs first, and the first ETL run follows within a minute. */
const arrival = 10 * 60_000;

test('the first logs are in the lake', async ({ request }) => {
  test.setTimeout(arrival + 60_000);
  const data = {
    from: 'now-30d',
    to: 'now',
    queries: [{ refId: 'A', datasource: { uid: 'auditlake' }, queryType: 'named', named: 'clusters_by_creator' }],
  };
  await expect
    .poll(
      async () => {
        const response = await request.post('/api/ds/query', { data });
        const { results } = await response.json();
        return results?.A?.frames?.[0]?.data.values[0]?.length ?? 0;
      },
      { timeout: arrival, intervals: [5_000] }
    )
    .toBeGreaterThan(0);
});

import {
  durationProblem,
  hostProblem,
  lakeProblem,
  listOf,
  placeProblem,
  regionProblem,
  retentionProblem,
  roleProblem,
  scheduleProblem,
  sourceProblem,
  urlProblem,
  wholeProblem,
  workspacesProblem,
} from './checks';

describe('checks', () => {
  it.each(['', 's3://bucket', 's3://bucket/a/b?region=eu-central-1', '/srv/logs', 'file:///srv/logs', 'C:\\logs'])(
    'takes the place %p',
    (text) => expect(placeProblem(text)).toBeUndefined()
  );

  it.each([
    ['bucket/a', /^Write s3:/],
    ['https://bucket.s3.amazonaws.com/a', /^Write s3:/],
    ['s3a://bucket', /^Write s3:/],
    ['s3://', /name of a bucket/],
    ['s3://AKIA:secret@bucket/a', /^Keys do not belong/],
    ['s3://bucket?role_arn=arn:x', /^role_arn does not belong/],
    ['s3://bucket?profile=x', /^profile does not belong/],
  ])('refuses the place %p', (text, words) => expect(placeProblem(text)).toMatch(words));

  it.each([
    ['s3://bb/x', 's3://bb/x', true],
    ['s3://bb/x/', 's3://bb/x/y', true],
    ['s3://bb', 's3://bb/x', true],
    ['s3://bb/x', 's3://bb/xy', false],
    ['s3://bb/x', 's3://cc/x', false],
    ['s3://bb/x?endpoint=http://other:1', 's3://bb/x', false],
    ['s3://bb/x?endpoint=https://s3.eu-central-1.amazonaws.com', 's3://bb/x', true],
    ['file:///a/b', '/a/b/c', true],
    ['/a/b', '/a/bc', false],
  ])('%s and %s share keys: %s', (a, b, share) => {
    expect(Boolean(sourceProblem(1, { sources: [a, b] }))).toBe(share);
    expect(Boolean(lakeProblem({ sources: [a], lake: b }))).toBe(share);
    expect(sourceProblem(0, { sources: [a, b] })).toBeUndefined();
  });

  it('takes the endpoint of the settings for URLs without one', () => {
    const sources = ['s3://bb?endpoint=http://minio:9000', 's3://bb/x'];
    expect(sourceProblem(1, { sources })).toBeUndefined();
    expect(sourceProblem(1, { sources, endpoint: 'http://minio:9000/' })).toBe(
      'Overlaps with source 1: keep one of them'
    );
  });

  it.each(['', '1m', '90s', '1h30m', '30d', '4w', '0.5h', 'OFF'])('takes the schedule %p', (text) =>
    expect(scheduleProblem(text)).toBeUndefined()
  );

  it.each(['30s', '31d', '5w', 'soon', '15', '1d12h', '15 m'])('refuses the schedule %p', (text) =>
    expect(scheduleProblem(text)).toBe('Write a duration from 1m to 30d, such as 90s, 15m, 1h or 1d')
  );

  it('knows the bounds of a duration', () => {
    expect(durationProblem('1h', '1s', '1h')).toBeUndefined();
    expect(durationProblem('61m', '1s', '1h')).toMatch(/1s to 1h/);
    expect(durationProblem('999ms', '1s', '1h')).toMatch(/1s to 1h/);
  });

  it('knows the bounds of a number, which may be a text', () => {
    for (const fine of [undefined, '', 16, '2048', '1e2']) {
      expect(wholeProblem(fine, 16, 2048)).toBeUndefined();
    }
    for (const bad of [15, 2049, 16.5, 'many']) {
      expect(wholeProblem(bad, 16, 2048)).toBe('Write a whole number from 16 to 2048');
    }
  });

  it('keeps rows for longer than their files change', () => {
    expect(retentionProblem(0, {})).toBeUndefined();
    expect(retentionProblem(4, {})).toBeUndefined();
    expect(retentionProblem(3, {})).toMatch(/more than the 3 days/);
    expect(retentionProblem('10', { lookbackDays: '10' })).toMatch(/more than the 10 days/);
    expect(retentionProblem(-1, {})).toMatch(/0 to 36500/);
  });

  it('checks URLs, regions, roles, hosts and ids', () => {
    const endpoint = (text: string) => urlProblem(text, ['http:', 'https:'], 'https://x');
    expect(['', 'http://minio:9000', 'https://x/'].map(endpoint)).toEqual([undefined, undefined, undefined]);
    for (const bad of ['minio:9000', 'ftp://x', 'https://u:p@x', 'https://x?a=1', 'https://x#a', 'x']) {
      expect(endpoint(bad)).toMatch(/^Write a URL without keys/);
    }
    expect(regionProblem('eu-central-1')).toBeUndefined();
    expect(regionProblem('EU central')).toMatch(/name of a region/);
    expect(roleProblem('arn:aws:iam::1:role/r')).toBeUndefined();
    expect(roleProblem('auditlake')).toMatch(/ARN of a role/);
    expect(
      ['', 'dbc-1.cloud.databricks.com', 'https://dbc-1.cloud.databricks.com'].map(hostProblem).filter(Boolean)
    ).toEqual([]);
    expect(hostProblem('dbc 1')).toMatch(/^Write a URL/);
    expect(workspacesProblem(['0', '9007199254740993'])).toBeUndefined();
    expect(workspacesProblem(['mine'])).toMatch(/digits/);
  });

  it('reads lists that are texts', () => {
    expect(listOf('a, b\nc')).toEqual(['a', 'b', 'c']);
    expect(listOf([1, 'b'])).toEqual(['1', 'b']);
    expect(listOf(undefined)).toEqual([]);
  });
});

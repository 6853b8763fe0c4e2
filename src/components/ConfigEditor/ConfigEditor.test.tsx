import React, { useState } from 'react';
import { type DataSourceSettings } from '@grafana/data';
import { config } from '@grafana/runtime';
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { type AuditlakeOptions, type AuditlakeSecureOptions } from '../../settings';
import { ConfigEditor } from './ConfigEditor';

type Settings = DataSourceSettings<AuditlakeOptions, AuditlakeSecureOptions>;

/** Shows the editor as Grafana does, keeping what it reports; the returned function gives the settings as they stand. */
function open(given: Partial<Settings> = {}): () => Settings {
  return page(given).settings;
}

function page(given: Partial<Settings>) {
  let current = { name: 'Auditlake', jsonData: {}, secureJsonFields: {}, ...given } as Settings;

  function Page() {
    const [options, setOptions] = useState(current);
    const onOptionsChange = (next: Settings) => {
      current = next;
      setOptions(next);
    };
    return <ConfigEditor options={options} onOptionsChange={onOptionsChange} />;
  }
  return { ...render(<Page />), settings: () => current };
}

/** Pastes a text, which is much faster than typing it key by key; a final {Enter} is pressed. */
async function enter(input: HTMLElement, text: string) {
  await userEvent.click(input);
  await userEvent.paste(text.replace('{Enter}', ''));
  if (text.endsWith('{Enter}')) {
    await userEvent.keyboard('{Enter}');
  }
}

/** Opens the sections that are folded at first. */
async function unfold() {
  for (const button of screen.getAllByRole('button', { name: /^Expand section/ })) {
    await userEvent.click(button);
  }
}

beforeEach(() => {
  config.awsAllowedAuthProviders = ['default', 'keys', 'credentials', 'ec2_iam_role', 'grafana_assume_role'];
  config.awsAssumeRoleEnabled = true;
});

describe('ConfigEditor', () => {
  it('collects several sources, however long their URLs are', async () => {
    const long = `s3://acme-databricks-audit-logs-of-the-whole-company/${'delivery/'.repeat(5)}`;
    const settings = open();

    await enter(screen.getByLabelText(/^Sources/), ` ${long} `);
    expect(settings().jsonData.sources).toEqual([long]);
    await userEvent.click(screen.getByRole('button', { name: 'Add source' }));
    await enter(screen.getByLabelText('Source 2'), 's3://logs/b');
    expect(settings().jsonData.sources).toEqual([long, 's3://logs/b']);

    await userEvent.click(screen.getByRole('button', { name: 'Remove source 1' }));
    expect(settings().jsonData.sources).toEqual(['s3://logs/b']);
    expect(screen.getByLabelText(/^Sources/)).toHaveValue('s3://logs/b');
  });

  it('shows lists that provisioning wrote as texts', async () => {
    open({ jsonData: { sources: 's3://a, s3://b', workspaces: '1,2' } as unknown as AuditlakeOptions });
    await unfold();

    expect(screen.getByLabelText('Source 2')).toHaveValue('s3://b');
    expect(screen.getByText('2')).toBeInTheDocument();
  });

  it('stores the lake without stray blanks', async () => {
    const settings = open();

    await enter(screen.getByLabelText(/^Lake/), ' s3://lake/root ');

    expect(settings().jsonData.lake).toBe('s3://lake/root');
  });

  it('keeps what it does not edit', async () => {
    const settings = open({ jsonData: { lake: 's3://lake', sources: ['s3://logs'], defaultRegion: 'eu-central-1' } });

    await userEvent.click(screen.getByLabelText(/^Path style/));

    expect(settings().jsonData).toEqual({
      lake: 's3://lake',
      sources: ['s3://logs'],
      defaultRegion: 'eu-central-1',
      pathStyle: true,
    });
  });

  it('asks for no keys by default', () => {
    open();

    expect(screen.queryByLabelText(/^Secret Access Key/)).not.toBeInTheDocument();
  });

  it('asks for both keys when they are chosen', async () => {
    const settings = open();

    await userEvent.click(screen.getByLabelText(/^Authentication Provider/));
    await userEvent.click(await screen.findByRole('option', { name: /Access & secret key/ }));
    await enter(screen.getByLabelText(/^Access Key ID/), 'AKIA');
    await enter(screen.getByLabelText(/^Secret Access Key/), 'hush');

    expect(settings().jsonData.authType).toBe('keys');
    expect(settings().secureJsonData).toEqual({ accessKey: 'AKIA', secretKey: 'hush' });
  });

  it('shows that a secret is set without showing it, and lets it be replaced', async () => {
    const settings = open({
      jsonData: { authType: 'keys' },
      secureJsonFields: { accessKey: true, secretKey: true },
    });
    expect(screen.getByLabelText(/^Secret Access Key/)).toHaveValue('configured');

    await userEvent.click(screen.getAllByRole('button', { name: 'Reset' })[1]);
    await enter(screen.getByLabelText(/^Secret Access Key/), 'new');

    expect(settings().secureJsonFields).toEqual({ accessKey: true, secretKey: false });
    expect(settings().secureJsonData).toEqual({ secretKey: 'new' });
  });

  it('offers what the administrator allows, and what is chosen already', async () => {
    config.awsAllowedAuthProviders = ['default', 'keys'];
    open({ jsonData: { authType: 'ec2_iam_role' } });

    await userEvent.click(screen.getByLabelText(/^Authentication Provider/));

    const offered = await screen.findAllByRole('option');
    expect(offered.map((option) => option.textContent)).toEqual([
      expect.stringContaining('Workspace IAM Role'),
      expect.stringContaining('AWS SDK Default'),
      expect.stringContaining('Access & secret key'),
    ]);
  });

  it('asks for the profile of the credentials file', async () => {
    const settings = open({ jsonData: { authType: 'credentials' } });

    await enter(screen.getByLabelText(/^Credentials Profile Name/), 'team');

    expect(settings().jsonData).toEqual({ authType: 'credentials', profile: 'team' });
  });

  it('asks for the role to assume', async () => {
    const settings = open();

    await enter(screen.getByLabelText(/^Assume Role ARN/), 'arn:aws:iam::1:role/r');
    await enter(screen.getByLabelText(/^External ID/), 'grafana');

    expect(settings().jsonData).toEqual({ assumeRoleArn: 'arn:aws:iam::1:role/r', externalId: 'grafana' });
  });

  it('hides roles where they may not be assumed, unless one is set', () => {
    config.awsAssumeRoleEnabled = false;
    open();
    expect(screen.queryByLabelText(/^Assume Role ARN/)).not.toBeInTheDocument();

    open({ jsonData: { assumeRoleArn: 'arn:aws:iam::1:role/r' } });
    expect(screen.getByLabelText(/^Assume Role ARN/)).toHaveValue('arn:aws:iam::1:role/r');
  });

  it('takes a region of the list, or another', async () => {
    const settings = open();

    await userEvent.click(screen.getByLabelText(/^Default Region/));
    await userEvent.paste('eu-central-1');
    await userEvent.click(await screen.findByRole('option', { name: 'eu-central-1' }));
    expect(settings().jsonData.defaultRegion).toBe('eu-central-1');

    await userEvent.clear(screen.getByLabelText(/^Default Region/));
    await userEvent.paste('garage');
    await userEvent.click(await screen.findByRole('option', { name: /garage/ }));
    expect(settings().jsonData.defaultRegion).toBe('garage');
  });

  it('says beside the fields what is wrong, once they are left', async () => {
    open({ jsonData: { sources: ['s3://logs/delivery'], bronzeRetentionDays: 2 } });
    expect(screen.getByText(/^Write more than the 3 days of Look back/)).toBeInTheDocument();

    const lake = screen.getByLabelText(/^Lake/);
    await userEvent.click(lake);
    await userEvent.tab();
    expect(screen.getByText('Needed')).toBeInTheDocument();

    await enter(lake, 's3://logs/delivery/lake');
    expect(screen.queryByText(/^Overlaps/)).not.toBeInTheDocument();
    await userEvent.tab();
    expect(screen.getByText(/^Overlaps with the source s3:..logs.delivery:/)).toBeInTheDocument();
    expect(lake).toHaveAccessibleDescription(/^Overlaps/);
  });

  it('says that what is chosen is not allowed', () => {
    config.awsAllowedAuthProviders = ['default'];
    config.awsAssumeRoleEnabled = false;
    open({ jsonData: { authType: 'ec2_iam_role', assumeRoleArn: 'arn:aws:iam::1:role/r' } });

    expect(screen.getByText(/have ec2_iam_role added to allowed_auth_providers/)).toBeInTheDocument();
    expect(screen.getByText(/have assume_role_enabled = true set/)).toBeInTheDocument();
  });

  it('lets nothing be changed that is provisioned', async () => {
    open({
      readOnly: true,
      jsonData: {
        sources: ['s3://logs'],
        lake: 's3://lake',
        authType: 'keys',
        tlsAuthWithCACert: true,
        workspaces: ['1'],
      },
      secureJsonFields: { accessKey: true, secretKey: true, tlsCACert: true },
    });
    await unfold();

    for (const role of ['textbox', 'spinbutton', 'combobox', 'switch', 'radio']) {
      for (const input of screen.queryAllByRole(role)) {
        expect(input).toBeDisabled();
      }
    }
    expect(screen.getByLabelText(/^Secret Access Key/)).toHaveValue('configured');
    expect(screen.queryByRole('button', { name: /Reset|Remove source/ })).not.toBeInTheDocument();
    expect(screen.getByRole('button', { name: 'Add source' })).toBeDisabled();
  });

  it('offers browsers nothing to fill in', async () => {
    const { container } = page({
      jsonData: { authType: 'keys', databricksHost: 'https://x', tlsAuthWithCACert: true },
    });
    await unfold();

    const inputs = [
      ...container.querySelectorAll('input[type=text], input[type=number], input[type=password], textarea'),
    ];
    const tags = ['config-workspaces', 'config-redactKeys']; // of @grafana/ui, which does not say
    expect(
      inputs
        .filter(
          (input) => !tags.includes(input.id) && !/^(off|new-password)$/.test(input.getAttribute('autocomplete') ?? '')
        )
        .map((input) => input.id)
    ).toEqual([]);
  });

  it('takes a certificate only where it is used', async () => {
    const settings = open({ jsonData: { endpoint: 'https://minio:9000' } });
    expect(screen.queryByLabelText(/^CA certificate/)).not.toBeInTheDocument();

    await userEvent.click(screen.getByLabelText(/^With CA certificate/));
    await enter(screen.getByLabelText(/^CA certificate/), 'PEM');

    expect(settings().jsonData.tlsAuthWithCACert).toBe(true);
    expect(settings().secureJsonData).toEqual({ tlsCACert: 'PEM' });
  });

  it('runs the ETL every quarter of an hour unless told otherwise', async () => {
    const settings = open();
    expect(screen.getByLabelText(/^Schedule/)).toHaveValue('Every 15 minutes');

    await userEvent.click(screen.getByLabelText(/^Schedule/));
    await userEvent.click(await screen.findByRole('option', { name: /Off/ }));

    expect(settings().jsonData.schedule).toBe('off');
  });

  it('takes a schedule of the user', async () => {
    const settings = open();

    await enter(screen.getByLabelText(/^Schedule/), '6h');
    await userEvent.click(await screen.findByRole('option', { name: /6h/ }));

    expect(settings().jsonData.schedule).toBe('6h');
  });

  it.each([
    ['lookbackDays', /^Look back/],
    ['bronzeRetentionDays', /^Keep bronze/],
    ['silverRetentionDays', /^Keep silver/],
    ['goldRetentionDays', /^Keep gold/],
    ['maxRows', /^Rows of an answer/],
    ['maxQueryMemoryMiB', /^Memory of a query/],
    ['maxParallelQueries', /^Queries at once/],
    ['maxJoinRows', /^Rows of joins/],
    ['resultCacheMiB', /^Kept answers/],
    ['etlMemoryMiB', /^Memory of the ETL/],
  ])('stores %s as a number and forgets it when emptied', async (key, label) => {
    const settings = open();
    await unfold();

    await enter(screen.getByLabelText(label), '90');
    expect(settings().jsonData).toEqual({ [key]: 90 });

    await userEvent.clear(screen.getByLabelText(label));
    expect(settings().jsonData).toEqual({});
  });

  it('shows numbers that provisioning wrote as texts', async () => {
    open({ jsonData: { maxRows: '5000' } });
    await unfold();

    expect(screen.getByLabelText(/^Rows of an answer/)).toHaveValue(5000);
  });

  it('keeps ids of workspaces as texts, to the last digit', async () => {
    const settings = open({ jsonData: { workspaces: [0] } });
    await unfold();

    await enter(screen.getByLabelText(/^Workspaces/), '9007199254740993{Enter}');

    expect(settings().jsonData.workspaces).toEqual(['0', '9007199254740993']);
  });

  it('hides command texts from all but admins unless told otherwise', async () => {
    const settings = open();
    await unfold();
    expect(screen.getByLabelText(/^Hide command texts/)).toBeChecked();
    expect(screen.getByLabelText('Admins')).toBeChecked();

    await userEvent.click(screen.getByLabelText(/^Hide command texts/));
    await enter(screen.getByLabelText(/^Hide more keys/), 'token{Enter}');
    await userEvent.click(screen.getByLabelText('Nobody'));

    expect(settings().jsonData).toEqual({ redactCommandText: false, redactKeys: ['token'], unredactedRole: 'None' });
  });

  it('asks for a token of Databricks', async () => {
    const settings = open();
    await unfold();

    await enter(screen.getByLabelText(/^Host/), 'https://dbc-1.cloud.databricks.com');
    await enter(screen.getByLabelText(/^Token/), 'dapi');

    expect(settings().jsonData).toEqual({ databricksHost: 'https://dbc-1.cloud.databricks.com' });
    expect(settings().secureJsonData).toEqual({ databricksToken: 'dapi' });
  });

  it('asks for a service principal of Databricks', async () => {
    const settings = open({ jsonData: { databricksHost: 'https://accounts.cloud.databricks.com' } });

    await userEvent.click(screen.getByRole('radio', { name: /Service principal/ }));
    await enter(screen.getByLabelText(/^Account ID/), '0d26');
    await enter(screen.getByLabelText(/^Client ID/), 'app');
    await enter(screen.getByLabelText(/^Client secret/), 'hush');

    expect(settings().jsonData).toEqual({
      databricksHost: 'https://accounts.cloud.databricks.com',
      databricksAuth: 'oauth',
      databricksAccountId: '0d26',
      databricksClientId: 'app',
    });
    expect(settings().secureJsonData).toEqual({ databricksClientSecret: 'hush' });
    expect(screen.queryByLabelText(/^Token/)).not.toBeInTheDocument();
  });

  it('asks for a Trino and how to sign in to it', async () => {
    const settings = open();
    await unfold();
    expect(screen.getByLabelText(/^Engine/)).toHaveValue('Embedded');

    await enter(screen.getByLabelText(/^Coordinator/), 'https://trino:8443');
    expect(screen.getByLabelText(/^Engine/)).toHaveValue('Auto');
    await enter(screen.getByLabelText(/^User/), 'grafana');
    await enter(screen.getByLabelText(/^Password of Trino/), 'hush');
    await enter(screen.getByLabelText(/^Session properties/), 'query_max_run_time=10m\nquery_priority=2');
    await enter(screen.getByLabelText(/^Client tags/), 'panels{Enter}');
    await enter(screen.getByLabelText(/^Trino above/), '100');

    expect(settings().jsonData).toEqual({
      trinoUrl: 'https://trino:8443',
      trinoUser: 'grafana',
      trinoSessionProperties: 'query_max_run_time=10m\nquery_priority=2',
      trinoClientTags: ['panels'],
      trinoAboveMiB: 100,
    });
    expect(settings().secureJsonData).toEqual({ trinoPassword: 'hush' });
  });

  it('shows session properties that provisioning wrote as an object', () => {
    open({ jsonData: { trinoUrl: 'https://trino:8443', trinoSessionProperties: { a: '1', b: 'x' } } });

    expect(screen.getByLabelText(/^Session properties/)).toHaveValue('a=1\nb=x');
  });
});

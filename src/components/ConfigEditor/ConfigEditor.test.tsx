import React, { useState } from 'react';
import { type DataSourceSettings } from '@grafana/data';
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { type AuditlakeOptions, type AuditlakeSecureOptions } from '../../types';
import { ConfigEditor } from './ConfigEditor';

type Settings = DataSourceSettings<AuditlakeOptions, AuditlakeSecureOptions>;

/** Shows the editor as Grafana does, keeping what it reports; the returned function gives the settings as they stand. */
function open(given: Partial<Settings> = {}): () => Settings {
  let current = { name: 'Auditlake', jsonData: {}, secureJsonFields: {}, ...given } as Settings;

  function Page() {
    const [options, setOptions] = useState(current);
    const onOptionsChange = (next: Settings) => {
      current = next;
      setOptions(next);
    };
    return <ConfigEditor options={options} onOptionsChange={onOptionsChange} />;
  }
  render(<Page />);
  return () => current;
}

describe('ConfigEditor', () => {
  it('collects several sources', async () => {
    const settings = open();
    const input = screen.getByLabelText(/^Sources/);

    await userEvent.type(input, 's3://logs/a{Enter}');
    await userEvent.type(input, 's3://logs/b{Enter}');

    expect(settings().jsonData.sources).toEqual(['s3://logs/a', 's3://logs/b']);
    expect(screen.getByText('s3://logs/a')).toBeInTheDocument();
  });

  it('stores the lake without stray blanks', async () => {
    const settings = open();

    await userEvent.type(screen.getByLabelText(/^Lake/), ' s3://lake/root ');

    expect(settings().jsonData.lake).toBe('s3://lake/root');
  });

  it('keeps what it does not edit', async () => {
    const settings = open({ jsonData: { lake: 's3://lake', sources: ['s3://logs'], region: 'eu-central-1' } });

    await userEvent.click(screen.getByLabelText(/^Path style/));

    expect(settings().jsonData).toEqual({
      lake: 's3://lake',
      sources: ['s3://logs'],
      region: 'eu-central-1',
      pathStyle: true,
    });
  });

  it('asks for no keys by default', () => {
    open();

    expect(screen.queryByLabelText(/^Secret access key/)).not.toBeInTheDocument();
  });

  it('asks for both keys when they are chosen', async () => {
    const settings = open();

    await userEvent.click(screen.getByLabelText('Authentication provider'));
    await userEvent.click(await screen.findByRole('option', { name: /Access and secret key/ }));
    await userEvent.type(screen.getByLabelText(/^Access key ID/), 'AKIA');
    await userEvent.type(screen.getByLabelText(/^Secret access key/), 'hush');

    expect(settings().jsonData.authType).toBe('keys');
    expect(settings().secureJsonData).toEqual({ accessKey: 'AKIA', secretKey: 'hush' });
  });

  it('shows that a secret is set without showing it, and lets it be replaced', async () => {
    const settings = open({
      jsonData: { authType: 'keys' },
      secureJsonFields: { accessKey: true, secretKey: true },
    });
    expect(screen.getByLabelText(/^Secret access key/)).toHaveValue('configured');

    await userEvent.click(screen.getAllByRole('button', { name: 'Reset' })[1]);
    await userEvent.type(screen.getByLabelText(/^Secret access key/), 'new');

    expect(settings().secureJsonFields).toEqual({ accessKey: true, secretKey: false });
    expect(settings().secureJsonData).toEqual({ secretKey: 'new' });
  });
});

import React from 'react';
import { toDataFrame } from '@grafana/data';
import { config, setBackendSrv, setGrafanaLiveSrv, type BackendSrv, type GrafanaLiveSrv } from '@grafana/runtime';
import { act, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { of, Subject, throwError } from 'rxjs';
import { State } from './State';

const etl = {
  state: 'waiting',
  next: '2024-03-05T10:15:00Z',
  progress: { stage: '', files: 0, totalFiles: 0, done: 0, secondsLeft: null },
  last: { task: 'run', finished: '2024-03-05T10:00:00Z' },
};
const lake = {
  tables: [{ name: 'silver', version: 3, rows: 12000, files: 4, bytes: 2048, lastEvent: '2024-03-05T09:59:00Z' }],
  runs: [
    {
      startedAt: '2024-03-05T09:58:00Z',
      finishedAt: null,
      outcome: 'failed',
      error: 'no such bucket',
      filesRead: 2,
      bronzeRows: 7,
    },
  ],
};
const health = {
  details: {
    parts: [
      { name: 'settings', ok: true, message: 'The settings are complete.' },
      { name: 'lake', ok: false, message: 'Lake s3://x: allow s3:GetObject.', warnings: ['Clocks differ.'] },
    ],
  },
};

/** What the backend was asked for, by method and the end of the address. */
let asked: string[];
let answers: Record<string, () => unknown>;
let stream: Subject<unknown>;

function open(version = 1) {
  return act(async () => render(<State uid="u" version={version} />));
}

beforeEach(() => {
  asked = [];
  stream = new Subject();
  answers = {
    'GET resources/etl': () => etl,
    'GET resources/status': () => lake,
    'GET health': () => health,
  };
  const fetch = ({ method, url }: { method: string; url: string }) => {
    const call = `${method} ${url.replace('/api/datasources/uid/u/', '')}`;
    asked.push(call);
    try {
      return of({ data: answers[call]() });
    } catch (reason) {
      return throwError(() => reason);
    }
  };
  setBackendSrv({ fetch } as unknown as BackendSrv);
  setGrafanaLiveSrv({ getDataStream: () => stream } as unknown as GrafanaLiveSrv);
  config.bootData = { user: { orgRole: 'Admin' } } as typeof config.bootData;
});

const row = (fields: Record<string, unknown>) => ({
  data: [toDataFrame({ fields: Object.entries(fields).map(([name, value]) => ({ name, values: [value] })) })],
});
const working = {
  state: 'running',
  reason: '',
  task: 'run',
  table: '',
  stage: 'silver',
  files: 3,
  totalFiles: 12,
  done: 0.25,
  secondsLeft: 30,
  next: null,
  lastTask: null,
  lastFinished: null,
  lastError: null,
};

describe('the pipeline', () => {
  it('is not there before the data source is saved', async () => {
    render(<State />);

    expect(screen.queryByText('State')).not.toBeInTheDocument();
    expect(asked).toEqual([]);
  });

  it('shows what is in the lake and how the last runs went', async () => {
    await open();

    expect(screen.getByText(/waits for its next run/)).toBeInTheDocument();
    expect(screen.getByText(/The newest event is of/)).toBeInTheDocument();
    const tables = screen.getByRole('table', { name: 'Tables' });
    expect(within(tables).getByRole('row', { name: /silver 12,000 4 2.0 KiB/ })).toBeInTheDocument();
    expect(within(screen.getByRole('table', { name: 'Last runs' })).getByText('no such bucket')).toBeInTheDocument();
  });

  it('shows all tables of a large lake when asked to', async () => {
    const [silver] = lake.tables;
    const tables = Array.from({ length: 12 }, (_, i) => ({ ...silver, name: `table${i}` }));
    answers['GET resources/status'] = () => ({ ...lake, tables });
    await open();

    const rows = () =>
      within(screen.getByRole('table', { name: 'Tables' }))
        .getAllByRole('row')
        .slice(1);
    expect(rows()).toHaveLength(8);
    await userEvent.click(screen.getByRole('button', { name: 'Show all 12 tables' }));

    expect(rows()).toHaveLength(12);
  });

  it('follows the stream, and reads the lake again when a task has ended', async () => {
    await open();

    await act(async () => stream.next(row(working)));
    expect(screen.getByLabelText('Progress of the ETL')).toHaveValue(0.25);
    expect(screen.getByText('run, silver: 25 %, 3 of 12 files, about 30 seconds left')).toBeInTheDocument();
    expect(screen.getByRole('button', { name: 'Run now' })).toBeDisabled();
    await act(async () =>
      stream.next(
        row({ ...working, state: 'waiting', lastTask: 'run', lastFinished: 1709633000000, lastError: 'no room' })
      )
    );

    expect(screen.getByText(/Last run: failed .*: no room/)).toBeInTheDocument();
    expect(asked.filter((call) => call === 'GET resources/status').length).toBeGreaterThan(1);
  });

  it('asks for the state where there is no stream', async () => {
    setGrafanaLiveSrv({ getDataStream: () => throwError(() => new Error('off')) } as unknown as GrafanaLiveSrv);
    await open();

    expect(asked.filter((call) => call === 'GET resources/etl')).toHaveLength(2);
  });

  it('runs and optimizes at a click', async () => {
    answers['POST resources/etl/run'] = () => ({ ...etl, state: 'queued' });
    await open();

    await userEvent.click(screen.getByRole('button', { name: 'Run now' }));

    expect(asked).toContain('POST resources/etl/run');
    expect(screen.getByText(/waits for that of another/)).toBeInTheDocument();
  });

  it('replays only after a second yes', async () => {
    answers['POST resources/etl/replay'] = () => ({ ...etl, state: 'running', task: 'replay' });
    await open();

    await userEvent.click(screen.getByRole('button', { name: 'Replay' }));
    const dialog = within(await screen.findByRole('dialog'));
    expect(asked).not.toContain('POST resources/etl/replay');
    await userEvent.click(dialog.getByRole('button', { name: 'Replay' }));

    expect(asked).toContain('POST resources/etl/replay');
  });

  it('says why nothing was started', async () => {
    answers['POST resources/etl/optimize'] = () => {
      throw { status: 409, data: { message: 'The ETL is at work' } };
    };
    await open();

    await userEvent.click(screen.getByRole('button', { name: /^Optimize|Merges/ }));

    expect(await screen.findByText('The ETL is at work')).toBeInTheDocument();
  });

  it('has nothing to click for who is no administrator', async () => {
    config.bootData.user.orgRole = 'Editor' as typeof config.bootData.user.orgRole;
    await open();

    expect(screen.queryByRole('button', { name: 'Run now' })).not.toBeInTheDocument();
  });
});

describe('the parts', () => {
  it('are looked at when asked to, and say what to do', async () => {
    answers['GET health'] = () => {
      throw { status: 400, data: health };
    };
    await open();
    expect(asked).not.toContain('GET health');

    await userEvent.click(screen.getByRole('button', { name: 'Look at each part' }));

    const parts = within(screen.getByRole('list', { name: 'Parts of the data source' })).getAllByRole('listitem');
    expect(parts.map((part) => part.textContent)).toEqual([
      expect.stringMatching(/Settings: works.*The settings are complete\./),
      expect.stringMatching(/Lake: does not work.*allow s3:GetObject\..*Clocks differ\./),
    ]);
  });

  it('are looked at after a save', async () => {
    const { rerender } = await open();

    await act(async () => rerender(<State uid="u" version={2} />));

    expect(screen.getByText('The settings are complete.')).toBeInTheDocument();
  });
});

import React, { useState } from 'react';
import { type DataSourceSettings } from '@grafana/data';
import { config, setBackendSrv, type BackendSrv } from '@grafana/runtime';
import { act, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { of, throwError } from 'rxjs';
import { type AuditlakeOptions } from '../../settings';
import { Places } from './Places';

const source = {
  url: 's3://logs/all',
  ok: true,
  message: 'It can be listed and read, and has deliveries of 2 workspaces from 2024-03-04 until 2024-03-05.',
  warnings: ['It has its deliveries further down: write s3://logs/all/a.'],
  workspaces: ['0', '9007199254740993'],
  firstDate: '2024-03-04',
  lastDate: '2024-03-05',
  keys: 3,
  files: 2,
  bytes: 2048,
  unrecognised: 1,
  complete: true,
  suggestions: ['s3://logs/all/a'],
};
const landed = { files: 2, bytes: 2048, lines: 1234, firstDate: '2024-03-04', lastDate: '2024-03-05' };
const silver = {
  name: 'silver',
  version: 7,
  rows: 1200,
  files: 4,
  bytes: 4096,
  firstEvent: '2024-03-04T00:00:00Z',
  lastEvent: '2024-03-05T12:00:00Z',
};

let asked: string[];
let answers: Record<string, () => unknown>;
let saved: DataSourceSettings<AuditlakeOptions>;

function open(jsonData: AuditlakeOptions, version = 3) {
  saved = { uid: 'u', version, jsonData } as DataSourceSettings<AuditlakeOptions>;
  function Page() {
    const [options, setOptions] = useState(saved);
    return <Places options={options} onOptionsChange={(next) => setOptions((saved = next))} />;
  }
  return act(async () => render(<Page />));
}

beforeEach(() => {
  asked = [];
  answers = {
    sources: () => ({ sources: [source], landed }),
    status: () => ({ tables: [silver], runs: [] }),
  };
  const fetch = ({ url }: { url: string }) => {
    const resource = url.replace('/api/datasources/uid/u/resources/', '');
    asked.push(resource);
    try {
      return of({ data: answers[resource]() });
    } catch (reason) {
      return throwError(() => reason);
    }
  };
  setBackendSrv({ fetch } as unknown as BackendSrv);
  config.bootData = { user: { orgRole: 'Admin' } } as typeof config.bootData;
});

describe('Places', () => {
  it('tells what is in a source and in the lake', async () => {
    await open({ sources: ['s3://logs/all'], lake: 's3://lake' });

    expect(screen.getByText(/deliveries of 2 workspaces/)).toHaveTextContent(
      'until 2024-03-05. Workspaces: 0, 9007199254740993. 2 files, 2.0 KiB.'
    );
    expect(screen.getByText(/^Taken into the lake so far: 2 files, 2.0 KiB, 1,234 lines/)).toBeInTheDocument();
    expect(screen.getByText(/^1 table in 4 files, 4.0 KiB; 1,200 events from 2024-03-04/)).toHaveTextContent(
      'version 7'
    );
  });

  it('takes a suggestion over', async () => {
    await open({ sources: ['s3://logs/all'], lake: 's3://lake' });

    await userEvent.click(screen.getByRole('button', { name: 'Use s3://logs/all/a' }));

    expect(saved.jsonData.sources).toEqual(['s3://logs/all/a']);
    expect(screen.getByText('Save & test to see what is there.')).toBeInTheDocument();
  });

  it('says what to do where access is denied', async () => {
    const message = 'The store refuses access: allow s3:ListBucket on arn:aws:s3:::logs.';
    answers.sources = () => ({
      sources: [{ ...source, ok: false, message, warnings: [], suggestions: [] }],
      landed: null,
    });
    await open({ sources: ['s3://logs/all'] });

    expect(screen.getByText(message)).toBeInTheDocument();
    expect(screen.queryByText(/^Taken into/)).not.toBeInTheDocument();
  });

  it('says why nothing is known, and that the lake is empty', async () => {
    answers.sources = () => {
      throw { data: { message: 'The data source settings need a change: lake.' } };
    };
    answers.status = () => ({ tables: [], runs: [] });
    await open({ sources: ['s3://logs/all'], lake: 's3://lake' });

    expect(screen.getByText('The data source settings need a change: lake.')).toBeInTheDocument();
    expect(screen.getByText(/^It has no tables yet/)).toBeInTheDocument();
  });

  it('asks nothing before the data source is saved', async () => {
    await open({ sources: ['s3://logs/all'] }, 0);

    expect(asked).toEqual([]);
    expect(screen.getByText('Save & test to see what is there.')).toBeInTheDocument();
  });

  it('looks at sources for administrators alone', async () => {
    config.bootData.user.orgRole = 'Editor' as typeof config.bootData.user.orgRole;
    await open({ sources: ['s3://logs/all'], lake: 's3://lake' });

    expect(asked).toEqual(['status']);
  });
});

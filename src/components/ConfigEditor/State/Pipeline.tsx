import React, { useEffect, useState } from 'react';
import { dateTimeFormat, dateTimeFormatTimeAgo } from '@grafana/data';
import { ConfigSubSection } from '@grafana/plugin-ui';
import { config } from '@grafana/runtime';
import { Alert, Stack, Text } from '@grafana/ui';
import { lakeStatus, messageOf, watchEtl, type EtlStatus, type LakeStatus } from '../../../pipeline';
import { RunTable, TableTable } from './tables';
import { Tasks } from './Tasks';

/** Where events come from that others are made of. */
const silver = 'silver';

/** What the ETL does while one looks, how far behind the lake is, and for administrators what to do about it. */
export function Pipeline({ uid }: { uid: string }) {
  const [etl, setEtl] = useState<EtlStatus>();
  const [lake, setLake] = useState<LakeStatus>();
  const [error, setError] = useState('');

  useEffect(() => {
    const watching = watchEtl(uid).subscribe({ next: setEtl, error: (reason) => setError(messageOf(reason)) });
    return () => watching.unsubscribe();
  }, [uid]);

  const finished = etl?.last?.finished;
  useEffect(() => {
    let current = true;
    lakeStatus(uid).then(
      (next) => current && setLake(next),
      (reason: unknown) => current && setError(messageOf(reason))
    );
    return () => {
      current = false;
    };
    // The lake has changed when a task has finished.
  }, [uid, finished]);

  const newest = lake?.tables.find(({ name }) => name === silver)?.lastEvent;
  return (
    <ConfigSubSection title="Pipeline">
      <Stack direction="column" gap={2} alignItems="flex-start">
        {error && <Alert title="The state could not be read">{error}</Alert>}
        {etl && <Doing {...etl} />}
        {etl && config.bootData?.user?.orgRole === 'Admin' && <Tasks uid={uid} etl={etl} onAsked={setEtl} />}
        {newest && (
          <Text>
            The newest event is of {dateTimeFormat(newest)}, {dateTimeFormatTimeAgo(newest)}.
          </Text>
        )}
        {lake && lake.tables.length === 0 && <Text>The lake has no tables yet.</Text>}
        {lake && lake.tables.length > 0 && <TableTable tables={lake.tables} />}
        {lake && lake.runs.length > 0 && <RunTable runs={lake.runs.slice(0, 5)} />}
      </Stack>
    </ConfigSubSection>
  );
}

const states: Record<EtlStatus['state'], string> = {
  waiting: 'The ETL waits for its next run.',
  queued: 'The ETL waits for that of another data source to end.',
  running: 'The ETL is at work.',
  off: 'The ETL is off.',
  refused: 'The ETL does not run.',
};

/** How long, in words that need no more than one unit. */
const shortly = (seconds: number) =>
  seconds < 90 ? `${Math.round(seconds)} seconds` : `${Math.round(seconds / 60)} minutes`;

function Doing({ state, reason, task, table, next, progress, last }: EtlStatus) {
  const { stage, files, totalFiles, done, secondsLeft } = progress;
  const what = [task, table ?? progress.table, stage].filter(Boolean).join(', ');
  return (
    <Stack direction="column" gap={0.5}>
      <Text weight="medium">
        {states[state] ?? state} {reason ?? ''}
      </Text>
      {state === 'running' && (
        <>
          <progress aria-label="Progress of the ETL" value={done} max={1} />
          <Text>
            {what}: {Math.floor(done * 100)} %{totalFiles > 0 && `, ${files} of ${totalFiles} files`}
            {secondsLeft !== null && `, about ${shortly(secondsLeft)} left`}
          </Text>
        </>
      )}
      {next && state === 'waiting' && <Text color="secondary">Next run: {dateTimeFormat(next)}</Text>}
      {last && (
        <Text color={last.error ? 'error' : 'secondary'}>
          Last {last.task}:{' '}
          {last.error
            ? `failed ${dateTimeFormatTimeAgo(last.finished)}: ${last.error}`
            : `ended well ${dateTimeFormatTimeAgo(last.finished)}`}
        </Text>
      )}
    </Stack>
  );
}

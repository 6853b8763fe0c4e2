import React, { useState } from 'react';
import { Alert, Button, ConfirmModal, Stack } from '@grafana/ui';
import { messageOf, startTask, type EtlStatus, type Task } from '../../../pipeline';

interface Props {
  uid: string;
  etl: EtlStatus;
  /** What the ETL does after something was asked for. */
  onAsked: (etl: EtlStatus) => void;
}

/** What administrators may have done now. One task runs at a time. */
export function Tasks({ uid, etl, onAsked }: Props) {
  const [error, setError] = useState('');
  const [isSure, setSure] = useState(true);
  const canStart = etl.state === 'waiting';

  const start = async (task: Task) => {
    setSure(true);
    try {
      onAsked(await startTask(uid, task));
      setError('');
    } catch (reason) {
      setError(messageOf(reason));
    }
  };

  return (
    <Stack direction="column" gap={1} alignItems="flex-start">
      {error && <Alert title="Nothing was started">{error}</Alert>}
      <Stack gap={1} wrap="wrap">
        <Button icon="play" variant="secondary" disabled={!canStart} onClick={() => start('run')}>
          Run now
        </Button>
        <Button
          icon="compress-arrows"
          variant="secondary"
          disabled={!canStart}
          tooltip="Merges small files; no row changes."
          onClick={() => start('optimize')}
        >
          Optimize
        </Button>
        <Button icon="history" variant="destructive" fill="outline" disabled={!canStart} onClick={() => setSure(false)}>
          Replay
        </Button>
      </Stack>
      <ConfirmModal
        isOpen={!isSure}
        title="Replay"
        body="Builds silver, quarantine and gold anew from bronze, which takes about as long as bringing everything in did. Queries go on; no scheduled run starts until it has ended."
        confirmText="Replay"
        onConfirm={() => start('replay')}
        onDismiss={() => setSure(true)}
      />
    </Stack>
  );
}

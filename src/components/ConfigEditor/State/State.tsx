import React from 'react';
import { ConfigSection } from '@grafana/plugin-ui';
import { Divider, Stack } from '@grafana/ui';
import { Parts } from './Parts';
import { Pipeline } from './Pipeline';

interface Props {
  /** Of the data source as it is stored; without one it is not stored yet. */
  uid?: string;
  /** Changes whenever the data source is saved. */
  version?: number;
}

/** How the data source as it was last saved is doing. */
export function State({ uid, version }: Props) {
  if (!uid || !version) {
    return null;
  }
  return (
    <>
      <Divider />
      <ConfigSection
        title="State"
        description="Of the data source as it was last saved: what it depends on, what its ETL does, and what is in the lake."
      >
        <Stack direction="column" gap={3}>
          <Parts uid={uid} version={version} />
          <Pipeline key={version} uid={uid} />
        </Stack>
      </ConfigSection>
    </>
  );
}

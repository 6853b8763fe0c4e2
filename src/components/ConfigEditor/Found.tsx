import React, { useEffect, useState, type ReactNode } from 'react';
import { dateTimeFormat, formattedValueToString, getValueFormat } from '@grafana/data';
import { config } from '@grafana/runtime';
import { Button, Stack, Text } from '@grafana/ui';
import {
  lakeStatus,
  messageOf,
  sourcesFound,
  type LakeStatus,
  type SourceFound as SourceOf,
  type SourcesFound,
} from '../../pipeline';

/** What is at the places of the data source as it was last saved; undefined as long as that is not known. */
export interface Found {
  isSaved: boolean;
  sources?: SourcesFound;
  lake?: LakeStatus;
  /** Why nothing is known. */
  sourcesError?: string;
  lakeError?: string;
}

/** Asks after each save. Sources are looked at for administrators. */
export function useFound(uid?: string, version?: number): Found {
  const [found, setFound] = useState<Omit<Found, 'isSaved'>>({});
  const isSaved = Boolean(uid && version);
  useEffect(() => {
    let current = true;
    const keep = (part: Omit<Found, 'isSaved'>) => current && setFound((old) => ({ ...old, ...part }));
    if (uid && isSaved) {
      lakeStatus(uid).then(
        (lake) => keep({ lake, lakeError: undefined }),
        (reason: unknown) => keep({ lake: undefined, lakeError: messageOf(reason) })
      );
      if (config.bootData?.user?.orgRole === 'Admin') {
        sourcesFound(uid).then(
          (sources) => keep({ sources, sourcesError: undefined }),
          (reason: unknown) => keep({ sources: undefined, sourcesError: messageOf(reason) })
        );
      }
    }
    return () => {
      current = false;
    };
  }, [uid, version, isSaved]);
  return { ...found, isSaved };
}

const number = (value: number) => value.toLocaleString('en-US');
const bytes = (value: number) => formattedValueToString(getValueFormat('bytes')(value, 1));
const counted = (value: number, thing: string) => `${number(value)} ${thing}${value === 1 ? '' : 's'}`;

/** Ids of workspaces that are shown of many. */
const shownIds = 5;

function facts({ workspaces, files, bytes: size, complete, keys }: SourceOf): string {
  const some = workspaces.slice(0, shownIds).join(', ') + (workspaces.length > shownIds ? ', …' : '');
  return [
    workspaces.length > 0 && `Workspaces: ${some}.`,
    complete ? files > 0 && `${counted(files, 'file')}, ${bytes(size)}.` : `More than ${counted(keys, 'object')}.`,
  ]
    .filter(Boolean)
    .join(' ');
}

interface SourceFoundProps extends Found {
  /** As it is in the editor, which may not be saved yet. */
  url: string;
  /** Takes a suggestion over. */
  onUse?: (url: string) => void;
}

/** What is in a source. */
export function SourceFound({ url, sources, sourcesError, isSaved, onUse }: SourceFoundProps) {
  const source = sources?.sources.find((s) => s.url === url);
  if (!source) {
    const isNew = sources !== undefined || !isSaved;
    const words = isNew ? 'Save & test to see what is there.' : sourcesError;
    return words ? <Hint>{words}</Hint> : null;
  }
  return (
    <Stack direction="column" gap={0}>
      <Text variant="bodySmall" color={source.ok ? 'secondary' : 'error'}>
        {source.message} {source.ok && facts(source)}
      </Text>
      {source.warnings.map((warning) => (
        <Text key={warning} variant="bodySmall" color="warning">
          {warning}
        </Text>
      ))}
      {onUse &&
        source.suggestions.map((suggestion) => (
          <Button key={suggestion} size="sm" fill="text" onClick={() => onUse(suggestion)}>
            Use {suggestion}
          </Button>
        ))}
    </Stack>
  );
}

/** What of the deliveries the lake has taken in, all sources together. */
export function Landed({ sources }: Found) {
  if (!sources?.landed || sources.landed.files === 0) {
    return null;
  }
  const { files, bytes: size, lines, firstDate, lastDate } = sources.landed;
  return (
    <Hint>
      Taken into the lake so far: {counted(files, 'file')}, {bytes(size)}, {counted(lines, 'line')}, delivered from{' '}
      {firstDate} until {lastDate}.
    </Hint>
  );
}

/** What is in the lake. */
export function LakeFound({ lake, lakeError }: Found) {
  if (!lake) {
    return lakeError ? <Hint>{lakeError}</Hint> : null;
  }
  if (lake.tables.length === 0) {
    return <Hint>It has no tables yet. The first run of the ETL makes them.</Hint>;
  }
  const silver = lake.tables.find(({ name }) => name === 'silver');
  const sum = (key: 'files' | 'bytes') => lake.tables.reduce((total, table) => total + table[key], 0);
  return (
    <Hint>
      {counted(lake.tables.length, 'table')} in {counted(sum('files'), 'file')}, {bytes(sum('bytes'))}
      {silver?.firstEvent &&
        silver.lastEvent &&
        `; ${counted(silver.rows, 'event')} from ${dateTimeFormat(silver.firstEvent)} until ${dateTimeFormat(silver.lastEvent)}, version ${silver.version}`}
      . State, below, has each of them.
    </Hint>
  );
}

function Hint({ children }: { children: NonNullable<ReactNode> }) {
  return (
    <Text variant="bodySmall" color="secondary" element="p">
      {children}
    </Text>
  );
}

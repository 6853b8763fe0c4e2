import React, { useCallback, useEffect, useRef, useState } from 'react';
import { ConfigSubSection } from '@grafana/plugin-ui';
import { Alert, Button, Icon, Stack, Text } from '@grafana/ui';
import { healthParts, messageOf, type HealthPart } from '../../../pipeline';

const titles: Record<string, string> = {
  settings: 'Settings',
  queries: 'Queries of your own',
  source: 'Source',
  lake: 'Lake',
  writes: 'Writing to the lake',
  identities: 'Names from Databricks',
  register: 'Tables in other engines',
  schedule: 'Schedule',
};

const listStyle = { listStyle: 'none' };
const partStyle = { marginBottom: 8, overflowWrap: 'anywhere' } as const;

/** Each part that Save & test looks at, and what to do about it. Looked at when asked to, and after a save. */
export function Parts({ uid, version }: { uid: string; version: number }) {
  const [parts, setParts] = useState<HealthPart[]>([]);
  const [error, setError] = useState('');
  const [isLooking, setLooking] = useState(false);
  const seen = useRef(version);

  const look = useCallback(async () => {
    setLooking(true);
    try {
      setParts(await healthParts(uid));
      setError('');
    } catch (reason) {
      setError(messageOf(reason));
    } finally {
      setLooking(false);
    }
  }, [uid]);

  useEffect(() => {
    if (seen.current !== version) {
      seen.current = version;
      look();
    }
  }, [version, look]);

  return (
    <ConfigSubSection title="Parts">
      <Stack direction="column" gap={1} alignItems="flex-start">
        {error && <Alert title="The parts could not be looked at">{error}</Alert>}
        <div aria-live="polite">
          {parts.length > 0 && (
            <ul aria-label="Parts of the data source" style={listStyle}>
              {parts.map((part, index) => (
                <li key={index} style={partStyle}>
                  <Part {...part} />
                </li>
              ))}
            </ul>
          )}
        </div>
        <Button variant="secondary" icon={isLooking ? 'spinner' : 'heart-rate'} disabled={isLooking} onClick={look}>
          Look at each part
        </Button>
      </Stack>
    </ConfigSubSection>
  );
}

function Part({ name, ok, message, warnings = [] }: HealthPart) {
  return (
    <Stack direction="column" gap={0}>
      <Text weight="medium" color={ok ? 'success' : 'error'}>
        <Icon name={ok ? 'check-circle' : 'times-circle'} aria-hidden /> {titles[name] ?? name}:{' '}
        {ok ? 'works' : 'does not work'}
      </Text>
      <Text>{message}</Text>
      {warnings.map((warning) => (
        <Text key={warning} color="warning">
          {warning}
        </Text>
      ))}
    </Stack>
  );
}

import React from 'react';
import { type QueryEditorHelpProps } from '@grafana/data';
import { Card, Stack, Text, TextLink } from '@grafana/ui';
import { describe } from '../queries';
import { type AuditlakeQuery, type EventsModel, type NamedModel, type SqlModel } from '../types';

type Example = {
  title: string;
  query: Omit<NamedModel, 'refId'> | Omit<SqlModel, 'refId'> | Omit<EventsModel, 'refId'>;
};

const examples: Example[] = [
  {
    title: 'What was deleted, by anybody but a job?',
    query: {
      queryType: 'events',
      search: 'delete',
      filters: [{ key: 'email', operator: '!=', value: 'System-User' }],
    },
  },
  {
    title: 'What was denied?',
    query: { queryType: 'events', filters: [{ key: 'outcome', operator: '=', value: 'denied' }] },
  },
  {
    title: 'Who changed a certain cluster?',
    query: { queryType: 'events', table: 'clusters', search: '"my cluster"' },
  },
  {
    title: 'How many clusters were created, and by whom?',
    query: { queryType: 'named', named: 'clusters_by_creator' },
  },
  { title: 'Which jobs only fail?', query: { queryType: 'named', named: 'jobs_failing' } },
  {
    title: 'How many events had each service?',
    query: {
      queryType: 'sql',
      format: 'table',
      sql: 'select serviceName, count(*) as num_events\nfrom silver\nwhere $__timeFilter(date_time)\ngroup by serviceName\norder by num_events desc',
    },
  },
];

/** Queries to begin with; a click puts one into the editor. */
export function CheatSheet({ onClickExample }: QueryEditorHelpProps<AuditlakeQuery>) {
  return (
    <Stack direction="column" gap={1}>
      <Text element="h2">Auditlake</Text>
      <Text element="p">
        Events are searched for words and filtered by their columns. Named queries answer questions about clusters,
        jobs, logins, permissions and the lake itself. SQL asks what neither does, written or made in the builder.{' '}
        <TextLink external inline href="https://github.com/auditlake/auditlake/blob/main/docs/sql.md">
          All of its functions and macros
        </TextLink>
      </Text>
      {examples.map(({ title, query }) => {
        const example: AuditlakeQuery = { refId: 'A', ...query };
        return (
          <Card key={title} noMargin onClick={() => onClickExample(example)}>
            <Card.Heading>{title}</Card.Heading>
            <Card.Description>
              <Text variant="code" color="secondary">
                {describe(example)}
              </Text>
            </Card.Description>
          </Card>
        );
      })}
    </Stack>
  );
}

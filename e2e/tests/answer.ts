import { type Response } from '@playwright/test';

/** What Grafana answers to /api/ds/query, as far as tests look into it. */
export interface Answer {
  results: Record<string, { status: number; error?: string; frames?: Frame[] }>;
}

interface Frame {
  schema: { fields: Array<{ name: string }>; meta?: { preferredVisualisationType?: string } };
  data: { values: unknown[][] };
}

/** The first frame of a query in an answer; a query that failed, or that found nothing, is an error. */
export function frameOf({ results }: Answer, refId = 'A'): Frame {
  const { error, frames } = results[refId] ?? { error: 'not asked' };
  const frame = frames?.[0];
  if (!frame?.data.values[0]?.length) {
    throw new Error(`query ${refId} has no rows: ${error ?? 'nothing found'}`);
  }
  return frame;
}

/** The values of a column. */
export function column({ schema, data }: Frame, name: string): unknown[] {
  return data.values[schema.fields.findIndex((field) => field.name === name)] ?? [];
}

export const answerOf = (response: Response): Promise<Answer> => response.json();

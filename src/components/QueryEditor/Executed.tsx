import React, { useId, useState } from 'react';
import { type PanelData } from '@grafana/data';
import { Button } from '@grafana/ui';

interface Props {
  refId: string;
  /** What was answered last, to this query and maybe to others. */
  data?: PanelData;
}

/** The text of the button stands below those of the rows. */
const outer = { marginTop: 4 };
const style = { maxHeight: 320, overflow: 'auto', margin: 0 };

/** What the last answer came from, on demand: the statement without macros and variables, and the plan. */
export function Executed({ refId, data }: Props) {
  const [isOpen, setOpen] = useState(false);
  const id = useId();
  const frames = (data?.series ?? []).filter((frame) => (frame.refId ?? refId) === refId);
  const text = frames.find(({ meta }) => meta?.executedQueryString)?.meta?.executedQueryString;
  if (!text) {
    return null;
  }
  return (
    <div style={outer}>
      <Button
        fill="text"
        size="sm"
        variant="secondary"
        icon={isOpen ? 'angle-down' : 'angle-right'}
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        onClick={() => setOpen(!isOpen)}
      >
        What was executed
      </Button>
      {isOpen && (
        // A text that scrolls has to be reached by the keyboard.
        <pre id={id} role="region" aria-label="What was executed" tabIndex={0} style={style}>
          {text}
        </pre>
      )}
    </div>
  );
}

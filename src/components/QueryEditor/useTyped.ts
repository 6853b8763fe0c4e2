import { useRef } from 'react';

/** Runs what is typed into an input: at once when asked to, and when the input is left, unless that has run already. */
export function useTyped(text: string | number | undefined, onRunQuery: () => void) {
  const ran = useRef(text);
  const run = () => {
    ran.current = text;
    onRunQuery();
  };
  const leave = () => {
    if (ran.current !== text) {
      run();
    }
  };
  return { run, leave };
}

import React, { useEffect, useRef, type ComponentProps } from 'react';
import { type Monaco, type MonacoEditor, type CodeEditor as RealCodeEditor } from '@grafana/ui';

/** Stands in for Monaco, which jsdom cannot draw: tells of each change, of leaving, and of Ctrl+Enter. */
export function CodeEditor({ value, onBlur, onEditorDidMount }: ComponentProps<typeof RealCodeEditor>) {
  const handlers = useRef<{ change?: () => void; run?: () => void; text: string }>({ text: value });

  // As Monaco does with what comes from outside.
  useEffect(() => {
    handlers.current.text = value;
  }, [value]);

  useEffect(() => {
    const editor = {
      getValue: () => handlers.current.text,
      onDidChangeModelContent: (change: () => void) => (handlers.current.change = change),
      addCommand: (_: number, run: () => void) => (handlers.current.run = run),
      onKeyUp: () => {},
    };
    const monaco = {
      KeyMod: {},
      KeyCode: {},
      languages: new Proxy({}, { get: () => () => {} }),
    };
    onEditorDidMount?.(editor as unknown as MonacoEditor, monaco as unknown as Monaco);
    // Monaco mounts once.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);

  return (
    <textarea
      aria-label="code"
      value={value}
      onChange={({ currentTarget }) => {
        handlers.current.text = currentTarget.value;
        handlers.current.change?.();
      }}
      onKeyDown={(event) => event.key === 'Enter' && event.ctrlKey && handlers.current.run?.()}
      onBlur={() => onBlur?.(handlers.current.text)}
    />
  );
}

import { createContext, useContext } from 'react';
import { type Services } from '../boot/services';
import { type Start } from '../boot/start';

interface Value extends Services {
  start: Start;
}

export const Preview = createContext<Value | undefined>(undefined);

/** What the preview started with, and its services. */
export function usePreview(): Value {
  const value = useContext(Preview);
  if (!value) {
    throw new Error('this part is drawn outside of the preview');
  }
  return value;
}

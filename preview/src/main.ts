import { writeBootData } from './boot/bootData';
import { fetchStart, theme } from './boot/start';

async function main(): Promise<void> {
  document.documentElement.style.colorScheme = theme;
  document.body.classList.add(`theme-${theme}`);
  const start = await fetchStart();
  writeBootData(start, theme);
  const { render } = await import('./app');
  await render(start, document.getElementById('root')!);
}

main().catch((error: unknown) => {
  const message = document.createElement('pre');
  message.setAttribute('role', 'alert');
  message.textContent = `The preview does not start.\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  document.body.replaceChildren(message);
  throw error;
});

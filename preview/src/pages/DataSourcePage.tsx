import { type ComponentType, useState } from 'react';
import { css } from '@emotion/css';
import { type DataSourcePluginOptionsEditorProps, type DataSourceSettings, type GrafanaTheme2 } from '@grafana/data';
import { Alert, type AlertVariant, Button, Field, Input, LoadingPlaceholder, TextLink, useStyles2 } from '@grafana/ui';
import { useParams } from 'react-router-dom';
import { backend } from '../boot/backend';
import { type SourceSettings } from '../boot/start';
import { usePreview } from '../parts/preview';
import { useFetched, wordsOf } from '../parts/useFetched';

type Settings = DataSourceSettings & Pick<SourceSettings, 'secureJsonFields'>;

/** The plugin's configuration editor, and Save & test. */
export function DataSourcePage() {
  const { uid = '' } = useParams();
  const { value, error } = useFetched<Settings>(`/api/datasources/uid/${encodeURIComponent(uid)}`);
  if (error) {
    return <Alert title={error} />;
  }
  return value ? <Editing key={uid} saved={value} /> : <LoadingPlaceholder text="Loading the data source" />;
}

interface Saved {
  datasource: Settings & SourceSettings;
}

interface Outcome {
  severity: AlertVariant;
  title: string;
  details?: string;
}

function Editing({ saved }: { saved: Settings }) {
  const { sources } = usePreview();
  const styles = useStyles2(getStyles);
  const [options, setOptions] = useState<Settings>({ ...saved, secureJsonData: {} });
  const [outcome, setOutcome] = useState<Outcome>();
  const [busy, setBusy] = useState(false);
  const Editor: ComponentType<DataSourcePluginOptionsEditorProps> | undefined = sources.plugin.components.ConfigEditor;

  const saveAndTest = async () => {
    setBusy(true);
    setOutcome(undefined);
    try {
      const url = `/api/datasources/uid/${options.uid}`;
      const { datasource } = await backend.put<Saved>(url, options);
      sources.put(datasource);
      setOptions(Object.assign({}, datasource, { secureJsonData: {} }));
      setOutcome(outcomeOf(await (await sources.get(options.uid)).testDatasource()));
    } catch (error) {
      setOutcome({ severity: 'error', title: wordsOf(error), details: detailsOf(error) });
    } finally {
      setBusy(false);
    }
  };

  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        void saveAndTest();
      }}
    >
      <h1>{options.name}</h1>
      <Field label="Name">
        <Input
          width={40}
          value={options.name}
          onChange={({ currentTarget: { value } }) => setOptions({ ...options, name: value })}
        />
      </Field>
      {Editor && <Editor options={options} onOptionsChange={(next) => setOptions(next as Settings)} />}
      <div className={styles.end} aria-live="polite">
        {outcome && (
          <Alert severity={outcome.severity} title={outcome.title}>
            <div className={styles.details}>{outcome.details}</div>
          </Alert>
        )}
        <Button type="submit" disabled={busy}>
          {busy ? 'Testing …' : 'Save & test'}
        </Button>{' '}
        <TextLink href="/explore">Explore data</TextLink>
        <p className={styles.note}>What is saved here lives as long as the preview runs.</p>
      </div>
    </form>
  );
}

function outcomeOf(answer: unknown): Outcome {
  const { status, message, details } = Object(answer);
  return {
    severity: status === 'success' ? 'success' : 'error',
    title: String(message),
    details: detailsOf({ details }),
  };
}

/** Grafana shows this key of a health check's details below its message. */
function detailsOf(error: unknown): string | undefined {
  const { details, error: cause } = Object(error);
  const words: unknown = (details ?? Object(cause).details)?.verboseMessage;
  return typeof words === 'string' ? words : undefined;
}

const getStyles = (theme: GrafanaTheme2) => ({
  form: css({ maxWidth: 900 }),
  end: css({ marginTop: theme.spacing(3) }),
  details: css({ whiteSpace: 'pre-wrap' }),
  note: css({ color: theme.colors.text.secondary, marginTop: theme.spacing(1) }),
});

import { css, cx } from '@emotion/css';
import { PanelPlugin, type PanelProps, renderTextPanelMarkdown } from '@grafana/data';
import { ScrollContainer } from '@grafana/ui';
import { withFieldSettings } from './settings';

interface Options {
  mode?: 'markdown' | 'html' | 'code';
  content?: string;
}

function TextPanel({ options: { mode, content = '' }, replaceVariables }: PanelProps<Options>) {
  const text = replaceVariables(content);
  if (mode === 'code') {
    return <pre>{text}</pre>;
  }
  // It is sanitized, and HTML that Markdown holds is shown as text.
  const html = renderTextPanelMarkdown(text);
  return (
    <ScrollContainer>
      <div className={cx('markdown-html', body)} dangerouslySetInnerHTML={{ __html: html }} />
    </ScrollContainer>
  );
}

const body = css({ '& :first-child': { marginTop: 0 }, '& ul, & ol': { paddingLeft: 24 } });

export const text = withFieldSettings(new PanelPlugin<Options>(TextPanel), {});

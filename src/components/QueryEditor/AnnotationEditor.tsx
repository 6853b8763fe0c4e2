import React from 'react';
import { type Offer, type Props } from './props';
import { OfferedEditor } from './QueryEditor';

const offer: Offer = { types: ['named', 'sql', 'events'], formats: [] };

/** The editor of annotations, whose frames have a form of their own. */
export function AnnotationEditor(props: Props) {
  return <OfferedEditor {...props} offer={offer} />;
}

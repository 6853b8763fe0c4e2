import React from 'react';
import { variableQuery } from '../../queries';
import { type Offer, type Props } from './props';
import { OfferedEditor } from './QueryEditor';

const offer: Offer = { types: ['named', 'sql'], formats: [] };

/** The editor of query variables; what is stored may still be the text of a statement. */
export function VariableEditor(props: Props) {
  return <OfferedEditor {...props} query={variableQuery(props.query)} offer={offer} />;
}

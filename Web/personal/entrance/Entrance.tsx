import type { ReactNode } from 'react';
import { useTitle } from '../../lib/router';
import { FrontDoor } from '../../ui/Shell';
import { useMessages } from '../messages';
import { LanguageChoice } from './Corner';

/** The frame of every page before one is signed in. */
export function Entrance({ title, lead, children }: { title: string; lead?: ReactNode; children: ReactNode }) {
  const text = useMessages();
  useTitle(title);
  return (
    <FrontDoor motto={text.frontDoor.motto} detail={text.frontDoor.detail} corner={<LanguageChoice />}>
      <h1 tabIndex={-1} className="text-3xl font-semibold tracking-tight">
        {title}
      </h1>
      {lead !== undefined && <p className="mt-2 text-pretty text-muted">{lead}</p>}
      <div className="mt-8">{children}</div>
    </FrontDoor>
  );
}

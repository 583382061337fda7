import { useState } from 'react';
import type { ProblemError } from '../../lib/http';
import { showToast } from '../../ui/Toast';
import { useDocumentMessages } from './messages';

export interface Fetching {
  /** Which file is being fetched. */
  busy: string | null;
  problem: ProblemError | null;
  /** Fetches one file; while it is on its way, another press does nothing. */
  run: (name: string, work: () => Promise<void>) => Promise<void>;
}

export function useFetching(): Fetching {
  const text = useDocumentMessages();
  const [state, setState] = useState<{ busy: string | null; problem: ProblemError | null }>({ busy: null, problem: null });
  const run = async (name: string, work: () => Promise<void>) => {
    if (state.busy !== null) return;
    setState({ busy: name, problem: null });
    try {
      await work();
      setState({ busy: null, problem: null });
      showToast(text.done);
    } catch (error) {
      setState({ busy: null, problem: error as ProblemError });
    }
  };
  return { ...state, run };
}

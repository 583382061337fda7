import type { ProblemError } from '../../lib/http';
import { Button } from '../../ui/Button';
import { EmptyState } from '../../ui/EmptyState';
import { useMessages } from '../messages';
import { useProblems } from './problems';

/** In place of what could not be fetched: why, and a way to try again. */
export function LoadFailure({ problem, onRetry }: { problem: ProblemError; onRetry: () => void }) {
  const text = useMessages();
  const problems = useProblems();
  return (
    <div role="alert">
      <EmptyState
        icon={problem.code === 'network_unreachable' ? 'wifi-off' : 'circle-alert'}
        title={text.common.loadFailed}
        action={
          <Button kind="secondary" icon="rotate-cw" onClick={onRetry}>
            {text.common.tryAgain}
          </Button>
        }
      >
        {problems.of(problem)}
      </EmptyState>
    </div>
  );
}

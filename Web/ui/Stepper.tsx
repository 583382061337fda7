import { classes } from './classes';
import { Icon } from './Icon';
import { useUiTexts } from './texts';

/** Where one stands on a way of a few steps. `current` counts from 0; a value beyond the last means that all are done. */
export function Stepper({ steps, current }: { steps: string[]; current: number }) {
  const texts = useUiTexts();
  return (
    <ol className="flex items-center gap-2">
      {steps.map((name, index) => {
        const isDone = index < current;
        const isCurrent = index === current;
        return (
          <li
            key={name}
            aria-current={isCurrent ? 'step' : undefined}
            className={classes('flex items-center gap-2', index > 0 && 'flex-1')}
          >
            {index > 0 && (
              <span
                aria-hidden="true"
                className={classes('h-0.5 min-w-3 flex-1 rounded-full', isDone || isCurrent ? 'bg-brand' : 'bg-line')}
              />
            )}
            <span
              aria-hidden="true"
              className={classes(
                'flex size-7 shrink-0 items-center justify-center rounded-full text-xs font-semibold',
                isDone || isCurrent ? 'bg-brand text-on-brand' : 'bg-sunken text-muted',
              )}
            >
              {isDone ? <Icon name="check" size={14} /> : index + 1}
            </span>
            <span className={classes('text-sm', isCurrent ? 'font-semibold text-ink' : 'text-muted max-sm:sr-only')}>
              <span className="sr-only">{texts.step(index + 1, steps.length)} </span>
              {name}
              {isDone && <span className="sr-only"> ({texts.done})</span>}
            </span>
          </li>
        );
      })}
    </ol>
  );
}

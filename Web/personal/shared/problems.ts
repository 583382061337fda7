import type { ProblemError } from '../../lib/http';
import { type PersonalMessages, useMessages } from '../messages';

/** What a problem means for the customer and what to do about it; the bank's codes decide, not its texts. */
export function problemText(problem: ProblemError, text: PersonalMessages): string {
  return text.problems[problem.code] ?? (problem.status === 422 ? text.common.fixFields : text.unexpected(problem.traceId));
}

/** The error text of one field, by its name in the API; several names when the API may blame either. */
export function fieldText(problem: ProblemError | null, text: PersonalMessages, ...fields: string[]): string | null {
  if (problem === null) return null;
  for (const field of fields) {
    const error = problem.fieldErrors[field];
    if (error) return text.problems[error.code] ?? text.fields[error.code] ?? error.message;
  }
  return null;
}

export interface ProblemTexts {
  /** For the whole form or page. */
  of: (problem: ProblemError) => string;
  field: (problem: ProblemError | null, ...fields: string[]) => string | null;
  /** The problem's text unless one of the fields already shows it, or the customer caused it by stepping back. */
  unlessShown: (problem: ProblemError | null, ...fields: string[]) => string | null;
}

export function useProblems(): ProblemTexts {
  const text = useMessages();
  return {
    of: (problem) => problemText(problem, text),
    field: (problem, ...fields) => fieldText(problem, text, ...fields),
    unlessShown: (problem, ...fields) => {
      if (problem === null || problem.isCancelled || problem.code === 'step_up_required') return null;
      return fields.some((field) => problem.fieldErrors[field]) ? null : problemText(problem, text);
    },
  };
}

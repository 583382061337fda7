import { create } from '../../lib/store';

const storageKey = 'wekeza.amountsHidden';

function stored(): boolean {
  try {
    return localStorage.getItem(storageKey) === '1';
  } catch {
    return false;
  }
}

/** Whether balances are covered, for those who open the bank with strangers beside them. */
export const useAmounts = create<{ isHidden: boolean }>(() => ({ isHidden: stored() }));

export function setAmountsHidden(isHidden: boolean): void {
  useAmounts.setState({ isHidden });
  try {
    if (isHidden) localStorage.setItem(storageKey, '1');
    else localStorage.removeItem(storageKey);
  } catch {
    // Then it holds for this page.
  }
}

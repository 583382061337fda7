// A store outside of React, with the call shape of Zustand: `const useCounter = create((set, get) => ({ … }))`,
// `useCounter(state => state.count)` in a component, `useCounter.getState()` anywhere.

import { useSyncExternalStore } from 'react';

type Listener<State> = (state: State, previous: State) => void;
type Change<State> = Partial<State> | ((state: State) => Partial<State>);

export interface StoreAccess<State> {
  getState: () => State;
  /** Merges the change into the state; nobody is told when nothing changed. */
  setState: (change: Change<State>) => void;
  /** Returns what ends the subscription. */
  subscribe: (listener: Listener<State>) => () => void;
}

export interface Store<State> extends StoreAccess<State> {
  (): State;
  /** The selector must return the same value for the same state: select what is there, do not build objects. */
  <Selected>(selector: (state: State) => Selected): Selected;
}

export function create<State extends object>(
  initialise: (set: StoreAccess<State>['setState'], get: () => State) => State,
): Store<State> {
  const listeners = new Set<Listener<State>>();
  let state: State;

  const getState = () => state;
  const setState = (change: Change<State>) => {
    const part = typeof change === 'function' ? change(state) : change;
    const isChanged = (Object.keys(part) as (keyof State)[]).some((key) => !Object.is(part[key], state[key]));
    if (!isChanged) return;
    const previous = state;
    state = { ...state, ...part };
    for (const listener of [...listeners]) listener(state, previous);
  };
  const subscribe = (listener: Listener<State>) => {
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  };
  state = initialise(setState, getState);

  const use = <Selected>(selector?: (state: State) => Selected) => {
    const read = () => (selector ? selector(state) : state);
    return useSyncExternalStore(subscribe, read, read);
  };
  return Object.assign(use, { getState, setState, subscribe }) as Store<State>;
}

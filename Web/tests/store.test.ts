import assert from 'node:assert/strict';
import test from 'node:test';
import { create } from '../lib/store';

test('a store merges changes and tells its listeners what was before', () => {
  const store = create<{ count: number; name: string; more: () => void }>((set, get) => ({
    count: 0,
    name: 'a',
    more: () => set({ count: get().count + 1 }),
  }));
  const seen: [number, number][] = [];
  const end = store.subscribe((state, previous) => seen.push([previous.count, state.count]));
  store.getState().more();
  store.setState((state) => ({ count: state.count + 10 }));
  assert.deepEqual(seen, [
    [0, 1],
    [1, 11],
  ]);
  assert.equal(store.getState().name, 'a');
  end();
  store.getState().more();
  assert.equal(seen.length, 2);
});

test('nobody is told of a change that changes nothing', () => {
  const store = create(() => ({ count: 1 }));
  let calls = 0;
  store.subscribe(() => {
    calls += 1;
  });
  const before = store.getState();
  store.setState({ count: 1 });
  assert.equal(calls, 0);
  assert.equal(store.getState(), before);
});

test('a listener that leaves while others are told does not disturb them', () => {
  const store = create(() => ({ count: 1 }));
  const heard: string[] = [];
  const endFirst = store.subscribe(() => {
    heard.push('first');
    endFirst();
  });
  store.subscribe(() => heard.push('second'));
  store.setState({ count: 2 });
  store.setState({ count: 3 });
  assert.deepEqual(heard, ['first', 'second', 'second']);
});

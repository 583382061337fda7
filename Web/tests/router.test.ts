import assert from 'node:assert/strict';
import test from 'node:test';
import { href, match } from '../lib/router';

test('patterns give their parameters, decoded', () => {
  assert.deepEqual(match('/', '/'), {});
  assert.deepEqual(match('/accounts/:account', '/accounts/0010100000017'), { account: '0010100000017' });
  assert.deepEqual(match('/accounts/:account/:page', '/accounts/a%2Fb/c/'), { account: 'a/b', page: 'c' });
});

test('what does not fit, does not match', () => {
  assert.equal(match('/accounts/:account', '/accounts'), null);
  assert.equal(match('/accounts', '/accounts/1'), null);
  assert.equal(match('/accounts', '/Accounts'), null);
  assert.equal(match('/accounts/:account', '/accounts/%E0%A4%A'), null);
});

test('a path is made from its pattern, encoded', () => {
  assert.equal(href('/accounts'), '/accounts');
  assert.equal(href('/accounts/:account', { account: 'a/b c' }), '/accounts/a%2Fb%20c');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { caretAfterGrouping, completedAmount, exactFromEntry, groupThousands } from '../ui/amountEntry';

test('what is typed becomes exact text, without a number in between', () => {
  const entries: [typed: string, currency: string, exact: string][] = [
    ['1500', 'KES', '1500'],
    ['1,500.5', 'KES', '1500.5'],
    ['KES 1,500.50', 'KES', '1500.50'],
    ['1500.555', 'KES', '1500.55'],
    ['1.2.3', 'KES', '1.23'],
    ['.5', 'KES', '0.5'],
    ['007', 'KES', '7'],
    ['0', 'KES', '0'],
    ['', 'KES', ''],
    ['abc', 'KES', ''],
    ['1500.75', 'UGX', '1500'],
    ['1.2345', 'KWD', '1.234'],
    ['99999999999999999', 'KES', '9999999999999'],
    ['9007199254740993', 'KES', '9007199254740'],
  ];
  for (const [typed, currency, exact] of entries) assert.equal(exactFromEntry(typed, currency), exact, typed);
});

test('thousands are grouped, also of what is not complete', () => {
  assert.equal(groupThousands('1234567'), '1,234,567');
  assert.equal(groupThousands('1234.'), '1,234.');
  assert.equal(groupThousands('999.5'), '999.5');
  assert.equal(groupThousands(''), '');
});

test('an amount is completed when the field is left', () => {
  assert.equal(completedAmount('1500', 'KES'), '1500.00');
  assert.equal(completedAmount('1500.5', 'KES'), '1500.50');
  assert.equal(completedAmount('1500.', 'KES'), '1500.00');
  assert.equal(completedAmount('1500', 'UGX'), '1500');
  assert.equal(completedAmount('', 'KES'), '');
});

test('the caret stays behind the digit that was typed', () => {
  // "1234|" typed becomes "1,234|"; "12|34" in the middle of "1,234" stays between 2 and 3.
  assert.equal(caretAfterGrouping('1234', 4, '1,234'), 5);
  assert.equal(caretAfterGrouping('1,2934', 4, '12,934'), 4);
  assert.equal(caretAfterGrouping('', 0, ''), 0);
});

import assert from 'node:assert/strict';
import test from 'node:test';
import {
  compareAmounts,
  decimalAmount,
  formatAccountNumber,
  formatAmount,
  formatDate,
  formatDateTime,
  formatMoney,
  formatMonth,
  formatPhone,
  formatRelativeDate,
  minorUnits,
  parseAmount,
  parsePhone,
  sumAmounts,
} from '../lib/format';

test('amounts are grouped and padded to the decimals of their currency', () => {
  assert.equal(formatAmount('1234.5', 'KES'), '1,234.50');
  assert.equal(formatAmount('0.00', 'KES'), '0.00');
  assert.equal(formatAmount('1234567', 'UGX'), '1,234,567');
  assert.equal(formatAmount('1000', 'KWD'), '1,000.000');
  assert.equal(formatMoney('1234.50', 'KES'), 'KES\u00a01,234.50');
  assert.equal(formatMoney('-15.00', 'KES'), '−KES\u00a015.00');
  assert.equal(formatAmount('-0.00', 'KES'), '0.00');
});

test('no amount goes through binary floating point', () => {
  assert.equal(formatAmount('9007199254740993.01', 'KES'), '9,007,199,254,740,993.01');
  assert.equal(sumAmounts(['0.10', '0.20'], 'KES'), '0.30');
  assert.equal(sumAmounts(['9007199254740993.01', '0.01', '-1.00'], 'KES'), '9007199254740992.02');
  assert.equal(minorUnits('1234.5', 'KES'), 123450n);
  assert.equal(minorUnits('1.005', 'KES'), null);
  assert.equal(decimalAmount(-5n, 'KES'), '-0.05');
  assert.equal(decimalAmount(1500n, 'UGX'), '1500');
  assert.ok(compareAmounts('10.00', '9.99', 'KES') > 0);
  assert.equal(compareAmounts('10', '10.00', 'KES'), 0);
});

test('what is no amount is shown as it is', () => {
  for (const text of ['', 'n/a', '1,5', '1e5']) assert.equal(formatAmount(text, 'KES'), text);
});

test('an amount is understood as people in Kenya write it', () => {
  for (const typed of ['1500', '1,500', '1 500.00', 'KES 1,500', 'Ksh. 1500', '1500/=', '1500/-', "1'500.0"])
    assert.deepEqual(parseAmount(typed, 'KES'), { amount: '1500.00' }, typed);
  assert.deepEqual(parseAmount('.5', 'KES'), { amount: '0.50' });
  assert.deepEqual(parseAmount('1500', 'UGX'), { amount: '1500' });
});

test('an amount that cannot be meant is refused with the reason', () => {
  assert.deepEqual(parseAmount('  ', 'KES'), { fault: 'required' });
  assert.deepEqual(parseAmount('0.00', 'KES'), { fault: 'not_positive' });
  assert.deepEqual(parseAmount('-5', 'KES'), { fault: 'not_positive' });
  assert.deepEqual(parseAmount('1.005', 'KES'), { fault: 'too_many_decimals' });
  assert.deepEqual(parseAmount('1.5', 'UGX'), { fault: 'too_many_decimals' });
  assert.deepEqual(parseAmount('12345678901234', 'KES'), { fault: 'out_of_range' });
  for (const typed of ['abc', '1,5', '1.2.3', '1e3', '0x10', '१५']) {
    assert.deepEqual(parseAmount(typed, 'KES'), { fault: 'invalid_format' }, typed);
  }
});

test('telephone numbers of Kenya', () => {
  assert.equal(formatPhone('+254711000001'), '+254 711 000 001');
  assert.equal(formatPhone('+14155550100'), '+14155550100');
  for (const typed of ['0711 000 001', '254711000001', '+254-711-000-001']) assert.equal(parsePhone(typed), '+254711000001');
  assert.equal(parsePhone('0110000001'), '+254110000001');
  assert.equal(parsePhone('0211000001'), null);
  assert.equal(formatAccountNumber('0010100000017'), '0010\u00a01000\u00a000017');
});

test('dates and times are those of Nairobi, whatever the computer says', () => {
  assert.equal(formatDate('2026-05-29'), '29 May 2026');
  // Half an hour before midnight in London is the next day in Nairobi.
  assert.equal(formatDate('2026-05-28T21:30:00Z'), '29 May 2026');
  assert.equal(formatDateTime('2026-05-28T21:30:00Z'), '29 May 2026, 00:30');
  assert.equal(formatMonth('2026-05'), 'May 2026');
  const now = new Date('2026-05-28T21:30:00Z');
  assert.equal(formatRelativeDate('2026-05-29', 'en', now), 'Today');
  assert.equal(formatRelativeDate('2026-05-28T20:59:00Z', 'en', now), 'Yesterday');
  assert.equal(formatRelativeDate('2026-05-30', 'sw', now), 'Kesho');
  assert.equal(formatRelativeDate('2026-05-01', 'en', now), '1 May 2026');
});

// How amounts, telephone numbers and dates are written in Kenya. Money is text all the way: a decimal string from the API is
// grouped and compared digit by digit and never becomes a floating-point number.

export type Language = 'en' | 'sw';

const decimalsOfCurrency: Record<string, number> = { UGX: 0, JPY: 0, RWF: 0, KRW: 0, KWD: 3, BHD: 3, OMR: 3, TND: 3 };

/** Decimals that amounts of a currency are written with. */
export function currencyDecimals(currency: string): number {
  return decimalsOfCurrency[currency] ?? 2;
}

/** Takes apart `-?digits[.digits]`; null for anything else. */
function parts(amount: string): { isNegative: boolean; whole: string; fraction: string } | null {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(amount);
  if (!match) return null;
  const whole = (match[2] ?? '').replace(/^0+(?=\d)/, '');
  return { isNegative: match[1] === '-', whole, fraction: match[3] ?? '' };
}

/** `1234.5` in KES → `1,234.50`. Text that is no amount comes back as it is. */
export function formatAmount(amount: string, currency: string): string {
  const number = parts(amount);
  if (!number) return amount;
  const decimals = currencyDecimals(currency);
  const fraction = number.fraction.padEnd(decimals, '0');
  const grouped = number.whole.replace(/\B(?=(\d{3})+$)/g, ',');
  const isZero = /^0*$/.test(number.whole + fraction);
  return `${number.isNegative && !isZero ? '−' : ''}${grouped}${fraction ? `.${fraction}` : ''}`;
}

/** `KES 1,234.50`, with a space that does not break. A negative amount is written `−KES 1,234.50`. */
export function formatMoney(amount: string, currency: string): string {
  const text = formatAmount(amount, currency);
  return text.startsWith('−') ? `−${currency}\u00a0${text.slice(1)}` : `${currency}\u00a0${text}`;
}

/** An amount in minor units, exact; null for text that is no amount or has more decimals than the currency. */
export function minorUnits(amount: string, currency: string): bigint | null {
  const number = parts(amount);
  const decimals = currencyDecimals(currency);
  if (!number || number.fraction.length > decimals) return null;
  const units = BigInt(number.whole + number.fraction.padEnd(decimals, '0'));
  return number.isNegative ? -units : units;
}

/** The decimal string of an amount in minor units. */
export function decimalAmount(units: bigint, currency: string): string {
  const decimals = currencyDecimals(currency);
  const digits = (units < 0n ? -units : units).toString().padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const text = decimals ? `${whole}.${digits.slice(digits.length - decimals)}` : whole;
  return units < 0n ? `-${text}` : text;
}

/** Sum of amounts of one currency; what is no amount counts as nothing. */
export function sumAmounts(amounts: readonly string[], currency: string): string {
  return decimalAmount(
    amounts.reduce((sum, amount) => sum + (minorUnits(amount, currency) ?? 0n), 0n),
    currency,
  );
}

/** Negative, zero or positive, as `left` is less than, equal to or greater than `right`. */
export function compareAmounts(left: string, right: string, currency: string): number {
  const difference = (minorUnits(left, currency) ?? 0n) - (minorUnits(right, currency) ?? 0n);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

export type AmountFault = 'required' | 'invalid_format' | 'not_positive' | 'too_many_decimals' | 'out_of_range';

/** What a person typed (`1,234.5`, `KES 1 234.50`, `1500/=`) as the decimal string that the API takes, or what is wrong with it. */
export function parseAmount(typed: string, currency: string): { amount: string } | { fault: AmountFault } {
  const text = typed
    .trim()
    .replace(/^(kes|ksh|sh)\.?\s*/i, '')
    .replace(/\/[=-]?$/, '')
    .replace(/[\s\u00a0']/g, '')
    .replace(/,(?=\d{3}(\D|$))/g, '');
  if (text === '') return { fault: 'required' };
  if (/^-\d/.test(text)) return { fault: 'not_positive' };
  if (!/^(\d+(\.\d*)?|\.\d+)$/.test(text)) return { fault: 'invalid_format' };
  const [whole = '', fraction = ''] = text.split('.');
  const decimals = currencyDecimals(currency);
  if (fraction.length > decimals) return { fault: 'too_many_decimals' };
  const digits = whole.replace(/^0+(?=\d)/, '') || '0';
  if (digits.length > 13) return { fault: 'out_of_range' };
  const padded = fraction.padEnd(decimals, '0');
  if (/^0*$/.test(digits + padded)) return { fault: 'not_positive' };
  return { amount: decimals ? `${digits}.${padded}` : digits };
}

/** `+254711000001` → `+254 711 000 001`. Other numbers come back as they are. */
export function formatPhone(phone: string): string {
  const match = /^\+254(\d{3})(\d{3})(\d{3})$/.exec(phone);
  return match ? `+254 ${match[1]} ${match[2]} ${match[3]}` : phone;
}

/** What a person typed (`0711 000 001`, `254711000001`) as `+254711000001`; null when it is no Kenyan number. */
export function parsePhone(typed: string): string | null {
  const digits = typed.replace(/[\s().-]/g, '');
  const match = /^(?:\+?254|0)([17]\d{8})$/.exec(digits);
  return match ? `+254${match[1]}` : null;
}

/** `0012000000017` → `0012 0000 00017`: read aloud and compared more easily than thirteen digits in a row. */
export function formatAccountNumber(number: string): string {
  const match = /^(\d{4})(\d{4})(\d{5})$/.exec(number);
  return match ? `${match[1]}\u00a0${match[2]}\u00a0${match[3]}` : number;
}

// Own names instead of Intl: making one of its formatters costs a cheap telephone more than drawing the page that needs it, and Kenya
// has had +03:00 without summer time since 1960.

const nairobiMilliseconds = 3 * 3_600_000;

const months: Record<Language, { short: readonly string[]; long: readonly string[] }> = {
  en: {
    short: ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'],
    long: [
      'January',
      'February',
      'March',
      'April',
      'May',
      'June',
      'July',
      'August',
      'September',
      'October',
      'November',
      'December',
    ],
  },
  sw: {
    short: ['Jan', 'Feb', 'Mac', 'Apr', 'Mei', 'Jun', 'Jul', 'Ago', 'Sep', 'Okt', 'Nov', 'Des'],
    long: [
      'Januari',
      'Februari',
      'Machi',
      'Aprili',
      'Mei',
      'Juni',
      'Julai',
      'Agosti',
      'Septemba',
      'Oktoba',
      'Novemba',
      'Desemba',
    ],
  },
};

/** The day of a business date, or of a timestamp in Nairobi, as `2026-05-29`. Text that is neither comes back as it is. */
function dayOf(date: string): string {
  if (/^\d{4}-\d{2}-\d{2}$/.test(date)) return date;
  const moment = new Date(date);
  return Number.isNaN(moment.getTime()) ? date : nairobiDay(moment);
}

/** `29 May 2026`, of a business date or a timestamp. */
export function formatDate(date: string, language: Language = 'en'): string {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(dayOf(date));
  if (!match) return date;
  return `${Number(match[3])} ${months[language].short[Number(match[2]) - 1] ?? match[2]} ${match[1]}`;
}

/** `29 May 2026, 23:26`, Nairobi time. */
export function formatDateTime(timestamp: string, language: Language = 'en'): string {
  return `${formatDate(timestamp, language)}, ${formatTime(timestamp)}`;
}

/** `23:26`, Nairobi time. */
export function formatTime(timestamp: string, _language: Language = 'en'): string {
  const moment = new Date(timestamp);
  if (Number.isNaN(moment.getTime())) return timestamp;
  return new Date(moment.getTime() + nairobiMilliseconds).toISOString().slice(11, 16);
}

/** `May 2026`, of `2026-05` or of a date. */
export function formatMonth(month: string, language: Language = 'en', width: 'short' | 'long' = 'long'): string {
  const match = /^(\d{4})-(\d{2})/.exec(month);
  return match ? `${months[language][width][Number(match[2]) - 1] ?? match[2]} ${match[1]}` : month;
}

/** The calendar day (`2026-05-29`) in Nairobi at a moment. */
export function nairobiDay(moment: Date): string {
  return new Date(moment.getTime() + nairobiMilliseconds).toISOString().slice(0, 10);
}

const relativeDays: Record<Language, [today: string, yesterday: string, tomorrow: string]> = {
  en: ['Today', 'Yesterday', 'Tomorrow'],
  sw: ['Leo', 'Jana', 'Kesho'],
};

/** `Today`, `Yesterday`, `Tomorrow`, else the date. */
export function formatRelativeDate(date: string, language: Language = 'en', now: Date = new Date()): string {
  const day = date.length === 10 ? date : nairobiDay(new Date(date));
  const days = Math.round((Date.parse(`${day}T00:00:00Z`) - Date.parse(`${nairobiDay(now)}T00:00:00Z`)) / 86_400_000);
  const [today, yesterday, tomorrow] = relativeDays[language];
  if (days === 0) return today;
  if (days === -1) return yesterday;
  if (days === 1) return tomorrow;
  return formatDate(day, language);
}

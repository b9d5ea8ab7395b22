// LocalePlugin: how the user's country writes things. The platform tells no more than the time zone, so the rest is that of
// the C locale, with ISO dates. Source: VMMaker, LocalePlugin.

import { Address, answerBoolean, answerInteger, answerString, hostTimezoneOffsetSeconds } from "../../vm/plugin";

// USA, eng, . and , yyyy-mm-dd, HH:mm:ss
const TEXTS = <Address>(
  memory.data<u8>([
    0x55, 0x53, 0x41, 0x65, 0x6e, 0x67, 0x2e, 0x2c, 0x79, 0x79, 0x79, 0x79, 0x2d, 0x6d, 0x6d, 0x2d, 0x64, 0x64, 0x48,
    0x48, 0x3a, 0x6d, 0x6d, 0x3a, 0x73, 0x73,
  ])
);

/** ISO 3166, three letters. */
export function primitiveCountry(): void {
  answerString(TEXTS, 3);
}

/** ISO 639, three letters. */
export function primitiveLanguage(): void {
  answerString(TEXTS + 3, 3);
}

/** Whether the currency symbol stands before the amount. */
export function primitiveCurrencyNotation(): void {
  answerBoolean(true);
}

export function primitiveCurrencySymbol(): void {
  answerString(TEXTS, 0);
}

/** Whether summer time is on; the offset to UTC counts it already. */
export function primitiveDaylightSavings(): void {
  answerBoolean(false);
}

export function primitiveDecimalSymbol(): void {
  answerString(TEXTS + 6, 1);
}

export function primitiveDigitGroupingSymbol(): void {
  answerString(TEXTS + 7, 1);
}

export function primitiveLongDateFormat(): void {
  answerString(TEXTS + 8, 10);
}

export function primitiveShortDateFormat(): void {
  answerString(TEXTS + 8, 10);
}

export function primitiveTimeFormat(): void {
  answerString(TEXTS + 18, 8);
}

export function primitiveMeasurementMetric(): void {
  answerBoolean(true);
}

/** Minutes that local time is ahead of UTC. */
export function primitiveTimezoneOffset(): void {
  answerInteger(hostTimezoneOffsetSeconds() / 60);
}

/** Minutes that the clocks of the virtual machine are ahead of local time. */
export function primitiveVMOffsetToUTC(): void {
  answerInteger(0);
}

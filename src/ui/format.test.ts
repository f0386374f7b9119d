import { expect, test } from 'vitest'
import { formatCountdown, formatDuration, formatFingerprint, formatPercent, formatSize } from './format.ts'

test.each([
  [0, '0 bytes'],
  [1, '1 byte'],
  [999, '999 bytes'],
  [1000, '1 kB'],
  [999_949, '1 MB'],
  [999_900, '1 MB'],
  [1536, '1.5 kB'],
  [123_456_789, '123 MB'],
  [5e15, '5,000 TB'],
])('%d bytes are %s', (sizeBytes, text) => expect(formatSize(sizeBytes)).toBe(text))

test('what remains is never nothing', () =>
  expect([0.2, 59.2, 61, 3601].map(formatDuration)).toEqual(['1 second', '60 seconds', '2 minutes', '2 hours']))

test('a countdown', () =>
  expect([120, 65, 59.1, 0.2, -3].map(formatCountdown)).toEqual(['2:00', '1:05', '1:00', '0:01', '0:00']))

test('100 % only when all is there', () =>
  expect([formatPercent(999, 1000), formatPercent(1000, 1000), formatPercent(0, 0)]).toEqual(['99%', '100%', '0%']))

test('fingerprints in groups of four', () => {
  expect(formatFingerprint('0123456789abc')).toBe('0123 4567 89ab c')
  expect(formatFingerprint('0123 4567')).toBe('0123 4567')
})

import { expect, test } from 'vitest'
import { rangeOf } from './range.ts'

const part = (startByte: number, endByte: number): object => ({ startByte, endByte })

test.each([
  { header: null, expected: null },
  { header: 'bytes=0-499', expected: part(0, 500) },
  { header: 'bytes=500-999', expected: part(500, 1000) },
  { header: 'bytes=-500', expected: part(500, 1000) },
  { header: 'bytes=900-', expected: part(900, 1000) },
  { header: 'bytes=0-0', expected: part(0, 1) },
  { header: 'BYTES = 0-0', expected: part(0, 1) },
  { header: 'bytes=999-9999', expected: part(999, 1000) },
  { header: 'bytes=-9999', expected: part(0, 1000) },
  { header: 'bytes=1000-', expected: 'unsatisfiable' },
  { header: 'bytes=-0', expected: 'unsatisfiable' },
  { header: 'bytes=99999999999999999999-', expected: 'unsatisfiable' },
  { header: 'bytes=5-4', expected: null },
  { header: 'bytes=-', expected: null },
  { header: 'bytes=0-1,4-5', expected: null },
  { header: 'lines=0-1', expected: null },
  { header: 'bytes=a-b', expected: null },
])('$header of 1000 bytes', ({ header, expected }) => {
  expect(rangeOf(header, 1000)).toEqual(expected)
})

test('nothing of an empty file can be a part', () => {
  expect(rangeOf('bytes=0-', 0)).toBe('unsatisfiable')
  expect(rangeOf('bytes=-1', 0)).toBe('unsatisfiable')
})

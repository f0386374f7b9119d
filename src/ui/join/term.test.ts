import { expect, test } from 'vitest'
import { dayText, daysWithin, endOfDay } from './term.ts'

const nowMs = new Date(2027, 4, 3, 15, 30).getTime()

test('days are picked from tomorrow to the last', () => {
  expect(dayText(nowMs)).toBe('2027-05-03')
  expect(daysWithin(nowMs, 7)).toEqual({ first: '2027-05-04', last: '2027-05-10' })
})

test.each([
  ['its end', '2027-05-04', new Date(2027, 4, 5).getTime() - 1],
  ['the end of the term, on the last', '2027-05-10', new Date(2027, 4, 10, 15, 30).getTime()],
  ['nothing for today', '2027-05-03', null],
  ['nothing for one after the last', '2027-05-11', null],
  ['nothing for what is no day', 'soon', null],
  ['nothing for an empty field', '', null],
])('a day stands for %s', (_, text, endMs) => expect(endOfDay(text, nowMs, 7)).toBe(endMs))

import { describe, expect, test } from 'vitest'
import { utf8 } from '../core/bytes/bytes.ts'
import { checkName, nameSizeBytesMax } from '../core/path/path.ts'
import { nameFrom, numberedName } from './names.ts'

// Noon, so that it is the same day in every zone of the earth but the last.
const noonMs = 1_777_809_600_000

describe('a number', () => {
  test.each([
    { name: 'free', taken: [], is: 'free' },
    { name: 'photo.jpg', taken: ['photo.jpg'], is: 'photo (2).jpg' },
    { name: 'photo.jpg', taken: ['photo.jpg', 'photo (2).jpg'], is: 'photo (3).jpg' },
    { name: '.profile', taken: ['.profile'], is: '.profile (2)' },
    { name: 'a sentence. And one more of some length', taken: ['a sentence. And one more of some length'] },
  ])('$name beside $taken', ({ name, taken, is = `${name} (2)` }) =>
    expect(numberedName(name, (candidate) => !taken.includes(candidate))).toBe(is),
  )
})

describe('the device and the day', () => {
  test('stand before the ending', () =>
    expect(nameFrom('report.txt', 'Phone', noonMs)).toBe('report (from Phone, 3 May).txt'))
  test('stand once', () => {
    const once = nameFrom('report.txt', 'Phone', noonMs)
    expect(nameFrom(once, 'Phone', noonMs)).toBe(once)
    expect(nameFrom('report (from Phone, 3 May) (2).txt', 'Phone', noonMs)).toBe('report (from Phone, 3 May) (2).txt')
  })
  test('fit into the longest name that there may be', () => {
    for (const name of ['é'.repeat(127), `${'x'.repeat(250)}.jpg`, '🌳'.repeat(63)]) {
      const noted = nameFrom(name, 'Phone', noonMs)
      expect(utf8(noted).length).toBeLessThanOrEqual(nameSizeBytesMax)
      expect(checkName(noted)).toMatchObject({ ok: true })
      expect(noted).toContain('(from Phone, 3 May)')
    }
  })
})

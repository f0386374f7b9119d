import { expect, test } from 'vitest'
import {
  besideHash,
  farHash,
  farIdIn,
  framedHash,
  hasPretend,
  hashOf,
  invitationHash,
  playHash,
  playOf,
  pretendHash,
  routeOf,
  takeCode,
  trialHash,
} from './route.ts'

test.each([
  ['', '/'],
  ['#', '/'],
  ['#/', '/'],
  ['#/trash', '/trash'],
  ['#/trash&as=phone', '/trash'],
  ['#as=phone', '/'],
  ['#as=phone&/storage', '/storage'],
  ['#/constructor', '/'],
  ['#/join&code=abc', '/join'],
  ['#/devices', '/devices'],
  ['#/audit&as=phone', '/audit'],
])('%s is %s', (hash, route) => expect(routeOf(hash)).toBe(route))

test('a link keeps the profile', () => {
  expect(hashOf('/trash', '#as=phone')).toBe('#/trash&as=phone')
  expect(hashOf('/', '#/trash&as=phone')).toBe('#/&as=phone')
  expect(hashOf('/', '')).toBe('#/')
})

test('something in another tree has an address, from which every other view is reached without it', () => {
  const address = farHash('link.item', '#/&as=phone')
  expect([routeOf(address), farIdIn(address)]).toEqual(['/shared', 'link.item'])
  expect(farIdIn(farHash('link.other', address))).toBe('link.other')
  expect(hashOf('/trash', address)).toBe('#/trash&as=phone')
  expect(farIdIn('#/shared')).toBe('')
})

test.each([
  ['#/join&code=ab-_9', 'ab-_9', '#/join'],
  ['#/join&as=phone&code=abc', 'abc', '#/join&as=phone'],
  ['#code=abc&/join&as=phone', 'abc', '#/join&as=phone'],
  ['#/join&code=abc&code=def', 'abc', '#/join'],
  ['#/join&code=', '', '#/join'],
  ['#/trash&as=phone', null, '#/trash&as=phone'],
  ['', null, ''],
])('the code is taken out of %s', (hash, code, rest) => expect(takeCode(hash)).toEqual({ code, rest }))

test('the address of an invitation is read as it was made', () =>
  expect(takeCode(invitationHash('h2lu-_'))).toEqual({ code: 'h2lu-_', rest: '#/join' }))

test.each([
  ['#/join', null, '#/join&as=2'],
  ['#/devices&as=phone', 'abc', '#/join&as=2&code=abc'],
  ['#/join&as=2', 'abc', '#/join&as=3&code=abc'],
  ['#/join&as=9', null, '#/join&as=10'],
])('beside %s there is room at the next one', (hash, code, beside) => expect(besideHash(hash, code)).toBe(beside))

test('a pretend phone stands beside every view until it is put away', () => {
  const shown = pretendHash('#/devices&as=try', true)
  expect(hasPretend(shown)).toBe(true)
  expect(routeOf(shown)).toBe('/devices')
  expect(hasPretend(hashOf('/', shown))).toBe(true)
  expect(pretendHash(shown, true)).toBe(shown)
  expect(pretendHash(shown, false)).toBe('#/devices&as=try')
  expect(hasPretend('#/devices')).toBe(false)
  expect(hasPretend(trialHash)).toBe(true)
})

test('in the frame there is no further phone, and the code is read like that of a link', () => {
  expect(framedHash('phone', '/')).toBe('#/&as=phone')
  const joining = framedHash('phone', '/join', 'abc')
  expect(hasPretend(joining)).toBe(false)
  expect(takeCode(joining)).toEqual({ code: 'abc', rest: '#/join&as=phone' })
})

test('what is played is in the address, and in that of no other view', () => {
  const play = { seed: 42, deviceCount: 7, isTroubled: true }
  const hash = playHash(play, '#/storage&as=phone')
  expect(hash).toBe('#/sim&as=phone&seed=42&devices=7&trouble')
  expect(playOf(hash)).toEqual(play)
  expect(playHash({ ...play, isTroubled: false }, hash)).toBe('#/sim&as=phone&seed=42&devices=7')
  expect(hashOf('/storage', hash)).toBe('#/storage&as=phone')
})
test.each(['#/sim', '#/sim&seed=0&devices=2', '#/sim&seed=1.5&devices=8', '#/sim&seed=1e9&devices=five'])(
  '%s is played as at first',
  (hash) => expect(playOf(hash)).toEqual({ seed: 1, deviceCount: 5, isTroubled: false }),
)

import { expect, test } from 'vitest'
import { hashOf, routeOf } from './route.ts'

test.each([
  ['', '/'],
  ['#', '/'],
  ['#/', '/'],
  ['#/trash', '/trash'],
  ['#/trash&as=phone', '/trash'],
  ['#as=phone', '/'],
  ['#as=phone&/storage', '/storage'],
  ['#/constructor', '/'],
])('%s is %s', (hash, route) => expect(routeOf(hash)).toBe(route))

test('a link keeps the profile', () => {
  expect(hashOf('/trash', '#as=phone')).toBe('#/trash&as=phone')
  expect(hashOf('/', '#/trash&as=phone')).toBe('#/&as=phone')
  expect(hashOf('/', '')).toBe('#/')
})

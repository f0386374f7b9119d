import { describe, expect, test } from 'vitest'
import { codeIn, linkTo, siteOf } from './link.ts'

const code = 'h2ludml0YXRpb24B'.repeat(12)

describe('where a link leads', () => {
  test.each([
    ['http://localhost:4173/', ['https://tree.example'], 'https://tree.example/', 'everyone'],
    [
      'http://localhost:4173/of/ada/index.html#/devices',
      ['https://tree.example:8443'],
      'https://tree.example:8443/of/ada/',
      'everyone',
    ],
    ['https://tree.example/', ['https://localhost:1', 'https://other.example'], 'https://other.example/', 'everyone'],
    ['http://localhost:4173/', [], 'http://localhost:4173/', 'thisComputer'],
    ['http://ada.localhost:4173/', ['https://127.0.0.1'], 'http://ada.localhost:4173/', 'thisComputer'],
    ['http://[::1]:4173/', [], 'http://[::1]:4173/', 'thisComputer'],
    ['https://localhost.example/tree/', [], 'https://localhost.example/tree/', 'unsaid'],
  ] as const)('from %s where the host names %s: %s', (page, origins, address, reach) =>
    expect(siteOf({ origins }, new URL(page))).toEqual({ address, reach }),
  )

  test('fits into a code that a phone reads from a screen', () =>
    expect(linkTo({ address: 'https://tree.example/', reach: 'everyone' }, code).length).toBeLessThanOrEqual(300))
})

describe('what is an invitation', () => {
  const link = linkTo({ address: 'https://tree.example/of/ada/', reach: 'everyone' }, code)
  test.each([
    ['the link', link],
    ['with words around it', `Ada says: ${link} (good for two minutes)`],
    ['in another profile', link.replace('#/join', '#/join&as=phone')],
    ['its end alone', link.slice(link.indexOf('#'))],
  ])('%s', (_, text) => expect(codeIn(text)).toBe(code))

  test.each([
    ['nothing', ''],
    ['another site', 'https://tree.example/'],
    ['a code for another view', link.replace('/join', '/storage')],
    ['no code', 'https://tree.example/#/join'],
    ['half a code', link.slice(0, 60)],
    ['more than a code', link + code.repeat(3)],
    ['signs that no code has', link.replace(code, `${code}%20`)],
    ['a wireless network', 'WIFI:S:home;T:WPA;P:#/join;;'],
    ['a book', `${link} ${'x'.repeat(5000)}`],
  ])('%s is none', (_, text) => expect(codeIn(text)).toBeNull())
})

import { expect, test } from 'vitest'
import { readSiteTime } from './site-time.ts'

const says = (headers: Record<string, string>, status = 200) =>
  readSiteTime(() => Promise.resolve(new Response(null, { status, headers })))

test('the host says what time it is, whatever else it answers', async () => {
  const date = 'Sun, 03 May 2026 09:20:00 GMT'
  for (const status of [200, 404, 503]) expect(await says({ Date: date }, status)).toBe(Date.UTC(2026, 4, 3, 9, 20))
})

test.each<readonly [string, () => Promise<number | null>]>([
  ['does not say', () => says({})],
  ['says something else', () => says({ Date: 'noon' })],
  ['can not be reached', () => readSiteTime(() => Promise.reject(new TypeError('Failed to fetch')))],
])('of a host that %s nothing is known', async (_, asked) => expect(await asked()).toBeNull())

import { expect, test } from 'vitest'
import { freshOrKeptFacts, readFacts } from './facts.ts'

const origins = ['https://tree.example', 'https://other.example:8443']
const says = (body: unknown, init?: ResponseInit) => (): Promise<Response> =>
  Promise.resolve(new Response(typeof body === 'string' ? body : JSON.stringify(body), init))

test('the origins of the host are read', async () =>
  expect(await readFacts(says({ origins, relays: [], stun: [] }))).toMatchObject({ origins }))

test('what is no public origin is passed over', async () => {
  const odd = [
    'http://tree.example',
    'https://tree.example/path',
    'https://Tree.example',
    'javascript:alert(1)',
    7,
    null,
  ]
  expect(await readFacts(says({ origins: [...odd, ...origins] }))).toMatchObject({ origins })
})

test.each([
  ['is not there', says('', { status: 404 })],
  ['is a page', says('<!doctype html>')],
  ['has no origins', says({ relays: [] })],
  ['is no object', says('null')],
  ['has an origin, not a list', says({ origins: 'https://tree.example' })],
  ['is larger than any', says(JSON.stringify({ origins }) + ' '.repeat(70_000))],
  ['can not be reached', () => Promise.reject(new TypeError('Failed to fetch'))],
])('a host whose file %s says nothing', async (_, fetched) =>
  expect(await readFacts(fetched)).toEqual({ origins: [], relays: [], stun: [] }),
)

test('relays and STUN are read, what is none is passed over', async () => {
  const relays = [
    { url: 'relay', peerId: '12D3Koo' },
    { url: 'wss://relay.example/relay', peerId: '12D3Koo' },
  ]
  const odd = [
    ...[null, 'relay', { url: 'relay' }, { url: 7, peerId: '12D3Koo' }, { url: '', peerId: 'x' }],
    ...['wss://', 'https:', 'http:'].map((url) => ({ url, peerId: '12D3Koo' })),
  ]
  const stun = ['stun:stun.example:3478']
  expect(await readFacts(says({ origins, relays: [...odd, ...relays], stun: [...stun, 'turn:x', 7] }))).toEqual({
    origins,
    relays,
    stun,
  })
})

const away = () => Promise.reject(new TypeError('Failed to fetch'))
/** The octets of a file that break off. */
const broken = async (): Promise<Response> =>
  new Response(new ReadableStream({ start: (controller) => controller.error(new TypeError('network error')) }))
const proxies = [says('proxy', { status: 502 }), says('tunnel', { status: 530 })]
const address = new URL('https://tree.example/relay.json')

test('what a host said last is said while it is away, and no longer than that', async () => {
  const kept = new Map<string, Response>()
  const cache = {
    put: async (at: unknown, answer: Response) => void kept.set(String(at), answer),
    match: async (at: unknown) => kept.get(String(at))?.clone(),
  } as Pick<Cache, 'match' | 'put'>
  const asked = async (ask: () => Promise<Response>) =>
    (await freshOrKeptFacts(() => Promise.resolve(cache), address, ask)).origins
  // It may publish something, so what it publishes is not nothing.
  for (const ask of [away, broken, ...proxies]) await expect(asked(ask)).rejects.toMatchObject({ code: 'hostAway' })
  expect(await asked(says({ origins }))).toEqual(origins)
  for (const ask of [away, broken, ...proxies]) expect(await asked(ask)).toEqual(origins)
  expect(await asked(says('gone', { status: 404 }))).toEqual([])
  expect(await asked(away)).toEqual([])
})

const refuse = () => Promise.reject(new DOMException('No room', 'QuotaExceededError'))
test.each([
  ['is full', async () => ({ put: refuse, match: async () => undefined })],
  ['is shut', refuse],
])('a host is heard also where the cache %s', async (_, openCache) => {
  expect(await freshOrKeptFacts(openCache, address, says({ origins }))).toMatchObject({ origins })
  await expect(freshOrKeptFacts(openCache, address, away)).rejects.toMatchObject({ code: 'hostAway' })
})

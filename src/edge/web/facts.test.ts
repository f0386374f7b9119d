import { expect, test } from 'vitest'
import { freshOrKept, readFacts } from './facts.ts'

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
  const odd = [null, 'relay', { url: 'relay' }, { url: 7, peerId: '12D3Koo' }, { url: '', peerId: 'x' }]
  const stun = ['stun:stun.example:3478']
  expect(await readFacts(says({ origins, relays: [...odd, ...relays], stun: [...stun, 'turn:x', 7] }))).toEqual({
    origins,
    relays,
    stun,
  })
})

test('what a host said last is said while it is away, and no longer than that', async () => {
  const kept = new Map<string, Response>()
  const cache = {
    put: async (address: unknown, answer: Response) => void kept.set(String(address), answer),
    match: async (address: unknown) => kept.get(String(address))?.clone(),
  } as Pick<Cache, 'match' | 'put'>
  const asked = async (ask: () => Promise<Response>): Promise<string> => {
    const answer = await freshOrKept(cache, new URL('https://tree.example/relay.json'), ask)
    return `${answer.status} ${await answer.text()}`
  }
  const away = () => Promise.reject(new TypeError('Failed to fetch'))
  await expect(asked(away)).rejects.toThrow('Failed to fetch')
  expect(await asked(says('proxy', { status: 502 }))).toBe('502 proxy')
  expect(await asked(says('first'))).toBe('200 first')
  for (const ask of [away, says('proxy', { status: 502 }), says('tunnel', { status: 530 })])
    expect(await asked(ask)).toBe('200 first')
  expect(await asked(says('gone', { status: 404 }))).toBe('404 gone')
})

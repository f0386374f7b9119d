import { expect, test } from 'vitest'
import { BlocktreeError, NodeMovedError } from '../../core/bytes/bytes.ts'
import { apiBy } from '../rpc/rpc.ts'
import { type ContentSource, answerContent } from './content.ts'

const body = Uint8Array.from({ length: 1000 }, (_, index) => index % 251)

interface Probe extends ContentSource {
  readonly open: Set<string>
  chunkCount: number
}

/** Serves `body` in pieces of 100 octets. @param movedAfterCount how many pieces it gives before its node moves away */
function sourceOf(name = 'a.bin', movedAfterCount = Infinity, whole = body): Probe {
  const streams = new Map<string, { at: number; readonly endByte: number }>()
  let streamCount = 0
  const probe: Probe = {
    open: new Set(),
    chunkCount: 0,
    async openContent(id, startByte = 0, endByte = whole.length) {
      if (id !== 'known') throw new BlocktreeError('itemGone', 'This file is <gone>.')
      const streamId = `s${++streamCount}`
      streams.set(streamId, { at: startByte, endByte })
      probe.open.add(streamId)
      return {
        streamId,
        name,
        mediaType: 'text/html',
        version: String(whole[0]),
        sizeBytes: whole.length,
        startByte,
        endByte,
      }
    },
    async nextChunk(streamId) {
      if (probe.chunkCount >= movedAfterCount) throw new NodeMovedError()
      const stream = streams.get(streamId)!
      if (stream.at === stream.endByte) return null
      probe.chunkCount++
      const chunk = whole.slice(stream.at, (stream.at = Math.min(stream.at + 100, stream.endByte)))
      return chunk
    },
    async closeContent(streamId) {
      probe.open.delete(streamId)
    },
  }
  return probe
}
const ask = (query = '', init: RequestInit = {}): Request => new Request(`https://tree.example/t/known${query}`, init)
const octetsOf = async (response: Response): Promise<Uint8Array> => new Uint8Array(await response.arrayBuffer())

test('sends the whole, sandboxed', async () => {
  const response = await answerContent(ask(), 'known', async () => sourceOf())
  expect(response.status).toBe(200)
  expect(response.headers.get('Content-Length')).toBe('1000')
  expect(response.headers.get('Content-Security-Policy')).toMatch(/^sandbox; default-src 'none'/)
  expect(response.headers.get('X-Content-Type-Options')).toBe('nosniff')
  expect(response.headers.get('Cache-Control')).toBe('no-store')
  expect(await octetsOf(response)).toEqual(body)
})

test('sends a part', async () => {
  const source = sourceOf()
  const response = await answerContent(ask('', { headers: { Range: 'bytes=250-749' } }), 'known', async () => source)
  expect(response.status).toBe(206)
  expect(response.headers.get('Content-Range')).toBe('bytes 250-749/1000')
  expect(response.headers.get('Content-Length')).toBe('500')
  expect(await octetsOf(response)).toEqual(body.slice(250, 750))
})

test('refuses a part behind the end, and leaves no stream open', async () => {
  const source = sourceOf()
  const response = await answerContent(ask('', { headers: { Range: 'bytes=1000-' } }), 'known', async () => source)
  expect(response.status).toBe(416)
  expect(response.headers.get('Content-Range')).toBe('bytes */1000')
  expect(source.open.size).toBe(0)
})

test('says that what it serves without a node may be stale', async () => {
  const held = await answerContent(ask(), 'known', async () => ({ ...sourceOf(), mayBeStale: true }))
  expect(held.headers.has('Blocktree-May-Be-Stale')).toBe(true)
  const fresh = await answerContent(ask(), 'known', async () => sourceOf())
  expect(fresh.headers.has('Blocktree-May-Be-Stale')).toBe(false)
  const remote = apiBy((method, args) =>
    (sourceOf()[method as 'nextChunk'] as (...all: unknown[]) => Promise<unknown>)(...args),
  )
  const throughPort = await answerContent(ask(), 'known', async () => remote)
  expect(throughPort.headers.has('Blocktree-May-Be-Stale')).toBe(false)
})

test('asks for a piece only when the reader wants one, and closes what it leaves', async () => {
  const source = sourceOf()
  const reader = (await answerContent(ask(), 'known', async () => source)).body!.getReader()
  expect(source.chunkCount).toBe(0)
  await reader.read()
  await reader.read()
  expect(source.chunkCount).toBe(2)
  await reader.cancel()
  expect(source.open.size).toBe(0)
})

test.each([
  { name: 'plain.txt', whole: 'plain.txt', plain: 'plain.txt' },
  { name: `naïve "x" (1)*'%.txt`, whole: `na%C3%AFve%20%22x%22%20%281%29%2a%27%25.txt`, plain: `na_ve _x_ (1)*'_.txt` },
  { name: 'lone \ud800', whole: 'lone%20_', plain: 'lone _' },
  { name: 'a\r\nSet-Cookie: b', whole: 'a%0D%0ASet-Cookie%3A%20b', plain: 'a__Set-Cookie: b' },
])('names the download $name', async ({ name, whole, plain }) => {
  const response = await answerContent(ask('?download'), 'known', async () => sourceOf(name))
  expect(response.headers.get('Content-Disposition')).toBe(`attachment; filename="${plain}"; filename*=UTF-8''${whole}`)
})

test('goes on at the next node where the first one moved', async () => {
  const first = sourceOf('a.bin', 3)
  const second = sourceOf()
  const answers = [first, null, second]
  const response = await answerContent(ask(), 'known', async () => answers.shift() ?? null)
  expect(await octetsOf(response)).toEqual(body)
  expect(second.chunkCount).toBe(7)
})

test('breaks off where the file became another meanwhile', async () => {
  const answers = [sourceOf('a.bin', 3), sourceOf('a.bin', Infinity, body.toReversed())]
  const response = await answerContent(ask(), 'known', async () => answers.shift() ?? null)
  await expect(octetsOf(response)).rejects.toBeInstanceOf(NodeMovedError)
})

test.each([
  { id: 'unknown', method: 'GET', find: async () => sourceOf(), status: 404, sentence: 'This file is &#60;gone&#62;.' },
  { id: 'known', method: 'GET', find: async () => null, status: 503, sentence: 'no such tree on this device' },
  { id: 'known', method: 'POST', find: async () => sourceOf(), status: 405, sentence: 'only be read' },
])('says $status in a sentence under the same sandbox', async ({ id, method, find, status, sentence }) => {
  const response = await answerContent(new Request(`https://tree.example/under/t/${id}`, { method }), id, find)
  expect(response.status).toBe(status)
  expect(response.headers.get('Content-Security-Policy')).toMatch(/^sandbox;/)
  const page = await response.text()
  expect(page).toContain(sentence)
  expect(page).toContain('<a href="https://tree.example/under/">')
})

test.each([
  { query: '?as=phone&download', home: 'https://tree.example/#as=phone' },
  { query: '?as=main', home: 'https://tree.example/' },
  { query: '?as=%22%3E', home: 'https://tree.example/' },
])('leads back to the tree that $query names', async ({ query, home }) => {
  const response = await answerContent(ask(query), 'known', async () => null)
  expect(await response.text()).toContain(`<a href="${home}">`)
})

test('answers HEAD without a body and without an open stream', async () => {
  const source = sourceOf()
  const response = await answerContent(ask('', { method: 'HEAD' }), 'known', async () => source)
  expect(response.headers.get('Content-Length')).toBe('1000')
  expect((await octetsOf(response)).length).toBe(0)
  expect(source.open.size).toBe(0)
})

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type IncomingHttpHeaders, type RequestOptions, request } from 'node:http'
import { request as requestByTls } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pageHeaders } from '../edge/web/headers.ts'
import { type Server, serveSite } from './server.ts'

const script = `export const words = ${JSON.stringify('leaf '.repeat(400))}\n`
const picture = Uint8Array.from({ length: 300 }, (_, at) => (at * at * 7) % 251)
const asset = 'assets/index-B6YpbULo.js'

let parent: string
let server: Server
let deeper: Server
const seen: string[] = []
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'blocktree-site-'))
  const folder = join(parent, 'dist')
  await mkdir(join(folder, 'assets'), { recursive: true })
  await mkdir(join(folder, 't'))
  await writeFile(join(parent, 'secret.txt'), 'outside')
  await writeFile(join(folder, '.hidden'), 'outside')
  await writeFile(join(folder, 'index.html'), '<!doctype html><title>Tree</title>')
  await writeFile(join(folder, asset), script)
  await writeFile(join(folder, 'icon.png'), picture)
  await writeFile(join(folder, 'service.worker.js'), '1')
  await writeFile(join(folder, 'app.webmanifest'), '{}')
  await writeFile(join(folder, 't', 'mistake'), 'never')
  const common = { folder, host: '127.0.0.1', port: 0, origins: ['https://tree.example'] }
  server = await serveSite({ ...common, onRequest: (method, target) => seen.push(`${method} ${target}`) })
  deeper = await serveSite({ ...common, base: '/sub/path/' })
})
afterAll(async () => {
  await Promise.all([server.close(), deeper.close()])
  await rm(parent, { recursive: true })
})

interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Uint8Array
  readonly text: string
}
/** Sends the address as it is written: `fetch` would tidy it. */
function ask(path: string, headers: Record<string, string> = {}, method = 'GET', of = server): Promise<Reply> {
  return send({ host: '127.0.0.1', port: of.port, path, method, headers }, request)
}
function send(options: RequestOptions, by: typeof request): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = by(options, async (response) => {
      const chunks: Uint8Array[] = await response.toArray()
      const body = Uint8Array.from(chunks.flatMap((chunk) => [...chunk]))
      const text = new TextDecoder().decode(body)
      resolve({ status: response.statusCode!, headers: response.headers, body, text })
    })
    sent.on('error', reject).end()
  })
}

test.each([
  { path: '/', type: 'text/html; charset=utf-8', cache: 'no-cache' },
  { path: '/?from=home', type: 'text/html; charset=utf-8', cache: 'no-cache' },
  { path: '/index.html', type: 'text/html; charset=utf-8', cache: 'no-cache' },
  { path: `/${asset}`, type: 'text/javascript; charset=utf-8', cache: 'public, max-age=31536000, immutable' },
  { path: '/icon.png', type: 'image/png', cache: 'no-cache' },
  { path: '/service.worker.js', type: 'text/javascript; charset=utf-8', cache: 'no-cache' },
  { path: '/app.webmanifest', type: 'application/manifest+json', cache: 'no-cache' },
  { path: '/relay.json', type: 'application/json', cache: 'no-cache' },
])('serves $path as $type, kept as $cache', async ({ path, type, cache }) => {
  const { status, headers } = await ask(path)
  expect(status).toBe(200)
  expect(headers['content-type']).toBe(type)
  expect(headers['cache-control']).toBe(cache)
})

test('tells the page where others reach its host', async () => {
  expect(JSON.parse((await ask('/relay.json')).text)).toEqual({
    origins: ['https://tree.example'],
    relays: [],
    stun: [],
  })
})

test.each(['/', '/nothing', '/t/mistake', '/%', `/${asset}`])('sends the strict headers with %s', async (path) => {
  const { headers } = await ask(path)
  for (const [name, value] of Object.entries(pageHeaders)) expect(headers[name.toLowerCase()]).toBe(value)
})

test.each([
  '/../secret.txt',
  '/assets/../../secret.txt',
  '/%2e%2e/secret.txt',
  '/..%2fsecret.txt',
  '/..%5csecret.txt',
  '/assets/..\\..\\secret.txt',
  '/icon.png%00.html',
  '/%',
  '/%ff',
  '/./index.html',
  'http://elsewhere.example/secret.txt',
  '*',
])('refuses %s', async (path) => {
  const { status, text } = await ask(path)
  expect(status).toBe(400)
  expect(text).not.toContain('outside')
})

test.each(['/t', '/t/', '/t/mistake', '/t/mistake?as=phone', '/%74/mistake'])(
  'never serves content at %s',
  async (path) => {
    const { status, text } = await ask(path)
    expect(status).toBe(404)
    expect(text).not.toContain('never')
  },
)

test.each([
  '/constructor',
  '/__proto__',
  '/assets',
  '/assets/',
  '/index.html/',
  '//index.html',
  '/INDEX.HTML',
  '/.hidden',
])('finds nothing at %s', async (path) => expect((await ask(path)).status).toBe(404))

describe('compression', () => {
  test.each([
    { accept: 'gzip, deflate, br', isZipped: true },
    { accept: 'br;q=1, GZIP ; q=0.5', isZipped: true },
    { accept: 'gzip;q=0', isZipped: false },
    { accept: 'gzip; q=0.00, identity', isZipped: false },
    { accept: 'br', isZipped: false },
  ])('$accept', async ({ accept, isZipped }) => {
    const { headers, body } = await ask(`/${asset}`, { 'Accept-Encoding': accept })
    expect(headers['content-encoding']).toBe(isZipped ? 'gzip' : undefined)
    expect(Number(headers['content-length'])).toBe(body.length)
    expect(headers['vary']).toBe('Accept-Encoding')
    expect(new TextDecoder().decode(isZipped ? gunzipSync(body) : body)).toBe(script)
  })

  test('leaves alone what would not become smaller', async () => {
    const { headers, body } = await ask('/icon.png', { 'Accept-Encoding': 'gzip' })
    expect(headers['content-encoding']).toBeUndefined()
    expect(body).toEqual(picture)
  })
})

describe('what the browser has already', () => {
  test('is not sent again', async () => {
    const { etag } = (await ask('/')).headers
    for (const tag of [etag!, `W/${etag}`, `"other", ${etag}`, '*']) {
      const { status, body, headers } = await ask('/', { 'If-None-Match': tag })
      expect([status, body.length, headers.etag]).toEqual([304, 0, etag])
    }
    expect((await ask('/', { 'If-None-Match': '"other"' })).status).toBe(200)
  })

  test('has another tag where it is compressed', async () => {
    const plain = (await ask(`/${asset}`)).headers.etag!
    const zipped = (await ask(`/${asset}`, { 'Accept-Encoding': 'gzip' })).headers.etag!
    expect(zipped).not.toBe(plain)
    expect((await ask(`/${asset}`, { 'If-None-Match': zipped })).status).toBe(200)
  })
})

describe('ranges', () => {
  test.each([
    { range: 'bytes=0-9', status: 206, start: 0, end: 10 },
    { range: 'bytes=290-', status: 206, start: 290, end: 300 },
    { range: 'bytes=-5', status: 206, start: 295, end: 300 },
    { range: 'bytes=298-999', status: 206, start: 298, end: 300 },
    { range: 'bytes=0-1,5-6', status: 200, start: 0, end: 300 },
    { range: 'bytes=9-5', status: 200, start: 0, end: 300 },
    { range: 'leaves=0-1', status: 200, start: 0, end: 300 },
  ])('$range', async ({ range, status, start, end }) => {
    const reply = await ask('/icon.png', { Range: range })
    expect(reply.status).toBe(status)
    expect(reply.body).toEqual(picture.subarray(start, end))
    expect(reply.headers['content-range']).toBe(status === 206 ? `bytes ${start}-${end - 1}/300` : undefined)
  })

  test('beyond the end', async () => {
    const { status, headers } = await ask('/icon.png', { Range: 'bytes=300-' })
    expect([status, headers['content-range']]).toEqual([416, 'bytes */300'])
  })

  test('of a file that changed meanwhile', async () => {
    const { etag } = (await ask('/icon.png')).headers
    expect((await ask('/icon.png', { Range: 'bytes=0-9', 'If-Range': etag! })).status).toBe(206)
    expect((await ask('/icon.png', { Range: 'bytes=0-9', 'If-Range': '"older"' })).status).toBe(200)
  })

  test('are of the file itself, not of its compressed form', async () => {
    const { status, text, headers } = await ask(`/${asset}`, { Range: 'bytes=0-5', 'Accept-Encoding': 'gzip' })
    expect([status, text, headers['content-encoding']]).toEqual([206, 'export', undefined])
  })
})

describe('methods', () => {
  test('HEAD says all but the file', async () => {
    const { status, headers, body } = await ask('/icon.png', {}, 'HEAD')
    expect([status, headers['content-length'], body.length]).toEqual([200, '300', 0])
    expect((await ask('/nothing', {}, 'HEAD')).status).toBe(404)
  })

  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('%s is refused', async (method) => {
    const { status, headers } = await ask('/', {}, method)
    expect([status, headers.allow]).toEqual([405, 'GET, HEAD'])
  })
})

test.each([
  { path: '/sub/path/', status: 200 },
  { path: `/sub/path/${asset}`, status: 200 },
  { path: '/sub/path', status: 308 },
  { path: '/', status: 404 },
  { path: '/sub/pathindex.html', status: 404 },
  { path: '/sub/path/t/mistake', status: 404 },
])('under a path of its own, $path is $status', async ({ path, status }) => {
  const reply = await ask(path, {}, 'GET', deeper)
  expect(reply.status).toBe(status)
  if (status === 308) expect(reply.headers.location).toBe('/sub/path/')
})

test('tells of every request', async () => {
  seen.length = 0
  await ask('/t/mistake?as=phone')
  await ask('/', {}, 'HEAD')
  expect(seen).toEqual(['GET /t/mistake?as=phone', 'HEAD /'])
})

test('a port that is taken is an error with its code', async () => {
  const taken = serveSite({ folder: join(parent, 'dist'), host: '127.0.0.1', port: server.port, origins: [] })
  await expect(taken).rejects.toMatchObject({ code: 'EADDRINUSE' })
})

describe('with a certificate', () => {
  test('the site is there by TLS only', async () => {
    const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
    const certificate = { cert: encode(testCertificate.cert), key: encode(testCertificate.key) }
    const options = { folder: join(parent, 'dist'), host: '127.0.0.1', port: 0, origins: [], certificate }
    const secure = await serveSite(options)
    try {
      const trusting = { ca: testCertificate.cert, servername: 'tree.example', agent: false }
      const to = { host: '127.0.0.1', port: secure.port, path: '/icon.png' }
      expect(await send({ ...to, ...trusting } as RequestOptions, requestByTls)).toMatchObject({ status: 200 })
      await expect(send(to, request)).rejects.toThrow()
    } finally {
      await secure.close()
    }
  })

  test('one that is none is refused at once', async () => {
    const certificate = { cert: picture, key: picture }
    const options = { folder: join(parent, 'dist'), host: '127.0.0.1', port: 0, origins: [], certificate }
    await expect(serveSite(options)).rejects.toThrow()
  })
})

/** For `localhost` and `tree.example`, signed by nobody and used nowhere else. */
const testCertificate = {
  cert: `-----BEGIN CERTIFICATE-----
MIIBozCCAUmgAwIBAgIUeE7K3rfhO3cz1r3j8eCGCzNPB0EwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMzEzMjc0MVoYDzIxMjYxMDMw
MTMyNzQxWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARq1yicjZMLfKLIbQsIAxiKLPgh9ekArRHdwq/Hp/OHASdkwU/t1vfM
iOwfT7tFziBPJ/SDuiPKtmD+BjkTw7FYo3cwdTAdBgNVHQ4EFgQUV+WNItzqzxrQ
nW/kirOwxAW/CAAwHwYDVR0jBBgwFoAUV+WNItzqzxrQnW/kirOwxAW/CAAwDwYD
VR0TAQH/BAUwAwEB/zAiBgNVHREEGzAZgglsb2NhbGhvc3SCDHRyZWUuZXhhbXBs
ZTAKBggqhkjOPQQDAgNIADBFAiEAht6GlulHGkScma1SciUgA0Lxad3GfWvQzTJA
ni1l1J0CIAr6zfi33mFj3B1u3XYcFJT7Lxvw4kuthFo4fxiO+NY9
-----END CERTIFICATE-----
`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgEX4KMNxbZfdjwxv5
VbA3Ulb+N/CNHKHeRSEHG9K0AUOhRANCAARq1yicjZMLfKLIbQsIAxiKLPgh9ekA
rRHdwq/Hp/OHASdkwU/t1vfMiOwfT7tFziBPJ/SDuiPKtmD+BjkTw7FY
-----END PRIVATE KEY-----
`,
}

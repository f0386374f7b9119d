/**
 * A built site in memory, and its answer to each request. Only names that the build made are ever looked up, so no address
 * leads out of the folder; and a release is served whole while the next one is being built.
 * @module
 */
import { createHash } from 'node:crypto'
import { readFile, readdir } from 'node:fs/promises'
import { extname, join, relative, sep } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { pageHeaders } from '../edge/web/headers.ts'
import { rangeOf } from '../edge/web/range.ts'

interface Encoded {
  readonly body: Uint8Array
  readonly etag: string
}
interface SiteFile {
  readonly mediaType: string
  readonly cacheControl: string
  readonly plain: Encoded
  /** null where it would not be smaller. */
  readonly gzipped: Encoded | null
}
/** By path under the base, without a leading slash. */
export type Site = ReadonlyMap<string, SiteFile>

const mediaTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
}
const isCompressible = /^text\/|json|svg|wasm|x-icon/

/** @param folder of the built site */
export async function loadSite(folder: string): Promise<Site> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  // What a system or an editor hides is no part of a release.
  const shown = entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
  const paths = shown.map((entry) => join(entry.parentPath, entry.name))
  const files = paths.map(async (path) => {
    const name = relative(folder, path).split(sep).join('/')
    return [name, await siteFile(name, await readFile(path))] as const
  })
  return new Map(await Promise.all(files))
}

export interface RelayAddress {
  /** Of its WebSocket; relative to the site where it is the site's own. */
  readonly url: string
  /** As libp2p writes it. */
  readonly peerId: string
}
/** What a page asks about the host that it came from. */
export interface HostFacts {
  /** Where others reach it. */
  readonly origins: readonly string[]
  readonly relays: readonly RelayAddress[]
  /** `stun:` addresses. */
  readonly stun: readonly string[]
}

export async function withHostFacts(site: Site, facts: HostFacts): Promise<Site> {
  const body = new TextEncoder().encode(JSON.stringify(facts))
  return new Map([...site, ['relay.json', await siteFile('relay.json', body)]])
}

async function siteFile(name: string, body: Uint8Array): Promise<SiteFile> {
  const mediaType = mediaTypes[extname(name)] ?? 'application/octet-stream'
  const zipped = isCompressible.test(mediaType) ? await promisify(gzip)(body, { level: 9 }) : null
  const hash = createHash('sha256').update(body).digest('base64url').slice(0, 22)
  return {
    mediaType,
    // Such a name changes with the content. Of all else the browser asks each time whether it is still so.
    cacheControl: /^assets\/.*-[\w-]{8}\.\w+$/.test(name) ? 'public, max-age=31536000, immutable' : 'no-cache',
    plain: { body, etag: `"${hash}"` },
    gzipped: zipped && zipped.length < body.length ? { body: zipped, etag: `"${hash}-gzip"` } : null,
  }
}

export interface SiteRequest {
  readonly method: string
  /** As it came: with a leading slash, percent-encoded, maybe with a query. */
  readonly target: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}
export interface SiteAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | number>>
  readonly body: Uint8Array | null
}

/** @param base under which the site lies, with a slash at both ends */
export function answer(site: Site, base: string, request: SiteRequest): SiteAnswer {
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return says(405, 'Files are read here.', { Allow: 'GET, HEAD' })
  const path = pathOf(request.target)
  if (path === null) return says(400, 'This address is not well formed.')
  if (path === base.slice(0, -1)) return says(308, 'The site is one level deeper.', { Location: base })
  if (!path.startsWith(base)) return says(404, 'Nothing is here.')
  const name = path.slice(base.length)
  // Content lives on its owner's devices only; an address of it that gets here has lost its way.
  if (name === 't' || name.startsWith('t/'))
    return says(404, 'This address belongs to a tree. Open it in a browser that holds the tree.')
  const file = site.get(name === '' || name.endsWith('/') ? `${name}index.html` : name)
  return file ? answerFile(file, request) : says(404, 'Nothing is here.')
}

/** @returns null for what is no address of a file anywhere */
export function pathOf(target: string): string | null {
  try {
    const path = decodeURIComponent(target.split('?', 1)[0]!)
    return path.startsWith('/') && !path.includes('\0') && !/(^|[\\/])\.\.?([\\/]|$)/.test(path) ? path : null
  } catch {
    return null
  }
}

function answerFile(file: SiteFile, { method, headers }: SiteRequest): SiteAnswer {
  const range = one(headers['range'])
  const encoded =
    file.gzipped && range === null && acceptsGzip(one(headers['accept-encoding'])) ? file.gzipped : file.plain
  const { body, etag } = encoded
  const common = {
    ...pageHeaders,
    'Content-Type': file.mediaType,
    'Cache-Control': file.cacheControl,
    'Accept-Ranges': 'bytes',
    ETag: etag,
    Vary: 'Accept-Encoding',
    ...(encoded === file.gzipped ? { 'Content-Encoding': 'gzip' } : {}),
  }
  if (namesTag(one(headers['if-none-match']), etag)) return { status: 304, headers: common, body: null }
  const send = (status: number, part: Uint8Array, more: Readonly<Record<string, string>> = {}): SiteAnswer => ({
    status,
    headers: { ...common, ...more, 'Content-Length': part.length },
    body: method === 'HEAD' ? null : part,
  })
  const isStillSo = [null, etag].includes(one(headers['if-range']))
  const part = method === 'GET' && isStillSo ? rangeOf(range, body.length) : null
  if (part === null) return send(200, body)
  if (part === 'unsatisfiable')
    return says(416, 'The file ends before that.', { 'Content-Range': `bytes */${body.length}` })
  const { startByte, endByte } = part
  const contentRange = `bytes ${startByte}-${endByte - 1}/${body.length}`
  return send(206, body.subarray(startByte, endByte), { 'Content-Range': contentRange })
}

const one = (value: string | string[] | undefined): string | null => [value].flat().join(', ') || null

/** RFC 9110 §12.5.3. */
function acceptsGzip(header: string | null): boolean {
  return (header ?? '').split(',').some((coding) => {
    const [name, ...weights] = coding.split(';').map((part) => part.trim().toLowerCase())
    return name === 'gzip' && !weights.some((weight) => /^q=0(\.0*)?$/.test(weight))
  })
}

/** RFC 9110 §13.1.2: the comparison is weak. */
const namesTag = (header: string | null, etag: string): boolean =>
  (header ?? '').split(',').some((tag) => ['*', etag, `W/${etag}`].includes(tag.trim()))

function says(status: number, sentence: string, headers: Readonly<Record<string, string>> = {}): SiteAnswer {
  const body = new TextEncoder().encode(`${sentence}\n`)
  const common = {
    'Content-Type': 'text/plain; charset=utf-8',
    'Cache-Control': 'no-store',
    'Content-Length': body.length,
  }
  return { status, headers: { ...pageHeaders, ...common, ...headers }, body }
}

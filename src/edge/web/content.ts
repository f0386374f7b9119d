/**
 * A file of the tree as an HTTP answer: sandboxed, streamed at the reader's pace, in ranges.
 * @module
 */
import { BlocktreeError, NodeMovedError } from '../../core/bytes/bytes.ts'
import type { ContentHead, NodeApi } from '../../node/api.ts'
import { passed } from '../rpc/discard.ts'
import { contentPrefix, defaultProfile, profileIn } from './address.ts'
import { contentHeaders } from './headers.ts'
import { rangeOf } from './range.ts'

export type ContentSource = Pick<NodeApi, 'openContent' | 'nextChunk' | 'closeContent'> & {
  /** What this device holds, read without a node: other devices may have newer versions. */
  readonly mayBeStale?: boolean
}
/** Finds who has the file now; null where nobody has. */
export type FindSource = () => Promise<ContentSource | null>

/** A node that moves is back in well under this. */
const moveTimeoutMs = 15_000
const moveRetryMs = 200

export async function answerContent(request: Request, id: string, find: FindSource): Promise<Response> {
  const home = homeOf(request, id)
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return sentencePage(405, 'Content can only be read here.', home, { Allow: 'GET, HEAD' })
  try {
    return await openAnswer(request, id, find, home)
  } catch (error) {
    if (!(error instanceof BlocktreeError)) throw error
    return sentencePage(error.code === 'itemGone' ? 404 : 503, error.message, home)
  }
}

async function openAnswer(request: Request, id: string, find: FindSource, home: string): Promise<Response> {
  const source = await find()
  if (!source) return sentencePage(503, 'There is no such tree on this device. Open Blocktree first.', home)
  let head = await source.openContent(id)
  const range = rangeOf(request.headers.get('Range'), head.sizeBytes)
  if (range) {
    await source.closeContent(head.streamId)
    if (range === 'unsatisfiable')
      return sentencePage(416, 'The file is shorter than that.', home, { 'Content-Range': `bytes */${head.sizeBytes}` })
    head = await source.openContent(id, range.startByte, range.endByte)
  }
  const { sizeBytes, startByte, endByte } = head
  const isPart = endByte - startByte < sizeBytes
  const headers = new Headers({
    ...contentHeaders,
    'Content-Type': head.mediaType,
    'Content-Length': String(endByte - startByte),
    'Content-Disposition': disposition(new URL(request.url).searchParams.has('download'), head.name),
    'Accept-Ranges': 'bytes',
  })
  // For programs and whoever looks into the answer: a file has no place where a person would see it.
  // A node in another thread answers to every name with a function.
  if (source.mayBeStale === true) headers.set('Blocktree-May-Be-Stale', 'no tab has this tree open')
  if (isPart) headers.set('Content-Range', `bytes ${startByte}-${endByte - 1}/${sizeBytes}`)
  if (request.method === 'HEAD') {
    await source.closeContent(head.streamId)
    return new Response(null, { status: isPart ? 206 : 200, headers })
  }
  return new Response(streamOf(id, head, source, find), { status: isPart ? 206 : 200, headers })
}

/** Asks for a piece when the reader has taken the one before, and goes on at another node where the first one moved. */
function streamOf(id: string, head: ContentHead, source: ContentSource, find: FindSource): ReadableStream<Uint8Array> {
  let at = head.startByte
  let { streamId } = head
  const next = async (): Promise<Uint8Array | null> => {
    try {
      return await source.nextChunk(streamId)
    } catch (error) {
      if (!(error instanceof NodeMovedError)) throw error
    }
    source = await findAgain(find)
    const again = await source.openContent(id, at, head.endByte)
    streamId = again.streamId
    // Two halves of two versions would be a file that never was.
    if (again.version !== head.version || again.startByte !== at) throw new NodeMovedError()
    return source.nextChunk(streamId)
  }
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const chunk = await next()
        if (chunk === null) return controller.close()
        at += chunk.length
        passed(chunk.length)
        controller.enqueue(chunk)
      },
      cancel: () => source.closeContent(streamId),
    },
    { highWaterMark: 0 },
  )
}

async function findAgain(find: FindSource): Promise<ContentSource> {
  const deadlineMs = performance.now() + moveTimeoutMs
  while (performance.now() < deadlineMs) {
    const source = await find()
    if (source) return source
    await new Promise((resolve) => setTimeout(resolve, moveRetryMs))
  }
  throw new NodeMovedError()
}

/** RFC 6266: the plain name for old readers, the whole one in RFC 5987's form. */
function disposition(isDownload: boolean, name: string): string {
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/g, '_')
  const encoded = encodeURIComponent(name.replace(/\p{Surrogate}/gu, '_'))
  const whole = encoded.replace(/['()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`)
  return `${isDownload ? 'attachment' : 'inline'}; filename="${plain}"; filename*=UTF-8''${whole}`
}

/** Where the tree is shown that a content is of. */
function homeOf({ url }: Request, id: string): string {
  const address = new URL(url)
  const { origin, pathname } = address
  const profile = profileIn(address)
  const site = `${origin}${pathname.slice(0, pathname.length - contentPrefix.length - id.length)}`
  return profile === defaultProfile || profile === null ? site : `${site}#as=${profile}`
}

/** What is said instead of a file, and the way back; under the same sandbox, since it stands at the same address. */
function sentencePage(
  status: number,
  sentence: string,
  home: string,
  more: Readonly<Record<string, string>> = {},
): Response {
  const text = sentence.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`)
  const page = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Blocktree</title><style>:root{color-scheme:light dark;font:1.125rem/1.5 system-ui}body{max-width:32rem;margin:20vh auto;padding:0 1rem}</style>
<body><p>${text}</p><p><a href="${home}">Back to your tree</a></p></body></html>`
  return new Response(page, {
    status,
    headers: { ...contentHeaders, 'Content-Type': 'text/html; charset=utf-8', ...more },
  })
}

/**
 * What the host of this site publishes about itself, beside the site.
 * @module
 */
import { BlocktreeError } from '../../core/bytes/bytes.ts'

interface PublishedFacts {
  /** Where others reach the site: `https://`, a host and maybe a port. */
  readonly origins: readonly string[]
  /** Where devices find each other: an address relative to the site's, or a whole one, and the relay's id. */
  readonly relays: readonly { readonly url: string; readonly peerId: string }[]
  /** `stun:` addresses. */
  readonly stun: readonly string[]
}
const nothing: PublishedFacts = { origins: [], relays: [], stun: [] }

const factsSizeBytesMax = 64 * 1024
const countMax = 16
const lengthMax = 512

/** Nothing where the host publishes nothing, as a plain static host, or is not reached. */
export const readFacts = (ask: () => Promise<Response>): Promise<PublishedFacts> =>
  ask()
    .then(factsOf)
    .catch(() => nothing)

/**
 * What the host says now, or what it said last where it is away, also where a proxy says so in its place. Rejects where it never was
 * reached: then it is not known that it publishes nothing.
 * @param openCache may fail, as in a private window; the cache may be full
 */
export async function freshOrKeptFacts(
  openCache: () => Promise<Pick<Cache, 'match' | 'put'>>,
  address: URL,
  ask: () => Promise<Response>,
): Promise<PublishedFacts> {
  const cache = await openCache().catch(() => null)
  try {
    const answer = await ask()
    if (answer.status >= 500) throw hostAway()
    const facts = await factsOf(answer)
    await cache?.put(address, new Response(JSON.stringify(facts))).catch(() => {})
    return facts
  } catch {
    const kept = await cache?.match(address).catch(() => undefined)
    if (kept === undefined) throw hostAway()
    return factsOf(kept)
  }
}

const hostAway = (): BlocktreeError =>
  new BlocktreeError(
    'hostAway',
    'The site that this page came from does not answer, and it says where devices find each other. Check the network, then try again.',
  )

/** Rejects where the answer breaks off. */
async function factsOf({ ok, body }: Response): Promise<PublishedFacts> {
  const text = ok && body ? await readUpTo(body, factsSizeBytesMax) : null
  // Many a host answers with a page where there is no such file.
  try {
    return text === null ? nothing : factsIn(JSON.parse(text))
  } catch {
    return nothing
  }
}

function factsIn(published: unknown): PublishedFacts {
  const { origins, relays, stun } = (published ?? {}) as Record<string, unknown>
  return { origins: listOf(origins, isPublicOrigin), relays: listOf(relays, isRelay), stun: listOf(stun, isStun) }
}

const listOf = <T>(published: unknown, isOne: (each: unknown) => each is T): readonly T[] =>
  Array.isArray(published) ? published.filter(isOne).slice(0, countMax) : []

const isPublicOrigin = (origin: unknown): origin is string =>
  typeof origin === 'string' &&
  origin.startsWith('https://') &&
  URL.canParse(origin) &&
  new URL(origin).origin === origin

const isStun = (address: unknown): address is string =>
  typeof address === 'string' && address.startsWith('stun:') && address.length <= lengthMax

/** Whichever of them the page came from; by one `https:` is an address, by the other it is none. */
const sites = ['https://site.example/', 'http://site.example/']

function isRelay(relay: unknown): relay is PublishedFacts['relays'][number] {
  const { url, peerId } = (relay ?? {}) as Record<string, unknown>
  const areTexts = [url, peerId].every((text) => typeof text === 'string' && text !== '' && text.length <= lengthMax)
  return areTexts && sites.every((site) => URL.canParse(url as string, site))
}

/** @returns null where there is more */
async function readUpTo(body: ReadableStream<Uint8Array>, sizeBytesMax: number): Promise<string | null> {
  const decoder = new TextDecoder()
  let text = ''
  let sizeBytes = 0
  const reader = body.getReader()
  for (;;) {
    const { value, done } = await reader.read()
    if (done) return text + decoder.decode()
    sizeBytes += value.length
    if (sizeBytes > sizeBytesMax) {
      await reader.cancel()
      return null
    }
    text += decoder.decode(value, { stream: true })
  }
}

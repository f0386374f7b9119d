/**
 * What the host of this site publishes about itself, beside the site.
 * @module
 */

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
export async function readFacts(fetched: () => Promise<Response>): Promise<PublishedFacts> {
  try {
    const response = await fetched()
    const text = response.ok && response.body ? await readUpTo(response.body, factsSizeBytesMax) : null
    return text === null ? nothing : factsIn(JSON.parse(text))
  } catch {
    return nothing
  }
}

/** What the host answers now, or what it answered last where it is away, also where a proxy says so in its place. */
export async function freshOrKept(
  cache: Pick<Cache, 'match' | 'put'>,
  address: URL,
  ask: () => Promise<Response>,
): Promise<Response> {
  const fresh = await ask().catch((error: unknown) => error)
  const isAnswer = fresh instanceof Response
  // Where there is no such file, there is no relay any more.
  if (isAnswer && fresh.status < 500) {
    if (fresh.ok) await cache.put(address, fresh.clone())
    return fresh
  }
  const kept = await cache.match(address)
  if (kept === undefined && !isAnswer) throw fresh
  return kept ?? (fresh as Response)
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

function isRelay(relay: unknown): relay is PublishedFacts['relays'][number] {
  const { url, peerId } = (relay ?? {}) as Record<string, unknown>
  return [url, peerId].every((text) => typeof text === 'string' && text !== '' && text.length <= lengthMax)
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

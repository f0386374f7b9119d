/**
 * The body of a block: its sectors under a Merkle tree whose root is signed (design §5).
 *
 * The content record signs the root together with the size in octets, and the two give every page its place and its count of
 * entries, every sector its size. So a byte range is verified against the signature by O(log n) pages, and a change of one
 * sector makes O(log n) new pages.
 *
 * Everything that needs stored pages is a `Walk`: a generator that says which pages it needs and verifies what it is given, so
 * that the core waits for nothing and the node decides where pages come from. Nesting is at most seven deep.
 * @module
 */
import { type Bytes, type Result, accepted, equal, refused } from '../bytes/bytes.ts'
import {
  type Page,
  emptyLeafPageHash,
  entryCountOf,
  hashPage,
  holeHash,
  isHole,
  isStored,
  leafPage,
  openHashPage,
  openLeafPage,
  pageDamaged,
  pageEntryCountMax,
  spanOf,
  topLevelOf,
} from './body-page.ts'
import { type ObjectName, sectorName } from './object.ts'
import {
  type Leaf,
  type LocatedSector,
  type SectorLeaf,
  isSealed,
  sectorCountOf,
  sectorSizeBytes,
  sectorSizeOf,
} from './sector.ts'

export { type Page, pageSizeBytesMax } from './body-page.ts'

/** The fields of a content record that stand for the body; neither means anything without the other. */
export interface Body {
  /** Root of the tree over the sectors' leaves; the hash of the topmost page, except in the empty body, which has no pages. */
  readonly bodyRoot: Bytes
  readonly sizeBytes: number
}

export const emptyBody: Body = { bodyRoot: emptyLeafPageHash, sizeBytes: 0 }

// ---- writing

/** A body that grows sector by sector; a value of O(log n) pages. */
export interface BodyWriter {
  readonly sectorCount: number
  /** The newest sector is a hole, with which no body ends. */
  readonly endsInHole: boolean
  readonly leaves: readonly Leaf[]
  /** The open page of each level from 1 on, as hashes of the pages below. */
  readonly hashes: readonly (readonly Bytes[])[]
}

export const emptyBodyWriter: BodyWriter = { sectorCount: 0, endsInHole: false, leaves: [], hashes: [] }

export interface BodyProgress {
  readonly writer: BodyWriter
  /** Those that filled just now; store them before the record that needs them is proposed. */
  readonly pages: readonly Page[]
}

/** Takes the next sectors, in order. */
export function writeSectors(writer: BodyWriter, leaves: readonly Leaf[]): BodyProgress {
  const pages: Page[] = []
  let open = writer.leaves
  let { hashes } = writer
  for (let taken = 0; ;) {
    const room = pageEntryCountMax - open.length
    open = [...open, ...leaves.slice(taken, taken + room)]
    taken += room
    if (open.length < pageEntryCountMax) break
    const sectorCount = writer.sectorCount + Math.min(taken, leaves.length)
    hashes = withHash(hashes, closed(leafPage(lastIndexOf(0, sectorCount), open), pages), sectorCount, pages)
    open = []
  }
  const sectorCount = writer.sectorCount + leaves.length
  const endsInHole = leaves.length === 0 ? writer.endsInHole : leaves.at(-1) === null
  return { writer: { sectorCount, endsInHole, leaves: open, hashes }, pages }
}

/** Of the last page of a level. */
const lastIndexOf = (level: number, sectorCount: number): number => Math.floor((sectorCount - 1) / spanOf(level))

/** @returns what stands for a page in the one above it */
function closed(page: Page | null, pages: Page[]): Bytes {
  if (page === null) return holeHash
  pages.push(page)
  return page.hash
}

/** Adds a finished page's hash to the level above, and so on while that fills. */
function withHash(hashes: BodyWriter['hashes'], hash: Bytes, sectorCount: number, pages: Page[]): BodyWriter['hashes'] {
  const levels = [...hashes]
  let rising = hash
  for (let level = 0; ; level++) {
    const open = [...(levels[level] ?? []), rising]
    if (open.length < pageEntryCountMax) {
      levels[level] = open
      return levels
    }
    rising = closed(hashPage(level + 1, lastIndexOf(level + 1, sectorCount), open), pages)
    levels[level] = []
  }
}

/** Closes the open pages. @param sizeBytes of the whole plaintext, which the count of sectors must fit */
export function finishBody(
  writer: BodyWriter,
  sizeBytes: number,
): { readonly body: Body; readonly pages: readonly Page[] } {
  const { sectorCount, endsInHole, leaves, hashes } = writer
  if (endsInHole) throw new RangeError('"writer" expected a last sector that is sealed, got a hole')
  if (sectorCountOf(sizeBytes) !== sectorCount)
    throw new RangeError(`"sizeBytes" expected to fill ${sectorCount} sectors, got ${sizeBytes}`)
  if (sectorCount === 0) return { body: emptyBody, pages: [] }
  const pages: Page[] = []
  let rising = leaves.length === 0 ? null : closed(leafPage(lastIndexOf(0, sectorCount), leaves), pages)
  for (const [below, open] of hashes.entries()) {
    const level = below + 1
    const entries: readonly Bytes[] = rising === null ? open : [...open, rising]
    rising =
      entries.length > 1
        ? closed(hashPage(level, lastIndexOf(level, sectorCount), entries), pages)
        : (entries[0] ?? null)
  }
  return { body: { bodyRoot: rising!, sizeBytes }, pages }
}

// ---- walking

/** What a walk says each time it stops. */
export type WalkStep<Found> =
  /** Answer with the octets of these pages, in this order, null for one that is not to be had. They are verified here. */
  | { readonly kind: 'need'; readonly pages: readonly ObjectName[] }
  /** A part of the result, as soon as it is certain; the answer is not looked at. */
  | { readonly kind: 'found'; readonly found: readonly Found[] }

/** Goes over the pages of a body; the node answers its steps, and pulls no faster than it can work. */
export type Walk<Found, Value> = Generator<WalkStep<Found>, Result<Value>, readonly (Uint8Array | null)[]>

const missing = refused('pageMissing', 'A part of the index of this file is not on this device yet.')

/** A page's place in the tree of pages, and what is known of its hash. Where no page is stored for it, its only child stands in. */
type Place = ObjectName

const topOf = (body: Body): Place => ({
  level: topLevelOf(sectorCountOf(body.sizeBytes)),
  index: 0,
  hash: body.bodyRoot,
})

/** Whether an object holds what stands there. */
const isPageAt = (body: Body, { level, index, hash }: Place): boolean =>
  isStored(level, index, sectorCountOf(body.sizeBytes)) && !isHole(hash)

/** Whether the last sector is there or below. That one is no hole: else bodies of several sizes would have one root. */
const isAtEnd = (body: Body, { level, index }: Place): boolean =>
  (index + 1) * spanOf(level) >= sectorCountOf(body.sizeBytes)

/** What stands in a place of level 0. @param octets of its page, where it has one */
function openLeaves(body: Body, place: Place, octets: Uint8Array | null): Result<readonly Leaf[]> {
  const { index, hash } = place
  const entryCount = entryCountOf(0, index, sectorCountOf(body.sizeBytes))
  const leaves =
    octets === null
      ? accepted(Array.from({ length: entryCount }, (): Leaf => null))
      : openLeafPage(octets, hash, entryCount)
  return leaves.ok && isAtEnd(body, place) && leaves.value.at(-1) === null ? pageDamaged : leaves
}

/** The hashes below a place above level 0; its only child is the place itself where no page is stored for it. */
function openHashes(body: Body, place: Place, octets: Uint8Array | null): Result<readonly Bytes[]> {
  const { level, index, hash } = place
  const entryCount = entryCountOf(level, index, sectorCountOf(body.sizeBytes))
  return octets === null
    ? accepted(Array.from({ length: entryCount }, () => hash))
    : openHashPage(octets, hash, entryCount)
}

const childOf = ({ level, index }: Place, entry: number, hash: Bytes): Place => ({
  level: level - 1,
  index: index * pageEntryCountMax + entry,
  hash,
})

/** How many pages a reader asks for at once: enough to hide the way to the disk, 64 KiB at most. */
const pagesAheadMax = 8

/**
 * Finds the sectors that hold the octets from `startByte` up to `endByte`, in their order.
 * @param body signed: what is found is as good as that signature
 */
export function* readBody(body: Body, startByte = 0, endByte = body.sizeBytes): Walk<LocatedSector, null> {
  if (!(startByte >= 0 && startByte <= endByte && endByte <= body.sizeBytes))
    throw new RangeError(`"range" expected within 0..${body.sizeBytes}, got ${startByte}..${endByte}`)
  if (startByte === endByte) return accepted(null)
  const range = { start: Math.floor(startByte / sectorSizeBytes), end: sectorCountOf(endByte), hasHoles: true }
  return yield* readPages(body, [topOf(body)], range)
}

/** Finds all sectors but holes, which are passed over however large they are. */
export function* sealedSectors(body: Body): Walk<LocatedSector, null> {
  if (body.sizeBytes === 0) return accepted(null)
  return yield* readPages(body, [topOf(body)], { start: 0, end: sectorCountOf(body.sizeBytes), hasHoles: false })
}

interface SectorRange {
  readonly start: number
  readonly end: number
  /** Whether holes are found, too. */
  readonly hasHoles: boolean
}

function* readPages(body: Body, places: readonly Place[], range: SectorRange): Walk<LocatedSector, null> {
  for (let next = 0; next < places.length; next += pagesAheadMax) {
    const group = places.slice(next, next + pagesAheadMax)
    const stored = group.filter((place) => isPageAt(body, place))
    const answers = stored.length === 0 ? [] : yield { kind: 'need', pages: stored }
    let answered = 0
    for (const place of group) {
      const { level, index } = place
      const isPage = isPageAt(body, place)
      const octets = isPage ? (answers[answered++] ?? null) : null
      if (isPage && octets === null) return missing
      const span = spanOf(level - 1)
      const isWanted = ({ index: entry }: { readonly index: number }): boolean =>
        entry * span < range.end && (entry + 1) * span > range.start
      if (level === 0) {
        const leaves = openLeaves(body, place, octets)
        if (!leaves.ok) return leaves
        const first = index * pageEntryCountMax
        const sectors = leaves.value.map((leaf, entry) => ({
          index: first + entry,
          leaf,
          sizeBytes: sectorSizeOf(body.sizeBytes, first + entry),
        }))
        const wanted = sectors.filter(isWanted)
        yield { kind: 'found', found: range.hasHoles ? wanted : wanted.filter(isSealed) }
      } else {
        const hashes = openHashes(body, place, octets)
        if (!hashes.ok) return hashes
        const below = hashes.value.map((child, entry) => childOf(place, entry, child)).filter(isWanted)
        // One at the end is none that may be there, which shows further down.
        const read = yield* readPages(
          body,
          range.hasHoles ? below : below.filter((child) => !isHole(child.hash) || isAtEnd(body, child)),
          range,
        )
        if (!read.ok) return read
      }
    }
  }
  return accepted(null)
}

function* hashesAt(body: Body, place: Place): Walk<never, readonly Bytes[]> {
  if (!isPageAt(body, place)) return openHashes(body, place, null)
  const [octets] = yield { kind: 'need', pages: [place] }
  return octets == null ? missing : openHashes(body, place, octets)
}

function* leavesAt(body: Body, place: Place): Walk<never, readonly Leaf[]> {
  if (!isPageAt(body, place)) return openLeaves(body, place, null)
  const [octets] = yield { kind: 'need', pages: [place] }
  return octets == null ? missing : openLeaves(body, place, octets)
}

// ---- changing

/**
 * The body with some sectors sealed anew, cut short or made longer. What is found are the pages that are new.
 * @param changed leaf by index; must hold the last sector that both have, where its plaintext gets another size, and where the body
 * gets another size its last sector, so that no other body has that root; and where it gets more sectors the last old one or the
 * first new one, so that no other body has one of the pages that are made. Others that are new are holes.
 * @param sizeBytes of the whole plaintext from now on
 */
export function* replaceSectors(
  old: Body,
  changed: ReadonlyMap<number, SectorLeaf>,
  sizeBytes: number,
): Walk<Page, Body> {
  const oldCount = sectorCountOf(old.sizeBytes)
  const sectorCount = sectorCountOf(sizeBytes)
  const indexes = [...changed.keys()].sort((left, right) => left - right)
  requireWholeChange(old, changed, indexes, sizeBytes)
  if (sectorCount === 0) return accepted(emptyBody)
  const level = topLevelOf(Math.max(oldCount, sectorCount))
  const replacement: Replacement = { old, oldCount, sectorCount, changed, indexes }
  const rebuilt = yield* rebuild(replacement, level, 0, old.bodyRoot)
  return rebuilt.ok ? accepted({ bodyRoot: rebuilt.value, sizeBytes }) : rebuilt
}

function requireWholeChange(
  old: Body,
  changed: ReadonlyMap<number, SectorLeaf>,
  indexes: readonly number[],
  sizeBytes: number,
): void {
  const oldCount = sectorCountOf(old.sizeBytes)
  const sectorCount = sectorCountOf(sizeBytes)
  const isIndex = (index: number): boolean => Number.isSafeInteger(index) && index >= 0 && index < sectorCount
  if (!indexes.every(isIndex)) throw new RangeError(`"changed" expected indexes 0..${sectorCount - 1}`)
  if (sizeBytes !== old.sizeBytes && sectorCount > 0 && !changed.has(sectorCount - 1))
    throw new RangeError(`"changed" expected sector ${sectorCount - 1}, with which the body ends`)
  const last = Math.min(oldCount, sectorCount) - 1
  if (last >= 0 && sectorSizeOf(old.sizeBytes, last) !== sectorSizeOf(sizeBytes, last) && !changed.has(last))
    throw new RangeError(`"changed" expected sector ${last}, whose size changes`)
  if (oldCount > 0 && oldCount < sectorCount && !changed.has(oldCount - 1) && !changed.has(oldCount))
    throw new RangeError(`"changed" expected sector ${oldCount - 1} or ${oldCount}, where the old body ended`)
}

interface Replacement {
  readonly old: Body
  readonly oldCount: number
  readonly sectorCount: number
  readonly changed: ReadonlyMap<number, SectorLeaf>
  /** The keys of `changed`, ascending. */
  readonly indexes: readonly number[]
}

/** @param oldHash of the same place in the old body; null where that ends before it */
function* rebuild(replacement: Replacement, level: number, index: number, oldHash: Bytes | null): Walk<Page, Bytes> {
  const { old, oldCount, sectorCount, changed, indexes } = replacement
  const start = index * spanOf(level)
  const end = Math.min(start + spanOf(level), sectorCount)
  const oldEnd = Math.min(start + spanOf(level), oldCount)
  // Both bodies end elsewhere: a sector at the end of either would have changed.
  if (countWithin(indexes, start, end) === 0) return accepted(oldHash ?? holeHash)

  // Where every sector is new there is nothing to look up.
  const keptEnd = Math.min(end, oldEnd)
  const keepsSome = oldHash !== null && countWithin(indexes, start, keptEnd) < keptEnd - start
  const oldPlace = keepsSome ? { level, index, hash: oldHash } : null
  // It holds a sector that changed, so all of it is no hole.
  let page: Page
  if (level === 0) {
    const oldLeaves = oldPlace === null ? accepted([]) : yield* leavesAt(old, oldPlace)
    if (!oldLeaves.ok) return oldLeaves
    const leaves: Leaf[] = []
    for (let sector = start; sector < end; sector++)
      leaves.push(changed.get(sector) ?? oldLeaves.value[sector - start] ?? null)
    page = leafPage(index, leaves)!
  } else {
    const oldHashes = oldPlace === null ? accepted([]) : yield* hashesAt(old, oldPlace)
    if (!oldHashes.ok) return oldHashes
    const hashes: Bytes[] = []
    for (let entry = 0; entry < entryCountOf(level, index, sectorCount); entry++) {
      const below = yield* rebuild(
        replacement,
        level - 1,
        index * pageEntryCountMax + entry,
        oldHashes.value[entry] ?? null,
      )
      if (!below.ok) return below
      hashes.push(below.value)
    }
    if (hashes.length === 1) return accepted(hashes[0]!)
    page = hashPage(level, index, hashes)!
  }
  yield { kind: 'found', found: [page] }
  return accepted(page.hash)
}

const countWithin = (ascending: readonly number[], start: number, end: number): number =>
  Math.max(0, firstAtLeast(ascending, end) - firstAtLeast(ascending, start))

/** The position of the first number that is at least `bound`. */
function firstAtLeast(ascending: readonly number[], bound: number): number {
  let low = 0
  let high = ascending.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (ascending[middle]! < bound) low = middle + 1
    else high = middle
  }
  return low
}

// ---- comparing

/** What a body consists of in the store. */
export interface BodyObject extends ObjectName {
  readonly kind: 'page' | 'sector'
}

/**
 * Finds the objects that `body` reaches and none of `others` does; equal subtrees are passed over unread. An object has its place in
 * its name, so it is enough to compare place by place, whoever made up the bodies: what stands elsewhere is another object.
 *
 * With no others this is all that a body consists of, with a version that is here as the other it is what has to be fetched. A page
 * that is not to be had is passed over with everything below.
 * @param others whose pages are all to be had
 */
export function* diffBodies(body: Body, others: readonly Body[]): Walk<BodyObject, null> {
  const compared = yield* compareBodies(body, others, [], false)
  return compared.ok ? accepted(null) : compared
}

/**
 * Finds what may be deleted with a body: what it reaches and none that is kept does. A page is found after all below it, so a deletion
 * that stops half way can start again. Bodies that nobody could have made in good faith, and pages that are damaged here, end nothing:
 * of the doomed body they are passed over, and what a kept one may reach below one of them stays.
 * @param kept whose pages are all to be had: what is missing below one protects all that stands there
 * @param partial kept ones that may not be here whole: below a page that is not, nothing can be found, and so nothing is protected
 * @returns whether nothing had to stay for damage
 */
export const doomedObjects = (body: Body, kept: readonly Body[], partial: readonly Body[]): Walk<BodyObject, boolean> =>
  compareBodies(body, kept, partial, true)

function* compareBodies(
  body: Body,
  others: readonly Body[],
  partial: readonly Body[],
  isDoomed: boolean,
): Walk<BodyObject, boolean> {
  if (body.sizeBytes === 0) return accepted(true)
  const all = [...others.map((other) => [other, true] as const), ...partial.map((other) => [other, false] as const)]
  const kept = all.filter(([other]) => other.sizeBytes > 0)
  const level = Math.max(topOf(body).level, ...kept.map(([other]) => topOf(other).level))
  const top = (of: Body): Place => ({ ...topOf(of), level })
  const beside = kept.map(([other, isWhole]) => ({ body: other, isWhole, place: top(other) }))
  return yield* comparePlace(body, top(body), beside, isDoomed)
}

interface Other {
  readonly body: Body
  readonly isWhole: boolean
  readonly place: Place
}

/** @returns whether all that was to be found was */
function* comparePlace(
  body: Body,
  place: Place,
  others: readonly Other[],
  isDoomed: boolean,
): Walk<BodyObject, boolean> {
  if (others.some((other) => equal(other.place.hash, place.hash))) return accepted(true)
  const { level, index, hash } = place
  if (isHole(hash)) return isAtEnd(body, place) && !isDoomed ? pageDamaged : accepted(true)
  const page: BodyObject = { kind: 'page', level, index, hash }
  const opened = level === 0 ? yield* leavesAt(body, place) : yield* hashesAt(body, place)
  if (!opened.ok) {
    if (opened === missing) return accepted(true)
    if (!isDoomed) return opened
    yield { kind: 'found', found: [page] }
    return accepted(true)
  }
  if (level === 0) {
    const beside = yield* entriesBeside(others, leavesAt)
    if (!beside.ok) return isDoomed ? accepted(false) : beside
    const sectors = (opened.value as readonly Leaf[]).flatMap((leaf, entry): readonly BodyObject[] => {
      const isOwn =
        leaf !== null && beside.value.every(({ of }) => of[entry] == null || !equal(of[entry].hash, leaf.hash))
      return isOwn ? [{ kind: 'sector', ...sectorName(index * pageEntryCountMax + entry, leaf) }] : []
    })
    yield { kind: 'found', found: [...sectors, page] }
    return accepted(true)
  }
  const beside = yield* entriesBeside(others, hashesAt)
  if (!beside.ok) return isDoomed ? accepted(false) : beside
  let isAll = true
  for (const [entry, child] of (opened.value as readonly Bytes[]).entries()) {
    const below = beside.value.flatMap(({ other, of }) => {
      const otherChild = of[entry]
      return otherChild === undefined ? [] : [{ ...other, place: childOf(other.place, entry, otherChild) }]
    })
    const compared = yield* comparePlace(body, childOf(place, entry, child), below, isDoomed)
    if (!compared.ok) return compared
    isAll &&= compared.value
  }
  // What stays is reached through it.
  if (isAll && isPageAt(body, place)) yield { kind: 'found', found: [page] }
  return accepted(isAll)
}

/** What stands in the same place of other bodies; of one that need not be whole nothing, where that is not to be had. */
function* entriesBeside<Entry>(
  others: readonly Other[],
  read: (body: Body, place: Place) => Walk<never, readonly Entry[]>,
): Walk<never, readonly { readonly other: Other; readonly of: readonly Entry[] }[]> {
  const beside: { readonly other: Other; readonly of: readonly Entry[] }[] = []
  for (const other of others) {
    const of = yield* read(other.body, other.place)
    if (of.ok) beside.push({ other, of: of.value })
    else if (other.isWhole || of !== missing) return of
  }
  return accepted(beside)
}

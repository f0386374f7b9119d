import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Bytes, type Result, concat, keyOf, must, toHex, utf8 } from '../bytes/bytes.ts'
import { verdictOf } from '../bytes/testing/verdict.ts'
import { blockKeySchedule, digest, openAes, sealAes, sha256 } from '../crypto/crypto.ts'
import {
  type Body,
  type BodyObject,
  type BodyWriter,
  type Leaf,
  type LocatedSector,
  type ObjectName,
  type Page,
  type SealedSector,
  type SectorLeaf,
  type Walk,
  diffBodies,
  doomedObjects,
  emptyBody,
  emptyBodyWriter,
  finishBody,
  isSealed,
  objectId,
  packLeaf,
  pageSizeBytesMax,
  parseLeaf,
  planOpen,
  planSeal,
  readBody,
  replaceSectors,
  sealedSectors,
  sectorCountOf,
  sectorSizeBytes,
  sectorSizeOf,
  writeSectors,
} from './block.ts'

type Store = Map<string, Bytes>

/** What a node does with a walk, with everything at hand. */
function perform<Found, Value>(walk: Walk<Found, Value>, store: ReadonlyMap<string, Bytes>) {
  const found: Found[] = []
  let pageCount = 0
  let step = walk.next()
  while (!step.done) {
    if (step.value.kind === 'need') {
      // Asking for nothing would cost a turn.
      expect(step.value.pages.length).toBeGreaterThan(0)
      pageCount += step.value.pages.length
      step = walk.next(step.value.pages.map(({ hash }) => store.get(keyOf(hash)) ?? null))
    } else {
      expect(step.value.kind).toBe('found')
      found.push(...step.value.found)
      step = walk.next([])
    }
  }
  const result: Result<Value> = step.value
  return { found, pageCount, result }
}

const keep = (store: Store, pages: readonly Pick<Page, 'hash' | 'octets'>[]): void =>
  pages.forEach(({ hash, octets }) => store.set(keyOf(hash), octets))

const leavesKnown = new Map<string, SectorLeaf>()

/** A sector as no other, by its number and the version that sealed it. */
function leafOf(index: number, version = 0): SectorLeaf {
  const name = `${index}/${version}`
  const known = leavesKnown.get(name)
  if (known !== undefined) return known
  const hash = digest('blocktree/1/testSector', utf8(name))
  const leaf = { hash, keyEpoch: 1 + version, salt: hash.slice(16) }
  leavesKnown.set(name, leaf)
  return leaf
}
const leavesOf = (count: number): SectorLeaf[] => Array.from({ length: count }, (_, index) => leafOf(index))

/** The size of a body of `count` sectors whose last has `tail` octets. */
const sizeOf = (count: number, tail = sectorSizeBytes): number =>
  count === 0 ? 0 : (count - 1) * sectorSizeBytes + tail

// As text, since comparing thousands of arrays octet by octet takes a test runner seconds.
const textOfLeaf = (leaf: Leaf): string => (leaf === null ? 'hole' : toHex(packLeaf(leaf)))
const textOfSector = ({ index, leaf, sizeBytes }: LocatedSector): string => `${index} ${sizeBytes} ${textOfLeaf(leaf)}`
const textOfName = (name: ObjectName): string => toHex(objectId(new Uint8Array(16), name))
const textOfPage = ({ hash, octets }: Page): string => `${toHex(hash)} ${toHex(octets)}`

/** As the specification has it, with everything at hand. */
function rootByTheBook(leaves: readonly Leaf[]): string {
  const packed = leaves.map((leaf) => (leaf === null ? new Uint8Array(56) : packLeaf(leaf)))
  const isHole = (page: readonly Bytes[]): boolean => page.every((entry) => entry.every((octet) => octet === 0))
  let level = groupsOf(packed).map((page) =>
    isHole(page) ? new Uint8Array(32) : digest('blocktree/1/leafPage', concat(...page)),
  )
  while (level.length > 1)
    level = groupsOf(level).map((page) =>
      page.length === 1 || isHole(page) ? page[0]! : digest('blocktree/1/hashPage', concat(...page)),
    )
  return toHex(level[0] ?? digest('blocktree/1/leafPage'))
}
const groupsOf = (entries: readonly Bytes[]): Bytes[][] =>
  Array.from({ length: Math.ceil(entries.length / 128) }, (_, at) => entries.slice(at * 128, (at + 1) * 128))

function build(leaves: readonly Leaf[], sizeBytes = sizeOf(leaves.length), store: Store = new Map()) {
  const { writer, pages } = writeSectors(emptyBodyWriter, leaves)
  keep(store, pages)
  const finished = finishBody(writer, sizeBytes)
  keep(store, finished.pages)
  return { body: finished.body, pages: [...pages, ...finished.pages], store }
}

// Around every size at which the tree of pages changes its form.
const edgeCounts = [0, 1, 2, 127, 128, 129, 255, 256, 257, 128 * 128, 128 * 128 + 1]

describe('a body', () => {
  test.each(edgeCounts)('of %i sectors has the root of the tree over all leaves and reads back', (count) => {
    const leaves = leavesOf(count)
    const { body, store } = build(leaves, sizeOf(count, 5))
    expect(toHex(body.bodyRoot)).toBe(rootByTheBook(leaves))
    const { found, result } = perform(readBody(body), store)
    expect(result.ok).toBe(true)
    const sizeBytesOf = (index: number): number => (index === count - 1 ? 5 : sectorSizeBytes)
    expect(found.map(textOfSector)).toEqual(
      leaves.map((leaf, index) => textOfSector({ index, leaf, sizeBytes: sizeBytesOf(index) })),
    )
    if (count > 0) expect(store.has(keyOf(body.bodyRoot))).toBe(true)
    for (const octets of store.values()) expect(octets.length).toBeLessThanOrEqual(pageSizeBytesMax)
  })

  test('is the same however it is fed, and never holds more than its open pages', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 1, max: 300 }), (count, portion) => {
        const leaves = leavesOf(count)
        const whole = build(leaves)
        let writer: BodyWriter = emptyBodyWriter
        const pages: Page[] = []
        for (let next = 0; next < count; next += portion) {
          const progress = writeSectors(writer, leaves.slice(next, next + portion))
          pages.push(...progress.pages)
          writer = progress.writer
          expect(writer.leaves.length).toBeLessThan(128)
          for (const open of writer.hashes) expect(open.length).toBeLessThan(128)
        }
        const finished = finishBody(writer, sizeOf(count))
        expect(finished.body).toEqual(whole.body)
        expect([...pages, ...finished.pages].map(textOfPage)).toEqual(whole.pages.map(textOfPage))
      }),
      { numRuns: 25 },
    )
  })

  test('that is empty has a root of its own and no pages', () => {
    expect(build([])).toEqual({ body: emptyBody, pages: [], store: new Map() })
    expect(emptyBody.sizeBytes).toBe(0)
    for (const walk of [readBody(emptyBody), sealedSectors(emptyBody), diffBodies(emptyBody, [])])
      expect(perform<unknown, unknown>(walk, new Map())).toEqual({
        found: [],
        pageCount: 0,
        result: { ok: true, value: null },
      })
  })

  test('of a size that its sectors do not fill is our mistake', () => {
    const { writer } = writeSectors(emptyBodyWriter, leavesOf(2))
    for (const sizeBytes of [0, sectorSizeBytes, 2 * sectorSizeBytes + 1])
      expect(() => finishBody(writer, sizeBytes)).toThrow(`"sizeBytes" expected to fill 2 sectors, got ${sizeBytes}`)
    for (const sizeBytes of [-1, 0.5])
      expect(() => finishBody(writer, sizeBytes)).toThrow(`"bodySizeBytes" expected 0..2^53-1, got ${sizeBytes}`)
  })
})

describe('reading a range', () => {
  const count = 128 * 130
  const sizeBytes = sizeOf(count, 1000)
  let built: ReturnType<typeof build> | null = null
  const large = () => (built ??= build(leavesOf(count), sizeBytes))

  test('gives just the sectors that it touches', () => {
    const { body, store } = large()
    const sectorOf = fc.integer({ min: 0, max: count - 1 })
    const octet = fc
      .tuple(sectorOf, fc.constantFrom(0, 1, 999, 65535))
      .map(([index, at]) => Math.min(sizeBytes, index * sectorSizeBytes + at))
    fc.assert(
      fc.property(octet, fc.integer({ min: 0, max: 300 * sectorSizeBytes }), (start, length) => {
        const end = Math.min(sizeBytes, start + length)
        const { found, result } = perform(readBody(body, start, end), store)
        expect(result.ok).toBe(true)
        const expected: number[] = []
        for (let index = Math.floor(start / sectorSizeBytes); index * sectorSizeBytes < end && start < end; index++)
          expected.push(index)
        expect(found.map(({ index, leaf }) => `${index} ${textOfLeaf(leaf)}`)).toEqual(
          expected.map((index) => `${index} ${textOfLeaf(leafOf(index))}`),
        )
      }),
      { numRuns: 25 },
    )
  })

  test('of one octet reads one page a level', () => {
    const { body, store } = large()
    expect(perform(readBody(body, 70_000_000, 70_000_001), store).pageCount).toBe(3)
  })

  test('asks for pages and gives sectors step by step, never all at once', () => {
    const { body, store } = large()
    const walk = readBody(body)
    let step = walk.next()
    while (!step.done) {
      if (step.value.kind === 'need') {
        expect(step.value.pages.length).toBeLessThanOrEqual(8)
        step = walk.next(step.value.pages.map(({ hash }) => store.get(keyOf(hash))!))
      } else {
        expect(step.value.found.length).toBeLessThanOrEqual(128)
        step = walk.next([])
      }
    }
    expect(step.value.ok).toBe(true)
  })

  test('outside of the body is our mistake', () => {
    const { body } = build(leavesOf(2), sizeOf(2, 1000))
    for (const [start, end] of [
      [-1, 1],
      [2, 1],
      [0, sizeOf(2, 1000) + 1],
      [Number.NaN, 1],
    ] as const)
      expect(() => readBody(body, start, end).next()).toThrow(
        `"range" expected within 0..${sizeOf(2, 1000)}, got ${start}..${end}`,
      )
  })

  test('says where a page is not here', () => {
    const { body, store } = large()
    for (const lost of store.keys()) {
      const { result } = perform(readBody(body), new Map([...store].filter(([hash]) => hash !== lost)))
      expect(verdictOf(result)).toBe('pageMissing')
      // Reading all of it three times shows enough.
      if (lost === [...store.keys()][2]) break
    }
  })
})

describe('what is not what the root says is refused', () => {
  const damagedBy = (body: Body, store: Store, target: string, octets: Bytes) =>
    perform(readBody(body), new Map(store).set(target, octets))

  test('every bit of every page', () => {
    const { body, store } = build(leavesOf(130), sizeOf(130))
    expect(store.size).toBe(3)
    for (const [target, octets] of store) {
      // Each octet once, another bit every time; all eight bits over the 7 KiB of a page.
      for (let at = 0; at < octets.length; at += octets.length > 1000 ? 29 : 1) {
        const forged = octets.slice()
        forged[at]! ^= 1 << (at % 8)
        const { result } = damagedBy(body, store, target, forged)
        expect(verdictOf(result)).toBe('pageDamaged')
      }
    }
  })

  test('cut, longer, empty, huge and another page', () => {
    const { body, store } = build(leavesOf(130), sizeOf(130))
    for (const [target, octets] of store)
      for (const forged of [
        octets.slice(0, -1),
        octets.slice(1),
        concat(octets, Uint8Array.of(0)),
        new Uint8Array(0),
        new Uint8Array(pageSizeBytesMax + 1),
        ...[...store].filter(([hash]) => hash !== target).map(([, other]) => other),
      ])
        expect(verdictOf(damagedBy(body, store, target, forged).result)).toBe('pageDamaged')
  })

  test('leaves as hashes and hashes as leaves', () => {
    // 56 hashes and 32 leaves have the same number of octets.
    const octets = new Uint8Array(56 * 32)
    const asLeaves = concat(Uint8Array.of(0x83, 0x68), utf8('leafPage'), Uint8Array.of(1, 0x59, 7, 0), octets)
    const body = { bodyRoot: digest('blocktree/1/hashPage', octets), sizeBytes: sizeOf(32) }
    expect(perform(readBody(body), new Map([[keyOf(body.bodyRoot), asLeaves]])).result.ok).toBe(false)
  })

  test('a size of another count of sectors', () => {
    for (const real of [130, 256]) {
      const { body, store } = build(leavesOf(real))
      for (const count of [1, 2, 128, 129, 131, 255, 257, 384, 128 * 128, 2 ** 37 - 1])
        expect(perform(readBody({ ...body, sizeBytes: sizeOf(count) }), store).result.ok).toBe(false)
    }
  })

  test('an epoch that is no number here', () => {
    expect(parseLeaf(concat(new Uint8Array(32), Uint8Array.of(0, 32, 0, 0, 0, 0, 0, 0), new Uint8Array(16)))).toBeNull()
    expect(parseLeaf(new Uint8Array(55))).toBeNull()
    expect(parseLeaf(new Uint8Array(57))).toBeNull()
  })
})

describe('changing sectors', () => {
  /** The change as a list: what `replaceSectors` must come out at. */
  const changedLeaves = (
    old: readonly SectorLeaf[],
    changed: ReadonlyMap<number, SectorLeaf>,
    count: number,
  ): SectorLeaf[] => Array.from({ length: count }, (_, index) => changed.get(index) ?? old[index]!)

  /** All that has to be in a change for its sizes, and `more`. */
  function changeOf(
    oldSize: number,
    newSize: number,
    more: readonly number[],
    version: number,
  ): Map<number, SectorLeaf> {
    const count = sectorCountOf(newSize)
    const changed = new Map<number, SectorLeaf>()
    for (let index = 0; index < count; index++)
      if (sectorSizeOf(oldSize, index) !== sectorSizeOf(newSize, index) || (index === count - 1 && oldSize !== newSize))
        changed.set(index, leafOf(index, version))
    for (const index of more) if (count > 0) changed.set(index % count, leafOf(index % count, version))
    return changed
  }

  test('gives the root and the pages of a body built anew, edit after edit', () => {
    const edit = fc.record({
      count: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.constantFrom(0, 1, 127, 128, 129, 256, 257)),
      tail: fc.constantFrom(1, 5, sectorSizeBytes),
      more: fc.array(fc.nat(), { maxLength: 5 }),
    })
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        const store: Store = new Map()
        let body = emptyBody
        let leaves: readonly SectorLeaf[] = []
        edits.forEach(({ count, tail, more }, version) => {
          const sizeBytes = sizeOf(count, tail)
          const changed = changeOf(body.sizeBytes, sizeBytes, more, version)
          leaves = changedLeaves(leaves, changed, count)
          const { found, result } = perform(replaceSectors(body, changed, sizeBytes), store)
          keep(store, found)
          body = must(result)
          const anew = build(leaves, sizeBytes)
          expect(body).toEqual(anew.body)
          for (const page of anew.pages) expect(toHex(store.get(keyOf(page.hash))!)).toBe(toHex(page.octets))
          expect(perform(readBody(body), store).found.map(({ leaf }) => textOfLeaf(leaf))).toEqual(
            leaves.map(textOfLeaf),
          )
        })
      }),
      { numRuns: 25 },
    )
  })

  test.each([
    { name: 'one level more', from: 128, to: 129 },
    { name: 'two levels more', from: 100, to: 128 * 128 + 1 },
    { name: 'one level less', from: 129, to: 128 },
    { name: 'two levels less', from: 128 * 128 + 1, to: 3 },
    { name: 'from nothing', from: 0, to: 130 },
    { name: 'to nothing', from: 130, to: 0 },
  ])('$name', ({ from, to }) => {
    const old = leavesOf(from)
    const { body, store } = build(old)
    const changed = changeOf(sizeOf(from), sizeOf(to), [], 1)
    const { found, result } = perform(replaceSectors(body, changed, sizeOf(to)), store)
    expect(must(result)).toEqual(build(changedLeaves(old, changed, to)).body)
    keep(store, found)
    expect(perform(readBody(must(result)), store).result.ok).toBe(true)
  })

  test.each([
    { name: 'all but one', kept: [1] },
    { name: 'all but one in each page', kept: [0, 128, 256] },
    { name: 'all of a page and no more', kept: [...Array(128).keys()] },
    { name: 'all', kept: [] },
  ])('$name', ({ kept }) => {
    const old = leavesOf(259)
    const { body, store } = build(old)
    const changed = new Map(
      old.flatMap((_, index) => (kept.includes(index) ? [] : [[index, leafOf(index, 1)] as const])),
    )
    const { result } = perform(replaceSectors(body, changed, sizeOf(259)), store)
    expect(must(result)).toEqual(build(changedLeaves(old, changed, 259)).body)
  })

  test('of one in a gigabyte reads and makes one page a level', () => {
    const count = 128 * 128 + 1
    const { body, store } = build(leavesOf(count))
    const { found, pageCount } = perform(replaceSectors(body, new Map([[9999, leafOf(9999, 1)]]), sizeOf(count)), store)
    expect([pageCount, found.length]).toEqual([3, 3])
  })

  test('appending to a full page reads only the way to the end', () => {
    const { body, store } = build(leavesOf(128 * 4))
    const { pageCount, found } = perform(replaceSectors(body, new Map([[512, leafOf(512)]]), sizeOf(513)), store)
    expect([pageCount, found.length]).toEqual([1, 2])
  })

  test('that leaves out a sector which must change is our mistake', () => {
    const { body } = build(leavesOf(3), sizeOf(3, 10))
    const attempts: [Map<number, SectorLeaf>, number, string][] = [
      [new Map(), sizeOf(3, 11), 'expected sector 2, with which the body ends'],
      [new Map(), sizeOf(2, 5), 'expected sector 1, with which the body ends'],
      [new Map([[3, leafOf(3)]]), sizeOf(4), 'expected sector 2, whose size changes'],
      [new Map([[2, leafOf(2)]]), sizeOf(4), 'expected sector 3, with which the body ends'],
      [new Map([[2, leafOf(2)]]), sizeOf(2), 'expected indexes 0..1'],
      [new Map([[-1, leafOf(2)]]), sizeOf(3, 10), 'expected indexes 0..2'],
      [new Map([[3, leafOf(2)]]), sizeOf(3, 10), 'expected indexes 0..2'],
      [new Map([[0.5, leafOf(2)]]), sizeOf(3, 10), 'expected indexes 0..2'],
    ]
    const short = build(leavesOf(1), 10).body
    expect(() => replaceSectors(short, new Map([[1, leafOf(1)]]), sizeOf(2)).next()).toThrow(
      '"changed" expected sector 0, whose size changes',
    )
    for (const [changed, sizeBytes, message] of attempts)
      expect(() => replaceSectors(body, changed, sizeBytes).next()).toThrow(`"changed" ${message}`)
    const whole = build(leavesOf(3)).body
    expect(() => replaceSectors(whole, new Map([[4, leafOf(4)]]), sizeOf(5)).next()).toThrow(
      '"changed" expected sector 2 or 3, where the old body ended',
    )
  })

  test('of all sectors looks up nothing, wherever the body ends afterwards', () => {
    for (const [from, to] of [
      [3, 3],
      [3, 5],
      [5, 3],
      [130, 130],
      [130, 140],
      [130, 300],
    ] as const) {
      const { body } = build(leavesOf(from))
      const changed = new Map([...Array(to).keys()].map((index) => [index, leafOf(index, 1)]))
      // Between the old end and the new one are holes.
      for (let hole = from; hole < to - 1; hole++) changed.delete(hole)
      const { pageCount, result } = perform(replaceSectors(body, changed, sizeOf(to)), new Map())
      expect(pageCount).toBe(0)
      expect(must(result)).toEqual(
        build(Array.from({ length: to }, (_, index): Leaf => changed.get(index) ?? null)).body,
      )
    }
  })

  test('of all sectors under a page looks up those above it alone', () => {
    const old = leavesOf(259)
    const { body, store } = build(old)
    const changed = new Map(Array.from({ length: 128 }, (_, at) => [128 + at, leafOf(128 + at, 1)]))
    const { pageCount, found, result } = perform(replaceSectors(body, changed, sizeOf(259)), store)
    expect([pageCount, found.length]).toEqual([1, 2])
    expect(must(result)).toEqual(build(changedLeaves(old, changed, 259)).body)
  })

  test.each([1, 130])('refuses old pages that are damaged or not here, at every level: %i sectors', (count) => {
    const { body, store } = build(leavesOf(count), sizeOf(count))
    const last = count - 1
    const change = () => replaceSectors(body, new Map([[count, leafOf(count)]]), sizeOf(count + 1))
    const way = [...store].filter(
      ([hash]) => verdictOf(perform(change(), new Map([...store].filter(([other]) => other !== hash))).result) !== 'ok',
    )
    expect(way).toHaveLength(last === 0 ? 1 : 2)
    for (const [hash, octets] of way) {
      const without = new Map([...store].filter(([other]) => other !== hash))
      expect(verdictOf(perform(change(), without).result)).toBe('pageMissing')
      const damaged = new Map(store).set(hash, concat(octets, Uint8Array.of(0)))
      expect(verdictOf(perform(change(), damaged).result)).toBe('pageDamaged')
    }
  })
})

describe('holes', () => {
  test('have the root by the book, are made by every change alike, read as such and are no objects', () => {
    const edit = fc.record({
      count: fc.oneof(fc.integer({ min: 1, max: 700 }), fc.constantFrom(1, 128, 129, 256, 257, 128 * 129)),
      more: fc.array(fc.nat(), { maxLength: 3 }),
    })
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        const store: Store = new Map()
        const bodies: Body[] = []
        let body = emptyBody
        let leaves: readonly Leaf[] = []
        edits.forEach(({ count, more }, version) => {
          const touched = new Set([
            Math.min(leaves.length || count, count) - 1,
            count - 1,
            ...more.map((index) => index % count),
          ])
          const changed = new Map([...touched].map((index) => [index, leafOf(index, version)]))
          leaves = Array.from({ length: count }, (_, index) => changed.get(index) ?? leaves[index] ?? null)
          const { found, result } = perform(replaceSectors(body, changed, sizeOf(count)), store)
          keep(store, found)
          bodies.push((body = must(result)))
          expect(toHex(body.bodyRoot)).toBe(rootByTheBook(leaves))
          const anew = build(leaves)
          expect(anew.body).toEqual(body)
          for (const page of anew.pages) expect(store.has(keyOf(page.hash))).toBe(true)
          const read = perform(readBody(body), store)
          expect(read.result.ok).toBe(true)
          expect(read.found.map(({ leaf }) => textOfLeaf(leaf))).toEqual(leaves.map(textOfLeaf))
          expect(perform(sealedSectors(body), store).found).toEqual(read.found.filter(isSealed))
        })
        const sealed = leaves.flatMap((leaf) => (leaf === null ? [] : [keyOf(leaf.hash)]))
        const reached = perform(diffBodies(body, []), store)
        expect(reached.result.ok).toBe(true)
        for (const { kind, hash } of reached.found) expect(kind === 'page').toBe(store.has(keyOf(hash)))
        const sectors = reached.found.filter(({ kind }) => kind === 'sector').map(({ hash }) => keyOf(hash))
        expect(sectors).toEqual(sealed)
        const before = bodies.slice(0, -1)
        const kept = new Set(
          before.flatMap((of) => perform(diffBodies(of, []), store).found).map(({ hash }) => keyOf(hash)),
        )
        const own = perform(diffBodies(body, before), store).found.map(({ hash }) => keyOf(hash))
        expect(own).toEqual(reached.found.map(({ hash }) => keyOf(hash)).filter((key) => !kept.has(key)))
      }),
      { numRuns: 30 },
    )
  })

  test('of a petabyte cost a page a level to make, and to read from the midst', () => {
    const count = 2 ** 34
    const { body, store } = build(leavesOf(3))
    const changed = new Map([2, count - 1].map((index) => [index, leafOf(9)]))
    const made = perform(replaceSectors(body, changed, sizeOf(count)), store)
    expect([made.pageCount, made.found.length]).toEqual([1, 9])
    keep(store, made.found)
    const sealed = perform(sealedSectors(must(made.result)), store)
    expect(sealed.found.map(({ index }) => index)).toEqual([0, 1, 2, count - 1])
    expect(sealed.pageCount).toBe(9)
    const middle = sizeOf(count) / 2
    const { found, pageCount } = perform(readBody(must(made.result), middle, middle + 1), store)
    expect(found.map(({ leaf, sizeBytes }) => [leaf, sizeBytes])).toEqual([[null, sectorSizeBytes]])
    expect(pageCount).toBe(1)
  })

  test('are cut where a body gets shorter, and what is written later into one is found', () => {
    const { body, store } = build([leafOf(0), ...Array.from({ length: 300 }, (): Leaf => null), leafOf(301)])
    const cut = perform(replaceSectors(body, new Map([[200, leafOf(200)]]), sizeOf(201)), store)
    keep(store, cut.found)
    const filled = perform(replaceSectors(must(cut.result), new Map([[130, leafOf(130)]]), sizeOf(201)), store)
    keep(store, filled.found)
    const { found } = perform(readBody(must(filled.result)), store)
    expect(found.flatMap(({ index, leaf }) => (leaf === null ? [] : [index]))).toEqual([0, 130, 200])
  })

  test('end no body, and no page is made of nothing else', () => {
    const { writer } = writeSectors(emptyBodyWriter, [leafOf(0), null])
    for (const ended of [writer, writeSectors(writer, []).writer])
      expect(() => finishBody(ended, sizeOf(2))).toThrow('"writer" expected a last sector that is sealed, got a hole')
    const refuses = (body: Body, store: Store): void => {
      for (const walk of [readBody(body), sealedSectors(body), diffBodies(body, [])])
        expect(verdictOf(perform<unknown, unknown>(walk, store).result)).toBe('pageDamaged')
    }
    refuses({ bodyRoot: new Uint8Array(32), sizeBytes: sizeOf(1) }, new Map())
    refuses({ bodyRoot: new Uint8Array(32), sizeBytes: sizeOf(128 * 129) }, new Map())
    const page = (name: 'leafPage' | 'hashPage', entries: Bytes) => ({
      hash: digest(`blocktree/1/${name}`, entries),
      octets: concat(Uint8Array.of(0x83, 0x68), utf8(name), Uint8Array.of(1, 0x58, entries.length), entries),
    })
    const store: Store = new Map()
    const rootOf = (made: Pick<Page, 'hash' | 'octets'>): Bytes => {
      keep(store, [made])
      return made.hash
    }
    const [leaf, none] = [packLeaf(leafOf(0)), new Uint8Array(56)]
    refuses({ bodyRoot: rootOf(page('leafPage', concat(leaf, none))), sizeBytes: sizeOf(2) }, store)
    refuses({ bodyRoot: rootOf(page('leafPage', concat(none, none))), sizeBytes: sizeOf(2) }, store)
    const child = rootOf(page('leafPage', leaf))
    refuses({ bodyRoot: rootOf(page('hashPage', concat(child, new Uint8Array(32)))), sizeBytes: sizeOf(129) }, store)
    const holes = rootOf(page('hashPage', new Uint8Array(64)))
    refuses({ bodyRoot: rootOf(page('hashPage', concat(holes, child))), sizeBytes: sizeOf(128 * 128 + 1) }, store)
    // Of 128 leaves, and in the midst of the body.
    const full = (entries: Bytes) => ({
      hash: digest('blocktree/1/leafPage', entries),
      octets: concat(Uint8Array.of(0x83, 0x68), utf8('leafPage'), Uint8Array.of(1, 0x59, 0x1c, 0), entries),
    })
    const above = (made: Pick<Page, 'hash' | 'octets'>): Body => ({
      bodyRoot: rootOf(page('hashPage', concat(rootOf(made), child))),
      sizeBytes: sizeOf(129),
    })
    refuses(above(full(new Uint8Array(128 * 56))), store)
    // An epoch that is no number here makes no hole.
    const entries = new Uint8Array(128 * 56)
    entries.set(leaf)
    expect(verdictOf(perform(readBody(above(full(entries))), store).result)).toBe('ok')
    entries.fill(255, 56 + 32, 56 + 40)
    refuses(above(full(entries)), store)
    // As above, but well made.
    const well = { bodyRoot: rootOf(page('hashPage', concat(new Uint8Array(32), child))), sizeBytes: sizeOf(128 + 1) }
    expect(perform(readBody(well), store).result.ok).toBe(true)
  })
})

describe('comparing bodies', () => {
  const objectsOf = (body: Body, store: Store): Set<string> => {
    const reached = perform(diffBodies(body, []), store)
    expect(reached.result.ok).toBe(true)
    return new Set(reached.found.map(({ hash }) => keyOf(hash)))
  }

  /** Versions of one body, one after another. */
  function versionsOf(sizes: readonly { count: number; more: readonly number[] }[]) {
    const store: Store = new Map()
    const bodies: Body[] = []
    let leaves: readonly SectorLeaf[] = []
    sizes.forEach(({ count, more }, version) => {
      const touched = new Set(more.map((index) => index % Math.max(1, count)))
      leaves = Array.from({ length: count }, (_, index) =>
        touched.has(index) || leaves[index] === undefined ? leafOf(index, version) : leaves[index],
      )
      bodies.push(build(leaves, sizeOf(count), store).body)
    })
    return { store, bodies }
  }
  const version = fc.record({
    count: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.constantFrom(0, 1, 127, 128, 129, 256, 257)),
    more: fc.array(fc.nat(), { maxLength: 4 }),
  })

  test('finds what only the one reaches: the difference of the sets', () => {
    fc.assert(
      fc.property(fc.array(version, { minLength: 1, maxLength: 4 }), fc.nat(), (sizes, at) => {
        const { store, bodies } = versionsOf(sizes)
        const body = bodies[at % bodies.length]!
        const others = bodies.filter((_, index) => index !== at % bodies.length)
        const { found, result } = perform(diffBodies(body, others), store)
        expect(result.ok).toBe(true)
        const keys = found.map(({ hash }) => keyOf(hash))
        const kept = new Set(others.flatMap((other) => [...objectsOf(other, store)]))
        const expected = [...objectsOf(body, store)].filter((key) => !kept.has(key))
        expect(new Set(keys)).toEqual(new Set(expected))
        expect(keys).toHaveLength(expected.length)
        for (const { kind, hash } of found) expect(kind === 'page').toBe(store.has(keyOf(hash)))
      }),
      { numRuns: 40 },
    )
  })

  test('reaches all pages and sectors of a body where nothing else is kept', () => {
    const leaves = leavesOf(300)
    const { body, store } = build(leaves)
    expect(objectsOf(body, store)).toEqual(new Set([...store.keys(), ...leaves.map(({ hash }) => keyOf(hash))]))
    expect(objectsOf(emptyBody, store)).toEqual(new Set())
  })

  test('finds each place of a page that stands in two as another object', () => {
    const { body, store } = build([...leavesOf(128), ...leavesOf(128)])
    const { found, result } = perform(diffBodies(body, []), store)
    expect(result.ok).toBe(true)
    expect(store.size).toBe(2)
    expect(new Set(found.map(textOfName)).size).toBe(2 * 129 + 1)
  })

  describe('that anybody made up of some leaves and pages, in any places', () => {
    const pattern = fc.array(fc.nat(3), { minLength: 1, maxLength: 3 })
    /** Of full pages by their number, and of leaves behind them. */
    const madeUp = fc.record({
      full: fc.array(fc.nat(2), { maxLength: 3 }),
      tail: fc.array(fc.nat(3), { minLength: 1, maxLength: 5 }),
      isOfFull: fc.boolean(),
    })
    const cases = fc.record({
      patterns: fc.tuple(pattern, pattern, pattern),
      kept: fc.array(madeUp, { minLength: 1, maxLength: 3 }),
      doomed: fc.array(madeUp, { minLength: 1, maxLength: 4 }),
      isPartial: fc.boolean(),
    })

    /** Doomed bodies are deleted one after another. @returns what is left, what is to be kept, and whether it ever was not there */
    function sweep({ patterns, kept, doomed, isPartial }: typeof cases extends fc.Arbitrary<infer T> ? T : never) {
      const pages: Store = new Map()
      const bodyOf = ({ full, tail, isOfFull }: (typeof kept)[number]): Body => {
        const ofPattern = (at: number): number[] =>
          Array.from({ length: 128 }, (_, entry) => patterns[at]![entry % patterns[at]!.length]!)
        const ends = isOfFull && full.length > 0 ? [] : tail
        const leaves = [...full.flatMap(ofPattern), ...ends].map((number) => leafOf(number))
        return build(leaves, sizeOf(leaves.length), pages).body
      }
      const [keptBodies, doomedBodies] = [kept.map(bodyOf), doomed.map(bodyOf)]
      const namesOf = (body: Body): string[] => perform(diffBodies(body, []), pages).found.map(textOfName)
      const wanted = new Set(keptBodies.flatMap(namesOf))
      const stored = new Set([...wanted, ...doomedBodies.flatMap(namesOf)])
      let isWhole = true
      for (const [at, body] of doomedBodies.entries()) {
        const others = [...keptBodies, ...doomedBodies.slice(at + 1)]
        const walk = isPartial ? doomedObjects(body, [], others) : doomedObjects(body, others, [])
        for (let step = walk.next(); !step.done;) {
          if (step.value.kind === 'need') {
            const octetsOf = (page: ObjectName) => (stored.has(textOfName(page)) ? pages.get(keyOf(page.hash))! : null)
            step = walk.next(step.value.pages.map(octetsOf))
          } else {
            for (const object of step.value.found) stored.delete(textOfName(object))
            step = walk.next([])
          }
        }
        isWhole &&= [...wanted].every((name) => stored.has(name))
      }
      return { stored, wanted, isWhole }
    }

    test('never loses what a kept one reaches, and leaves nothing else', () => {
      fc.assert(
        fc.property(cases, (each) => {
          const { stored, wanted, isWhole } = sweep(each)
          expect(isWhole).toBe(true)
          expect(stored).toEqual(wanted)
        }),
        { numRuns: 200 },
      )
    })
  })

  test('passes over what is not here, and refuses what is damaged', () => {
    const { body, store } = build(leavesOf(300))
    const leafPages = [...store.keys()].filter((hash) => hash !== keyOf(body.bodyRoot))
    const without = (hash: string) => new Map([...store].filter(([other]) => other !== hash))
    const damaged = (hash: string) => new Map(store).set(hash, new Uint8Array(1))
    expect(perform(diffBodies(body, []), without(keyOf(body.bodyRoot)))).toMatchObject({
      found: [],
      result: { ok: true },
    })
    const { found, result } = perform(diffBodies(body, []), without(leafPages[0]!))
    expect(result.ok).toBe(true)
    expect(found).toHaveLength(300 - 128 + 3)
    for (const hash of store.keys())
      expect(verdictOf(perform(diffBodies(body, []), damaged(hash)).result)).toBe('pageDamaged')
  })

  test.each([
    { count: 3, pageCount: 1 },
    { count: 130, pageCount: 3 },
  ])('with an empty body finds all: $count sectors', ({ count, pageCount }) => {
    const { body, store } = build(leavesOf(count))
    for (const walk of [diffBodies(body, [emptyBody]), doomedObjects(body, [emptyBody], [emptyBody])]) {
      const { found, result } = perform<BodyObject, unknown>(walk, store)
      expect(result.ok).toBe(true)
      expect(found).toHaveLength(count + pageCount)
    }
  })

  test('passes over equal subtrees unread', () => {
    const count = 128 * 128 + 1
    const { body, store } = build(leavesOf(count))
    const changed = perform(replaceSectors(body, new Map([[9999, leafOf(9999, 1)]]), sizeOf(count)), store)
    keep(store, changed.found)
    const { found, pageCount } = perform(diffBodies(body, [must(changed.result)]), store)
    expect(pageCount).toBe(6)
    expect(found.map(({ kind }) => kind)).toEqual(['sector', 'page', 'page', 'page'])
    expect(perform(diffBodies(body, [body]), store)).toMatchObject({ found: [], pageCount: 0 })
  })

  test('deleting what it finds, cut off anywhere and begun again, ends with the kept body whole and nothing else', () => {
    const { store: pages, bodies } = versionsOf([
      { count: 300, more: [] },
      { count: 260, more: [5, 200] },
    ])
    const [old, kept] = bodies as [Body, Body]
    const all = new Set([...objectsOf(old, pages), ...objectsOf(kept, pages)])
    const stepCount = 12
    for (let cutAfter = 0; cutAfter < stepCount; cutAfter++) {
      const store = new Map([...all].map((key) => [key, pages.get(key) ?? new Uint8Array(1)]))
      const collect = (steps: number): boolean => {
        const walk = doomedObjects(old, [kept], [])
        let step = walk.next()
        for (let taken = 0; !step.done; taken++) {
          if (taken === steps) return false
          if (step.value.kind === 'need')
            step = walk.next(step.value.pages.map(({ hash }) => store.get(keyOf(hash)) ?? null))
          else {
            for (const { hash } of step.value.found) store.delete(keyOf(hash))
            step = walk.next([])
          }
        }
        expect(step.value.ok).toBe(true)
        return true
      }
      collect(cutAfter)
      expect(collect(Number.POSITIVE_INFINITY)).toBe(true)
      expect(new Set(store.keys())).toEqual(objectsOf(kept, pages))
    }
  })

  /** Two versions with another sector in the first of three pages, and the pages of both without some. */
  function without(pagesOf: (kept: Body, old: Body, store: Store) => readonly Bytes[], instead: Bytes | null) {
    const { store, bodies } = versionsOf([
      { count: 300, more: [] },
      { count: 300, more: [5] },
    ])
    const [old, kept] = bodies as [Body, Body]
    const left = new Map(store)
    for (const hash of pagesOf(kept, old, store)) {
      left.delete(keyOf(hash))
      if (instead !== null) left.set(keyOf(hash), instead)
    }
    return { old, kept, store, left }
  }
  const rootOfKept = ({ bodyRoot }: Body) => [bodyRoot]
  const leavesOfKept = (kept: Body, old: Body, store: Store) =>
    perform(diffBodies(kept, [old]), store).found.flatMap(({ level, hash }) => (level === 0 ? [hash] : []))
  const damage = new Uint8Array(1)

  test('refuses where another body can not be read', () => {
    for (const pagesOf of [rootOfKept, leavesOfKept]) {
      for (const [instead, code] of [
        [null, 'pageMissing'],
        [damage, 'pageDamaged'],
      ] as const) {
        const { old, kept, left } = without(pagesOf, instead)
        const { found, result } = perform(diffBodies(old, [kept]), left)
        expect(verdictOf(result)).toBe(code)
        expect(found).toEqual([])
      }
    }
  })

  test('dooms nothing that stands where a kept body can not be read, unless it is only not here', () => {
    const all = (result: Result<boolean>) => result.ok && result.value
    for (const [pagesOf, countBelow] of [
      [rootOfKept, 300 + 3 + 1],
      [leavesOfKept, 128 + 2],
    ] as const) {
      for (const [instead, isPartial] of [
        [null, false],
        [damage, false],
        [damage, true],
      ] as const) {
        const { old, kept, left } = without(pagesOf, instead)
        const walk = isPartial ? doomedObjects(old, [], [kept]) : doomedObjects(old, [kept], [])
        const { found, result } = perform(walk, left)
        expect(found).toEqual([])
        expect(result.ok).toBe(true)
        expect(all(result)).toBe(false)
      }
      const { old, kept, left } = without(pagesOf, null)
      const { found, result } = perform(doomedObjects(old, [], [kept]), left)
      expect(all(result)).toBe(true)
      expect(found).toHaveLength(countBelow)
    }
  })

  test('dooms what stands beside a place where a kept body can not be read, and keeps the way there', () => {
    const { store, bodies } = versionsOf([
      { count: 300, more: [] },
      { count: 300, more: [5, 200] },
    ])
    const [old, kept] = bodies as [Body, Body]
    const [first] = perform(diffBodies(kept, [old]), store).found.filter(({ level }) => level === 0)
    const { found, result } = perform(doomedObjects(old, [kept], []), new Map(store).set(keyOf(first!.hash), damage))
    expect(result).toEqual({ ok: true, value: false })
    expect(found.map(({ level, index }) => [level, index])).toEqual([
      [-1, 200],
      [0, 1],
    ])
  })

  test('dooms all that can be found of a body that is damaged, or that nobody could have made in good faith', () => {
    const { body, store } = build(leavesOf(300))
    const leafPages = [...store.keys()].filter((hash) => hash !== keyOf(body.bodyRoot))
    const { found, result } = perform(doomedObjects(body, [], []), new Map(store).set(leafPages[0]!, damage))
    expect(result).toEqual({ ok: true, value: true })
    expect(found).toHaveLength(300 - 128 + 3 + 1)
    const longer = { ...body, sizeBytes: sizeOf(128 * 100) }
    const { level, index, hash } = perform(diffBodies(body, []), store).found.at(-1)!
    expect(perform(doomedObjects(longer, [], []), store)).toMatchObject({
      found: [{ level, index, hash }],
      result: { ok: true, value: true },
    })
  })
})

describe('sectors', () => {
  const treeId = new Uint8Array(32).fill(1)
  const blockId = new Uint8Array(16).fill(2)
  const salt = new Uint8Array(16).fill(3)
  const keys = blockKeySchedule(new Uint8Array(32).fill(4))

  function sealed(run: Bytes, firstIndex: number): { ciphertext: Bytes; leaf: SectorLeaf }[] {
    return planSeal(keys, treeId, blockId, firstIndex, salt, run).map(({ key, nonce, plaintext, associatedData }) => {
      const ciphertext = sealAes(key, nonce, plaintext, associatedData)
      return { ciphertext, leaf: { hash: sha256(ciphertext), keyEpoch: 1, salt } }
    })
  }
  /** As a crypto port does it. */
  function opened(sector: SealedSector, ciphertext: Bytes, block = blockId, tree = treeId): Bytes | null {
    const plans = planOpen(() => keys, tree, block, [sector], [ciphertext])
    if (!plans.ok) return null
    const { key, nonce, associatedData, hash } = plans.value[0]!
    return toHex(sha256(ciphertext)) === toHex(hash) ? openAes(key, nonce, ciphertext, associatedData) : null
  }

  test('open where they belong and nowhere else', () => {
    const plaintext = utf8('a page of a diary')
    const { ciphertext, leaf } = sealed(plaintext, 7)[0]!
    const sector = { index: 7, leaf, sizeBytes: plaintext.length }
    expect(opened(sector, ciphertext)).toEqual(plaintext)
    expect(opened({ ...sector, index: 8 }, ciphertext)).toBeNull()
    expect(opened(sector, ciphertext, treeId.slice(16))).toBeNull()
    expect(opened(sector, ciphertext, blockId, new Uint8Array(32))).toBeNull()
    expect(opened({ ...sector, leaf: { ...leaf, salt: new Uint8Array(16) } }, ciphertext)).toBeNull()
    for (let at = 0; at < ciphertext.length; at++) {
      const forged = ciphertext.slice()
      forged[at]! ^= 1 << (at % 8)
      expect(opened(sector, forged)).toBeNull()
      // Even where the leaf vouches for the forged ciphertext, its tag does not fit.
      expect(opened({ ...sector, leaf: { ...leaf, hash: sha256(forged) } }, forged)).toBeNull()
    }
  })

  test('of another size than the body demands are refused before they are opened', () => {
    const { ciphertext, leaf } = sealed(utf8('short'), 0)[0]!
    for (const sizeBytes of [0, 4, 6, sectorSizeBytes])
      expect(verdictOf(planOpen(() => keys, treeId, blockId, [{ index: 0, leaf, sizeBytes }], [ciphertext]))).toBe(
        'sectorSizeWrong',
      )
  })

  test('whose key is out of reach are told apart from damaged ones', () => {
    const { ciphertext, leaf } = sealed(utf8('short'), 0)[0]!
    const sector = { index: 0, leaf, sizeBytes: 5 }
    const keysOf = (keyEpoch: number) => (keyEpoch === 1 ? keys : null)
    expect(planOpen(keysOf, treeId, blockId, [sector], [ciphertext]).ok).toBe(true)
    const older = { ...sector, leaf: { ...leaf, keyEpoch: 2 } }
    expect(verdictOf(planOpen(keysOf, treeId, blockId, [sector, older], [ciphertext, ciphertext]))).toBe(
      'keyOutOfReach',
    )
  })

  test('of one run share a key and no nonce, and each opens in its place alone', () => {
    const run = Uint8Array.from({ length: 2 * sectorSizeBytes + 3 }, (_, at) => at % 251)
    const plans = planSeal(keys, treeId, blockId, 40, salt, run)
    expect(plans.map(({ plaintext }) => plaintext.length)).toEqual([sectorSizeBytes, sectorSizeBytes, 3])
    expect(new Set(plans.map(({ key }) => key)).size).toBe(1)
    expect(new Set(plans.map(({ nonce }) => toHex(nonce))).size).toBe(3)
    const parts = sealed(run, 40)
    const located = parts.map(({ leaf }, at) => ({
      index: 40 + at,
      leaf,
      sizeBytes: plans[at]!.plaintext.length,
    }))
    for (const [at, sector] of located.entries()) {
      expect(opened(sector, parts[at]!.ciphertext)).toEqual(plans[at]!.plaintext)
      for (const other of [39, 40, 41, 42, 43])
        if (other !== sector.index) expect(opened({ ...sector, index: other }, parts[at]!.ciphertext)).toBeNull()
    }
  })

  test('opened together take a key of their own epoch and salt each', () => {
    const later = blockKeySchedule(new Uint8Array(32).fill(5))
    const keysOf = (keyEpoch: number) => (keyEpoch === 1 ? keys : later)
    const leafOf = (keyEpoch: number, fill: number): SectorLeaf => ({
      hash: new Uint8Array(32),
      keyEpoch,
      salt: new Uint8Array(16).fill(fill),
    })
    const leaves = [leafOf(1, 1), leafOf(1, 1), leafOf(2, 1), leafOf(2, 3), leafOf(1, 1)]
    const sectors = leaves.map((leaf, index) => ({ index, leaf, sizeBytes: 1 }))
    const plans = planOpen(
      keysOf,
      treeId,
      blockId,
      sectors,
      sectors.map(() => new Uint8Array(17)),
    )
    expect(must(plans).map(({ key }) => key)).toEqual(
      leaves.map(({ keyEpoch, salt: its }) => keysOf(keyEpoch).sectorKey(blockId, its)),
    )
    // Those that were sealed together share it, so that it is derived once.
    expect(must(plans)[1]!.key).toBe(must(plans)[0]!.key)
  })

  test('have their whole index as the nonce, also beyond the size of any disk', () => {
    const nonceAt = (index: number) => toHex(planSeal(keys, treeId, blockId, index, salt, utf8('x'))[0]!.nonce)
    expect(nonceAt(258)).toBe('000000000000000000000102')
    expect(nonceAt(3 * 2 ** 32 + 258)).toBe('000000000000000300000102')
    expect(nonceAt(2 ** 32 - 1)).toBe('0000000000000000ffffffff')
  })

  test('a run has at least one octet', () => {
    const plan = (sizeBytes: number) => planSeal(keys, treeId, blockId, 0, salt, new Uint8Array(sizeBytes))
    expect(plan(1).map(({ plaintext }) => plaintext.length)).toEqual([1])
    expect(() => plan(0)).toThrow('"run" expected at least 1 byte, got 0')
  })

  test.each([
    { sizeBytes: 1, count: 1, last: 1 },
    { sizeBytes: 65536, count: 1, last: 65536 },
    { sizeBytes: 65537, count: 2, last: 1 },
    { sizeBytes: Number.MAX_SAFE_INTEGER, count: 2 ** 37, last: 65535 },
  ])('cut $sizeBytes octets into $count', ({ sizeBytes, count, last }) => {
    expect(sectorCountOf(sizeBytes)).toBe(count)
    expect(sectorSizeOf(sizeBytes, count - 1)).toBe(last)
    expect(sectorSizeOf(sizeBytes, count)).toBe(0)
    expect(sectorCountOf(0)).toBe(0)
  })
})

/** Computed from the specification by another program. */
const golden = {
  leaf: '09d077d733aa8ccbcecb8ca77ce67638f023b87b428782a6e44ad5601b0dbb38000000000000000201010101010101010101010101010101',
  leafPage:
    '83686c6561665061676501587060626a1baef2fe423eca3d9f312f4675b35d106edbde5404dc8e324b74fae3eb00000000000000010000000000000000000000000000000009d077d733aa8ccbcecb8ca77ce67638f023b87b428782a6e44ad5601b0dbb38000000000000000201010101010101010101010101010101',
  hashPage:
    '836868617368506167650158400506ee8b640e164a7cefd091c5d8da08d224cf7b9ea084d9731056f601391c18023fd3be99f3fd357157ac3c985514d3cb666e573cca901cb14a73437782165c',
  roots: [
    [1, '93a41b902f6c00191f9b5dc05ef7a4d5ecc6d4d2bdebd14c9518f60346d5d7f7'],
    [2, 'aef8ebae5aa0b2aff55f5b1c4457293cd57b3b85b0fe8eeed7faf913d4d7ed4c'],
    [128, '0506ee8b640e164a7cefd091c5d8da08d224cf7b9ea084d9731056f601391c18'],
    [129, 'e9c68484fee92cbfb66a17ccb7710b128b208735958bfecc51bcf09df194e865'],
    [300, '7cc13d983b5205dcf3ed29254f843022ccb6317521540f078f43318813af4663'],
  ],
  /** Of the sectors 0 and 2, with a hole between them, and the root over it. */
  pageWithHole:
    '83686c656166506167650158a860626a1baef2fe423eca3d9f312f4675b35d106edbde5404dc8e324b74fae3eb0000000000000001000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000456160ff971a35365f9df6c677eecd0533b05046ea948c9abe44f23ef04bb1ec000000000000000302020202020202020202020202020202',
  rootWithHole: '7ce39ced72a8b0497add226f25faa3608f375b505b1bd625404c357359a838bb',
  /** Of 300 sectors, of which 5 and 299 alone are no holes: the topmost page and its hash. */
  sparsePage:
    '8368686173685061676501586065f366ff4caa81737d0c2300df568f91228d930e2163df5843ebabb973e98f5a0000000000000000000000000000000000000000000000000000000000000000ec6b2a0abc1e7213a5055f6a0813bd006f6243d81ecda1a408f81fe61dc884e1',
  sparseRoot: 'b777b0c041d28db9aeb9b8143e87fc96786790092797489855c5695421c5fb5d',
  associatedData:
    '8466736563746f7201582001010101010101010101010101010101010101010101010101010101010101015002020202020202020202020202020202',
} as const

describe('golden', () => {
  const leaf = (index: number): SectorLeaf => ({
    hash: sha256(utf8(`ciphertext ${index}`)),
    keyEpoch: 1 + (index % 3),
    salt: new Uint8Array(16).fill(index),
  })
  const bodyOf = (count: number) => build(Array.from({ length: count }, (_, index) => leaf(index)))

  test('leaf', () => {
    expect(toHex(packLeaf(leaf(1)))).toBe(golden.leaf)
    expect(parseLeaf(packLeaf(leaf(1)))).toEqual(leaf(1))
    expect(() => packLeaf({ ...leaf(1), hash: new Uint8Array(31) })).toThrow('"hash" expected 32 bytes, got 31')
    expect(() => packLeaf({ ...leaf(1), salt: new Uint8Array(17) })).toThrow('"salt" expected 16 bytes, got 17')
  })
  test('page of leaves', () => expect(toHex(bodyOf(2).pages[0]!.octets)).toBe(golden.leafPage))
  test('page of hashes', () => expect(toHex(bodyOf(129).pages.at(-1)!.octets)).toBe(golden.hashPage))
  test.each(golden.roots)('root of %i sectors', (count, root) => expect(toHex(bodyOf(count).body.bodyRoot)).toBe(root))
  test('a hole', () => {
    const { body, pages } = build([leaf(0), null, leaf(2)])
    expect(pages.map(({ octets }) => toHex(octets))).toEqual([golden.pageWithHole])
    expect(toHex(body.bodyRoot)).toBe(golden.rootWithHole)
  })
  test('a page of holes', () => {
    const { body, pages } = build(Array.from({ length: 300 }, (_, at) => (at === 5 || at === 299 ? leaf(at) : null)))
    expect(pages).toHaveLength(3)
    expect(toHex(pages.at(-1)!.octets)).toBe(golden.sparsePage)
    expect(toHex(body.bodyRoot)).toBe(golden.sparseRoot)
  })
  test('associated data', () => {
    const keys = blockKeySchedule(new Uint8Array(32))
    const [treeId, blockId, salt] = [new Uint8Array(32).fill(1), new Uint8Array(16).fill(2), new Uint8Array(16)]
    expect(toHex(planSeal(keys, treeId, blockId, 42, salt, utf8('x'))[0]!.associatedData)).toBe(golden.associatedData)
  })
})

test('each page says which one of its level it is, in whatever pieces its sectors came', () => {
  const sectorCount = 128 ** 2 + 2 * 128 + 5
  const leaf: Leaf = { hash: new Uint8Array(32).fill(1), salt: new Uint8Array(16), keyEpoch: 1 }
  const placesIn = (pieceCount: number): string[] => {
    let writer: BodyWriter = emptyBodyWriter
    const pages: Page[] = []
    for (let from = 0; from < sectorCount; from += pieceCount) {
      const step = writeSectors(writer, Array<Leaf>(Math.min(pieceCount, sectorCount - from)).fill(leaf))
      writer = step.writer
      pages.push(...step.pages)
    }
    pages.push(...finishBody(writer, sectorCount * sectorSizeBytes).pages)
    return pages.map(({ level, index }) => `${level}/${index}`).toSorted()
  }
  const level = (at: number, count: number): string[] => Array.from({ length: count }, (_, index) => `${at}/${index}`)
  const expected = [...level(0, 131), ...level(1, 2), ...level(2, 1)].toSorted()
  for (const pieceCount of [sectorCount, 100, 128, 1000]) expect(placesIn(pieceCount)).toEqual(expected)
})

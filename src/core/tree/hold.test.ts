import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Bytes, equal, toHex } from '../bytes/bytes.ts'
import {
  type RecordKind,
  type SignedRecord,
  emptyBodyWriter,
  finishBody,
  recordGroup,
  sectorSizeBytes,
  signedRecord,
  unsignedRecord,
  writeSectors,
} from '../block/block.ts'
import { set as put } from '../merkle/merkle.ts'
import { type IdPath, childPath, rootBlockId } from '../path/path.ts'
import { type HeldBody, type HoldPolicy, holdPlan, storedSizeBytes } from './hold.ts'
import { type TreeState, emptyTree, encodeRow, keys } from './state.ts'
import { alice, aliceCap, hash, id, root, treeId } from './testing/forest.ts'

/** Where something stands: 0 is the root, n the n-th folder. */
interface Folder {
  readonly parent: number
  readonly trashed: boolean
}
interface File extends Folder {
  readonly sizeBytes: number
  readonly stampMs: number
}
interface Forest {
  readonly folders: readonly Folder[]
  readonly files: readonly File[]
}

const folderId = (at: number): Bytes => (at === 0 ? rootBlockId(treeId) : id(at))
const fileId = (at: number): Bytes => id(100 + at)
const pathOfFolder = ({ folders }: Forest, at: number): IdPath =>
  at === 0 ? root : childPath(pathOfFolder({ folders, files: [] }, folders[at - 1]!.parent), folderId(at))

/** A plan asks for no signature, and a thousand of them would take a minute. */
function unsigned<K extends RecordKind>(kind: K, fields: object): SignedRecord<K> {
  const author = { author: alice.credential, writecapHash: aliceCap.hash }
  const whole = { version: 1, previousHash: null, ...fields, ...author } as unknown as Parameters<
    typeof unsignedRecord<K>
  >[1]
  const record = unsignedRecord(kind, whole)
  return signedRecord(record, recordGroup([record.hash]).partsOf(new Uint8Array(64))[0]!)
}

/** The rows of a tree, without its history. */
function stateOf(forest: Forest, nameKeyEpoch = 1): TreeState {
  const { folders, files } = forest
  let { map } = emptyTree(treeId)
  const place = (block: Bytes, { parent, trashed }: Folder, kind: 'directory' | 'file') => {
    const at = { parent: pathOfFolder(forest, parent), child: block, kind, trashed }
    const record = unsigned('entry', { ...at, sealedName: hash(5), nameKeyEpoch, movedFrom: null, origin: null })
    const row = { entry: record, createdAtMs: 1, stampMs: 1, trashedAtMs: trashed ? 1 : null }
    map = put(map, keys.place(block), encodeRow('place', { parent: folderId(parent) }))
    map = put(map, keys.entry(folderId(parent), block), encodeRow('entry', row))
  }
  folders.forEach((folder, at) => place(folderId(at + 1), folder, 'directory'))
  files.forEach((file, at) => {
    place(fileId(at), file, 'file')
    const path = childPath(pathOfFolder(forest, file.parent), fileId(at))
    const record = unsigned('content', {
      path,
      bodyRoot: hash(at),
      sizeBytes: file.sizeBytes,
      keyEpoch: 1,
      origin: null,
      resealed: false,
    })
    map = put(
      map,
      keys.content(fileId(at)),
      encodeRow('content', { content: record, stampMs: file.stampMs, writtenAtMs: file.stampMs, alike: [] }),
    )
  })
  return { treeId, map }
}

const forests: fc.Arbitrary<Forest> = fc.integer({ min: 0, max: 4 }).chain((folderCount) =>
  fc.record({
    folders: fc.tuple(
      ...Array.from({ length: folderCount }, (_, at) => fc.record({ parent: fc.nat(at), trashed: rarely() })),
    ),
    files: fc.array(
      fc.record({
        parent: fc.nat(folderCount),
        trashed: rarely(),
        sizeBytes: fc.nat(300_000),
        stampMs: fc.integer({ min: 1, max: 5 }),
      }),
      { maxLength: 8 },
    ),
  }),
)
const rarely = () => fc.nat(4).map((draw) => draw === 0)
const partial = fc.record({
  kind: fc.constantFrom('recent' as const, 'pinned' as const),
  pinned: fc.uniqueArray(fc.nat(4), { maxLength: 2 }).map((at) => at.map(folderId)),
  quotaBytes: fc.nat(900_000),
})

const indexOf = ({ block }: HeldBody): number => block[0]! - 100
const isTrashed = (forest: Forest, { parent, trashed }: Folder): boolean =>
  trashed || (parent !== 0 && isTrashed(forest, forest.folders[parent - 1]!))
const isPinned = (forest: Forest, { parent }: Folder, pinned: readonly Bytes[]): boolean =>
  pinned.some((pin) => equal(pin, folderId(parent))) ||
  (parent !== 0 && isPinned(forest, forest.folders[parent - 1]!, pinned))
const spelled = (bodies: readonly HeldBody[]) => bodies.map(({ block }) => toHex(block))

test('a voter holds everything, whatever was wished; so does who wishes for all', () => {
  fc.assert(
    fc.property(forests, partial, (forest, policy) => {
      const state = stateOf(forest)
      const plan = holdPlan(state, 'voter', policy)
      expect(plan.held.map(indexOf).sort((left, right) => left - right)).toEqual(forest.files.map((_, at) => at))
      expect(holdPlan(state, 'learner', { kind: 'all' })).toEqual(plan)
      expect(plan.noRoomFor).toEqual([])
    }),
    { numRuns: 60 },
  )
})

test('the quota is kept, and filled: nothing that is left out would still fit', () => {
  fc.assert(
    fc.property(forests, partial, (forest, policy) => {
      const { held, storedSizeBytes: used, noRoomFor } = holdPlan(stateOf(forest), 'learner', policy)
      expect(held.reduce((sum, { sizeBytes }) => sum + storedSizeBytes(sizeBytes), 0)).toBe(used)
      expect(used).toBeLessThanOrEqual(policy.quotaBytes)
      const chosen = new Set(held.map(indexOf))
      const left = forest.files.flatMap((file, at) => (chosen.has(at) ? [] : [{ file, at }]))
      const isKept = ({ file }: (typeof left)[number]) =>
        !isTrashed(forest, file) && isPinned(forest, file, policy.pinned)
      for (const one of left) {
        if (policy.kind === 'pinned' && !isKept(one)) continue
        expect(used + storedSizeBytes(one.file.sizeBytes)).toBeGreaterThan(policy.quotaBytes)
      }
      expect(new Set(noRoomFor.map(indexOf))).toEqual(new Set(left.filter(isKept).map(({ at }) => at)))
      if (policy.kind === 'pinned') for (const at of chosen) expect(isKept({ file: forest.files[at]!, at })).toBe(true)
    }),
    { numRuns: 100 },
  )
})

test('pinned before the rest before the trash, and each the newest first', () => {
  fc.assert(
    fc.property(forests, partial, (forest, policy) => {
      const places = holdPlan(stateOf(forest), 'learner', policy).held.map((body) => {
        const file = forest.files[indexOf(body)]!
        const rank = isTrashed(forest, file) ? 2 : isPinned(forest, file, policy.pinned) ? 0 : 1
        return [rank, -file.stampMs, indexOf(body)] as const
      })
      const sorted = places.toSorted((left, right) => left[0] - right[0] || left[1] - right[1] || left[2] - right[2])
      expect(places).toEqual(sorted)
    }),
    { numRuns: 100 },
  )
})

describe('what changes elsewhere moves nothing', () => {
  test('new names, and folders without files', () => {
    fc.assert(
      fc.property(forests, partial, (forest, policy) => {
        const folders = [...forest.folders, { parent: 0, trashed: false }]
        const plans = [stateOf(forest), stateOf(forest, 2), stateOf({ ...forest, folders })].map((state) =>
          holdPlan(state, 'learner', policy),
        )
        expect(plans[1]).toEqual(plans[0])
        expect(plans[2]).toEqual(plans[0])
      }),
      { numRuns: 60 },
    )
  })

  test('a new file changes nothing that comes before it', () => {
    fc.assert(
      fc.property(
        forests,
        partial,
        fc.nat(300_000),
        fc.integer({ min: 1, max: 5 }),
        (forest, policy, sizeBytes, stampMs) => {
          const added = { parent: 0, trashed: false, sizeBytes, stampMs }
          const files = [...forest.files, added]
          const before = spelled(holdPlan(stateOf(forest), 'learner', policy).held)
          const all = holdPlan(stateOf({ ...forest, files }), 'learner', {
            ...policy,
            kind: 'recent',
            quotaBytes: Infinity,
          })
          const order = spelled(all.held)
          const place = order.indexOf(toHex(fileId(files.length - 1)))
          const earlier = new Set(order.slice(0, place))
          const after = spelled(holdPlan(stateOf({ ...forest, files }), 'learner', policy).held)
          expect(after.filter((block) => earlier.has(block))).toEqual(before.filter((block) => earlier.has(block)))
        },
      ),
      { numRuns: 60 },
    )
  })
})

test('a single file can be pinned, and the root with everything', () => {
  const file = { parent: 0, trashed: false, sizeBytes: 10, stampMs: 1 }
  const state = stateOf({ folders: [], files: [file, file] })
  const pinning = (block: Bytes): HoldPolicy => ({ kind: 'pinned', pinned: [block], quotaBytes: 1000 })
  expect(holdPlan(state, 'learner', pinning(fileId(1))).held.map(indexOf)).toEqual([1])
  expect(holdPlan(state, 'learner', pinning(folderId(0))).held.map(indexOf)).toEqual([0, 1])
  expect(holdPlan(state, 'learner', pinning(id(77))).held).toEqual([])
})

test.each([0, 1, 2, 127, 128, 129, 300, 128 * 128, 128 * 128 + 1])(
  'what %i sectors take is bounded, by less than 1 % too much',
  (sectorCount) => {
    const leaf = { hash: hash(1), keyEpoch: 1, salt: id(1) }
    const whole = writeSectors(
      emptyBodyWriter,
      Array.from({ length: sectorCount }, () => leaf),
    )
    const sizeBytes = sectorCount * sectorSizeBytes
    const pages = [...whole.pages, ...finishBody(whole.writer, sizeBytes).pages]
    const stored = sizeBytes + 16 * sectorCount + pages.reduce((sum, { octets }) => sum + octets.length, 0)
    expect(storedSizeBytes(sizeBytes)).toBeGreaterThanOrEqual(stored)
    expect(storedSizeBytes(sizeBytes)).toBeLessThanOrEqual(1.01 * stored)
  },
)

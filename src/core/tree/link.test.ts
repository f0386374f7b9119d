import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Bytes, type Result, equal, keyOf } from '../bytes/bytes.ts'
import { principalOf } from '../crypto/crypto.ts'
import { rights } from '../cap/cap.ts'
import type { SignedRecord } from '../block/block.ts'
import { set } from '../merkle/merkle.ts'
import { blockIdOf, depthMax, rootBlockId } from '../path/path.ts'
import { examineExcerpt, excerptFor } from './excerpt.ts'
import { type Link, decodeLink, followLink, linkCountMax, linkSizeBytesMax, linkTo } from './link.ts'
import { type TreeState, encodeRow, keys, pathOf } from './state.ts'
import {
  change,
  childPath,
  commit,
  founded,
  hash,
  id,
  mallory,
  newDirectory,
  newFile,
  newLink,
  nextAccess,
  nextContent,
  nextEntry,
  ownerCap,
  removal,
  root,
  treeId,
  verdict,
  withDevice,
} from './testing/forest.ts'

// --- the tree: root / mail / letter, root / photos, and links in the mail ----------------------------------------------------

const mail = childPath(root, id(1))
const letter = childPath(mail, id(2))
const photos = childPath(root, id(3))
const rootBlock = rootBlockId(treeId)
const link = (at: number): Bytes => id(100 + at)
const links = Array.from({ length: linkCountMax + 2 }, (_, at) => change(newLink(mail, link(at))))
const grown = commit(founded(), [
  change(newDirectory(root, id(1))),
  change(newDirectory(root, id(3))),
  change(newFile(mail, id(2))),
  ...links,
]).state
const after = (...records: readonly SignedRecord[]): TreeState => commit(grown, [change(records)]).state

/** Where the first link leads: the end, or the code of what stops it. @param targets of the links, in their order */
function end(state: TreeState, targets: readonly Bytes[], reach = rootBlock): string {
  const read = targets.map((content, at) => [keyOf(link(at)), decodeLink(content)] as const)
  const step = followLink(state, reach, link(0), new Map(read))
  if (!step.ok) return step.fault.code
  const { kind, block } = step.value
  return kind === 'end' ? keyOf(block) : `unread ${keyOf(block)}`
}
const toLetter = [linkTo(letter)]

describe('a link leads', () => {
  test('to a file, a folder, the folder that it lies in, and the root', () => {
    for (const path of [letter, photos, mail, root]) expect(end(grown, [linkTo(path)])).toBe(keyOf(blockIdOf(path)))
  })
  test('on by another one, whose content is asked for first', () => {
    const toNext = linkTo(childPath(mail, link(1)))
    expect(end(grown, [])).toBe(`unread ${keyOf(link(0))}`)
    expect(end(grown, [toNext])).toBe(`unread ${keyOf(link(1))}`)
    expect(end(grown, [toNext, ...toLetter])).toBe(keyOf(id(2)))
  })
  test('to what was renamed, moved or got another key since', () => {
    const renamed = after(nextEntry(grown, id(2), { sealedName: new Uint8Array(64) }))
    const moved = after(
      nextEntry(grown, id(2), { parent: photos, movedFrom: letter }),
      nextAccess(grown, id(2), { path: childPath(photos, id(2)), keyEpoch: 2, earlierKeys: [new Uint8Array(72)] }),
    )
    for (const state of [renamed, moved]) expect(end(state, toLetter)).toBe(keyOf(id(2)))
    expect(pathOf(moved, id(2))).toEqual(childPath(photos, id(2)))
  })
})

describe('refused:', () => {
  const chain = (count: number): readonly Bytes[] => [
    ...Array.from({ length: count - 1 }, (_, at) => linkTo(childPath(mail, link(at + 1)))),
    linkTo(letter),
  ]
  test('more than 16 links one after the other', () => {
    expect(end(grown, chain(linkCountMax))).toBe(keyOf(id(2)))
    expect(end(grown, chain(linkCountMax + 1))).toBe('linkTooDeep')
  })
  test('a circle, also of as many as may follow one another', () => {
    for (const count of [1, 2, linkCountMax]) {
      const circle = [...chain(count).slice(0, -1), linkTo(childPath(mail, link(0)))]
      expect(end(grown, circle)).toBe('linkCycle')
    }
  })
  test.each([
    { name: 'what was deleted for good', state: () => after(removal(grown, id(2))), code: 'linkDangling' },
    {
      name: 'what is in the trash',
      state: () => after(nextEntry(grown, id(2), { trashed: true })),
      code: 'linkInTrash',
    },
    {
      name: 'what lies in a folder that is',
      state: () => after(nextEntry(grown, id(1), { trashed: true })),
      code: 'linkInTrash',
    },
  ])('$name', ({ state, code }) => expect(end(state(), toLetter)).toBe(code))
  test('what never was there', () => expect(end(grown, [linkTo(childPath(root, id(99)))])).toBe('linkDangling'))
  test.each([
    { name: 'nothing', content: new Uint8Array() },
    { name: 'words', content: new TextEncoder().encode('/mail/letter') },
    { name: 'one octet more', content: Uint8Array.of(...linkTo(letter), 0) },
    { name: 'more than a link has', content: new Uint8Array(linkSizeBytesMax + 1) },
  ])('a content that is no link: $name', ({ content }) => expect(end(grown, [content])).toBe('linkDamaged'))
  test('a path as long as any can be is not', () => {
    const deepest = linkTo({ treeId, ids: Array.from({ length: depthMax }, () => id(3)) })
    expect(end(grown, [deepest])).toBe(keyOf(id(3)))
    expect(deepest.length).toBeLessThan(linkSizeBytesMax / 2)
  })
})

describe('on a guest', () => {
  const shared = withDevice(grown, mallory, ownerCap(mallory, mail, rights.write))
  const seen = excerptFor(shared, principalOf(mallory.credential))!
  const reach = id(1)
  test('what lies in its folder is reached', () => {
    expect(end(seen, toLetter, reach)).toBe(keyOf(id(2)))
    expect(end(seen, [linkTo(mail)], reach)).toBe(keyOf(id(1)))
  })
  test('nothing else is, and it does not learn whether that is there', () => {
    for (const path of [photos, root, childPath(photos, id(99))])
      expect(end(seen, [linkTo(path)], reach)).toBe('linkOutOfReach')
  })
  test('what was in its folder and is gone is told from that', () =>
    expect(end(seen, [linkTo(childPath(mail, id(99)))], reach)).toBe('linkDangling'))
  test('comes in an excerpt, unless it is longer than any', () => {
    const examine = (state: TreeState) => examineExcerpt(state, principalOf(mallory.credential), null).ok
    const content = nextContent(seen, link(0), { sizeBytes: linkSizeBytesMax + 1 })
    const row = { content, stampMs: 1, writtenAtMs: 1, alike: [] }
    expect(examine(seen)).toBe(true)
    expect(examine({ ...seen, map: set(seen.map, keys.content(link(0)), encodeRow('content', row)) })).toBe(false)
  })
})

test('a link keeps its content, whose size is bounded, and takes another key', () => {
  const [, , content] = newLink(root, id(50), { sizeBytes: linkSizeBytesMax + 1 })
  expect(verdict(grown, change([...newLink(root, id(50)).slice(0, 2), content!]))).toBe('linkTooLarge')
  const rekeyed = nextAccess(grown, link(0), { keyEpoch: 2, earlierKeys: [new Uint8Array(72)] })
  const again = (bodyRoot: Bytes) => change([rekeyed, nextContent(grown, link(0), { keyEpoch: 2, bodyRoot })])
  expect(verdict(grown, again(hash(7)))).toBe('ok')
  expect(verdict(grown, again(hash(8)))).toBe('linkFixed')
})

// --- random trees against a resolver that is written as one would tell it ---------------------------------------------------

interface Told {
  readonly parent: number
  readonly kind: 'directory' | 'file' | 'link'
  readonly target: number
  readonly isTrashed: boolean
}
/** Blocks 1, 2, 3, …, each in a folder before it; 0 is the root. A target may be of any of them, or of one that never was. */
const trees = fc
  .array(
    fc.record({
      kind: fc.constantFrom<Told['kind']>('directory', 'link', 'link', 'file'),
      parent: fc.nat(),
      target: fc.nat(11),
      isTrashed: fc.nat(9).map((draw) => draw === 0),
    }),
    { minLength: 1, maxLength: 10 },
  )
  .map((drawn) => {
    const blocks: Told[] = [{ kind: 'directory', parent: 0, target: 0, isTrashed: false }]
    for (const each of drawn) {
      const folders = blocks.flatMap(({ kind }, at) => (kind === 'directory' ? [at] : []))
      blocks.push({ ...each, parent: folders[each.parent % folders.length]! })
    }
    return blocks
  })
const wayTo = (blocks: readonly Told[], at: number): readonly number[] =>
  at === 0 ? [0] : [...wayTo(blocks, blocks[at]!.parent), at]

function naiveEnd(blocks: readonly Told[], reach: number, at: number, passed: readonly number[]): string {
  if (blocks[at]!.kind !== 'link') return String(at)
  if (passed.includes(at)) return 'linkCycle'
  const { target } = blocks[at]!
  const way = target < blocks.length ? wayTo(blocks, target) : [0, target]
  if (!way.includes(reach)) return 'linkOutOfReach'
  if (target >= blocks.length) return 'linkDangling'
  if (way.slice(way.indexOf(reach) + 1).some((each) => blocks[each]!.isTrashed)) return 'linkInTrash'
  return naiveEnd(blocks, reach, target, [...passed, at])
}

test('random trees: every link, from every folder that it lies in, leads where it is told to', () => {
  fc.assert(
    fc.property(trees, (blocks) => {
      const blockOf = (at: number): Bytes => (at === 0 ? rootBlock : id(at))
      const pathTo = (at: number) => ({
        treeId,
        ids: (at < blocks.length ? wayTo(blocks, at) : [0, at]).slice(1).map(id),
      })
      const records = blocks.slice(1).flatMap(({ parent, kind }, before) => {
        const [folder, child] = [pathTo(parent), id(before + 1)]
        return { directory: newDirectory, file: newFile, link: newLink }[kind](folder, child)
      })
      const made = commit(founded(), [change(records)]).state
      const trashing = blocks.flatMap(({ isTrashed }, at) =>
        isTrashed ? [nextEntry(made, id(at), { trashed: true })] : [],
      )
      const { state, outcomes } = commit(made, [change(trashing)])
      expect(outcomes[0]!.ok).toBe(true)
      const read = new Map<string, Result<Link>>()
      blocks.forEach(({ kind, target }, at) => {
        if (kind === 'link') read.set(keyOf(id(at)), decodeLink(linkTo(pathTo(target))))
      })
      blocks.forEach(({ kind }, at) => {
        if (kind !== 'link') return
        for (const reach of wayTo(blocks, at).slice(0, -1)) {
          const step = followLink(state, blockOf(reach), id(at), read)
          const expected = naiveEnd(blocks, reach, at, [])
          if (!step.ok) expect(step.fault.code).toBe(expected)
          else expect(equal(step.value.block, blockOf(Number(expected)))).toBe(true)
        }
      })
    }),
    { numRuns: 40 },
  )
})

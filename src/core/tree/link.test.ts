import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Bytes, type Result, atOnce, equal, keyOf } from '../bytes/bytes.ts'
import { principalOf } from '../crypto/crypto.ts'
import { rights } from '../cap/cap.ts'
import type { BlockKind, SignedRecord } from '../block/block.ts'
import { emptyMap, set } from '../merkle/merkle.ts'
import { type IdPath, blockIdOf, depthMax, rootBlockId, rootPath } from '../path/path.ts'
import { examineExcerpt, excerptFor } from './excerpt.ts'
import {
  type Link,
  type LinkSite,
  type LinkSpot,
  decodeLink,
  followLink,
  homeSite,
  isOfLink,
  linkCountMax,
  linkKeysOf,
  linkSizeBytesMax,
  linkThere,
  linkTo,
  nameOfSpot,
  openLinkSecret,
  sealLinkSecret,
} from './link.ts'
import { linkInto, rendezvous } from './testing/abroad.ts'
import { type TreeState, encodeRow, keys, pathOf } from './state.ts'
import {
  alice,
  aliceCap,
  change,
  childPath,
  commit,
  entry,
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
  const read = targets.map((content, at) => [nameOfSpot(at0(link(at))), decodeLink(content)] as const)
  const step = followLink(new Map([[homeSite, { state, reach }]]), at0(link(0)), new Map(read))
  if (!step.ok) return step.fault.code
  const { kind, spot } = step.value
  return kind === 'end' ? keyOf(spot.block) : `${kind} ${keyOf(spot.block)}`
}
const at0 = (block: Bytes): LinkSpot => ({ site: homeSite, block })
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
    const examine = (state: TreeState) => atOnce(examineExcerpt(state, principalOf(mallory.credential), null)).ok
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
})

test('only the owner’s own devices renew what a link says', () => {
  const guestCap = ownerCap(mallory, mail, rights.write)
  const shared = withDevice(grown, mallory, guestCap)
  const renewed = (by = alice, cap = aliceCap) =>
    verdict(shared, change([nextContent(shared, link(0), { bodyRoot: hash(8) }, by, cap)]))
  expect(renewed()).toBe('ok')
  expect(renewed(mallory, guestCap)).toBe('linkFixed')
})

// --- across trees -----------------------------------------------------------------------------------------------------------

describe('across trees', () => {
  const farId = hash(77)
  const [farRoot, third] = [rootPath(farId), rootPath(hash(78))]
  const folder = childPath(farRoot, id(1))
  /** The other tree as an excerpt shows it: a folder, and in it a file and links. */
  const rowsOf = (parent: IdPath, child: Bytes, kind: BlockKind) =>
    [
      [keys.place(child), encodeRow('place', { parent: blockIdOf(parent) })],
      [
        keys.entry(blockIdOf(parent), child),
        encodeRow('entry', { entry: entry(parent, child, kind), stampMs: 1, createdAtMs: 1, trashedAtMs: null }),
      ],
    ] as const
  const far: TreeState = {
    treeId: farId,
    map: [
      ...rowsOf(farRoot, id(1), 'directory'),
      ...rowsOf(folder, id(2), 'file'),
      ...Array.from({ length: linkCountMax }, (_, at) => rowsOf(folder, link(at), 'link')).flat(),
    ].reduce((map, [key, row]) => set(map, key, row), emptyMap),
  }
  const here: LinkSite = { state: grown, reach: rootBlock }
  const there: LinkSite = { state: far, reach: id(1) }
  const away = keyOf(link(0))
  /** @param contents of links here, and of links in the folder there */
  function goes(
    contents: readonly Bytes[],
    contentsThere: readonly Bytes[] = [],
    sites: readonly (readonly [string, LinkSite])[] = [[away, there]],
  ): string {
    const read = new Map<string, Result<Link>>()
    contents.forEach((content, at) => read.set(nameOfSpot(at0(link(at))), decodeLink(content)))
    contentsThere.forEach((content, at) => read.set(nameOfSpot({ site: away, block: link(at) }), decodeLink(content)))
    const step = followLink(new Map([[homeSite, here], ...sites]), at0(link(0)), read)
    if (!step.ok) return step.fault.code
    const { kind, spot } = step.value
    return `${kind} ${spot.site === homeSite ? 'here' : 'there'} ${spot.block[0]!}`
  }
  const inFolder = (at: number): IdPath => childPath(folder, link(at))
  const fileThere = childPath(folder, id(2))

  test('a link waits until its tree is met, and leads into the folder that it may read there', () => {
    expect(goes([linkInto(folder)], [], [])).toBe('unmet here 100')
    expect(goes([linkInto(folder)])).toBe('end there 1')
    expect(goes([linkInto(fileThere)])).toBe('end there 2')
  })
  test('a path that leads out of that folder is refused, whatever lies there', () => {
    expect(goes([linkInto(farRoot)])).toBe('linkOutOfReach')
    expect(goes([linkInto(childPath(farRoot, id(9)))])).toBe('linkOutOfReach')
    expect(goes([linkInto(childPath(folder, id(9)))])).toBe('linkDangling')
  })
  test('links lead on there, and back here by what may be read here', () => {
    expect(goes([linkInto(inFolder(1))], [])).toBe('unread there 101')
    expect(goes([linkInto(inFolder(1))], [linkInto(folder), linkTo(fileThere)])).toBe('end there 2')
    expect(goes([linkInto(inFolder(1))], [linkInto(folder), linkInto(letter)])).toBe('end here 2')
    expect(goes([linkInto(inFolder(1))], [linkInto(folder), linkInto(fileThere)])).toBe('end there 2')
  })
  test('and not on into a third tree, which gave nothing to whoever follows', () =>
    expect(goes([linkInto(inFolder(1))], [linkInto(folder), linkInto(third)])).toBe('linkBeyond'))
  test('a circle through both is refused', () => {
    const back = linkInto(childPath(mail, link(0)))
    expect(goes([linkInto(inFolder(0))], [back])).toBe('linkCycle')
    expect(goes([linkInto(inFolder(0))], [linkTo(inFolder(1)), linkTo(inFolder(0))])).toBe('linkCycle')
  })
  test('the 17th of both kinds together is refused', () => {
    const chain = (count: number) => [
      ...Array.from({ length: count - 1 }, (_, at) => linkTo(inFolder(at + 1))),
      linkInto(letter),
    ]
    // The links there begin at 0 and are all but the first one on the way.
    const start = [linkInto(inFolder(0))]
    expect(goes(start, chain(linkCountMax - 1))).toBe('end here 2')
    expect(goes(start, chain(linkCountMax))).toBe('linkTooDeep')
  })
  test('one with a path as long as any can be, and all that it may be told, is no longer than a link may be', () => {
    const place = { principal: hash(1), transportId: alice.transportId }
    const large = linkThere({
      path: { treeId: farId, ids: Array.from({ length: depthMax }, () => id(3)) },
      sealedSecret: new Uint8Array(72),
      secretKeyEpoch: Number.MAX_SAFE_INTEGER,
      keyEpoch: Number.MAX_SAFE_INTEGER,
      rendezvous: rendezvous({
        devices: Array.from({ length: 16 }, () => place),
        relays: Array.from({ length: 2 }, () => ({ url: 'w'.repeat(128), peerId: 'p'.repeat(64) })),
      }),
    })
    expect(decodeLink(large).ok).toBe(true)
    expect(large.length).toBeLessThan(linkSizeBytesMax)
  })
})

describe('the secret of a link', () => {
  const [rootKey, secret, nonce] = [hash(5), hash(6), new Uint8Array(24)]
  const sealed = sealLinkSecret(rootKey, treeId, hash(77), secret, nonce)
  const opened = (key: Bytes, from: Bytes, target: Bytes) => {
    const read = decodeLink(linkInto(rootPath(target), sealed))
    return read.ok && read.value.target.tag === 'there' ? openLinkSecret(key, from, read.value.target.value) : 'none'
  }
  test('opens by the key of the root, in the tree and for the tree that it was sealed for', () => {
    expect(opened(rootKey, treeId, hash(77))).toEqual(secret)
    expect(opened(hash(4), treeId, hash(77))).toBeNull()
    expect(opened(rootKey, hash(77), hash(77))).toBeNull()
    expect(opened(rootKey, treeId, hash(78))).toBeNull()
  })
  test('gives keys that are told apart from those of a device', () => {
    const { credential } = linkKeysOf(secret)
    expect(isOfLink({ credential, transportId: credential.signingKey })).toBe(true)
    expect(isOfLink({ credential: alice.credential, transportId: alice.transportId })).toBe(false)
    expect(linkKeysOf(secret)).toEqual(linkKeysOf(secret))
    expect(linkKeysOf(nonce).credential.signingKey).not.toEqual(credential.signingKey)
  })
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
      const { state, outcomes } = commit(made, trashing.length === 0 ? [] : [change(trashing)])
      expect(outcomes.every(({ ok }) => ok)).toBe(true)
      const read = new Map<string, Result<Link>>()
      blocks.forEach(({ kind, target }, at) => {
        if (kind === 'link') read.set(nameOfSpot(at0(id(at))), decodeLink(linkTo(pathTo(target))))
      })
      blocks.forEach(({ kind }, at) => {
        if (kind !== 'link') return
        for (const reach of wayTo(blocks, at).slice(0, -1)) {
          const step = followLink(new Map([[homeSite, { state, reach: blockOf(reach) }]]), at0(id(at)), read)
          const expected = naiveEnd(blocks, reach, at, [])
          if (!step.ok) expect(step.fault.code).toBe(expected)
          else expect(equal(step.value.spot.block, blockOf(Number(expected)))).toBe(true)
        }
      })
    }),
    { numRuns: 40 },
  )
})

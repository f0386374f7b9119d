import { describe, expect, test } from 'vitest'
import { type Bytes, equal, toHex } from '../bytes/bytes.ts'
import { type SignedRecord, doerOf, versionStepMax } from '../block/block.ts'
import { type Writecap, allRights, rights } from '../cap/cap.ts'
import { principalOf } from '../crypto/crypto.ts'
import { entries, root as rootOf, size } from '../merkle/merkle.ts'
import type { Operation } from './batch.ts'
import { deadGraceMs, requestMemoryMs } from './fold.ts'
import {
  type TreeState,
  accessOf,
  childrenOf,
  contentOf,
  emptyTree,
  entryOf,
  keys,
  pathOf,
  readRow,
  summaryOf,
} from './state.ts'
import {
  access,
  alice,
  aliceCap,
  change,
  childPath,
  commit,
  content,
  dismissedByRoot,
  endMs,
  entry,
  found,
  founded,
  hash,
  id,
  mallory,
  newDirectory,
  newFile,
  nextAccess,
  nextContent,
  nextEntry,
  nodeCap,
  ownerCap,
  removal,
  requestOfAlice,
  root,
  treeId,
  verdict,
  withDevice,
} from './testing/forest.ts'

const mail = childPath(root, id(1))
const letter = childPath(mail, id(2))
/** root / mail / letter, and root / photos */
function grown() {
  const { state } = commit(founded(), [
    change(newDirectory(root, id(1))),
    change(newDirectory(root, id(3))),
    change(newFile(mail, id(2))),
  ])
  return state
}

describe('founding', () => {
  test('makes the root block with its readcaps, once', () => {
    const state = founded()
    expect(summaryOf(state)).toMatchObject({ generation: 1, stampMs: 1000 })
    expect(accessOf(state, keys.access(root.treeId))).toBeNull()
    expect(verdict(state, found)).toBe('alreadyFounded')
  })
  test('a tree that is not what its name says passes no gate', () => {
    expect(() => commit(emptyTree(hash(1)), [found])).not.toThrow()
    expect(commit(emptyTree(treeId), [found], endMs).outcomes[0]).toMatchObject({ fault: { code: 'writecapExpired' } })
  })
})

describe('what a writer may do', () => {
  test('creates, in one change or not at all', () => {
    const state = grown()
    expect([...childrenOf(state, id(1))]).toHaveLength(1)
    expect(pathOf(state, id(2))!.ids.map(toHex)).toEqual(letter.ids.map(toHex))
    const half = change([entry(root, id(4), 'directory'), access(childPath(mail, id(4)))])
    const after = commit(state, [half]).state
    expect(entryOf(after, id(4))).toBeNull()
  })

  test.each([
    {
      name: 'a stranger with the owner’s writecap',
      records: () => newDirectory(root, id(5)).map(() => entry(root, id(5), 'directory', {}, mallory, aliceCap)),
      fault: 'writecapNotHeld',
    },
    {
      name: 'a stranger with a writecap that nobody admitted',
      records: () => [entry(root, id(5), 'directory', {}, mallory, nodeCap(mallory, mallory))],
      fault: 'writecapUnknown',
    },
    {
      name: 'a directory that is not there',
      records: () => [entry(childPath(root, id(99)), id(5), 'file')],
      fault: 'placeUnknown',
    },
    { name: 'a file as a directory', records: () => [entry(letter, id(5), 'file')], fault: 'notADirectory' },
    { name: 'a file that stands there already', records: () => [entry(mail, id(2), 'file')], fault: 'raceLost' },
    { name: 'a record for another place', records: () => [content(childPath(root, id(2)))], fault: 'placeUnknown' },
    { name: 'content of a folder', records: () => [content(mail)], fault: 'notAFile' },
    {
      name: 'content under a key epoch that is not in force',
      records: () => [nextContent(grown(), id(2), { keyEpoch: 2 })],
      fault: 'keyEpochWrong',
    },
    {
      name: 'the kind of a block',
      records: () => [nextEntry(grown(), id(2), { kind: 'directory' })],
      fault: 'placeWrong',
    },
    {
      name: 'the root as a child',
      records: () => [entry(mail, keys.access(id(1)).slice(1), 'directory', { version: 1 })],
      fault: 'raceLost',
    },
    {
      name: 'a folder that still holds something',
      records: () => [removal(grown(), id(1))],
      fault: 'directoryNotEmpty',
    },
    {
      name: 'a version too far on',
      records: () => [nextContent(grown(), id(2), { version: 2 + versionStepMax })],
      fault: 'raceLost',
    },
    {
      name: 'a version of the keys left out',
      records: () => [nextAccess(grown(), id(2), { version: 3 })],
      fault: 'raceLost',
    },
    {
      name: 'another previous hash',
      records: () => [nextContent(grown(), id(2), { previousHash: hash(1) })],
      fault: 'raceLost',
    },
  ])('refused: $name', ({ records, fault }) => expect(verdict(grown(), change(records()))).toBe(fault))

  test('"The current timestamp is strictly less than the expiration": not at that very millisecond', () => {
    expect(verdict(grown(), change(newDirectory(root, id(7))), endMs - 1)).toBe('ok')
    expect(verdict(grown(), change(newDirectory(root, id(7))), endMs)).toBe('writecapExpired')
  })

  test('a signature that does not hold stops the batch at gate 1', () => {
    const [good] = newDirectory(root, id(7))
    const forged = { ...good!, signature: { ...good!.signature, signature: new Uint8Array(64) } }
    expect(() => commit(grown(), [change([forged])])).toThrow('signatureInvalid')
  })

  test('a signature over another count of records than it says stops the batch at gate 1', () => {
    const [good] = newDirectory(root, id(7))
    const forged = { ...good!, signature: { ...good!.signature, count: 2 } }
    expect(() => commit(grown(), [change([forged])])).toThrow('signatureInvalid')
  })
})

describe('time and repetition', () => {
  test('the stamp rises with every batch, whatever the leader says', () => {
    const state = commit(grown(), [], 5000).state
    expect(summaryOf(commit(state, [], 10).state)!.stampMs).toBe(5001)
    expect(summaryOf(commit(state, [], 5000).state)!.stampMs).toBe(5001)
    expect(summaryOf(commit(state, [], 6000).state)!.stampMs).toBe(6000)
  })

  test('a repeated request takes effect once and gets the same answer', () => {
    const first = commit(grown(), [change(newDirectory(root, id(7)), id(1))])
    expect(first.outcomes).toEqual([{ ok: true, repeated: false }])
    const second = commit(first.state, [change(newDirectory(root, id(8)), id(1))])
    expect(second.outcomes).toEqual([{ ok: true, repeated: true }])
    expect(entryOf(second.state, id(8))).toBeNull()
    const refusedOnce = commit(grown(), [change(newFile(letter, id(7)), id(9))])
    expect(commit(refusedOnce.state, [change(newDirectory(root, id(7)), id(9))]).outcomes[0]).toMatchObject({
      fault: { code: 'notADirectory' },
    })
  })

  test('request ids are forgotten after a day, so that the state does not grow for ever', () => {
    const { state } = commit(grown(), [change(newDirectory(root, id(7)), id(1))], 2000)
    const later = commit(state, [], 2000 + requestMemoryMs).state
    expect(readRow(later, 'request', keys.request(requestOfAlice(id(1))))).toBeNull()
    const request = keys.request(requestOfAlice(id(1)))
    expect(readRow(commit(state, [], 1999 + requestMemoryMs).state, 'request', request)).not.toBeNull()
  })

  test('and leave as fast as others come', () => {
    const cap = ownerCap(mallory, root, allRights, 2 * requestMemoryMs)
    const refusedOnes = (count: number) =>
      Array.from({ length: count }, () => change([entry(letter, id(9), 'file', {}, mallory, cap)]))
    const full = commit(withDevice(founded(), mallory, cap), refusedOnes(200), 2000).state
    const next = commit(full, refusedOnes(100), 2001 + requestMemoryMs).state
    expect([...entries(next.map, keys.requests)].length).toBe(100)
    expect([...entries(next.map, keys.requestAges)].length).toBe(100)
  })
})

describe('a request is its doer’s', () => {
  const guestCap = ownerCap(mallory, mail, rights.write)
  const seed = id(77)
  const requestsIn = (state: TreeState) => [...entries(state.map, keys.requests)].length
  const byMallory = (cap: Writecap, child = id(8)) => entry(mail, child, 'directory', {}, mallory, cap)
  const outcomesOf = (state: TreeState, ...operations: readonly Operation[]) =>
    commit(state, operations, 3000).outcomes.map((each) => (each.ok ? each.repeated : each.fault.code))

  test('so that of two who ask alike neither stands for the other', () => {
    const state = withDevice(grown(), mallory, guestCap)
    const asked = [change([byMallory(guestCap)], seed), change(newDirectory(mail, id(9)), seed)]
    expect(outcomesOf(state, ...asked, ...asked)).toEqual([false, false, true, true])
  })

  test('and a device of the owner’s own brings it along for another, once', () => {
    const [cap, alices] = [ownerCap(mallory), principalOf(alice.credential)]
    const state = withDevice(grown(), mallory, cap)
    const asked = [change([byMallory(cap)], seed, alices), change(newDirectory(mail, id(9)), seed)]
    expect(outcomesOf(state, ...asked)).toEqual([false, true])
  })

  test('one that is limited to a folder does not, whatever was decided, and nothing of that is remembered', () => {
    const state = withDevice(grown(), mallory, guestCap)
    const forged = change([byMallory(guestCap)], seed, principalOf(alice.credential))
    expect(outcomesOf(state, forged, change(newDirectory(mail, id(9)), seed))).toEqual(['originForeign', false])
    expect(outcomesOf(state, change(newDirectory(mail, id(9)), seed), forged)).toEqual([false, 'originForeign'])
    expect(requestsIn(commit(state, [forged]).state)).toBe(requestsIn(state))
  })

  test('nor is a stranger’s remembered, or one’s who was put out', () => {
    const asked = change([byMallory(guestCap)], seed)
    const without = commit(withDevice(grown(), mallory, guestCap), [dismissedByRoot(mallory)], 2000).state
    for (const state of [grown(), without]) {
      expect(outcomesOf(state, asked)).not.toEqual([false])
      expect(requestsIn(commit(state, [asked], 3000).state)).toBe(requestsIn(state))
    }
    const narrow = withDevice(grown(), mallory, ownerCap(mallory, mail, 0))
    const unable = change([byMallory(ownerCap(mallory, mail, 0))], seed)
    expect(outcomesOf(narrow, unable)).toEqual(['rightMissing'])
    expect(requestsIn(commit(narrow, [unable], 3000).state)).toBe(requestsIn(narrow) + 1)
  })

  test.each([
    ['nothing', () => change([]), 'changeEmpty'],
    ['records of two', () => change([...newDirectory(mail, id(8)), byMallory(guestCap, id(9))]), 'authorsDiffer'],
    [
      'another name than it gives',
      () => {
        const asked = change(newDirectory(mail, id(8)), seed)
        return asked.tag === 'change' ? { ...asked, value: { ...asked.value, requestSeed: id(78) } } : asked
      },
      'requestForeign',
    ],
  ] as const)('%s stops at gate 1', (_, make, code) => expect(() => commit(grown(), [make()])).toThrow(code))
})

describe('versions and bodies', () => {
  test('what a new version leaves behind is listed, and dropped after its grace', () => {
    const { state } = commit(grown(), [change([nextContent(grown(), id(2), { bodyRoot: hash(8) })])], 3000)
    const dead = keys.dead(3000, id(2), hash(7))
    expect(readRow(state, 'dead', dead)).toEqual({ sizeBytes: 10 })
    expect(contentOf(state, id(2))!.content.fields.version).toBe(2)
    expect(readRow(commit(state, [], 3000 + deadGraceMs).state, 'dead', dead)).toBeNull()
  })
  test('whose body it is and when it was written stays, whoever signs it anew for another place or key', () => {
    const base = withDevice(grown(), mallory)
    const cap = ownerCap(mallory)
    const { stampMs } = contentOf(base, id(2))!
    const origin = principalOf(alice.credential)
    const again = commit(base, [change([nextContent(base, id(2), { origin }, mallory, cap)])], 3000).state
    expect(contentOf(again, id(2))).toMatchObject({ stampMs })
    expect(doerOf(contentOf(again, id(2))!.content)).toEqual(origin)
    const anew = commit(
      again,
      [change([nextContent(again, id(2), { bodyRoot: hash(8), origin: null }, mallory, cap)])],
      4000,
    ).state
    expect(contentOf(anew, id(2))).toMatchObject({ stampMs: 4000 })
    expect(doerOf(contentOf(anew, id(2))!.content)).toEqual(principalOf(mallory.credential))
  })
  test('only a device of the owner’s own does something in the place of another, or who says what was said before', () => {
    const cap = ownerCap(mallory, mail, rights.write)
    const limited = withDevice(grown(), mallory, cap)
    const own = withDevice(grown(), mallory)
    const origin = hash(9)
    const outcomeOf = (state: TreeState, make: (state: TreeState) => SignedRecord) => {
      const [outcome] = commit(state, [change([make(state)])], 3000).outcomes
      return outcome!.ok ? 'ok' : outcome!.fault.code
    }
    const written =
      (by: Bytes | null, from = cap) =>
      (state: TreeState) =>
        nextContent(state, id(2), { bodyRoot: hash(8), origin: by }, mallory, from)
    const renamed =
      (by: Bytes | null, from = cap) =>
      (state: TreeState) =>
        nextEntry(state, id(2), { origin: by }, mallory, from)
    for (const make of [written, renamed]) {
      expect(outcomeOf(own, make(origin, ownerCap(mallory)))).toBe('ok')
      expect(outcomeOf(limited, make(origin))).toBe('originForeign')
      expect(outcomeOf(limited, make(principalOf(alice.credential)))).toBe('ok')
      expect(outcomeOf(limited, make(null))).toBe('ok')
    }
  })
  test('a version rises, by one or as far as where it was brought along from; that of the keys by one', () => {
    const versionsTaken = (make: (version: number) => SignedRecord) =>
      [2, 9, 1 + versionStepMax, 2 + versionStepMax].filter(
        (version) => commit(grown(), [change([make(version)])], 3000).outcomes[0]!.ok,
      )
    expect(versionsTaken((version) => nextContent(grown(), id(2), { version }))).toEqual([2, 9, 1 + versionStepMax])
    expect(versionsTaken((version) => nextEntry(grown(), id(2), { version }))).toEqual([2, 9, 1 + versionStepMax])
    expect(versionsTaken((version) => nextAccess(grown(), id(2), { version, keyEpoch: 1 }))).toEqual([2])
  })
  test('a removal takes the rows of the block and lists its body', () => {
    const { state } = commit(grown(), [change([removal(grown(), id(2))])], 3000)
    for (const row of [entryOf(state, id(2)), accessOf(state, id(2)), contentOf(state, id(2))]) expect(row).toBeNull()
    expect(readRow(state, 'dead', keys.dead(3000, id(2), hash(7)))).not.toBeNull()
  })
  test('trash is a version of the entry; its time stays through further changes', () => {
    const once = commit(grown(), [change([nextEntry(grown(), id(2), { trashed: true })])], 3000).state
    expect(entryOf(once, id(2))!.trashedAtMs).toBe(3000)
    const back = commit(once, [change([nextEntry(once, id(2), { trashed: false })])], 4000).state
    expect(entryOf(back, id(2))!.trashedAtMs).toBeNull()
  })
})

describe('moves', () => {
  const photos = childPath(root, id(3))
  const move = (state = grown()) => [
    nextEntry(state, id(1), { parent: photos, movedFrom: mail }),
    nextAccess(state, id(1), {
      path: childPath(photos, id(1)),
      keyEpoch: 2,
      earlierKeys: [hash(1).slice(0, 32)].map(() => new Uint8Array(72)),
    }),
  ]
  test('a folder moves whole; what lies above it has a new path at once', () => {
    const { state, outcomes } = commit(grown(), [change(move())])
    expect(outcomes).toEqual([{ ok: true, repeated: false }])
    expect(pathOf(state, id(2))!.ids.map((at) => at[0])).toEqual([3, 1, 2])
    expect([...childrenOf(state, root.treeId.slice(0, 16))]).toHaveLength(0)
    expect(entryOf(state, id(1))!.createdAtMs).toBe(entryOf(grown(), id(1))!.createdAtMs)
  })
  test.each([
    {
      name: 'without saying from where',
      records: () => [nextEntry(grown(), id(1), { parent: photos })],
      fault: 'placeWrong',
    },
    {
      name: 'from where it never was',
      records: () => [nextEntry(grown(), id(1), { parent: photos, movedFrom: photos })],
      fault: 'placeWrong',
    },
    {
      name: 'into itself',
      records: () => [nextEntry(grown(), id(1), { parent: mail, movedFrom: mail })],
      fault: 'moveIntoItself',
    },
    {
      name: 'a mark of a move without one',
      records: () => [nextEntry(grown(), id(1), { movedFrom: mail })],
      fault: 'placeWrong',
    },
  ])('refused: $name', ({ records, fault }) => expect(verdict(grown(), change(records()))).toBe(fault))
})

test('the same state, whatever the order of unrelated changes in a batch', () => {
  const a = change(newDirectory(root, id(20)), id(20))
  const b = change(newDirectory(root, id(21)), id(21))
  const left = commit(founded(), [a, b]).state
  const right = commit(founded(), [b, a]).state
  expect(equal(rootOf(left.map), rootOf(right.map))).toBe(true)
  expect(size(left.map)).toBe(size(right.map))
})

test('a permission for one folder is none for another, nor to pass on reading', () => {
  const bobCap = ownerCap(mallory, mail, rights.write)
  expect(verdict(grown(), change([entry(root, id(30), 'directory', {}, mallory, bobCap)]))).toBe('writecapUnknown')
})

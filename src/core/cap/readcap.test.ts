import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Bytes, concat, decode, encode, toHex, utf8 } from '../bytes/bytes.ts'
import { verdictOf } from '../bytes/testing/verdict.ts'
import { hpkeInfo, hpkeOpen, hpkeSeal, x25519PublicKey } from '../crypto/crypto.ts'
import { digest } from '../crypto/digest.ts'
import { damaged, decodeFault } from '../crypto/testing/damage.ts'
import {
  type Readcap,
  isFor,
  isReadersOwn,
  readcapFor,
  readcapPlace,
  readcapWire,
  readerWire,
  readersOf,
  unwrapEarlier,
  unwrapUnderParent,
  wrapEarlier,
  wrapUnderParent,
} from './cap.ts'

const filled = (octet: number, sizeBytes: number): Bytes => new Uint8Array(sizeBytes).fill(octet)
const reader = { principal: filled(1, 32), blind: filled(2, 16) }
const suite1 = readcapFor(reader, 1, filled(3, 80))
const suite2 = readcapFor(reader, 2, filled(3, 1168))

test('golden octets: as signed, and the reader blinded', () => {
  expect(toHex(encode(readcapWire, suite1))).toBe(
    '835820d703be1e4eadd4d0928f9019828076efdafefb07aa4757b3b835d4b1b66ad4ec0158500303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303',
  )
  expect(toHex(suite2.blinded)).toBe('d703be1e4eadd4d0928f9019828076efdafefb07aa4757b3b835d4b1b66ad4ec')
  expect(encode(readcapWire, suite2)).toHaveLength(1 + 34 + 1 + 3 + 1168)
})

test('what is signed names nobody: the reader comes beside it', () => {
  for (const readcap of [suite1, suite2]) {
    const octets = encode(readcapWire, readcap)
    expect(toHex(octets)).not.toContain(toHex(reader.principal))
    expect(decode(readcapWire, octets, 2048)).toEqual({ ok: true, value: { ...readcap, reader: null } })
  }
})

test.each<[string, object, string]>([
  ['a suite above those that are known', { suite: 3 }, 'suiteUnknown'],
  ['no suite', { suite: 0 }, 'suiteUnknown'],
  ['a suite in words', { suite: '2' }, 'suiteUnknown'],
  ['a key of suite 1 as one of suite 2', { suite: 2 }, 'formatMismatch'],
  ['one octet less', { sealedKey: filled(3, 79) }, 'formatMismatch'],
  ['a key of suite 2 as one of suite 1', { sealedKey: filled(3, 1168) }, 'formatMismatch'],
  ['more than any suite has', { sealedKey: filled(3, 1169) }, 'formatTooLong'],
  ['a shorter stand-in for the reader', { blinded: filled(3, 31) }, 'formatMismatch'],
])('%s is refused', (_, change, code) => {
  const { blinded, suite, sealedKey } = { ...suite1, ...change }
  const anything = { pack: () => [blinded, suite, sealedKey], parse: () => null }
  expect(verdictOf(decode(readcapWire, encode(anything, null), 2048))).toBe(code)
})

test('damaged octets are refused, or are another readcap', () => {
  const octets = encode(readcapWire, suite1)
  fc.assert(
    fc.property(damaged(octets), (changed) => {
      const decoded = decode(readcapWire, changed, 2048)
      if (decoded.ok) expect(decoded.value).not.toEqual({ ...suite1, reader: null })
      else expect(decoded.fault.code).toMatch(decodeFault)
    }),
  )
})

describe('a reader', () => {
  test('is who was signed for, or nobody', () => {
    expect(isReadersOwn(suite1)).toBe(true)
    expect(isReadersOwn({ ...suite1, reader: null })).toBe(true)
    expect(isFor(suite1, reader.principal)).toBe(true)
    expect(isFor({ ...suite1, reader: null }, reader.principal)).toBe(false)
    expect(isFor(suite1, filled(4, 32))).toBe(false)
    expect(readersOf([suite1, { ...suite2, reader: null }])).toEqual([reader.principal])
  })

  test('is bound bit by bit: another principal or another blind is not the one', () => {
    for (const part of ['principal', 'blind'] as const)
      for (let bit = 0; bit < 8 * reader[part].length; bit++) {
        const changed = reader[part].slice()
        changed[bit >> 3]! ^= 1 << (bit & 7)
        expect(isReadersOwn({ ...suite1, reader: { ...reader, [part]: changed } })).toBe(false)
      }
  })

  test('is told in octets of its own, which hold all that the name is made of', () => {
    const octets = encode(readerWire, reader)
    expect(toHex(octets)).toBe(`825820${'01'.repeat(32)}50${'02'.repeat(16)}`)
    expect(decode(readerWire, octets, 64)).toEqual({ ok: true, value: reader })
  })

  test('stands in two readcaps under two names', () => {
    const again = readcapFor({ ...reader, blind: filled(9, 16) }, 1, suite1.sealedKey)
    expect(again.blinded).not.toEqual(suite1.blinded)
  })
})

// --- places ---------------------------------------------------------------------------------------------------------------

describe('a key is wrapped for one place', () => {
  const [tree, block, key, under, nonce] = [filled(7, 32), filled(8, 16), filled(9, 32), filled(10, 32), filled(11, 24)]
  const ways = {
    parent: { wrap: wrapUnderParent, unwrap: unwrapUnderParent },
    own: { wrap: wrapEarlier, unwrap: unwrapEarlier },
  }

  test.each(Object.entries(ways))('%s: as the specification says', (name, { wrap, unwrap }) => {
    const place = concat(utf8(`blocktree/1/wrap/${name}`), tree, block, Uint8Array.of(0, 0, 0, 0, 0, 0, 1, 2))
    const wrapped = wrap(under, tree, block, 258, key, nonce)
    expect(toHex(wrapped)).toBe(toHex(concat(nonce, xchacha20poly1305(under, nonce, place).encrypt(key))))
    expect(unwrap(under, tree, block, 258, wrapped)).toEqual(key)
  })

  test.each(Object.entries(ways))('%s: and opens in no other', (name, { wrap, unwrap }) => {
    const wrapped = wrap(under, tree, block, 258, key, nonce)
    expect(unwrap(key, tree, block, 258, wrapped)).toBeNull()
    expect(unwrap(under, filled(1, 32), block, 258, wrapped)).toBeNull()
    expect(unwrap(under, tree, filled(1, 16), 258, wrapped)).toBeNull()
    expect(unwrap(under, tree, block, 259, wrapped)).toBeNull()
    const other = ways[name === 'own' ? 'parent' : 'own']
    expect(other.unwrap(under, tree, block, 258, wrapped)).toBeNull()
  })

  test('a readcap’s names tree, block, epoch and recipient', () =>
    expect(toHex(readcapPlace(tree, block, 258, filled(1, 32)))).toBe(
      `${'07'.repeat(32)}${'08'.repeat(16)}0000000000000102${'01'.repeat(32)}`,
    ))
})

// --- inheritance ----------------------------------------------------------------------------------------------------------

/**
 * Blocks in a tree, each key wrapped under its parent's and given to readers; giving, taking back by a new key, and a new key for
 * all above it, since who had one has those.
 */
interface Block {
  readonly parent: number | null
  keyEpoch: number
  key: Bytes
  wrapped: Bytes | null
  readcaps: readonly Readcap[]
}

const treeId = filled(7, 32)
const idOf = (block: number): Bytes => filled(block + 1, 16)
const people = [1, 2, 3, 4].map((octet) => {
  const secret = filled(octet, 32)
  return { secret, kemKey: x25519PublicKey(secret), principal: filled(100 + octet, 32) }
})
let drawn = 0
const chance = (sizeBytes: number): Bytes =>
  digest('blocktree/1/test', Uint8Array.of(++drawn & 255, drawn >> 8)).slice(0, sizeBytes)
const nonce = (): Bytes => digest('blocktree/1/test/nonce', Uint8Array.of(++drawn & 255, drawn >> 8)).slice(0, 24)

function give(blocks: readonly Block[], at: number, who: number): void {
  const block = blocks[at]!
  const { kemKey, principal } = people[who]!
  const place = readcapPlace(treeId, idOf(at), block.keyEpoch, principal)
  const sealedKey = hpkeSeal(kemKey, hpkeInfo.readcap, place, block.key, chance(32))!
  block.readcaps = [
    ...block.readcaps.filter((readcap) => !isFor(readcap, principal)),
    readcapFor({ principal, blind: chance(16) }, 1, sealedKey),
  ]
}

/** A new key for a block and for all above it, given to the readers that it has but one. */
function renew(blocks: readonly Block[], at: number, without: number | null): void {
  const block = blocks[at]!
  const kept = people.flatMap(({ principal }, who) =>
    who !== without && readersOf(block.readcaps).some((other) => String(other) === String(principal)) ? [who] : [],
  )
  block.keyEpoch++
  block.key = chance(32)
  block.readcaps = []
  wrapAnew(blocks, at)
  for (const who of kept) give(blocks, at, who)
  blocks.forEach(({ parent }, child) => {
    if (parent === at) renew(blocks, child, null)
  })
}

function wrapAnew(blocks: readonly Block[], at: number): void {
  const block = blocks[at]!
  if (block.parent !== null)
    block.wrapped = wrapUnderParent(blocks[block.parent]!.key, treeId, idOf(at), block.keyEpoch, block.key, nonce())
}

/** What somebody gets from the records alone: by a readcap, or under a parent's key that he gets. */
function keyFor(blocks: readonly Block[], at: number, who: number): Bytes | null {
  const { parent, keyEpoch, wrapped, readcaps } = blocks[at]!
  const { secret, principal } = people[who]!
  for (const readcap of readcaps) {
    const place = readcapPlace(treeId, idOf(at), keyEpoch, principal)
    const key = hpkeOpen(secret, hpkeInfo.readcap, place, readcap.sealedKey)
    if (key !== null) return key
  }
  const under = parent === null ? null : keyFor(blocks, parent, who)
  return under && wrapped && unwrapUnderParent(under, treeId, idOf(at), keyEpoch, wrapped)
}

test('whoever was given a block, or one below it, reads it, and nobody else: random givings and takings back', () => {
  const act = fc.record({ isGiven: fc.boolean(), at: fc.nat(5), who: fc.nat(3) })
  fc.assert(
    fc.property(
      fc.array(fc.nat(), { minLength: 5, maxLength: 5 }),
      fc.array(act, { maxLength: 10 }),
      (parents, acts) => {
        const blocks: Block[] = []
        for (let at = 0; at < 6; at++) {
          const parent = at === 0 ? null : parents[at - 1]! % at
          blocks.push({ parent, keyEpoch: 1, key: chance(32), wrapped: null, readcaps: [] })
          wrapAnew(blocks, at)
        }
        // The model: who was given what.
        const given = blocks.map(() => new Set<number>())
        for (const { isGiven, at, who } of acts) {
          if (isGiven) {
            give(blocks, at, who)
            given[at]!.add(who)
          } else {
            renew(blocks, at, who)
            given[at]!.delete(who)
          }
        }
        const mayRead = (at: number | null, who: number): boolean =>
          at !== null && (given[at]!.has(who) || mayRead(blocks[at]!.parent, who))
        blocks.forEach(({ key }, at) =>
          people.forEach((_, who) => expect(keyFor(blocks, at, who)).toEqual(mayRead(at, who) ? key : null)),
        )
      },
    ),
    { numRuns: 25 },
  )
})

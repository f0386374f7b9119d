import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { type Bytes, compare, concat, decode, encode, equal, keyOf, must, toHex, utf8 } from '../bytes/bytes.ts'
import { verdictOf } from '../bytes/testing/verdict.ts'
import { digest } from '../crypto/crypto.ts'
import {
  type AuthenticatedMap,
  after,
  batch,
  emptyMap,
  entries,
  first,
  get,
  mapKeySizeBytesMax,
  mapProofSizeBytesMax,
  mapProofWire,
  proveKey,
  remove,
  root,
  set,
  size,
  verifyProof,
} from './merkle.ts'

// Every hash of this file passes through here, so that a test can count them.
vi.mock('../crypto/crypto.ts', async (importOriginal) => {
  const original = await importOriginal<typeof import('../crypto/crypto.ts')>()
  return { ...original, digest: vi.fn(original.digest) }
})

const mapOf = (pairs: Iterable<readonly [Bytes, Bytes]>): AuthenticatedMap => batch(emptyMap, pairs)

// Few distinct octets and short lengths, so that keys are beginnings of each other again and again.
const keyArbitrary = fc
  .array(fc.constantFrom(0, 1, 127, 128, 255), { maxLength: 5 })
  .map((octets): Bytes => Uint8Array.from(octets))
const valueArbitrary = fc.uint8Array({ maxLength: 3 }).map((octets): Bytes => Uint8Array.from(octets))
const pairsArbitrary = fc.array(fc.tuple(keyArbitrary, valueArbitrary), { maxLength: 40 })

/** The specification word for word, by strings of digits: nothing of it is shared with the map. */
function rootByTheBook(pairs: readonly (readonly [Bytes, Bytes])[]): Bytes {
  const bitsOf = (key: Bytes): string =>
    [...key].map((octet) => `1${octet.toString(2).padStart(8, '0')}`).join('') + '0'.repeat(9 * (300 - key.length))
  const hashOf = (leaves: readonly { bits: string; key: Bytes; value: Bytes }[]): Bytes => {
    const [only] = leaves
    if (leaves.length === 1)
      return digest('blocktree/1/mapLeaf', digest('blocktree/1/mapValue', only!.value), only!.key)
    let position = 0
    while (leaves.every(({ bits }) => bits[position] === only!.bits[position])) position++
    return digest(
      'blocktree/1/mapBranch',
      Uint8Array.of(Math.floor(position / 256), position % 256),
      hashOf(leaves.filter(({ bits }) => bits[position] === '0')),
      hashOf(leaves.filter(({ bits }) => bits[position] === '1')),
    )
  }
  const model = new Map(pairs.map(([key, value]) => [toHex(key), { bits: bitsOf(key), key, value }]))
  return model.size === 0 ? digest('blocktree/1/mapEmpty') : hashOf([...model.values()])
}

describe('behaves as an ordered map', () => {
  const change = fc.oneof(
    fc.tuple(keyArbitrary, valueArbitrary),
    fc.tuple(keyArbitrary, fc.constant(null)),
    // Often the value that is there, so that "nothing changes" happens.
    fc.tuple(keyArbitrary, fc.constant<Bytes>(Uint8Array.of(7))),
  )

  test('get, set, remove, size, entries, first and after agree with a sorted list', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), keyArbitrary, keyArbitrary, (changes, prefix, from) => {
        const model = new Map<string, readonly [Bytes, Bytes]>()
        let map = emptyMap
        for (const [key, value] of changes) {
          if (value === null) model.delete(keyOf(key))
          else model.set(keyOf(key), [key, value])
          map = value === null ? remove(map, key) : set(map, key, value)
          expect(get(map, key)).toEqual(value)
        }
        const sorted = [...model.values()].sort(([left], [right]) => compare(left, right))
        const begins = (key: Bytes): boolean => equal(key.subarray(0, prefix.length), prefix)
        const isAfter = (key: Bytes): boolean => compare(key, from) > 0
        const prefixed = sorted.filter(([key]) => begins(key))
        expect(size(map)).toBe(sorted.length)
        expect([...entries(map)]).toEqual(sorted)
        expect([...entries(map, prefix)]).toEqual(prefixed)
        expect([...entries(map, undefined, from)]).toEqual(sorted.filter(([key]) => isAfter(key)))
        expect([...entries(map, prefix, from)]).toEqual(prefixed.filter(([key]) => isAfter(key)))
        expect(first(map)).toEqual(sorted[0] ?? null)
        expect(first(map, prefix)).toEqual(prefixed[0] ?? null)
        expect(after(map, from)).toEqual(sorted.find(([key]) => isAfter(key)) ?? null)
        expect(after(map, from, prefix)).toEqual(prefixed.find(([key]) => isAfter(key)) ?? null)
        expect(get(map, from)).toEqual(model.get(keyOf(from))?.[1] ?? null)
      }),
      { numRuns: 300 },
    )
  })

  test('a map is a value: a change leaves the older one as it was', () => {
    fc.assert(
      fc.property(pairsArbitrary, fc.array(change, { maxLength: 20 }), (pairs, changes) => {
        const map = mapOf(pairs)
        const before = [[...entries(map)], toHex(root(map))]
        root(batch(map, changes))
        expect([[...entries(map)], toHex(root(map))]).toEqual(before)
      }),
      { numRuns: 100 },
    )
  })

  test('the same map comes back where nothing changes', () => {
    const map = mapOf([[utf8('a'), utf8('1')]])
    expect(set(map, utf8('a'), utf8('1'))).toBe(map)
    expect(remove(map, utf8('b'))).toBe(map)
    expect(remove(map, utf8('a'))).toEqual(emptyMap)
  })

  test('hands out the very octets that were set', () => {
    const value = utf8('1')
    expect(get(mapOf([[utf8('a'), value]]), utf8('a'))).toBe(value)
  })

  test('a key of 256 octets is taken, one more is our mistake', () => {
    const longest = new Uint8Array(mapKeySizeBytesMax)
    expect(get(set(emptyMap, longest, utf8('1')), longest)).toEqual(utf8('1'))
    expect(() => set(emptyMap, new Uint8Array(mapKeySizeBytesMax + 1), utf8('1'))).toThrow(
      '"key" expected at most 256 bytes, got 257',
    )
  })
})

describe('the root', () => {
  test('is what the specification says', () => {
    fc.assert(
      fc.property(pairsArbitrary, (pairs) => {
        expect(toHex(root(mapOf(pairs)))).toBe(toHex(rootByTheBook(pairs)))
      }),
      { numRuns: 200 },
    )
  })

  test('does not depend on history', () => {
    fc.assert(
      fc.property(
        pairsArbitrary,
        fc.array(keyArbitrary, { maxLength: 20 }),
        fc.infiniteStream(fc.nat()),
        (pairs, visitors, order) => {
          const straight = mapOf(pairs)
          const shuffled = [...entries(straight)]
            .map((pair) => ({ pair, at: order.next().value }))
            .sort((left, right) => left.at - right.at)
            .map(({ pair }) => pair)
          let detour = mapOf(shuffled)
          // Others come, are hashed and leave.
          const guests = visitors.filter((key) => get(straight, key) === null)
          for (const key of guests) detour = set(detour, key, utf8('guest'))
          root(detour)
          for (const key of guests) detour = remove(detour, key)
          expect(toHex(root(detour))).toBe(toHex(root(straight)))
          expect(size(detour)).toBe(size(straight))
        },
      ),
      { numRuns: 200 },
    )
  })

  test('tells apart what differs in a key, a value or where one ends', () => {
    const maps = [
      [],
      [['', '']],
      [['a', '']],
      [['', 'a']],
      [['a', 'b']],
      [['ab', '']],
      [
        ['a', 'b'],
        ['', ''],
      ],
      [
        ['a', 'b'],
        ['a\0', ''],
      ],
      [
        ['a', ''],
        ['a\0', 'b'],
      ],
    ]
    const roots = maps.map((pairs) =>
      toHex(root(mapOf(pairs.map(([key, value]) => [utf8(key!), utf8(value!)] as const)))),
    )
    expect(new Set(roots).size).toBe(maps.length)
  })

  test('golden', () => {
    const pairs = ['', 'a', 'ab', 'b', 'ä'].map((key) => [utf8(key), utf8(`value of ${key}`)] as const)
    expect(Array.from({ length: 6 }, (_, count) => toHex(root(mapOf(pairs.slice(0, count)))))).toEqual(goldenRoots)
  })

  test('hashes what is new and nothing else', () => {
    const count = 4096
    const key = (index: number): Bytes => digest('blocktree/1/testKey', utf8(String(index))) as Bytes
    const map = mapOf(Array.from({ length: count }, (_, index) => [key(index), utf8('old')] as const))
    root(map)
    const hashesOf = (work: () => void): number => {
      vi.mocked(digest).mockClear()
      work()
      return vi.mocked(digest).mock.calls.length
    }
    const changes = [0, 1, 2, 3].map((index) => [key(index), utf8('new')] as const)
    const changed = batch(map, changes)
    // Random keys make ways of about log2(4096) = 12 branches; none is near 30.
    expect(hashesOf(() => root(changed))).toBeLessThan(4 * (30 + 2))
    expect(hashesOf(() => root(changed))).toBe(0)
    expect(hashesOf(() => root(map))).toBe(0)
  })
})

/** Computed from the specification by another program: maps of the first 0 to 5 pairs. */
const goldenRoots = [
  'da2c525e041e33e2e39dd9dd283cb23afbf0f54502b88fa5e0f5dcccc027bd27',
  'c6117cdf0807cbf9ca588af527ab9d2c0b40349a6635b5169765626780cc4058',
  '259eed3e1246b16e314d479e3b24907cd2633dd94e988b880d00a87e96e2b603',
  '20a976edb47ee0d7b6ae7da7f132ec7f9f7fa55c863d8f02e6cb6fbec6f9ea07',
  'e111630a5ca36e27866587444912ed3aa854e38eecbff981d0c07a1942810151',
  'e8d7f3528b871dcf45c377635c8732b737f2d676c1fc26c647c0b37a7e27da07',
]

describe('keys that share long beginnings', () => {
  const longest = new Uint8Array(mapKeySizeBytesMax).fill(255)
  /** One branch at every position there is: each key leaves the longest one at another bit. */
  function hostileKeys(): Bytes[] {
    const keys: Bytes[] = [longest]
    for (let position = 0; position < 9 * mapKeySizeBytesMax; position++) {
      const index = Math.floor(position / 9)
      const key = longest.slice(0, position % 9 === 0 ? index : undefined)
      if (position % 9 !== 0) key[index]! ^= 1 << (8 - (position % 9))
      keys.push(key)
    }
    return keys
  }

  test('make the deepest trie there is, and everything still answers', () => {
    const hostile = hostileKeys()
    const map = mapOf(hostile.map((key) => [key, key]))
    expect(size(map)).toBe(2305)
    expect([...entries(map)].map(([key]) => toHex(key))).toEqual([...hostile].sort(compare).map(toHex))
    expect([...entries(map, longest.subarray(0, 255))]).toHaveLength(1 + 9)
    expect(after(map, longest)).toBeNull()
    expect(first(map)![0]).toEqual(new Uint8Array(0))
    let emptied = map
    for (const key of hostile) emptied = remove(emptied, key)
    expect(emptied).toEqual(emptyMap)
  })

  test('make the longest proof, within its bound', () => {
    const map = mapOf(hostileKeys().map((key) => [key, key]))
    const proof = proveKey(map, longest)
    expect(proof.steps).toHaveLength(2304)
    const octets = encode(mapProofWire, proof)
    expect(octets.length).toBeLessThanOrEqual(mapProofSizeBytesMax - mapKeySizeBytesMax - 40)
    expect(verifyProof(root(map), longest, longest, must(decode(mapProofWire, octets, mapProofSizeBytesMax))).ok).toBe(
      true,
    )
  })
})

describe('proofs', () => {
  const claimOf = (map: AuthenticatedMap, key: Bytes) => ({ key, value: get(map, key), proof: proveKey(map, key) })

  test('show what is there and what is not', () => {
    fc.assert(
      fc.property(pairsArbitrary, fc.array(keyArbitrary, { minLength: 1, maxLength: 10 }), (pairs, strangers) => {
        const map = mapOf(pairs)
        for (const key of [...pairs.map(([own]) => own), ...strangers]) {
          const { value, proof } = claimOf(map, key)
          const received = must(decode(mapProofWire, encode(mapProofWire, proof), mapProofSizeBytesMax))
          expect(verifyProof(root(map), key, value, received)).toEqual({ ok: true })
        }
      }),
      { numRuns: 150 },
    )
  })

  test('do not show anything else', () => {
    fc.assert(
      fc.property(pairsArbitrary, keyArbitrary, keyArbitrary, valueArbitrary, (pairs, key, otherKey, otherValue) => {
        const map = mapOf(pairs)
        const { value, proof } = claimOf(map, key)
        const refusedFor = (of: AuthenticatedMap, at: Bytes, is: Bytes | null): void =>
          expect(verifyProof(root(of), at, is, proof).ok).toBe(false)
        if (value === null) refusedFor(map, key, otherValue)
        else {
          refusedFor(map, key, null)
          if (!equal(value, otherValue)) refusedFor(map, key, otherValue)
          refusedFor(remove(map, key), key, value)
        }
        const differs = value === null || !equal(value, otherValue)
        if (differs) refusedFor(set(map, key, otherValue), key, value)
        // Where both are absent one proof may well serve both: it shows the one leaf that either would stand beside.
        const valueThere = get(map, otherKey)
        if (!equal(key, otherKey) && valueThere !== null) {
          refusedFor(map, otherKey, null)
          refusedFor(map, otherKey, valueThere)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('with any bit flipped, cut or made longer are refused', () => {
    const map = mapOf(
      ['', 'a', 'ab', 'abc', 'b', 'ba', 'c'].map((key) => [utf8(key), utf8(`value of ${key}`)] as const),
    )
    for (const text of ['ab', 'abcd', 'x', '']) {
      const key = utf8(text)
      const value = get(map, key)
      const octets = encode(mapProofWire, proveKey(map, key))
      const isTaken = (forged: Uint8Array): boolean => {
        const proof = decode(mapProofWire, forged, mapProofSizeBytesMax)
        return proof.ok && verifyProof(root(map), key, value, proof.value).ok
      }
      expect(isTaken(octets)).toBe(true)
      for (let bit = 0; bit < 8 * octets.length; bit++) {
        const forged = Uint8Array.from(octets)
        forged[bit >> 3]! ^= 1 << (bit & 7)
        expect(isTaken(forged)).toBe(false)
      }
      for (let length = 0; length < octets.length; length++) expect(isTaken(octets.subarray(0, length))).toBe(false)
      expect(isTaken(concat(octets, Uint8Array.of(0)))).toBe(false)
    }
  })

  test('of a branch further down than any key reaches are not read', () => {
    const at = (position: number) => {
      const octets = encode(mapProofWire, { steps: [{ position: 0, sibling: new Uint8Array(32) }], other: null })
      // The head of the record, then a list of steps of two: the position is a single octet there.
      const [before, after] = [octets.subarray(0, 13), octets.subarray(14)]
      return concat(before, Uint8Array.of(0x19, position >> 8, position & 255), after)
    }
    expect(verdictOf(decode(mapProofWire, at(9 * mapKeySizeBytesMax - 1), mapProofSizeBytesMax))).toBe('ok')
    expect(verdictOf(decode(mapProofWire, at(9 * mapKeySizeBytesMax), mapProofSizeBytesMax))).toBe('formatMismatch')
  })

  test('of the absence of a key that no map can have show nothing', () => {
    const map = mapOf([[utf8('a'), utf8('1')]])
    for (const [sizeBytes, verdict] of [
      [mapKeySizeBytesMax, 'ok'],
      [mapKeySizeBytesMax + 1, 'mapProofInvalid'],
    ] as const) {
      const key = new Uint8Array(sizeBytes)
      expect(verdictOf(verifyProof(root(map), key, null, proveKey(map, key)))).toBe(verdict)
    }
  })

  test('of absence need the other leaf on the way of the key', () => {
    const map = mapOf([...'abcdefgh'].map((key) => [utf8(key), utf8(key)] as const))
    // A valid way to "a" does not show that "b", which it parts from, is absent.
    const wayToA = proveKey(map, utf8('a'))
    const forged = {
      steps: wayToA.steps,
      other: { key: utf8('a'), valueHash: digest('blocktree/1/mapValue', utf8('a')) },
    }
    expect(verifyProof(root(map), utf8('b'), null, forged).ok).toBe(false)
    expect(verifyProof(root(map), utf8('a'), null, forged).ok).toBe(false)
  })

  test('of a trie against the rules show nothing', () => {
    // Somebody vouches for a root that no map has, to make one key look present and absent.
    const leafHash = (text: string): Bytes =>
      digest('blocktree/1/mapLeaf', digest('blocktree/1/mapValue', utf8(text)), utf8(text))
    const branchHash = (position: number, zero: Bytes, one: Bytes): Bytes =>
      digest('blocktree/1/mapBranch', Uint8Array.of(0, position), zero, one)
    const sibling = leafHash('x')
    const a = { key: utf8('a'), valueHash: digest('blocktree/1/mapValue', utf8('a')) }
    // "a" is 1 0110 0001 and "b" 1 0110 0010: they part at position 7.
    const lower = branchHash(7, leafHash('a'), sibling)
    const falling = { steps: [8, 7].map((position) => ({ position, sibling })), other: null }
    expect(verifyProof(branchHash(8, sibling, lower), utf8('a'), utf8('a'), falling).ok).toBe(false)
    const twice = { steps: [7, 7].map((position) => ({ position, sibling })), other: null }
    expect(verifyProof(branchHash(7, lower, sibling), utf8('a'), utf8('a'), twice).ok).toBe(false)
    const wrongSide = { steps: [{ position: 7, sibling }], other: a }
    expect(verifyProof(branchHash(7, sibling, leafHash('a')), utf8('b'), null, wrongSide).ok).toBe(false)
    const overEmpty = { steps: [{ position: 7, sibling }], other: null }
    expect(verifyProof(root(emptyMap), utf8('b'), null, overEmpty).ok).toBe(false)
  })

  test('golden', () => {
    const map = mapOf([...'ab'].map((key) => [utf8(key), utf8(key)] as const))
    expect(toHex(encode(mapProofWire, proveKey(map, utf8('a'))))).toBe(goldenPresence)
    expect(toHex(encode(mapProofWire, proveKey(map, utf8('aa'))))).toBe(goldenAbsence)
    expect(toHex(encode(mapProofWire, proveKey(emptyMap, utf8('a'))))).toBe('84686d617050726f6f660180f6')
  })
})

// In the map of a and b: the branch at position 7, with the leaf of b beside a.
const goldenPresence =
  '84686d617050726f6f66018182075820e7af7c2ce6710e4d9a454f110ea46e297f6a1954145bb3a21d38df1534f1ce6af6'
const goldenAbsence =
  '84686d617050726f6f66018182075820e7af7c2ce6710e4d9a454f110ea46e297f6a1954145bb3a21d38df1534f1ce6a8241615820fae46764bf4ed80fcb96df3eb202b42ca7f5c97c80e580cb7803820206060eaf'

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Bytes, must, ok, toHex, utf8 } from '../bytes/bytes.ts'
import {
  type PublicCredential,
  digest,
  ed25519Message,
  ed25519PublicKey,
  openAes,
  sealAes,
  signEd25519,
  verifyClaim,
  x25519PublicKey,
} from '../crypto/crypto.ts'
import { decodeFault } from '../crypto/testing/damage.ts'
import { plainDigestMany, rootOfLevels } from '../merkle/merkle.ts'
import {
  type FragmentBody,
  type FragmentId,
  type FragmentRecordKind,
  type FragmentSetBody,
  type SignedFragmentRecord,
  answerBy,
  checkFragment,
  claimOfFragmentRecord,
  codedSizeOf,
  decodeFragmentRecord,
  encodeAnswer,
  encodeChallenge,
  encodeFragmentRecord,
  fragmentIdOf,
  fragmentKey,
  fragmentRecordBody,
  fragmentRecordDomain,
  fragmentRecordHash,
  fragmentSizeBytesOf,
  fragmentTree,
  isFragmentId,
  pieceSizeBytesOf,
  placeTag,
  planOpenPiece,
  planSealPiece,
  provedLeafOf,
  stripeAt,
  stripeOfFragment,
  stripesOf,
} from './fragment.ts'

const octetsOf = (octet: number, sizeBytes = 32): Bytes => new Uint8Array(sizeBytes).fill(octet)
const secret = octetsOf(1)
const author: PublicCredential = {
  suite: 1,
  signingKey: ed25519PublicKey(secret),
  kemKey: x25519PublicKey(octetsOf(2)),
}
const setFields: FragmentSetBody = {
  place: placeTag(octetsOf(3), { treeId: octetsOf(4), ids: [octetsOf(5, 16)] }),
  contentRoot: octetsOf(6),
  sizeBytes: codedSizeOf(100_000),
  sourceSymbolCount: 14,
  author,
  writecapHash: octetsOf(7),
}

function sign<K extends FragmentRecordKind>(kind: K, body: Bytes): Bytes {
  const signature = signEd25519(secret, ed25519Message(fragmentRecordDomain(kind), body))
  return encodeFragmentRecord({ kind, body, signature } as unknown as SignedFragmentRecord)
}
const setBody = fragmentRecordBody('fragmentSet', setFields)
const setId = fragmentRecordHash('fragmentSet', setBody)
const stripe = stripeAt(setFields.sizeBytes, setFields.sourceSymbolCount, 0)!
const fragmentFields: FragmentBody = {
  setId,
  stripe: 0,
  encodingSymbolId: 20,
  storer: octetsOf(8),
  sizeBytes: fragmentSizeBytesOf(stripe),
  root: octetsOf(9),
  author,
  writecapHash: octetsOf(7),
}
const fragmentBody = fragmentRecordBody('fragment', fragmentFields)
const set = must(decodeFragmentRecord('fragmentSet', sign('fragmentSet', setBody)))
const fragment = must(decodeFragmentRecord('fragment', sign('fragment', fragmentBody)))

describe('records of fragments', () => {
  test('say what was written, signed by their author', () => {
    expect(set.fields).toEqual(setFields)
    expect(fragment.fields).toEqual(fragmentFields)
    expect(set.hash).toEqual(setId)
    for (const signed of [set, fragment]) expect(verifyClaim(claimOfFragmentRecord(signed))).toBe(true)
    expect(fragmentIdOf(fragment.fields)).toEqual({ setId, stripe: 0, encodingSymbolId: 20 })
  })

  test('are none of each other', () => {
    expect(decodeFragmentRecord('fragment', sign('fragmentSet', setBody)).ok).toBe(false)
    expect(decodeFragmentRecord('fragmentSet', sign('fragment', fragmentBody)).ok).toBe(false)
  })

  test('fit together, or are refused', () => {
    expect(must(stripeOfFragment(set, fragment))).toEqual(stripe)
    for (const wrong of [{ setId: octetsOf(1) }, { stripe: 1 }, { sizeBytes: 1024 }, { stripe: 2 ** 52 }])
      expect(stripeOfFragment(set, { ...fragment, fields: { ...fragment.fields, ...wrong } })).toMatchObject({
        ok: false,
        fault: { code: 'recordInconsistent' },
      })
    // A size from a stranger is no reason to count for long.
    const vast = { ...set, fields: { ...set.fields, sizeBytes: Number.MAX_SAFE_INTEGER } }
    expect(stripeOfFragment(vast, fragment).ok).toBe(false)
  })

  test('contradict themselves nowhere', () => {
    const wrong = [{ sourceSymbolCount: 0 }, { sourceSymbolCount: 255 }, { sizeBytes: 100_000 }, { sizeBytes: 2048 }]
    for (const fields of wrong) {
      const body = fragmentRecordBody('fragmentSet', { ...setFields, ...fields })
      expect(decodeFragmentRecord('fragmentSet', sign('fragmentSet', body))).toMatchObject({
        ok: false,
        fault: { code: 'recordInconsistent' },
      })
    }
    const body = fragmentRecordBody('fragment', { ...fragmentFields, encodingSymbolId: 2 ** 24 })
    expect(decodeFragmentRecord('fragment', sign('fragment', body)).ok).toBe(false)
    expect([-1, 0.5, 2 ** 24].map(isFragmentId)).toEqual([false, false, false])
  })

  test('tell of a size what it has in common with many', () => {
    const published = (sizeBytes: number): string => {
      const coded = codedSizeOf(sizeBytes)
      const pieces = stripesOf(coded, 14).map(fragmentSizeBytesOf)
      return `${fragmentRecordBody('fragmentSet', { ...setFields, sizeBytes: coded }).length} ${coded} ${pieces.join()}`
    }
    const sizes = Array.from({ length: 1024 }, (_, at) => 1024 * at + (at % 1024))
    // Where each would be another by itself.
    expect(new Set(sizes).size).toBe(1024)
    expect(new Set(sizes.map(published)).size).toBeLessThan(200)
    for (const sizeBytes of sizes) {
      expect(codedSizeOf(sizeBytes)).toBeGreaterThanOrEqual(sizeBytes)
      expect(codedSizeOf(sizeBytes)).toBeLessThanOrEqual(Math.max(4096, 1.0625 * sizeBytes))
    }
    expect(new Set([0, 1, 300, 4096].map(published)).size).toBe(1)
  })

  test('hide the path from those without its key', () => {
    const path = { treeId: octetsOf(4), ids: [octetsOf(5, 16)] }
    expect(placeTag(octetsOf(3), path)).toEqual(setFields.place)
    expect(placeTag(octetsOf(4), path)).not.toEqual(setFields.place)
  })

  test('any octets are refused by code, or encode to the same again', () => {
    const good = [sign('fragmentSet', setBody), sign('fragment', fragmentBody)]
    const damaged = fc.tuple(fc.constantFrom(...good), fc.nat(), fc.nat(255)).map(([from, at, value]) => {
      const copied = from.slice()
      copied[at % copied.length] = value
      return copied
    })
    const code = new RegExp(`${decodeFault.source}|^recordInconsistent$`)
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 500 }), damaged), (octets) => {
        for (const kind of ['fragmentSet', 'fragment'] as const) {
          const decoded = decodeFragmentRecord(kind, octets)
          if (decoded.ok) expect(encodeFragmentRecord(decoded.value)).toEqual(Uint8Array.from(octets))
          else expect(decoded.fault.code).toMatch(code)
        }
      }),
      { numRuns: 1000 },
    )
  })
})

describe('a sealed fragment', () => {
  const id: FragmentId = { setId, stripe: 0, encodingSymbolId: 20 }
  const key = fragmentKey(octetsOf(10), octetsOf(8), id)
  const symbol = octetsOf(11, stripe.T)
  const sealing = planSealPiece(key, id, 0, symbol)
  const sealed = sealAes(sealing.key, sealing.nonce, symbol, sealing.associatedData)

  test('opens for who has the key of that storer', () => {
    expect(sealed.length).toBe(pieceSizeBytesOf(stripe))
    const opening = must(planOpenPiece(key, id, 0, stripe, sealed))
    expect(openAes(opening.key, opening.nonce, sealed, opening.associatedData)).toEqual(symbol)
  })

  test('is another for each storer, fragment and piece', () => {
    const others = [
      planSealPiece(fragmentKey(octetsOf(10), octetsOf(9), id), id, 0, symbol),
      planSealPiece(fragmentKey(octetsOf(11), octetsOf(8), id), id, 0, symbol),
      planSealPiece(fragmentKey(octetsOf(10), octetsOf(8), { ...id, encodingSymbolId: 21 }), id, 0, symbol),
      planSealPiece(fragmentKey(octetsOf(10), octetsOf(8), { ...id, stripe: 1 }), id, 0, symbol),
      planSealPiece(key, id, 1, symbol),
    ]
    const keys = [sealing, ...others].map((plan) => toHex(plan.key))
    expect(new Set(keys).size).toBe(keys.length)
    for (const other of others) expect(openAes(other.key, other.nonce, sealed, other.associatedData)).toBe(null)
  })

  test('any octets in its place are refused', () => {
    const root = rootOfLevels(fragmentTree(sealed, plainDigestMany))
    expect(checkFragment(sealed, sealed.length, root, plainDigestMany)).toEqual(ok)
    const damaged = fc.tuple(fc.nat(sealed.length - 1), fc.integer({ min: 1, max: 255 })).map(([at, change]) => {
      const copied = sealed.slice()
      copied[at]! ^= change
      return copied
    })
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 2000 }), damaged), (octets) => {
        expect(checkFragment(octets, sealed.length, root, plainDigestMany)).toMatchObject({
          ok: false,
          fault: { code: 'fragmentDamaged' },
        })
        const opening = planOpenPiece(key, id, 0, stripe, octets as Bytes)
        if (opening.ok)
          expect(openAes(opening.value.key, opening.value.nonce, octets, opening.value.associatedData)).toBe(null)
        else expect(opening.fault.code).toBe('fragmentDamaged')
      }),
    )
    expect(planOpenPiece(key, id, stripe.Z, stripe, sealed).ok).toBe(false)
  })
})

/** Octets of one example of every format, as `spec.md` describes it. */
test('formats are pinned', async () => {
  const leaves = Uint8Array.from({ length: 3000 }, (_, at) => at)
  const levels = fragmentTree(leaves, plainDigestMany)
  const challenge = {
    form: 'public',
    nonce: digest('blocktree/1/test', utf8('beacon')),
    storer: octetsOf(8),
    root: rootOfLevels(levels),
    sizeBytes: leaves.length,
    leafCount: 4,
  } as const
  const answer = encodeAnswer(answerBy(challenge, (index) => provedLeafOf(leaves, levels, index)))
  const id = fragmentIdOf(fragmentFields)
  const examples: Record<string, Uint8Array> = {
    'place tag': setFields.place,
    'fragment set': sign('fragmentSet', setBody),
    'fragment set id': setId,
    fragment: sign('fragment', fragmentBody),
    'fragment key': fragmentKey(octetsOf(10), octetsOf(8), id),
    'piece key': planSealPiece(fragmentKey(octetsOf(10), octetsOf(8), id), id, 1, new Uint8Array(stripe.T)).key,
    'piece associated data': planSealPiece(octetsOf(1), id, 1, new Uint8Array(stripe.T)).associatedData,
    'fragment root': challenge.root,
    challenge: encodeChallenge(challenge),
    'hash of the challenge answer': digest('blocktree/1/test', answer),
  }
  const text = Object.entries(examples).map(([name, octets]) => `${name}\n${toHex(octets)}\n`)
  await expect(text.join('\n')).toMatchFileSnapshot('golden.txt')
})

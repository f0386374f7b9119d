/** The five rules of the paper (L88-L99), each by its sentence, and what beside them makes a chain worthless. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Bytes, equal, must } from '../bytes/bytes.ts'
import { verdictOf } from '../bytes/testing/verdict.ts'
import { type CredentialSet, principalOf, verifyClaim } from '../crypto/crypto.ts'
import { childPath } from '../path/path.ts'
import {
  alice,
  endMs,
  hash,
  id,
  mallory,
  nodeCap,
  ownerCap,
  ownerSet,
  person,
  root,
  treeId,
} from '../tree/testing/forest.ts'
import {
  type Chain,
  allRights,
  chainLengthMax,
  checkRight,
  checkWritecap,
  checkedWhere,
  claimsOfChain,
  isHeldBy,
  rights,
  trusted,
  writecapOf,
  writecapSizeBytesMax,
} from './cap.ts'

const bob = person(3)
const mail = childPath(root, id(1))
const letter = childPath(mail, id(2))
const setOf = (hash: Bytes): CredentialSet | null => (equal(hash, treeId) ? ownerSet : null)

/** Signatures, then rules: the code of the first thing that is wrong. */
function verdict(chain: Chain, path = letter, nowMs = 1000, tree = treeId): string {
  const claims = claimsOfChain(chain, setOf)
  if (!claims.ok) return verdictOf(claims)
  const checked = checkedWhere(chain, claims.value.map(verifyClaim))
  return verdictOf(checked.ok ? checkWritecap(checked.value, path, tree, nowMs) : checked)
}

const toAlice = ownerCap(alice)
const toBob = nodeCap(alice, bob, mail)
const length = (count: number): Chain => {
  const people = [alice, ...Array.from({ length: count - 1 }, (_, at) => person(50 + at))]
  return people.map((holder, at) => (at === 0 ? toAlice : nodeCap(people[at - 1]!, holder))).toReversed()
}

describe('valid', () => {
  test.each<[string, Chain, typeof letter, number]>([
    ['one link, the root path itself', [toAlice], root, 1000],
    ['two links', [toBob, toAlice], letter, 1000],
    ['the exact path of the scope', [toBob, toAlice], mail, 1000],
    ['as long as a chain may be', length(chainLengthMax), letter, 1000],
    ['one millisecond before the end', [toBob, toAlice], letter, endMs - 1],
    [
      'a scope wider than its issuer’s: the narrower counts',
      [nodeCap(bob, mallory, root), toBob, toAlice],
      letter,
      1000,
    ],
  ])('%s', (_name, chain, path, nowMs) => expect(verdict(chain, path, nowMs)).toBe('ok'))
})

describe('"The signature on every writecap in the chain is valid."', () => {
  const flip = (signature: Uint8Array) => Uint8Array.from(signature, (octet, at) => (at === 5 ? octet ^ 1 : octet))
  test('one bit of a node’s signature', () => {
    expect(toBob.signature.tag).toBe('node')
    const bent = { ...toBob, signature: { tag: 'node' as const, value: flip(toBob.signature.value as Uint8Array) } }
    expect(verdict([bent, toAlice] as Chain)).toBe('signatureInvalid')
  })
  test('the signature of another writecap of the same issuer', () =>
    expect(verdict([{ ...toBob, signature: nodeCap(alice, mallory, mail).signature }, toAlice])).toBe(
      'signatureInvalid',
    ))
  test('any single bit of a body', () => {
    fc.assert(
      fc.property(fc.nat(toBob.body.length * 8 - 1), (bit) => {
        const body = Uint8Array.from(toBob.body)
        body[bit >> 3]! ^= 1 << (bit & 7)
        return verdict([{ ...toBob, body }, toAlice]) === 'signatureInvalid'
      }),
      { numRuns: 60 },
    )
  })
  test('a root that the tree never had', () => {
    const foreign = { ...toAlice, issuer: { tag: 'root' as const, value: { setHash: hash(1) } } }
    expect(verdict([foreign])).toBe('credentialSetUnknown')
  })
  test('a kind of key other than the one named', () =>
    expect(verdict([{ ...toBob, signature: toAlice.signature }, toAlice])).toBe('issuerMismatch'))
})

describe('"The signing principal matches the principal the next writecap was issued to."', () => {
  test.each<[string, Chain]>([
    ['the middle is left out', [nodeCap(bob, mallory, mail), toAlice]],
    ['the order is reversed', [toAlice, toBob]],
    ['a stranger signs for himself', [nodeCap(mallory, mallory), toAlice]],
    ['the same link twice', [toBob, toBob, toAlice]],
  ])('%s', (_name, chain) => expect(verdict(chain)).toBe('issuerNotHolder'))
  test('who may not grant passes nothing on', () =>
    expect(verdict([nodeCap(bob, mallory, mail), nodeCap(alice, bob, mail, rights.write), toAlice])).toBe(
      'grantMissing',
    ))
  test('nothing outlasts what it comes from', () =>
    expect(verdict([nodeCap(alice, bob, mail, allRights, endMs + 1), toAlice])).toBe('expiryWidened'))
})

describe('"The path of the block is contained in the path of every writecap in the chain."', () => {
  test.each([
    ['the parent of the scope', root],
    ['a sibling', childPath(root, id(9))],
    ['another tree, same ids', { treeId: new Uint8Array(32), ids: mail.ids }],
  ])('%s', (_name, path) => expect(verdict([toBob, toAlice], path)).toBe('pathOutsideScope'))
  test('the issuer’s own scope counts too', () =>
    expect(verdict([nodeCap(bob, mallory, root), toBob, toAlice], childPath(root, id(9)))).toBe('pathOutsideScope'))
})

describe('"The current timestamp is strictly less than the expiration of all the writecaps in the chain."', () => {
  test('not at that very millisecond', () => expect(verdict([toBob, toAlice], letter, endMs)).toBe('writecapExpired'))
  test('the leaf alone', () =>
    expect(verdict([nodeCap(alice, bob, mail, allRights, 500), toAlice])).toBe('writecapExpired'))
})

describe('"…is the owner of the blocktree."', () => {
  test('a chain that ends at a node', () => expect(verdict([nodeCap(alice, alice)])).toBe('issuerNotOwner'))
  test('no link at all, and one too many', () => {
    expect(verdict([])).toBe('chainLength')
    expect(verdict(length(chainLengthMax + 1))).toBe('chainLength')
  })
})

describe('where others ask a part of it', () => {
  test('the rules alone do not take a chain without a link, nor one too long', () => {
    expect(verdictOf(checkWritecap(trusted([]), letter, treeId, 1000))).toBe('chainLength')
    expect(verdictOf(checkWritecap(trusted(length(chainLengthMax)), letter, treeId, 1000))).toBe('ok')
    expect(verdictOf(checkWritecap(trusted(length(chainLengthMax + 1)), letter, treeId, 1000))).toBe('chainLength')
  })
  test('nor is any signature of such a one looked at', () => {
    for (const count of [0, chainLengthMax + 1])
      expect(verdictOf(claimsOfChain(count === 0 ? [] : length(count), setOf))).toBe('chainLength')
    expect(must(claimsOfChain(length(chainLengthMax), setOf))).toHaveLength(chainLengthMax)
  })
  test('the owner is of the tree that is asked for, whatever tree the path and its scopes name', () =>
    expect(verdict([toBob, toAlice], letter, 1000, hash(1))).toBe('issuerNotOwner'))
  test('one verdict against it is enough', () => {
    expect(verdictOf(checkedWhere([toBob, toAlice], [true, false]))).toBe('signatureInvalid')
    expect(verdictOf(checkedWhere([toBob, toAlice], [false, true]))).toBe('signatureInvalid')
    expect(checkedWhere([toBob, toAlice], [true, true])).toEqual({ ok: true, value: [toBob, toAlice] })
  })
  test('a chain is held by the holder of its first link', () => {
    expect(isHeldBy([toBob, toAlice], principalOf(bob.credential))).toBe(true)
    expect(isHeldBy([toBob, toAlice], principalOf(alice.credential))).toBe(false)
    expect(isHeldBy([], principalOf(alice.credential))).toBe(false)
  })
  test('a writecap is made of a body, and of nothing else', () => {
    expect(writecapOf(toBob.body, toBob.signature)).toEqual({ ok: true, value: toBob })
    expect(verdictOf(writecapOf(toBob.body.slice(1), toBob.signature))).toBe('formatInvalid')
    expect(verdictOf(writecapOf(new Uint8Array(writecapSizeBytesMax + 1), toBob.signature))).toBe('formatTooLong')
  })
})

test('rights are explicit and only narrow', () => {
  expect(verdictOf(checkRight([], rights.write))).toBe('rightMissing')
  expect(allRights).toBe(15)
  const readOnlyHolder = [nodeCap(alice, bob, mail, rights.write), toAlice]
  expect(checkRight(readOnlyHolder, rights.write).ok).toBe(true)
  expect(checkRight(readOnlyHolder, rights.grant).ok).toBe(false)
  expect(
    checkRight([nodeCap(bob, mallory, mail), nodeCap(alice, bob, mail, rights.grant), toAlice], rights.write).ok,
  ).toBe(false)
  expect(must(claimsOfChain(readOnlyHolder, setOf))).toHaveLength(2)
})

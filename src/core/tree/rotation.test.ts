import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { atOnce, equal, must } from '../bytes/bytes.ts'
import {
  type CredentialSet,
  credentialSetHash,
  principalOf,
  recoverySign,
  verifyClaim,
  x25519PublicKey,
} from '../crypto/crypto.ts'
import { type Passkey, passkey } from '../crypto/testing/authenticator.ts'
import { rights } from '../cap/cap.ts'
import { remove, set as put } from '../merkle/merkle.ts'
import { childPath } from '../path/path.ts'
import { type Operation, examineBatch } from './batch.ts'
import { examineExcerpt, excerptFor } from './excerpt.ts'
import {
  type SetStep,
  claimsOfSets,
  claimsOfSteps,
  descendsFrom,
  knownSetOf,
  objectionMs,
  pendingSetOf,
  setChangeBody,
  setChangeDomain,
  setInForce,
  setSteps,
} from './set-change.ts'
import { type TreeState, encodeRow, entryOf, keys, readRow, setOf, summaryOf } from './state.ts'
import {
  access,
  admission,
  alice,
  aliceCap,
  change,
  commit,
  dismissedBy,
  dismissedByRoot,
  entry,
  founded,
  hash,
  id,
  mallory,
  newDirectory,
  ownerCap,
  person,
  root,
  takeOver,
  treeId,
  withDevice,
} from './testing/forest.ts'
import {
  type RootSigner,
  added,
  byCard,
  capBy,
  card,
  changeSet,
  handedOver,
  membersOf,
  nextSet,
  otherCard,
  revealed,
  setIn,
  signedAs,
  vetoed,
  wrapOf,
  wrapsFor,
  wrapsIn,
} from './testing/roots.ts'

const dayMs = 24 * 60 * 60 * 1000
const yearMs = 365 * dayMs
const startMs = 2000
const [first, second, third, stolen] = [31, 32, 33, 34].map(passkey) as [Passkey, Passkey, Passkey, Passkey]

/** Of a tree whose root is the card alone, then card and passkey; Alice's device lasts long enough. */
const aliceForLong = ownerCap(alice, root, undefined, yearMs)
const withCard = commit(founded(), [{ tag: 'extend', value: { writecap: aliceForLong } }], startMs).state
const withFirst = after(withCard, byCard(withCard, 0, first))
const waiting = after(withFirst, added(withFirst, first, second))
const dueMs = summaryOf(waiting)!.stampMs + objectionMs
const withSecond = after(waiting, note(), dueMs)

/** Something that is no matter of the root. */
function note(): Operation {
  return change([entry(root, id(77), 'directory', {}, alice, aliceForLong)])
}
/** @returns the code of what stops it at either gate, `ok` where nothing does */
function judged(state: TreeState, operation: Operation, stampMs = summaryOf(state)!.stampMs + 1): string {
  const claims = examineBatch(treeId, { stampMs, operations: [operation] }, (at) => knownSetOf(state, at))
  if (!claims.ok) return claims.fault.code
  if (!claims.value.every(verifyClaim)) return 'signatureInvalid'
  const [outcome] = commit(state, [operation], stampMs).outcomes
  if (!outcome!.ok) return outcome!.fault.code
  return outcome!.repeated ? 'repeated' : 'ok'
}
function after(state: TreeState, operation: Operation, stampMs = summaryOf(state)!.stampMs + 1): TreeState {
  expect(judged(state, operation, stampMs)).toBe('ok')
  return commit(state, [operation], stampMs).state
}
const idsIn = (state: TreeState): readonly number[] => setIn(state).members.map(({ credentialId }) => credentialId[0]!)

// --- gate 1 ---------------------------------------------------------------------------------------------------------------

describe('a set follows the one before it', () => {
  const { members } = membersOf(first)
  const key = (octet: number) => card(0, octet).signingPublicKey

  test.each<[string, () => Operation, string]>([
    ['by a passkey, that adds another', () => added(withFirst, first, second), 'ok'],
    ['by the card, without any passkey', () => byCard(withFirst, 1), 'ok'],
    ['by the card, with others', () => byCard(withFirst, 1, second, third), 'ok'],
    ['by a passkey, that removes itself', () => changeSet(withFirst, first, membersOf()), 'setChangeWrong'],
    ['by a passkey, that takes its place', () => changeSet(withFirst, first, membersOf(second)), 'setChangeWrong'],
    [
      'by a passkey, that adds two',
      () => changeSet(withFirst, first, membersOf(first, second, third)),
      'setChangeWrong',
    ],
    ['by a passkey, that changes nothing', () => changeSet(withFirst, first, {}), 'setChangeWrong'],
    [
      'by a passkey, that puts another before it',
      () => changeSet(withFirst, first, membersOf(second, first)),
      'setChangeWrong',
    ],
    [
      'by a passkey, that says of itself that it is bound',
      () => changeSet(withFirst, first, { members: [{ ...members[0]!, synced: false }, second.member] }),
      'setChangeWrong',
    ],
    [
      'by a passkey, that gives its name to another key',
      () =>
        changeSet(withFirst, first, {
          members: [{ ...members[0]!, publicKey: third.member.publicKey }, second.member],
        }),
      'setChangeWrong',
    ],
    ...(
      [
        ['another site', { origins: ['https://tree.example', 'https://other.example'] }],
        ['another host', { rpIdHash: hash(1) }],
        ['another recovery key', { recoveryKey: key(8) }],
        ['the next recovery key', revealed(2)],
        ['another next recovery key', { nextRecoveryHash: hash(1) }],
        ['another KEM key', { rootKemKey: x25519PublicKey(hash(7)) }],
      ] as [string, Partial<CredentialSet>][]
    ).map(
      ([what, more]) =>
        [
          `by a passkey, that brings ${what} along`,
          () => changeSet(withFirst, first, { ...membersOf(first, second), ...more }),
          'setChangeWrong',
        ] as [string, () => Operation, string],
    ),
    ['by the card, that keeps its key', () => changeSet(withFirst, 1, membersOf()), 'setChangeWrong'],
    [
      'by the card, with a key that nothing committed to',
      () => changeSet(withFirst, 1, { ...membersOf(), ...revealed(2), recoveryKey: key(8) }),
      'setChangeWrong',
    ],
    [
      'by the card, with another KEM key',
      () => changeSet(withFirst, 1, { ...revealed(2), rootKemKey: x25519PublicKey(hash(7)) }),
      'setChangeWrong',
    ],
    ['by the card, with a key that was used up', () => changeSet(withFirst, 0, revealed(2)), 'signatureInvalid'],
    ['by the card, with the key after', () => changeSet(withFirst, 2, revealed(2)), 'signatureInvalid'],
    [
      'after one that was never there',
      () => changeSet(withFirst, 1, { ...revealed(2), previousHash: hash(1) }),
      'credentialSetUnknown',
    ],
    [
      'with a number that is not higher',
      () => changeSet(withFirst, 1, { ...revealed(2), sequence: 1 }),
      'setChangeWrong',
    ],
  ])('%s', (_name, operation, code) => expect(judged(withFirst, operation())).toBe(code))

  test('signed by a passkey that only waits, or is no member', () => {
    const set = nextSet(withFirst, membersOf(first, third))
    const body = setChangeBody(set, wrapsIn(withFirst))
    for (const signer of [second, stolen]) {
      const signature = signedAs(signer, { ...setIn(withFirst), ...membersOf(signer) }, setChangeDomain, body)
      const operation: Operation = { tag: 'changeSet', value: { set, wraps: wrapsIn(withFirst), signature } }
      expect(judged(withFirst, operation)).toBe('signatureInvalid')
    }
  })

  test('signed for other wraps', () => {
    const { value } = added(withFirst, first, second) as Extract<Operation, { tag: 'changeSet' }>
    const wraps = { ...value.wraps, byPasskey: [wrapOf(stolen)] }
    expect(judged(withFirst, { tag: 'changeSet', value: { ...value, wraps } })).toBe('passkeyWrongChallenge')
  })

  test('at the wrong site, or without that it was him', () => {
    const { value } = added(withFirst, first, second) as Extract<Operation, { tag: 'changeSet' }>
    const { signature } = value
    if (signature.tag !== 'passkey') throw new Error('expected a passkey')
    const authenticatorData = signature.value.authenticatorData.slice()
    authenticatorData[32] = 1
    const careless = { ...signature, value: { ...signature.value, authenticatorData } }
    expect(judged(withFirst, { tag: 'changeSet', value: { ...value, signature: careless } })).toBe('passkeyNotVerified')
  })
})

// --- gate 2 ---------------------------------------------------------------------------------------------------------------

describe('a passkey that another one brings in', () => {
  test('waits for 72 hours, then counts before all that is stamped so', () => {
    expect(idsIn(waiting)).toEqual([31])
    expect(pendingSetOf(waiting)).not.toBeNull()
    const early = after(waiting, note(), dueMs - 1)
    expect(idsIn(early)).toEqual([31])
    expect(idsIn(withSecond)).toEqual([31, 32])
    expect(pendingSetOf(withSecond)).toBeNull()
    expect(readRow(withSecond, 'setChange', keys.setChange(summaryOf(withSecond)!.setHash))!.atMs).toBe(dueMs)
    expect(setInForce(waiting, dueMs - 1)).toBe(setIn(waiting))
    expect(setInForce(waiting, dueMs)).toEqual(setIn(withSecond))
  })

  test('counts for the very batch that brings it in', () => {
    const phone = person(5)
    const bySecond = (stampMs: number) => {
      const cap = capBy(second, setInForce(waiting, dueMs)!, phone, { expiresAtMs: dueMs + yearMs })
      return judged(waiting, admission(waiting, phone, cap, aliceForLong), stampMs)
    }
    expect(bySecond(dueMs - 1)).toBe('setReplaced')
    expect(bySecond(dueMs)).toBe('ok')
  })

  test('has no time that a refused operation gives it', () => {
    const refused: Operation = dismissedBy(mallory, alice, aliceForLong)
    expect(judged(waiting, refused, dueMs)).toBe('deviceUnknown')
    const { state } = commit(waiting, [refused], dueMs)
    expect(idsIn(state)).toEqual([31, 32])
  })

  test('brings its own wrap, and nothing else', () => {
    const wraps = wrapsIn(withFirst)
    const withWraps = (byPasskey: (typeof wraps)['byPasskey'], more: object = {}) =>
      judged(withFirst, changeSet(withFirst, first, membersOf(first, second), { ...wraps, byPasskey, ...more }))
    expect(withWraps([wrapOf(second)])).toBe('ok')
    expect(withWraps([wrapOf(stolen)])).toBe('setChangeWrong')
    expect(withWraps([wrapOf(second), wrapOf(second)])).toBe('setChangeWrong')
    expect(withWraps([], { byRecoveryKey: new Uint8Array(72) })).toBe('setChangeWrong')
    expect(withWraps([], { recoveryKemKey: new Uint8Array(32) })).toBe('setChangeWrong')
    const wrapped = after(withFirst, changeSet(withFirst, 1, revealed(2), { ...wraps, byPasskey: [wrapOf(first)] }))
    const change = { members: [...setIn(wrapped).members, second.member] }
    expect(judged(wrapped, changeSet(wrapped, first, change, { ...wraps, byPasskey: [] }))).toBe('setChangeWrong')
    expect(judged(wrapped, changeSet(wrapped, first, change, { ...wraps, byPasskey: [wrapOf(second)] }))).toBe(
      'setChangeWrong',
    )
    expect(judged(wrapped, changeSet(wrapped, first, change))).toBe('ok')
  })

  test('waits alone', () => {
    expect(judged(waiting, added(waiting, first, third))).toBe('setPending')
    expect(judged(waiting, added(withFirst, first, second))).toBe('repeated')
    expect(judged(withSecond, added(withFirst, first, second))).toBe('repeated')
    expect(judged(withSecond, added(withSecond, second, third))).toBe('ok')
  })

  test('never counts where a device objects, and its number never comes again', () => {
    const stopped = after(waiting, vetoed(waiting, alice, aliceForLong), dueMs - 1)
    expect(pendingSetOf(stopped)).toBeNull()
    expect(idsIn(after(stopped, note(), dueMs + yearMs / 2))).toEqual([31])
    // The same signature again, which needs no passkey any more.
    expect(judged(stopped, added(withFirst, first, second))).toBe('setStale')
    const again = after(stopped, added(stopped, first, second))
    expect(pendingSetOf(again)!.set.sequence).toBe(pendingSetOf(waiting)!.set.sequence + 1)
    expect(knownSetOf(again, credentialSetHash(pendingSetOf(waiting)!.set))).toBeNull()
  })

  test('is stopped by any own device, and by nobody else', () => {
    const [phone, guest] = [person(5), person(6)]
    const mail = childPath(root, id(1))
    const guestCap = ownerCap(guest, mail, rights.write)
    const shared = withDevice(commit(founded(), [change(newDirectory(root, id(1)))]).state, guest, guestCap)
    const planted = after(shared, byCard(shared, 0, first))
    const phoneCap = capBy(first, setIn(planted), phone)
    const withPhone = after(planted, admission(planted, phone, phoneCap))
    const asked = after(withPhone, added(withPhone, first, second))
    expect(judged(asked, vetoed(asked, phone, phoneCap))).toBe('ok')
    expect(judged(asked, vetoed(asked))).toBe('ok')
    expect(judged(asked, vetoed(asked, guest, guestCap))).toBe('pathOutsideScope')
    expect(judged(asked, vetoed(asked, mallory, phoneCap))).toBe('writecapNotHeld')
    expect(judged(asked, vetoed(asked, phone, phoneCap, undefined, hash(1)))).toBe('deviceForeign')
    const without = after(asked, dismissedBy(phone, alice, aliceCap))
    expect(judged(without, vetoed(without, phone, phoneCap))).toBe('writecapRevoked')
    const { value } = vetoed(asked, phone, phoneCap) as Extract<Operation, { tag: 'veto' }>
    const unsigned = { veto: { ...value.veto, signature: new Uint8Array(64) } }
    expect(judged(asked, { tag: 'veto', value: unsigned })).toBe('signatureInvalid')
  })

  test('is past objecting once it counts, and where it was stopped', () => {
    const veto = vetoed(waiting, alice, aliceForLong)
    expect(judged(waiting, veto, dueMs - 1)).toBe('ok')
    expect(judged(waiting, veto, dueMs)).toBe('vetoLate')
    expect(judged(withSecond, veto)).toBe('vetoLate')
    expect(judged(after(waiting, veto), veto)).toBe('repeated')
    expect(judged(withFirst, veto)).toBe('repeated')
  })
})

describe('the card', () => {
  test('changes all at once, and clears what waits', () => {
    const removed = after(withSecond, byCard(withSecond, 1, second))
    expect(idsIn(removed)).toEqual([32])
    const taken = after(waiting, byCard(waiting, 1, first))
    expect(pendingSetOf(taken)).toBeNull()
    expect(idsIn(after(taken, note(), dueMs + 1))).toEqual([31])
    expect(judged(taken, byCard(waiting, 1, first))).toBe('repeated')
  })

  test('is used up by each change', () => {
    const once = after(withFirst, byCard(withFirst, 1, second))
    expect(judged(once, byCard(once, 1, first))).toBe('setChangeWrong')
    expect(judged(once, byCard(once, 2, first))).toBe('ok')
  })

  test('changes nothing that was changed meanwhile', () => {
    expect(judged(after(withFirst, byCard(withFirst, 1, second)), byCard(withFirst, 1, third))).toBe('setStale')
    // One passkey came in beside what the card says.
    expect(judged(withSecond, byCard(waiting, 1))).toBe('setStale')
    expect(judged(waiting, byCard(withFirst, 1))).toBe('setStale')
  })

  test('brings wraps', () => {
    const wraps = { ...wrapsIn(withFirst), byPasskey: [wrapOf(third)] }
    expect(wrapsIn(after(withFirst, changeSet(withFirst, 1, revealed(2), wraps)))).toEqual(wraps)
  })
})

describe('another card', () => {
  const wraps = wrapsFor(withFirst, 8)
  const handed = after(withFirst, handedOver(withFirst, 2, otherCard(8), wraps))
  const keysIn = (state: TreeState) => {
    const { recoveryKey, nextRecoveryHash } = setIn(state)
    return { recoveryKey, nextRecoveryHash, wraps: wrapsIn(state) }
  }
  const ofNew = { ...otherCard(8), wraps }

  test('is not brought by a passkey', () => {
    const byPasskey = (change: Partial<CredentialSet>) => judged(withFirst, changeSet(withFirst, first, change, wraps))
    expect(byPasskey(otherCard(8))).toBe('setChangeWrong')
    expect(byPasskey(membersOf(first, second))).toBe('setChangeWrong')
    expect(byPasskey({ ...otherCard(8), ...membersOf(first, second) })).toBe('setChangeWrong')
  })

  test('to which the old one gives its place counts at once', () => {
    expect(keysIn(handed)).toEqual(ofNew)
    const overPending = after(waiting, handedOver(waiting, 2, otherCard(8), wraps))
    expect(pendingSetOf(overPending)).toBeNull()
  })

  test('is not brought by a key that the old one has not committed to', () => {
    for (const rotation of [0, 1, 3])
      expect(judged(withFirst, handedOver(withFirst, rotation, otherCard(8), wraps))).toBe('setChangeWrong')
    const { value } = handedOver(withFirst, 2, otherCard(8), wraps) as Extract<Operation, { tag: 'changeSet' }>
    const set = { ...value.set, ...otherCard(7) }
    expect(judged(withFirst, { tag: 'changeSet', value: { ...value, set } })).toBe('signatureInvalid')
    expect(
      judged(withFirst, handedOver(withFirst, 2, { ...otherCard(8), rootKemKey: x25519PublicKey(hash(7)) }, wraps)),
    ).toBe('setChangeWrong')
  })

  test('to which the old one gave its place signs, and the old one no more', () => {
    const bySigner = (octet: number, rotation: number) => {
      const set = nextSet(handed, {
        ...membersOf(),
        recoveryKey: card(1, octet).signingPublicKey,
        nextRecoveryHash: card(1, octet).nextPublicKeyHash,
      })
      const signature = recoverySign(card(rotation, octet).signingSecret, setChangeDomain, setChangeBody(set, wraps))
      const value = { set, wraps, signature: { tag: 'recovery', value: { signature } } } as const
      return judged(handed, { tag: 'changeSet', value })
    }
    expect(bySigner(8, 0)).toBe('ok')
    for (const rotation of [1, 2, 3]) expect(bySigner(9, rotation)).toBe('setChangeWrong')
    expect(judged(handed, byCard(handed, 1))).toBe('setChangeWrong')
    expect(judged(handed, byCard(handed, 2))).toBe('setChangeWrong')
    expect(judged(handed, handedOver(handed, 2, revealed(3), wraps))).toBe('setChangeWrong')
    const claims = claimsOfSets(handed)
    expect(claims.ok && claims.value.every(verifyClaim)).toBe(true)
  })
})

describe('the way from one set to another', () => {
  const [one, two, three] = [withCard, withFirst, withSecond].map(setIn) as [
    CredentialSet,
    CredentialSet,
    CredentialSet,
  ]
  const hashes = [one, two, three].map(credentialSetHash)
  const way = (from: number | null, to: number) =>
    setSteps(withSecond, from === null ? null : hashes[from]!, hashes[to]!)
  const judgedFrom = (known: CredentialSet | null, steps: readonly SetStep[]): string => {
    const claims = claimsOfSteps(treeId, known, steps)
    if (!claims.ok) return claims.fault.code
    return claims.value.every(verifyClaim) ? 'ok' : 'signatureInvalid'
  }

  test('has what came after the one, up to the other', () => {
    expect(way(null, 2).map(({ set }) => set)).toEqual([one, two, three])
    expect(way(0, 2).map(({ set }) => set)).toEqual([two, three])
    expect(way(1, 2).map(({ set }) => set)).toEqual([three])
    expect(way(2, 2)).toEqual([])
    expect(way(2, 1)).toEqual([])
    expect(setSteps(withSecond, hash(9), hashes[2]!)).toEqual([])
    expect(setSteps(withSecond, hashes[0]!, hash(9))).toEqual([])
  })

  test('is signed by the root at each step, from the tree’s own name on', () => {
    expect(judgedFrom(null, way(null, 2))).toBe('ok')
    expect(judgedFrom(one, way(0, 2))).toBe('ok')
    expect(judgedFrom(two, way(1, 2))).toBe('ok')
    expect(judgedFrom(null, way(0, 2))).toBe('setUnproven')
    expect(judgedFrom(one, way(null, 2))).toBe('setUnproven')
    expect(judgedFrom(one, way(1, 2))).toBe('setChangeWrong')
    expect(judgedFrom(one, [{ ...way(0, 1)[0]!, proof: null }])).toBe('setUnproven')
    const [step] = way(0, 1)
    const wrapsHash = hash(9)
    expect(judgedFrom(one, [{ ...step!, proof: { ...step!.proof!, wrapsHash } }])).toBe('signatureInvalid')
    const other = { ...one, recoveryKey: two.recoveryKey }
    expect(judgedFrom(null, [{ set: other, proof: null }])).toBe('setUnproven')
  })
})

describe('the root speaks by the set in force', () => {
  const [phone, tablet] = [person(5), person(6)]
  const before = setIn(withFirst)
  const phoneCap = capBy(first, before, phone)
  const withPhone = after(withFirst, admission(withFirst, phone, phoneCap))
  const replaced = after(withPhone, byCard(withPhone, 1, second))
  const now = setIn(replaced)

  test('for admissions', () => {
    const by = (signer: Parameters<typeof capBy>[0], set: CredentialSet) =>
      judged(replaced, admission(replaced, tablet, capBy(signer, set, tablet)))
    expect(by(first, before)).toBe('setReplaced')
    expect(by(1, before)).toBe('setReplaced')
    expect(by(second, now)).toBe('ok')
    expect(by(2, now)).toBe('ok')
    // The key of a passkey that was lost, under the name of the set that it is not in.
    const { value } = capBy(first, before, tablet).signature
    const forged = { ...capBy(second, now, tablet), signature: { tag: 'root' as const, value } } as typeof phoneCap
    expect(judged(replaced, admission(replaced, tablet, forged))).toBe('passkeyWrongChallenge')
  })

  test('for removals', () => {
    const by = (signer: RootSigner, set: CredentialSet) =>
      judged(
        replaced,
        dismissedByRoot(phone, {
          setHash: credentialSetHash(set),
          sign: (domain, body) => signedAs(signer, set, domain, body),
        }),
      )
    expect(by(first, before)).toBe('setReplaced')
    expect(by(second, now)).toBe('ok')
  })

  test('for more time', () => {
    const by = (signer: Parameters<typeof capBy>[0], set: CredentialSet) =>
      judged(replaced, {
        tag: 'extend',
        value: { writecap: capBy(signer, set, phone, { expiresAtMs: 300 * dayMs }) },
      })
    expect(by(first, before)).toBe('setReplaced')
    expect(by(second, now)).toBe('ok')
  })

  test('for taking over, of the state that it continues', () => {
    const going = (state: TreeState, signer: Parameters<typeof signedAs>[0], cap: typeof phoneCap) =>
      takenOver(state, signer, cap)
    expect(judged(replaced, going(replaced, second, phoneCap))).toBe('ok')
    expect(judged(replaced, going(replaced, first, phoneCap))).toBe('signatureInvalid')
    expect(judged(replaced, going(replaced, second, capBy(first, before, phone, { expiresAtMs: 300 * dayMs })))).toBe(
      'setReplaced',
    )
    expect(judged(replaced, going(replaced, second, capBy(second, now, phone)))).toBe('ok')
  })

  test('and what it granted before, and is there, stays', () => {
    const here = change([entry(root, id(50), 'directory', {}, phone, phoneCap)])
    expect(judged(replaced, here)).toBe('ok')
    expect(entryOf(after(replaced, here), id(50))).not.toBeNull()
  })
})

describe('where a tree is continued', () => {
  const own = ownerCap(alice, root, undefined, yearMs)
  test('what is due counts, and what is not is dropped', () => {
    const due = commit(waiting, [takenOver(waiting, second, own, dueMs)], dueMs)
    expect(due.outcomes[0]).toMatchObject({ ok: true })
    expect(idsIn(due.state)).toEqual([31, 32])
    expect(judged(waiting, takenOver(waiting, second, own, dueMs), dueMs - 1)).toBe('setReplaced')
    const dropped = after(waiting, takenOver(waiting, first, own), dueMs - 1)
    expect(idsIn(dropped)).toEqual([31])
    expect(pendingSetOf(dropped)).toBeNull()
    expect(idsIn(after(dropped, note(), dueMs + 1))).toEqual([31])
    expect(judged(waiting, takenOver(waiting, first, own), dueMs)).toBe('setReplaced')
  })
})

/** By a set in force at a time, which a state that is continued may have brought in. */
function takenOver(
  state: TreeState,
  signer: Parameters<typeof signedAs>[0],
  cap: ReturnType<typeof ownerCap>,
  atMs = summaryOf(state)!.stampMs + 1,
): Operation {
  const who = equal(cap.holder, principalOf(alice.credential)) ? alice : person(5)
  const set = setInForce(state, atMs)!
  return takeOver(state, who, undefined, cap, {
    setHash: credentialSetHash(set),
    sign: (domain, body) =>
      signedAs(signer, typeof signer === 'number' ? set : { ...set, ...withIndex(set, signer) }, domain, body),
  })
}
/** Whoever is no member signs as if he were the first. */
const withIndex = (set: CredentialSet, signer: Passkey): Partial<CredentialSet> =>
  set.members.some(({ credentialId }) => equal(credentialId, signer.member.credentialId)) ? {} : membersOf(signer)

// --- from outside ---------------------------------------------------------------------------------------------------------

describe('the way from the first set to the one in force', () => {
  const thirdSet = after(withSecond, byCard(withSecond, 1, second, third))
  const proven = (state: TreeState): boolean => {
    const claims = claimsOfSets(state)
    return claims.ok && claims.value.every(verifyClaim)
  }
  const withRow = (state: TreeState, key: Uint8Array, row: Uint8Array | null): TreeState => ({
    treeId,
    map: row === null ? remove(state.map, key as never) : put(state.map, key as never, row as never),
  })

  test('can be walked and verified', () => {
    expect(must(claimsOfSets(thirdSet))).toHaveLength(3)
    for (const state of [withCard, withFirst, waiting, withSecond, thirdSet]) expect(proven(state)).toBe(true)
    const hashes = [withCard, withFirst, withSecond, thirdSet].map((state) => summaryOf(state)!.setHash)
    for (const [at, later] of hashes.entries())
      for (const [before, earlier] of hashes.entries())
        expect(descendsFrom(thirdSet, later, earlier)).toBe(before <= at)
    expect(descendsFrom(thirdSet, hash(1), treeId)).toBe(false)
  })

  const inForce = summaryOf(thirdSet)!.setHash
  const setOfSecond = summaryOf(withSecond)!.setHash
  const proof = readRow(thirdSet, 'setChange', keys.setChange(inForce))!
  const pending = pendingSetOf(waiting)!
  const foreign: CredentialSet = { ...setOf(thirdSet, inForce)!, ...membersOf(stolen) }
  const forged = (state: TreeState, row: typeof pending): TreeState =>
    withRow(state, keys.pendingSet, encodeRow('pendingSet', row))
  test.each<[string, () => TreeState]>([
    ['the set in force', () => withRow(thirdSet, keys.set(inForce), null)],
    ['a set on the way', () => withRow(thirdSet, keys.set(setOfSecond), null)],
    ['the first set', () => withRow(thirdSet, keys.set(treeId), null)],
    ['a proof', () => withRow(thirdSet, keys.setChange(setOfSecond), null)],
    [
      'a proof of the set',
      () => withRow(thirdSet, keys.setChange(inForce), encodeRow('setChange', { ...proof, wrapsHash: hash(1) })),
    ],
    [
      'the wraps that were signed',
      () => withRow(thirdSet, keys.wraps, encodeRow('wraps', { ...wrapsIn(thirdSet), byPasskey: [wrapOf(stolen)] })),
    ],
    ['the name of a set', () => withRow(thirdSet, keys.set(inForce), encodeRow('set', foreign))],
    [
      'a signature of what waits',
      () => forged(waiting, { ...pending, set: { ...pending.set, members: [...membersOf(first, stolen).members] } }),
    ],
    [
      'a signature of its wraps',
      () => forged(waiting, { ...pending, wraps: { ...pending.wraps, byPasskey: [wrapOf(stolen)] } }),
    ],
    [
      'a summary that names one',
      () => withRow(thirdSet, keys.summary, encodeRow('summary', { ...summaryOf(thirdSet)!, setHash: hash(1) })),
    ],
  ])('has no gap: without %s it is not believed', (_name, state) => expect(proven(state())).toBe(false))

  test('is shown to guests, without wraps and without what waits', () => {
    const guest = person(6)
    const mail = childPath(root, id(1))
    const folder = [entry(root, id(1), 'directory', {}, alice, aliceForLong), access(mail, {}, alice, aliceForLong)]
    const grown = after(thirdSet, change(folder))
    const guestCap = capBy(second, setIn(grown), guest, {
      scope: mail,
      rights: rights.write,
      expiresAtMs: dueMs + dayMs,
    })
    const shared = after(grown, admission(grown, guest, guestCap, aliceForLong))
    const waitingMore = after(shared, added(shared, second, first))
    const of = principalOf(guest.credential)
    const excerpt = excerptFor(waitingMore, of)!
    expect(excerptFor(shared, of)).toEqual(excerpt)
    const examined = (state: TreeState) => {
      const claims = atOnce(examineExcerpt(state, of, null))
      return claims.ok && claims.value.every(verifyClaim)
    }
    expect(examined(excerpt)).toBe(true)
    for (const key of [keys.set(setOfSecond), keys.setChange(setOfSecond), keys.setChange(inForce)])
      expect(examined(withRow(excerpt, key, null))).toBe(false)
    expect(examined(withRow(excerpt, keys.setChange(hash(1)), encodeRow('setChange', proof)))).toBe(false)
    expect(examined(withRow(excerpt, keys.wraps, encodeRow('wraps', wrapsIn(shared))))).toBe(false)
    expect(examined(withRow(excerpt, keys.pendingSet, encodeRow('pendingSet', pending)))).toBe(false)
  })
})

// --- beside a naive model -------------------------------------------------------------------------------------------------

/** What a person does to the keys: who signs is a passkey's number, or the card. */
type Deed =
  | { readonly kind: 'add'; readonly signer: number; readonly whom: number }
  | { readonly kind: 'cardSays'; readonly whom: readonly number[] }
  | { readonly kind: 'veto' }
  | { readonly kind: 'repeat' }
  | { readonly kind: 'admit'; readonly signer: number | 'card' }
  | { readonly kind: 'wait'; readonly hours: number }

interface Model {
  members: readonly number[]
  waiting: { readonly members: readonly number[]; readonly sinceMs: number } | null
}

const people = [31, 32, 33, 34].map(passkey)
const number = fc.nat(3)
const deed: fc.Arbitrary<Deed> = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), signer: number, whom: number }),
  fc.record({ kind: fc.constant('cardSays' as const), whom: fc.uniqueArray(number, { maxLength: 3 }) }),
  fc.constant({ kind: 'veto' as const }),
  fc.constant({ kind: 'repeat' as const }),
  fc.record({ kind: fc.constant('admit' as const), signer: fc.oneof(number, fc.constant('card' as const)) }),
  fc.record({ kind: fc.constant('wait' as const), hours: fc.constantFrom(1, 35, 36, 71, 72, 73) }),
)

test('random changes end as in a naive model', () => {
  fc.assert(
    fc.property(fc.array(deed, { minLength: 1, maxLength: 14 }), (deeds) => {
      let [state, stampMs, rotation, newcomer] = [withFirst, 10_000, 1, 100]
      let last: Operation | null = null
      const model: Model = { members: [0], waiting: null }
      const settle = (): void => {
        if (model.waiting === null || stampMs < model.waiting.sinceMs + 72 * 3_600_000) return
        model.members = model.waiting.members
        model.waiting = null
      }
      const keysOf = (members: readonly number[]) => members.map((at) => people[at]!)
      for (const one of deeds) {
        stampMs += one.kind === 'wait' ? one.hours * 3_600_000 : 1
        if (one.kind === 'wait') continue
        settle()
        // Of the state as it is judged: with what has become due.
        state = commit(state, [dismissedBy(person(250), alice, aliceForLong)], stampMs).state
        stampMs += 1
        if (one.kind === 'add') {
          const isMember = model.members.includes(one.signer)
          if (model.members.includes(one.whom) || !isMember) continue
          last = added(state, people[one.signer]!, people[one.whom]!)
          const isPossible = model.waiting === null
          const code = judged(state, last, stampMs)
          expect(code).toBe(isPossible ? 'ok' : 'setPending')
          if (isPossible) model.waiting = { members: [...model.members, one.whom], sinceMs: stampMs }
        } else if (one.kind === 'cardSays') {
          last = byCard(state, rotation, ...keysOf(one.whom))
          expect(judged(state, last, stampMs)).toBe('ok')
          rotation += 1
          model.members = one.whom
          model.waiting = null
        } else if (one.kind === 'veto') {
          if (model.waiting === null) continue
          last = vetoed(state, alice, aliceForLong)
          expect(judged(state, last, stampMs)).toBe('ok')
          model.waiting = null
        } else if (one.kind === 'repeat') {
          // What was signed once has its effect once, whoever brings it again.
          if (last === null) continue
          expect(judged(state, last, stampMs)).not.toBe('ok')
        } else {
          newcomer += 1
          const who = person(newcomer)
          const signer = one.signer === 'card' ? rotation : people[one.signer]!
          const isMember = one.signer === 'card' || model.members.includes(one.signer)
          if (!isMember) continue
          last = admission(state, who, capBy(signer, setIn(state), who, { expiresAtMs: yearMs }), aliceForLong)
          expect(judged(state, last, stampMs)).toBe('ok')
        }
        state = commit(state, [last], stampMs).state
        expect(idsIn(state)).toEqual(model.members.map((at) => 31 + at))
        expect(pendingSetOf(state)?.set.members.map(({ credentialId }) => credentialId[0]! - 31) ?? null).toEqual(
          model.waiting?.members ?? null,
        )
      }
      const claims = claimsOfSets(state)
      expect(claims.ok).toBe(true)
    }),
    { numRuns: 60 },
  )
}, 60_000)

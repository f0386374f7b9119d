import { describe, expect, test } from 'vitest'
import { must } from '../bytes/bytes.ts'
import { ed25519Message, principalOf, signEd25519, verifyClaim } from '../crypto/crypto.ts'
import { checkedWhere, rights } from '../cap/cap.ts'
import { set } from '../merkle/merkle.ts'
import { rootBlockId } from '../path/path.ts'
import { checkAtRest, outlivesWriter } from './at-rest.ts'
import {
  type Attestation,
  type LogPlace,
  type Statement,
  attestationDomain,
  attestationOf,
  claimsOfAttestation,
  decodeAttestation,
  encodeAttestation,
  inOrder,
  statementBody,
  statementOf,
} from './attestation.ts'
import { type TreeState, encodeRow, contentOf, keys, summaryOf } from './state.ts'
import {
  type Person,
  alice,
  change,
  childPath,
  commit,
  dismissedByRoot,
  endMs,
  founded,
  hash,
  id,
  mallory,
  newDirectory,
  newFile,
  nextAccess,
  nextContent,
  nextEntry,
  ownerCap,
  person,
  root,
  treeId,
  withDevice,
} from './testing/forest.ts'

const [phone, laptop, guest] = [person(3), person(4), person(5)]
const mail = childPath(root, id(1))
const soonMs = 2000
const guestCap = ownerCap(guest, mail, rights.write, soonMs)

/** Three own devices until `endMs`; a guest that may write in a folder until `soonMs` has written a letter there. */
const before = [phone, laptop].reduce(
  (grown, one) => withDevice(grown, one),
  withDevice(
    commit(founded(), [change([...newDirectory(root, id(1)), ...newFile(mail, id(2))])]).state,
    guest,
    guestCap,
  ),
)
const letter = nextContent(before, id(2), { bodyRoot: hash(3) }, guest, guestCap)
const state = commit(before, [change([letter])]).state

const principals = (people: readonly Person[]) => inOrder(people.map(({ credential }) => principalOf(credential)))
const placeOf = (voters: readonly Person[], votersOutgoing: readonly Person[] = []): LogPlace => ({
  ...{ term: 2, index: 7, voters: principals(voters), votersOutgoing: principals(votersOutgoing) },
})
const place = placeOf([alice, phone, laptop])
const statedOf = (of: TreeState, at = place): Statement => statementOf(of, rootBlockId(treeId), at)!
const by = (people: readonly Person[], said = statedOf(state)): Attestation =>
  attestationOf(
    said,
    people.map(({ secret, credential }) => ({
      voter: principalOf(credential),
      signature: signEd25519(secret, ed25519Message(attestationDomain, statementBody(said))),
    })),
  )

/** As whoever comes to a state finds it: what it says of itself, and what came along. */
function verdict(attestation: Attestation | null, nowMs = soonMs, { of = state, at = place as LogPlace | null } = {}) {
  if (!outlivesWriter(of, null, nowMs)) return 'ok'
  const claims = attestation && claimsOfAttestation(of, attestation)
  if (claims?.ok === false) return claims.fault.code
  const checked = attestation && checkedWhere(attestation, claims!.value.map(verifyClaim))
  if (checked?.ok === false) return checked.fault.code
  const check = checkAtRest(of, checked?.value ?? null, nowMs, at ?? undefined)
  return check.ok ? 'ok' : check.fault.code
}

describe('what its writer may no more write', () => {
  test('is valid while he may, whoever vouches for it', () => expect(verdict(null, soonMs - 1)).toBe('ok'))
  test('is valid from then on where a majority has signed the state', () => {
    expect(verdict(by([alice, laptop]))).toBe('ok')
    expect(verdict(by([alice, phone, laptop]), endMs - 1)).toBe('ok')
  })
  test('is not where nobody has', () => expect(verdict(null)).toBe('stateUnattested'))
  test('is not in a state that was never decided, though one like it was', () => {
    const forged = nextContent(state, id(2), { bodyRoot: hash(4) }, guest, guestCap)
    const row = encodeRow('content', { ...contentOf(state, id(2))!, content: forged })
    const of = { treeId, map: set(state.map, keys.content(id(2)), row) }
    expect(verdict(null, soonMs - 1, { of })).toBe('ok')
    expect(verdict(null, soonMs, { of })).toBe('stateUnattested')
    expect(verdict(by([alice, phone, laptop]), soonMs, { of })).toBe('attestationOther')
    // What is there in the state that was signed is valid there.
    expect(verdict(by([alice, phone, laptop]))).toBe('ok')
  })

  test('counts by who was put out as by who ran out', () => {
    const { state: without } = commit(state, [dismissedByRoot(guest)])
    expect(verdict(null, 1500)).toBe('ok')
    expect(verdict(null, 1500, { of: without })).toBe('stateUnattested')
    expect(verdict(by([alice, phone], statedOf(without)), 1500, { of: without })).toBe('ok')
  })

  test('needs nothing more where it was known before', () => {
    expect(outlivesWriter(state, null, soonMs)).toBe(true)
    expect(outlivesWriter(state, state, soonMs)).toBe(false)
    expect(outlivesWriter(state, before, soonMs)).toBe(true)
    const after = commit(state, [change(newFile(mail, id(4)))]).state
    expect(outlivesWriter(after, state, soonMs)).toBe(false)
    expect(outlivesWriter(after, state, endMs)).toBe(true)
  })

  test.each([
    ['a content', nextContent(before, id(2), { bodyRoot: hash(3) }, guest, guestCap)],
    ['an entry', nextEntry(before, id(2), { trashed: true }, guest, guestCap)],
    ['an access record', nextAccess(before, id(2), {}, guest, guestCap)],
  ])('may be %s', (_name, record) => {
    const after = commit(before, [change([record])])
    expect(after.outcomes[0]).toMatchObject({ ok: true })
    expect(outlivesWriter(before, null, soonMs)).toBe(false)
    expect(outlivesWriter(after.state, null, soonMs - 1)).toBe(false)
    expect(outlivesWriter(after.state, null, soonMs)).toBe(true)
  })
})

const { state: withoutPhone } = commit(state, [dismissedByRoot(phone)])

test.each<[string, string, () => string]>([
  ['of a minority', 'attestationShort', () => verdict(by([alice]))],
  ['of nobody', 'attestationShort', () => verdict(by([]))],
  ['of devices that do not decide', 'attestationShort', () => verdict(by([alice, guest]))],
  ['of a stranger', 'voterUnknown', () => verdict(by([alice, mallory]))],
  [
    'of others than those who decide',
    'votersOther',
    () => verdict(by([phone], statedOf(state, placeOf([phone]))), soonMs),
  ],
  [
    'of half of those who decide while they are changing',
    'attestationShort',
    () => {
      const at = placeOf([alice, phone], [laptop])
      return verdict(by([alice, phone], statedOf(state, at)), soonMs, { at })
    },
  ],
  ['of another state', 'attestationOther', () => verdict(by([alice, phone], statedOf(before)))],
  [
    'of another entry',
    'attestationOther',
    () => verdict(by([alice, phone], statedOf(state, { ...place, index: 8 })), soonMs),
  ],
  [
    'of another time',
    'attestationOther',
    () => verdict(by([alice, phone], { ...statedOf(state), stampMs: summaryOf(state)!.stampMs + 1 })),
  ],
  [
    'with one that was put out',
    'attestationShort',
    () => verdict(by([alice, phone], statedOf(withoutPhone)), soonMs, { of: withoutPhone }),
  ],
  ['of some whose own time has ended', 'attestationShort', () => verdict(by([alice, phone]), endMs)],
])('an attestation %s is refused: %s', (_name, code, verdictOf) => expect(verdictOf()).toBe(code))

test('where nothing is said beside it, it says itself who decides', () => {
  const alone = by([phone], statedOf(state, placeOf([phone])))
  expect(verdict(alone, soonMs, { at: null })).toBe('ok')
  expect(verdict(by([phone]), soonMs, { at: null })).toBe('attestationShort')
})

test('no bit of an attestation can be another', () => {
  const octets = encodeAttestation(by([alice, phone]))
  expect(verdict(must(decodeAttestation(octets)))).toBe('ok')
  const codes = new Set<string>()
  // Each octet, and every bit of one in several.
  for (let bit = 0; bit < 8 * octets.length; bit += 7) {
    const flipped = octets.slice()
    flipped[bit >> 3]! ^= 1 << (bit & 7)
    const decoded = decodeAttestation(flipped)
    codes.add(decoded.ok ? verdict(decoded.value) : decoded.fault.code)
  }
  expect(codes).not.toContain('ok')
  expect(codes).toContain('signatureInvalid')
})

import { expect, test } from 'vitest'
import { type Bytes, type Fault, toHex } from '../core/bytes/bytes.ts'
import { ed25519Message, principalOf, signEd25519, verifyClaim } from '../core/crypto/crypto.ts'
import type { ControlBody } from '../core/message/message.ts'
import { rootBlockId } from '../core/path/path.ts'
import {
  type Equivocation,
  type Statement,
  attestationDomain,
  encodeEquivocation,
  equivocationOf,
  statementBody,
  statementOf,
} from '../core/tree/tree.ts'
import { type Person, founded, hash, mallory, person, treeId, withDevice } from '../core/tree/testing/forest.ts'
import { drain } from '../sim/testing/drain.ts'
import { Equivocations, type EquivocationsOptions } from './equivocations.ts'

const phone = person(3)
const state = withDevice(founded(), phone)
const clusterId = rootBlockId(treeId)
const said = statementOf(state, clusterId, { term: 1, index: 7, voters: [], votersOutgoing: [] })!
const idOf = ({ credential }: Person): string => toHex(principalOf(credential))

/** A person has signed two states for one entry. */
function proofAgainst({ secret, credential }: Person, stateRoot = hash(1)): Equivocation {
  const sideOf = (statement: Statement) => ({
    statement,
    signature: signEd25519(secret, ed25519Message(attestationDomain, statementBody(statement))),
  })
  return equivocationOf(credential, sideOf(said), sideOf({ ...said, stateRoot }))!
}

/** A device that is connected to one other. */
function here(rows = new Map<string, Bytes>(), tree = state) {
  const sent: { readonly to: string; readonly body: ControlBody }[] = []
  const reports: { readonly id: string; readonly code: string }[] = []
  const options = {
    platform: {
      crypto: { verify: async (claims: readonly Parameters<typeof verifyClaim>[0][]) => claims.map(verifyClaim) },
      store: {
        // As slow as a disk.
        read: async (_table: string, key: Bytes) => drain().then(() => rows.get(toHex(key)) ?? null),
        write: async (changes: readonly { key: Bytes; value: Bytes }[]) =>
          changes.forEach(({ key, value }) => rows.set(toHex(key), value)),
      },
    },
    place: { treeId, clusterId },
    state: () => tree,
    peers: () => ['desk'],
    send: (to: string, body: ControlBody) => sent.push({ to, body }) > 0,
    onReport: (id: string, { code }: Fault) => reports.push({ id, code }),
  } as unknown as EquivocationsOptions
  return { equivocations: new Equivocations(options), sent, reports, rows }
}

const accusation = { id: idOf(phone), code: 'deviceEquivocated' }

test('what a device finds it shows, tells to all, and keeps', async () => {
  const { equivocations, sent, reports, rows } = here()
  const found = proofAgainst(phone)
  const body = { tag: 'equivocation', value: { proof: encodeEquivocation(found) } }
  await equivocations.onFound([found, found])
  await equivocations.onFound([proofAgainst(phone, hash(2))])
  expect(reports).toEqual([accusation])
  expect(sent).toEqual([{ to: 'desk', body }])
  equivocations.onUp('tablet')
  expect(sent.at(-1)).toEqual({ to: 'tablet', body })
  const again = here(rows)
  await drain()
  await drain()
  expect(again.reports).toEqual([accusation])
})

test('what is told before the kept proofs have been read takes none of their places', async () => {
  const tablet = person(4)
  const { equivocations, rows } = here()
  await equivocations.onFound([proofAgainst(phone)])
  const again = here(rows, withDevice(state, tablet))
  await again.equivocations.onTold(encodeEquivocation(proofAgainst(tablet)))
  const later = here(rows, withDevice(state, tablet))
  await drain()
  await drain()
  expect(later.reports.map(({ id }) => id).toSorted()).toEqual([idOf(phone), idOf(tablet)].toSorted())
})

test('what it is told it believes for the two signatures alone', async () => {
  const { equivocations, reports } = here()
  const proof = proofAgainst(phone)
  const second = { ...proof.second, signature: proof.first.signature }
  const verdictOf = (told: Equivocation) => equivocations.onTold(encodeEquivocation(told))
  expect(await verdictOf({ ...proof, second })).toMatchObject({ fault: { code: 'equivocationForged' } })
  expect(await verdictOf({ ...proof, second: proof.first })).toMatchObject({ fault: { code: 'equivocationUnproved' } })
  // Of whom it does not know there is nothing to show.
  expect(await verdictOf(proofAgainst(mallory))).toMatchObject({ ok: true })
  expect(reports).toEqual([])
  expect(await verdictOf(proof)).toMatchObject({ ok: true })
  expect(reports).toEqual([accusation])
})

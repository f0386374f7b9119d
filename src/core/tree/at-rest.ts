/**
 * States at rest: what was decided stays valid when its writers may write no more, by the signatures of those who decide.
 *
 * While the log runs, a record is judged when it is decided, and nobody asks again. Whoever comes to a state afterwards, from an
 * archive or from another device, finds when a record was made by what its writer says. As long as the writer may write, that does
 * not matter. From then on it could have been made at any time: it is valid where the voters have signed the very state that it
 * stands in, and else it is not.
 * @module
 */
import { type Bytes, type Check, equal, keyOf, refused } from '../bytes/bytes.ts'
import type { Checked } from '../cap/cap.ts'
import type { SignedRecord } from '../block/block.ts'
import { entries, get } from '../merkle/merkle.ts'
import { rootBlockId } from '../path/path.ts'
import {
  type Attestation,
  type LogPlace,
  checkAttestation,
  checkVoters,
  statementBody,
  statementOf,
} from './attestation.ts'
import { checkNotRevoked } from './membership.ts'
import { type TreeState, chainOf, decodeRow, rowKind } from './state.ts'

/**
 * Whether a state has a record whose writer could not make it any more.
 * @param known a state that was judged before: what is the same in both needs nothing more
 */
export function outlivesWriter(state: TreeState, known: TreeState | null, nowMs: number): boolean {
  const endedByCap = new Map<string, boolean>()
  const hasEnded = (writecapHash: Bytes): boolean => {
    const name = keyOf(writecapHash)
    const found = endedByCap.get(name)
    if (found !== undefined) return found
    const chain = chainOf(state, writecapHash) ?? []
    const isOver = chain.some(({ expiresAtMs }) => nowMs >= expiresAtMs) || !checkNotRevoked(state, chain).ok
    endedByCap.set(name, isOver)
    return isOver
  }
  for (const kind of ['entry', 'content', 'access'] as const)
    for (const [key, octets] of entries(state.map, Uint8Array.of(rowKind[kind]))) {
      if (known !== null && get(known.map, key) === octets) continue
      if (hasEnded(signedIn(kind, octets).fields.writecapHash)) return true
    }
  return false
}

function signedIn(kind: 'entry' | 'content' | 'access', octets: Bytes): SignedRecord {
  switch (kind) {
    case 'entry':
      return decodeRow('entry', octets).entry
    case 'content':
      return decodeRow('content', octets).content
    case 'access':
      return decodeRow('access', octets)
  }
}

/**
 * Whether those who decide have signed a state that outlives a writer.
 * @param attestation what came along with the state; null for nothing
 * @param nowMs at which the voters' permissions must hold; who was dismissed in the state counts at no time
 * @param place where in the log the state stands and who decides there, where that was said beside it
 */
export function checkAtRest(
  state: TreeState,
  attestation: Checked<Attestation> | null,
  nowMs: number,
  place: LogPlace | undefined = attestation?.statement,
): Check {
  if (attestation === null || place === undefined) return stateUnattested
  const voters = checkVoters(attestation.statement, place)
  if (!voters.ok) return voters
  const expected = statementOf(state, rootBlockId(state.treeId), place)
  if (expected === null || !equal(statementBody(expected), attestation.body)) return attestationOther
  return checkAttestation(state, attestation, nowMs)
}

const stateUnattested = refused(
  'stateUnattested',
  'A device gave a state of the tree that has changes by one that may write no more, and the devices that decide have not signed it. Nothing of it was used.',
)
const attestationOther = refused(
  'attestationOther',
  'A device gave a state of the tree with signatures that are about another state. Nothing of it was used.',
)

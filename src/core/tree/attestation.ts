/**
 * Attestations: what a majority of a cluster's voters says that the cluster's state was at one entry of its log (design §6).
 *
 * It keeps a record valid after its writer's permission ran out (`at-rest.ts`), vouches for a snapshot, and serves whoever was not
 * there: so it says itself who decides. Each voter signs the same octets: all of a statement follows from the log up to its index. So
 * a voter that signs two statements about one index has lied, and the two signatures prove it to anyone.
 * @module
 */
import {
  type Bytes,
  type Check,
  type Codec,
  type Decoded,
  type Result,
  accepted,
  bytesOf,
  bytesUpTo,
  compare,
  decode,
  encode,
  equal,
  listOf,
  ok,
  parsed,
  record,
  refine,
  refused,
  tuple,
  u53,
} from '../bytes/bytes.ts'
import {
  type Claim,
  type Principal,
  type PublicCredential,
  ed25519KeyWire,
  ed25519Message,
  signedBy,
} from '../crypto/crypto.ts'
import { type Checked, rights } from '../cap/cap.ts'
import { root } from '../merkle/merkle.ts'
import { type BlockId, blockIdWire, treeIdWire } from '../path/path.ts'
import { deviceCountMax } from './device.ts'
import { checkPermission } from './membership.ts'
import { type TreeState, deviceOf, pathOf, summaryOf } from './state.ts'

export const attestationDomain = 'blocktree/1/attestation'
export const statementSizeBytesMax = 5 * 1024
export const attestationSizeBytesMax = 16 * 1024
export const equivocationSizeBytesMax = 12 * 1024

const ascend = (principals: readonly Principal[]): boolean =>
  principals.every((one, at) => at === 0 || compare(principals[at - 1]!, one) < 0)

const principalsWire = refine(
  listOf(bytesOf(32), deviceCountMax),
  (principals) => (ascend(principals) ? principals : null),
  (principals) => principals,
)

const statementWire = record('attestation', 2, {
  treeId: treeIdWire,
  clusterId: blockIdWire,
  generation: u53,
  /** Of the entry at `index`, not the voter's own. */
  term: u53,
  index: u53,
  /** After that entry. */
  stateRoot: bytesOf(32),
  revocationSequence: u53,
  /** Stamp of the last batch. */
  stampMs: u53,
  /** Who decides from that entry on. Where the voters are just changing, those of before are beside them, and both must agree. */
  voters: principalsWire,
  votersOutgoing: principalsWire,
})
export type Statement = Decoded<typeof statementWire>

/** An entry of the log, and who decides from there on. */
export type LogPlace = Pick<Statement, 'term' | 'index' | 'voters' | 'votersOutgoing'>

/** Principals as a statement names them: each once, in their order. */
export function inOrder(principals: readonly Principal[]): readonly Principal[] {
  const sorted = principals.toSorted(compare)
  return sorted.filter((one, at) => at === 0 || !equal(sorted[at - 1]!, one))
}

/** The octets that a voter signs under `attestationDomain`. */
export const statementBody = (statement: Statement): Bytes => encode(statementWire, statement)

/**
 * What there is to sign about a cluster.
 * @param state after the entry at a place, which a quorum has
 * @returns null before the tree is founded
 */
export function statementOf(state: TreeState, clusterId: BlockId, place: LogPlace): Statement | null {
  const { term, index, voters, votersOutgoing } = place
  const summary = summaryOf(state)
  return (
    summary && {
      treeId: state.treeId,
      clusterId,
      generation: summary.generation,
      term,
      index,
      stateRoot: root(state.map),
      revocationSequence: summary.revocationHead.sequence,
      stampMs: summary.stampMs,
      voters,
      votersOutgoing,
    }
  )
}

const voteWire = tuple({ voter: bytesOf(32), signature: bytesOf(64) })
/** A voter's signature of a statement that is known from beside it. */
export type Vote = Decoded<typeof voteWire>

export interface Attestation {
  readonly statement: Statement
  readonly body: Bytes
  /** Of different voters, in the order of their principals. */
  readonly votes: readonly Vote[]
}

const partsWire = record('attested', 1, {
  body: bytesUpTo(statementSizeBytesMax),
  votes: refine(
    listOf(voteWire, deviceCountMax),
    (votes) => (ascend(votes.map(({ voter }) => voter)) ? votes : null),
    (votes) => votes,
  ),
})
export const attestationWire: Codec<Attestation> = {
  pack: ({ body, votes }) => partsWire.pack({ body, votes }),
  parse: (item) => {
    const { body, votes } = partsWire.parse(item)
    return { statement: parsed(decode(statementWire, body, statementSizeBytesMax)), body, votes }
  },
}

export const encodeAttestation = (attestation: Attestation): Bytes => encode(attestationWire, attestation)
export const decodeAttestation = (octets: Uint8Array): Result<Attestation> =>
  decode(attestationWire, octets, attestationSizeBytesMax)

/** @param votes in any order; of two by one voter the first counts */
export function attestationOf(statement: Statement, votes: readonly Vote[]): Attestation {
  const sorted = votes.toSorted((left, right) => compare(left.voter, right.voter))
  const distinct = sorted.filter(({ voter }, at) => at === 0 || !equal(sorted[at - 1]!.voter, voter))
  return { statement, body: statementBody(statement), votes: distinct }
}

/**
 * The signatures of an attestation, for the platform to verify; then `checkedWhere` gives the brand that `checkAttestation` asks
 * for.
 */
export function claimsOfAttestation(state: TreeState, { body, votes }: Attestation): Result<readonly Claim[]> {
  const claims: Claim[] = []
  for (const { voter, signature } of votes) {
    const row = deviceOf(state, voter)
    if (row === null)
      return refused('voterUnknown', 'This state of the tree is vouched for by a device that does not belong to it.')
    claims.push(signedBy(row.device.fields.credential, attestationDomain, body, signature))
  }
  return accepted(claims)
}

/** Whether a statement names those who decide. */
export function checkVoters(statement: Statement, { voters, votersOutgoing }: Omit<LogPlace, 'term' | 'index'>): Check {
  const isSame = (left: readonly Principal[], right: readonly Principal[]): boolean =>
    left.length === right.length && left.every((one, at) => equal(one, right[at]!))
  return isSame(statement.voters, voters) && isSame(statement.votersOutgoing, votersOutgoing)
    ? ok
    : refused('votersOther', 'What vouches for this state of the tree names other devices than those that decide.')
}

/**
 * Whether a majority of those that a statement names vouches for it.
 * @param state by which the voters' permissions are judged: the newest at hand
 * @param nowMs at which those permissions must hold: who was dismissed or ran out since counts no more
 */
export function checkAttestation(state: TreeState, { statement, votes }: Checked<Attestation>, nowMs: number): Check {
  if (!equal(statement.treeId, state.treeId))
    return refused('attestationForeign', 'What vouches for this state is of another tree.')
  const place = pathOf(state, statement.clusterId)
  if (place === null) return refused('placeUnknown', 'The folder is not there any more.')
  const counted = votes.filter(({ voter }) => {
    const row = deviceOf(state, voter)
    return row !== null && checkPermission(state, voter, row.writecapHash, place, rights.write, nowMs).ok
  })
  const agrees = (voters: readonly Principal[]): boolean =>
    2 * voters.filter((one) => counted.some(({ voter }) => equal(voter, one))).length > voters.length
  const voting = [statement.voters, statement.votersOutgoing].filter((voters) => voters.length > 0)
  return voting.length > 0 && voting.every(agrees)
    ? ok
    : refused('attestationShort', 'Too few of the devices that decide vouch for this state of the tree.')
}

// --- equivocation ---------------------------------------------------------------------------------------------------------

/** A statement with one voter's signature. */
export interface SignedStatement {
  readonly body: Bytes
  readonly signature: Bytes
}

const signedStatementWire = tuple({ body: bytesUpTo(statementSizeBytesMax), signature: bytesOf(64) })
const equivocationWire = record('equivocation', 1, {
  /** All that the signatures bind: of a credential another half could be put in its place. */
  signingKey: ed25519KeyWire,
  first: signedStatementWire,
  second: signedStatementWire,
})
/** That one voter signed two statements of which one is false. Needs nothing beside itself to be checked. */
export type Equivocation = Decoded<typeof equivocationWire>

export const encodeEquivocation = (equivocation: Equivocation): Bytes => encode(equivocationWire, equivocation)

/** Reads what accuses a voter. It is proved where both claims hold. */
export function decodeEquivocation(
  octets: Uint8Array,
): Result<{ readonly equivocation: Equivocation; readonly claims: readonly Claim[] }> {
  const decoded = decode(equivocationWire, octets, equivocationSizeBytesMax)
  if (!decoded.ok) return decoded
  const { signingKey, first, second } = decoded.value
  const left = decode(statementWire, first.body, statementSizeBytesMax)
  if (!left.ok) return left
  const right = decode(statementWire, second.body, statementSizeBytesMax)
  if (!right.ok) return right
  if (!contradict(left.value, right.value))
    return refused('equivocationUnproved', 'These two statements do not contradict each other, so they prove nothing.')
  const claims = [first, second].map(({ body, signature }): Claim => ({
    algorithm: 'ed25519',
    publicKey: signingKey,
    message: ed25519Message(attestationDomain, body),
    signature,
  }))
  return accepted({ equivocation: decoded.value, claims })
}

/**
 * Whether no correct voter signs both. A log has one entry at an index for as long as its generation lasts, and the statement
 * follows from the entries, so whatever differs is a lie: also the term.
 */
export const contradict = (left: Statement, right: Statement): boolean =>
  equal(left.treeId, right.treeId) &&
  equal(left.clusterId, right.clusterId) &&
  left.generation === right.generation &&
  left.index === right.index &&
  !equal(statementBody(left), statementBody(right))

/** The proof against a voter. @returns null where its statements do not contradict each other */
export function equivocationOf(
  { signingKey }: PublicCredential,
  left: { readonly statement: Statement; readonly signature: Bytes },
  right: { readonly statement: Statement; readonly signature: Bytes },
): Equivocation | null {
  if (!contradict(left.statement, right.statement)) return null
  const signed = ({ statement, signature }: typeof left): SignedStatement => ({
    body: statementBody(statement),
    signature,
  })
  return { signingKey, first: signed(left), second: signed(right) }
}

/** The proofs that two attestations give: of two majorities of the same voters at least one voter is in both. */
export function equivocationsIn(state: TreeState, left: Attestation, right: Attestation): readonly Equivocation[] {
  return left.votes.flatMap(({ voter, signature }) => {
    const other = right.votes.find((vote) => equal(vote.voter, voter))
    const credential = deviceOf(state, voter)?.device.fields.credential
    if (other === undefined || credential === undefined) return []
    const sides = [
      { statement: left.statement, signature },
      { statement: right.statement, signature: other.signature },
    ] as const
    return equivocationOf(credential, ...sides) ?? []
  })
}

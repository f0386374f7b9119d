/**
 * The challenge by which a storer shows that it still has a fragment (paper §3, "a time-bound challenge-response protocol"; R-44).
 *
 * The paper's answer is a hash over the nodes on the way from a leaf to the root. Those could be kept without the data, and
 * answered from memory, so here an answer holds the leaf itself and its way, and which leaf is asked depends on a number that
 * nobody could know before. Two forms:
 *
 * - *interactive*: the owner draws a nonce and asks for 30 leaves, of which each is known only when the one before has been read.
 *   Who has the data answers at once; who has it fetched from a place that hands out leaves needs 30 round trips, and is late.
 *   (A helper that walks by itself needs one. It must hold the very fragment for that, which is sealed for this storer alone.)
 * - *public*: a beacon (the hash of a chain block) takes the nonce's place and the leaves are asked at once, so the answer is
 *   small and anyone can verify it at any time from the signed record of the fragment alone.
 *
 * Prover and verifier are pure: the one is given leaves, the other times.
 * @module
 */
import {
  type Bytes,
  type Check,
  type Codec,
  type Decoded,
  type Result,
  bytesOf,
  bytesUpTo,
  decode,
  encode,
  fromU64be,
  listOf,
  ok,
  record,
  refine,
  refused,
  tuple,
  u53,
  u64be,
} from '../bytes/bytes.ts'
import { digest } from '../crypto/crypto.ts'
import { type MerkleProof, merkleLeaf, merkleProofWire, verifyLeaf } from '../merkle/merkle.ts'
import { leafSizeBytes } from './stripe.ts'

export const interactiveLeafCount = 30
export const publicLeafCount = 4
const leafCountMax = 64
const formWire: Codec<'interactive' | 'public'> = refine(
  u53,
  (code) => (code === 0 ? 'interactive' : code === 1 ? 'public' : null),
  (form) => (form === 'interactive' ? 0 : 1),
)

const challengeWire = record('challenge', 1, {
  form: formWire,
  /** 32 octets that nobody could know when the fragment was stored: drawn by the owner, or the hash of a chain block. */
  nonce: bytesOf(32),
  /** The principal that is asked. An answer by another is another's. */
  storer: bytesOf(32),
  /** Root and size of its fragment, from the signed record. */
  root: bytesOf(32),
  sizeBytes: u53,
  leafCount: u53,
})
export type Challenge = Decoded<typeof challengeWire>

const leafWire = tuple({ content: bytesUpTo(leafSizeBytes), proof: merkleProofWire })
const answerWire = record('challengeAnswer', 1, { leaves: listOf(leafWire, leafCountMax) })
/** A leaf of 1 KiB and its way to the root, in the order in which they were asked. */
export type ChallengeAnswer = Decoded<typeof answerWire>
export interface ProvedLeaf {
  readonly content: Bytes
  readonly proof: MerkleProof
}

/** A fragment of 64 MiB has 16 levels; no fragment has more than 53. */
const leafAnswerSizeBytesMax = leafSizeBytes + 53 * 34 + 16
export const answerSizeBytesMax = leafCountMax * leafAnswerSizeBytesMax + 64

export const encodeChallenge = (challenge: Challenge): Bytes => encode(challengeWire, challenge)
export function decodeChallenge(octets: Uint8Array): Result<Challenge> {
  const challenge = decode(challengeWire, octets, 256)
  if (challenge.ok && !isPossible(challenge.value))
    return refused('challengeInvalid', 'This asks for what no fragment has; it was not answered.')
  return challenge
}
const isPossible = ({ sizeBytes, leafCount }: Challenge): boolean =>
  sizeBytes > 0 && leafCount >= 1 && leafCount <= leafCountMax

export const encodeAnswer = (answer: ChallengeAnswer): Bytes => encode(answerWire, answer)
export const decodeAnswer = (octets: Uint8Array): Result<ChallengeAnswer> =>
  decode(answerWire, octets, answerSizeBytesMax)

/** Which leaves are asked: a walk, whose state is bound to challenge, storer and fragment, and to all leaves read so far. */
interface Walk {
  readonly challenge: Challenge
  readonly step: number
  readonly state: Bytes
}

const begin = (challenge: Challenge): Walk => ({
  challenge,
  step: 0,
  state: digest('blocktree/1/challenge', encodeChallenge(challenge)),
})

/** Uniform but for one in 2^53 / leaves. */
function indexOf({ challenge, step, state }: Walk): number {
  const drawn = digest('blocktree/1/challengeIndex', state, u64be(step))
  drawn[0] = 0
  drawn[1] = drawn[1]! & 31
  return fromU64be(drawn)! % Math.ceil(challenge.sizeBytes / leafSizeBytes)
}

function advance(walk: Walk, { content, proof }: ProvedLeaf): Walk {
  const { challenge, step, state } = walk
  // In public the leaves must be known at once; in the interactive form each decides which is next.
  if (challenge.form === 'public') return { challenge, step: step + 1, state }
  return {
    challenge,
    step: step + 1,
    state: digest('blocktree/1/challengeStep', state, content, ...proof),
  }
}

/**
 * Answers a challenge: yields the index of each leaf it needs and is given the leaf with its way.
 * In the interactive form no index can be known before the leaf before it.
 */
export function* answerChallenge(challenge: Challenge): Generator<number, ChallengeAnswer, ProvedLeaf> {
  const leaves: ProvedLeaf[] = []
  let walk = begin(challenge)
  while (leaves.length < challenge.leafCount) {
    const leaf = yield indexOf(walk)
    leaves.push(leaf)
    walk = advance(walk, leaf)
  }
  return { leaves }
}

/** Answers from a fragment that is at hand. */
export function answerBy(challenge: Challenge, read: (index: number) => ProvedLeaf): ChallengeAnswer {
  const asking = answerChallenge(challenge)
  let step = asking.next()
  while (!step.done) step = asking.next(read(step.value))
  return step.value
}

/** Checks an answer by the root alone. Both forms; anyone can check the public one. */
export function verifyAnswer(challenge: Challenge, { leaves }: ChallengeAnswer): Check {
  const wrong = refused(
    'challengeFailed',
    'The storer could not show that it still has the fragment.',
    'Your answer does not prove that you have the fragment.',
  )
  if (leaves.length !== challenge.leafCount || !isPossible(challenge)) return wrong
  const count = Math.ceil(challenge.sizeBytes / leafSizeBytes)
  let walk = begin(challenge)
  for (const leaf of leaves) {
    const index = indexOf(walk)
    const sizeBytes = Math.min(leafSizeBytes, challenge.sizeBytes - index * leafSizeBytes)
    if (leaf.content.length !== sizeBytes) return wrong
    if (!verifyLeaf(challenge.root, count, index, merkleLeaf(leaf.content), leaf.proof).ok) return wrong
    walk = advance(walk, leaf)
  }
  return ok
}

/**
 * Checks the answer to an interactive challenge, and that it came in time.
 * @param limitMs what the storer needs to read the leaves, and one way there and back
 */
export function verifyInTime(
  challenge: Challenge,
  answer: ChallengeAnswer,
  askedAtMs: number,
  answeredAtMs: number,
  limitMs: number,
): Check {
  const elapsedMs = answeredAtMs - askedAtMs
  if (elapsedMs < 0 || elapsedMs > limitMs)
    return refused(
      'challengeLate',
      'The storer answered too late to have had the fragment at hand.',
      'Your answer came too late.',
    )
  return verifyAnswer(challenge, answer)
}

/** That a storer which lost the share `lostShare` of a fragment is caught by a challenge of so many leaves. */
export const detectionProbability = (lostShare: number, leafCount: number): number => 1 - (1 - lostShare) ** leafCount

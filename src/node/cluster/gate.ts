/**
 * Gate 1: what does not hold by itself never reaches the log, neither by a proposal nor by an append (design §6).
 * @module
 */
import { type Bytes, type Check, type Result, keyOf, must, ok, refused } from '../../core/bytes/bytes.ts'
import { type Checked, checkedWhere, trusted } from '../../core/cap/cap.ts'
import { type CredentialSet, type SetOf, credentialSetHash } from '../../core/crypto/crypto.ts'
import type { AuthenticatedMap } from '../../core/merkle/merkle.ts'
import type { Entry, Snapshot } from '../../core/raft/raft.ts'
import {
  type Attestation,
  type Batch,
  type Operation,
  type TreeState,
  checkAtRest,
  claimsOfAttestation,
  decodeBatch,
  examineArrival,
  examineBatch,
  examineOperation,
  knownSetOf,
  outlivesWriter,
  summaryOf,
} from '../../core/tree/tree.ts'
import type { CryptoPort, Platform } from '../../port/platform.ts'
import { inSlices } from '../slices.ts'
import { isDecidedByOne, votersOf } from './membership.ts'
import { attestationIn } from './snapshots.ts'

/** How far ahead of this device's clock a leader may stamp, and how far behind what was decided already. */
const stampAheadMsMax = 2 * 60_000
/**
 * The same of what is decided already, by the only one that decides or by a majority: where a clock was ahead for a while, the
 * others go on with what came of it.
 */
export const decidedAheadMsMax = 24 * 60 * 60_000
const stampBehindMsMax = 2 * 60_000
const claimsPerVerification = 256

export class Gate {
  readonly #platform: Pick<Platform, 'crypto' | 'clock'>
  readonly #state: () => TreeState
  readonly #logged: () => readonly Uint8Array[]
  /** Batches that passed, or that this node made, by their octets in the log. */
  readonly #passed = new WeakMap<Uint8Array, Checked<Batch>>()
  /** Those that a batch brings, by their hashes. */
  readonly #setsIn = new WeakMap<Uint8Array, Sets>()

  /** @param logged the commands in the log, folded or not */
  constructor(
    platform: Pick<Platform, 'crypto' | 'clock'>,
    state: () => TreeState,
    logged: () => readonly Uint8Array[] = () => [],
  ) {
    this.#platform = platform
    this.#state = state
    this.#logged = logged
  }

  async check(operation: Operation): Promise<Check> {
    const claims = examineOperation(this.#state().treeId, operation, this.#setOf)
    if (!claims.ok) return claims
    const verdicts = await this.#platform.crypto.verify(claims.value)
    return verdicts.every(Boolean) ? ok : signatureInvalid
  }

  /**
   * Entries that a leader sent and that this node does not hold yet, in their order.
   * @param isByOne whether their leader alone decides
   */
  async checkEntries(entries: readonly Entry[], nowMs: number, isByOne: boolean): Promise<Check> {
    const decidedMs = summaryOf(this.#state())?.stampMs ?? 0
    const latestMs = nowMs + (isByOne ? decidedAheadMsMax : stampAheadMsMax)
    let lastMs: number | null = null
    const before: Uint8Array[] = []
    const setOf: SetOf = (setHash) => this.#setOf(setHash) ?? this.#setIn(before, setHash)
    for (const entry of entries) {
      if (entry.kind !== 'command' || entry.data.length === 0) continue
      const data = entry.data as Bytes
      const batch = decodeBatch(data)
      if (!batch.ok) return batch
      const { stampMs } = batch.value
      if (stampMs > latestMs) {
        // Who finds in his log what a clock stamped that was ahead can only go on from there, as slowly as there is.
        lastMs ??= Math.max(decidedMs, ...this.#logged().map((data) => this.batchOf(data).stampMs))
        if (stampMs > lastMs + 1) return stampAhead
        lastMs = stampMs
      }
      // A new leader may not have folded all that it found in its log when it stamps by a clock that is a little behind.
      if (stampMs < decidedMs - stampBehindMsMax) return stampBehind
      const claims = examineBatch(this.#state().treeId, batch.value, setOf)
      if (!claims.ok) return claims
      const admitted = checkedWhere(batch.value, await this.#platform.crypto.verify(claims.value))
      if (!admitted.ok) return admitted
      this.#passed.set(data, admitted.value)
      before.push(data)
    }
    return ok
  }

  /**
   * A state that comes whole, in place of the one here.
   * @param snapshot what was said of it
   * @returns what is wrong with it by itself; whether it follows the state here is still to be asked when it is taken
   */
  async checkState(map: AuthenticatedMap, snapshot: Snapshot, nowMs: number): Promise<Check> {
    const here = this.#state()
    const known = summaryOf(here) === null ? null : here
    const state: TreeState = { treeId: here.treeId, map }
    const claims = await inSlices(this.#platform.clock, examineArrival(state, known))
    if (!claims.ok) return claims
    const aheadMs = summaryOf(state)!.stampMs - nowMs
    if (aheadMs > decidedAheadMsMax) return stampAhead
    for (let start = 0; start < claims.value.length; start += claimsPerVerification) {
      const verdicts = await this.#platform.crypto.verify(claims.value.slice(start, start + claimsPerVerification))
      if (!verdicts.every(Boolean)) return stateForged
    }
    if (aheadMs > stampAheadMsMax && !isDecidedByOne(snapshot.configuration)) {
      const isDecided = attestationIn(snapshot) !== null && (await this.#checkAtRest(state, snapshot, nowMs)).ok
      if (!isDecided) return stampAhead
    }
    return outlivesWriter(state, known, nowMs) ? this.#checkAtRest(state, snapshot, nowMs) : ok
  }

  async #checkAtRest(state: TreeState, snapshot: Snapshot, nowMs: number): Promise<Check> {
    const attestation = attestationIn(snapshot)
    const verified = attestation && (await verifiedAttestation(this.#platform.crypto, state, attestation))
    if (verified?.ok === false) return verified
    const { term, index, configuration } = snapshot
    return checkAtRest(state, verified?.value ?? null, nowMs, { term, index, ...votersOf(configuration) })
  }

  /** A batch that this node encoded from operations that passed. */
  made(data: Uint8Array, batch: Batch): void {
    this.#passed.set(data, trusted(batch))
  }

  /** The batch of an entry in the log: it passed before it came there, and the log is sealed at rest. */
  batchOf(data: Uint8Array): Checked<Batch> {
    const known = this.#passed.get(data)
    if (known !== undefined) return known
    const batch = trusted(must(decodeBatch(data as Bytes)))
    this.#passed.set(data, batch)
    return batch
  }

  readonly #setOf: SetOf = (setHash) => knownSetOf(this.#state(), setHash) ?? this.#setIn(this.#logged(), setHash)

  /**
   * One that lies in the log. Whether it counts the fold says, and where it did not, the leader may not have known yet when it took
   * what was signed under it: so it is known here for as long as it lies there.
   */
  #setIn(commands: readonly Uint8Array[], setHash: Bytes): CredentialSet | null {
    const name = keyOf(setHash)
    for (const data of commands) {
      const set = this.#setsOf(data).get(name)
      if (set !== undefined) return set
    }
    return null
  }

  #setsOf(data: Uint8Array): Sets {
    const known = this.#setsIn.get(data)
    if (known !== undefined) return known
    const sets = setsOf(this.#passed.get(data) ?? must(decodeBatch(data as Bytes)))
    this.#setsIn.set(data, sets)
    return sets
  }
}

type Sets = ReadonlyMap<string, CredentialSet>
const noSets: Sets = new Map()

function setsOf({ operations }: Batch): Sets {
  const sets = operations.flatMap(({ tag, value }) => (tag === 'found' || tag === 'changeSet' ? [value.set] : []))
  return sets.length === 0 ? noSets : new Map(sets.map((set) => [keyOf(credentialSetHash(set)), set]))
}

/** One whose signatures hold. */
export async function verifiedAttestation(
  crypto: Pick<CryptoPort, 'verify'>,
  state: TreeState,
  attestation: Attestation,
): Promise<Result<Checked<Attestation>>> {
  const claims = claimsOfAttestation(state, attestation)
  return claims.ok ? checkedWhere(attestation, await crypto.verify(claims.value)) : claims
}

const signatureInvalid = refused(
  'signatureInvalid',
  'A signature of this change is not valid, so nothing was changed. Reload the page and try again.',
)
const stateForged = refused(
  'stateForged',
  'A device gave a state of the tree in which a signature is not valid. Nothing of it was used.',
)
const stampBehind = refused(
  'stampBehind',
  'A device dated a change to a time before what your devices had decided already. It was not taken.',
)
export const stampAhead = refused(
  'stampAhead',
  'The clocks of your devices differ by more than two minutes, so changes wait. Set the clock of the one that is wrong.',
)

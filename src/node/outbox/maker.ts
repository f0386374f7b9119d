/**
 * From deeds to operations: what this device signs for a deed over a state of its tree.
 * @module
 */
import { type Bytes, type Fault, RefusedError, equal } from '../../core/bytes/bytes.ts'
import { blockIdSizeBytes } from '../../core/path/path.ts'
import { type Folded, type Operation, type TreeState, deviceOf } from '../../core/tree/tree.ts'
import { type Site, type WrittenBody, abandonBody } from '../bodies.ts'
import type { ObjectStore } from '../read/content.ts'
import type { KeyRing } from '../read/key-ring.ts'
import { type Records, sealingKeyOf } from '../records.ts'
import type { Replica } from '../replica.ts'
import { operationIdOf, operationSeedOf } from '../request.ts'
import { type Deed, keysOfDeed } from './deed.ts'
import { type Phase, type Step, nextStep } from './rebase.ts'
import { type Kept, foldOver } from './rows.ts'
import { sealAnew } from './seal.ts'
import { opensIn } from './sealed.ts'

export interface MakerOptions extends Site {
  readonly cluster: Replica
  readonly ring: KeyRing
  readonly records: Records
  /** Of this device and of others. */
  readonly objects: ObjectStore
  /** This device's. */
  readonly principal: Bytes
}

/** A deed whose content was sealed anew. */
export interface Sealed {
  readonly kept: Kept
  readonly written: WrittenBody
  /** Deletes what was written, where it is not needed after all. */
  abandon(): Promise<void>
}

interface FoldOf {
  readonly state: TreeState
  readonly folded: Folded
}

export class Maker {
  readonly #options: MakerOptions
  /** The newest fold: what is done is judged and then shown, over the same state. */
  #newest: (FoldOf & { readonly operation: Operation; readonly madeAtMs: number }) | null = null
  /** The newest fold of each deed that fits, as long as it is kept: what is shown is then given, mostly over the same state. */
  readonly #fitting = new WeakMap<Kept, FoldOf>()

  constructor(options: MakerOptions) {
    this.#options = options
  }

  step(
    state: TreeState,
    { deed, madeAtMs, sinceMs, author, version, seed }: Kept,
    phase: Phase,
    later: readonly Deed[] = [],
  ): Step {
    const { ring, records, principal } = this.#options
    const deviceName = (): string => this.#deviceName()
    const doer = { ring, records, principal, deviceName, madeAtMs, sinceMs, author, version, seed }
    return nextStep(state, deed, phase, doer, later)
  }

  #deviceName(): string {
    const { cluster, ring, principal } = this.#options
    const row = deviceOf(cluster.state, principal)
    return (row && ring.deviceNameOf(cluster.state, row.device)) ?? unknownDevice
  }

  /** @returns with its operation, or without where its content has to be sealed first; null where nothing is to do */
  async make(step: Step, kept: Kept): Promise<Kept | null> {
    if (step.kind === 'done') return null
    if (step.kind === 'seal') return { ...kept, operation: null }
    const { principal } = this.#options
    const { author, turn } = kept
    const doer = author === null || equal(author, principal) ? null : author
    const requestId = operationIdOf(doer ?? principal, kept.requestId, turn)
    const requestSeed = operationSeedOf(kept.requestId, turn)
    return {
      ...kept,
      operation: { tag: 'change', value: { requestId, requestSeed, doer, records: await step.make() } },
    }
  }

  /** The same, having passed gate 1. */
  async makeChecked(step: Step, kept: Kept): Promise<Kept | null> {
    const made = await this.make(step, kept)
    if (made?.operation == null) return made
    const check = await this.#options.cluster.check(made.operation)
    if (!check.ok) throw new RefusedError(check.fault)
    return made
  }

  /** null for what does not fit, also where a key is another one than what it brings was sealed under. */
  fold(state: TreeState, kept: Kept): Folded | null {
    const known = this.#fitting.get(kept)
    if (known?.state === state) return known.folded
    const folded = this.#fitted(state, kept)
    // What does not open now may open with a key that comes later.
    if (folded !== null) this.#fitting.set(kept, { state, folded })
    return folded
  }

  #fitted(state: TreeState, kept: Kept): Folded | null {
    const { ring } = this.#options
    const folded = this.#folded(state, kept)
    if (folded?.outcomes[0]!.ok !== true || !opensIn(ring, state, folded.state, kept.operation!)) return null
    if (kept.deed.tag !== 'writeFile' || kept.isTaken) return folded
    const { block, key, keyEpoch } = kept.deed.value
    const known = ring.keyOf(folded.state, block, keyEpoch)
    return known !== null && equal(known, key) ? folded : null
  }

  /** null where there is no operation yet. */
  #folded(state: TreeState, { operation, madeAtMs }: Kept): Folded | null {
    const newest = this.#newest
    const isKnown = newest?.state === state && newest.operation === operation && newest.madeAtMs === madeAtMs
    if (isKnown || operation === null) return isKnown ? newest.folded : null
    const folded = foldOver(state, operation, madeAtMs)
    this.#newest = { state, folded, operation, madeAtMs }
    return folded
  }

  /** Why the tree would not take an operation over a state; null where it would, or others may only have been faster. */
  refusal(state: TreeState, kept: Kept): Fault | null {
    const outcome = this.#folded(state, kept)?.outcomes[0]
    return outcome === undefined || outcome.ok || raceCodes.has(outcome.fault.code) ? null : outcome.fault
  }

  /** Whether a fault is one that the same deed need not have when it is made anew over what the tree is now. */
  isPassing({ code }: Fault, { operation }: Kept): boolean {
    if (raceCodes.has(code)) return true
    const { cluster, principal } = this.#options
    // It was signed under a permission in the place of which another one has come.
    const own = deviceOf(cluster.state, principal)?.writecapHash
    const named = operation?.tag === 'change' ? operation.value.records[0]?.fields.writecapHash : undefined
    return code === 'writecapExpired' && own !== undefined && (named === undefined || !equal(named, own))
  }

  /** null where the key is out of reach. */
  async seal(kept: Kept, { block: target, over, toDeed }: Extract<Step, { kind: 'seal' }>): Promise<Sealed | null> {
    const { deed } = kept
    if (deed.tag !== 'addFile' && deed.tag !== 'writeFile') throw new Error(`"${deed.tag}" has no content`)
    const source = { block: deed.value.block, body: deed.value.body, keys: keysOfDeed(deed) }
    const { ring, platform } = this.#options
    const place = target === null ? this.#newBlock() : sealingKeyOf(over, ring, target, platform.random)
    if (place === null) return null
    const { block, key, keyEpoch } = place
    const written = await sealAnew(this.#options, this.#options.objects, source, place)
    const { bodyRoot, sizeBytes } = written
    return {
      // Of the deed that it is now nothing was taken yet.
      kept: { ...kept, deed: toDeed(block, key, keyEpoch, { bodyRoot, sizeBytes }), isTaken: false, operation: null },
      written,
      abandon: () => abandonBody(this.#options, block, written),
    }
  }

  #newBlock() {
    const { random } = this.#options.platform
    return { block: random.bytes(blockIdSizeBytes), key: random.bytes(32), keyEpoch: 1 }
  }
}

/** What an operation is refused for when something came before it: another version, another key, another place. */
export const raceCodes: ReadonlySet<string> = new Set([
  'raceLost',
  'keyEpochWrong',
  'placeUnknown',
  'placeWrong',
  'directoryNotEmpty',
  'moveIntoItself',
])

const unknownDevice = 'another device'

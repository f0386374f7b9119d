/**
 * Devices of a tree in different generations: who is in the earlier one finds out, and goes on in the later (design §7).
 *
 * What a device says under a later number proves nothing. It is asked for what the root signed, with the credential sets that lead
 * there from the one here; only where that holds it is asked for its state, which has to say the same. So nobody but the root can
 * make a device give up the log that it has. What only this device has by then goes along: its outbox keeps it in the very write
 * that changes the generation.
 *
 * Each device is followed for itself, so that one that is slow, or says nothing, holds up nobody else.
 * @module
 */
import { type Bytes, type Fault, type Result, decode, equal, refused, toHex } from '../core/bytes/bytes.ts'
import { type CredentialSet, credentialSetHash, principalOf, rootClaim } from '../core/crypto/crypto.ts'
import { readersOf } from '../core/cap/cap.ts'
import { type AuthenticatedMap, root } from '../core/merkle/merkle.ts'
import { type Answer, type Question, setStepCountMax } from '../core/message/message.ts'
import {
  type SetStep,
  type TakeOverBody,
  type TakeOverRow,
  type TreeState,
  accessOf,
  claimsOfSteps,
  descendsFrom,
  devicesOf,
  keys,
  readRow,
  setOf,
  setSteps,
  summaryOf,
  takeOverBodyWire,
  takeOverDomain,
  takeOverIn,
  takeOverSizeBytesMax,
} from '../core/tree/tree.ts'
import { rootBlockId } from '../core/path/path.ts'
import type { Platform } from '../port/platform.ts'
import type { Cluster } from './cluster.ts'
import { newNodeId } from './cluster/membership.ts'
import { SnapshotReceiver, rowsAfter, snapshotOf } from './cluster/snapshots.ts'
import type { AskOptions } from './exchange.ts'
import type { PeerId } from './peers.ts'

/** States that are fetched at a time. */
const fetchedCountMax = 2
/** How long a device can show how quick it is, before it gives way to another one; twice as long each time after that. */
const graceMs = 5000
const doublingCountMax = 10
/** For one answer, be it behind others on a slow path. */
const patienceMs = 60_000

export interface GenerationsOptions {
  readonly platform: Pick<Platform, 'clock' | 'crypto' | 'random'>
  readonly cluster: Cluster
  /** This device's. */
  readonly principal: PeerId
  ask(to: PeerId, question: Question, options: AskOptions): Promise<Answer | null>
  refuse(id: PeerId, fault: Fault): void
}

/** A device of a later generation that is being asked. */
interface Following {
  readonly receiver: SnapshotReceiver
  /** Since when its state is fetched; null before. */
  sinceMs: number | null
}

/** What a device said of its generation; the root has signed that. */
type Proven = Extract<Answer, { tag: 'generation' }>['value'] & { readonly body: TakeOverBody }

export class Generations {
  readonly #options: GenerationsOptions
  /** The states that are being told to others. */
  readonly #told = new Map<PeerId, AuthenticatedMap>()
  readonly #followings = new Map<PeerId, Following>()
  /** How often each has given way to another one. */
  readonly #gaveWay = new Map<PeerId, number>()

  constructor(options: GenerationsOptions) {
    this.#options = options
  }

  /** A device of the tree speaks in a later generation. */
  onLater(from: PeerId): void {
    if (this.#followings.has(from)) return
    const ask = (to: PeerId, question: Question): Promise<Answer | null> => this.#ask(to, question)
    const receiver = new SnapshotReceiver(ask, () => this.#options.cluster.state.map)
    const following: Following = { receiver, sinceMs: null }
    this.#followings.set(from, following)
    // What fails now is tried again at that device's next word.
    void this.#follow(from, following)
      .then((found) => found?.ok === false && this.#options.refuse(from, found.fault))
      .catch(() => {})
      .finally(() => this.#followings.get(from) === following && this.#forget(from))
  }

  /**
   * What the generation of this device began with, and its state now.
   * @param setHash of the credential set that the other one goes by
   */
  answer(from: PeerId, { setHash }: Extract<Question, { tag: 'generation' }>['value']): Answer {
    const { cluster } = this.#options
    const { state } = cluster
    const { generation } = cluster.identity
    const takeOver = readRow(state, 'takeOver', keys.takeOver(generation))
    if (takeOver === null || summaryOf(state)?.generation !== generation) return { tag: 'none', value: {} }
    const given = cluster.givenState({ base: cluster.base, map: state.map })
    if (given === null || summaryOf({ ...state, map: given.map })?.generation !== generation)
      return { tag: 'none', value: {} }
    this.#told.set(from, given.map)
    const sets = setSteps(state, setHash, takeOverIn(state, generation)!.setHash).slice(0, setStepCountMax)
    return { tag: 'generation', value: { takeOver, sets, snapshot: snapshotOf(given) } }
  }

  /** The next rows of a state that was asked for; null where it is another one. */
  rowsFor(from: PeerId, { stateRoot, after }: Extract<Question, { tag: 'rows' }>['value']): Answer | null {
    const map = this.#told.get(from)
    return map === undefined || !equal(root(map), stateRoot) ? null : rowsAfter(map, after)
  }

  onDown(id: PeerId): void {
    this.#told.delete(id)
    this.#gaveWay.delete(id)
    this.#forget(id)
  }

  #forget(id: PeerId): void {
    this.#followings.get(id)?.receiver.forget()
    this.#followings.delete(id)
  }

  /** @returns null where it comes to nothing now; refused where that device is to blame */
  async #follow(from: PeerId, following: Following): Promise<Result<unknown> | null> {
    const { cluster, platform, principal } = this.#options
    const ownHash = setHashOf(cluster.state)
    const proven = await this.#prove(from)
    if (proven?.ok !== true) return proven
    const { takeOver, snapshot, body } = proven.value
    if (body.generation <= cluster.identity.generation || !this.#isCurrent(from, following)) return null
    if (!this.#makesRoom()) return null
    following.sinceMs = platform.clock.monotonicMs()
    const received = await following.receiver.receive(from, snapshot)
    if (received?.ok !== true) return received
    const map = received.value
    const passed = await cluster.checkState(map, snapshot)
    if (!passed.ok) return passed
    const after: TreeState = { treeId: cluster.state.treeId, map }
    if (!isBegunBy(after, takeOver, body)) return otherGeneration
    if (!isReadableBy(after, principal)) return null
    const { generation } = body
    const isTaken = await cluster.succeed(() => {
      // By another set it may have to be judged anew.
      if (cluster.identity.generation >= generation || !isSameSet(setHashOf(cluster.state), ownHash)) return null
      const identity = { nodeId: newNodeId(principal, platform.random), generation }
      const { index, term, configuration } = snapshot
      return { identity, base: { index, term, configuration }, map, commands: [] }
    })
    if (isTaken) for (const id of [...this.#followings.keys()]) this.#forget(id)
    return null
  }

  /**
   * Asks for what the root signed for the generation of a device, and verifies it: by the set in force here or by one that came from
   * it. Who had been replaced there before can not go on with the tree from an earlier state.
   */
  async #prove(from: PeerId): Promise<Result<Proven> | null> {
    const { state } = this.#options.cluster
    const ownHash = setHashOf(state)
    // A device that holds nothing of the tree yet goes by its name.
    let known = ownHash && setOf(state, ownHash)
    for (;;) {
      const setHash = known && credentialSetHash(known)
      const answer = await this.#ask(from, { tag: 'generation', value: { setHash } })
      if (answer?.tag !== 'generation') return null
      const { takeOver, sets } = answer.value
      const body = decode(takeOverBodyWire, takeOver.body, takeOverSizeBytesMax)
      if (!body.ok || !equal(body.value.treeId, state.treeId)) return unproven
      const proven = { ok: true, value: { ...answer.value, body: body.value } } as const
      if (known !== null && (await this.#isSigned(takeOver, known))) return proven
      if (setHash !== null && equal(setHash, body.value.setHash)) return unproven
      const last: CredentialSet | undefined = sets.at(-1)?.set
      // The owner has gone on from another set there than here.
      if (last === undefined) return null
      if (!(await this.#doFollow(known, sets))) return unproven
      if (await this.#isSigned(takeOver, last)) return proven
      // Where they are many the next ones are asked for, by the last.
      known = last
    }
  }

  async #doFollow(known: CredentialSet | null, sets: readonly SetStep[]): Promise<boolean> {
    const { cluster, platform } = this.#options
    const claims = claimsOfSteps(cluster.state.treeId, known, sets)
    return claims.ok && (await platform.crypto.verify(claims.value)).every(Boolean)
  }

  async #isSigned({ body, signature }: TakeOverRow, set: CredentialSet): Promise<boolean> {
    const claim = rootClaim(set, takeOverDomain, body, signature)
    if (!claim.ok) return false
    const [isValid] = await this.#options.platform.crypto.verify([claim.value])
    return isValid === true
  }

  /** Whoever does not answer in time is asked anew at his next word. */
  #ask(to: PeerId, question: Question): Promise<Answer | null> {
    return this.#options.ask(to, question, { timeoutMs: patienceMs })
  }

  #isCurrent(from: PeerId, following: Following): boolean {
    return this.#followings.get(from) === following
  }

  /** @returns whether one more state can be fetched, be it that the slowest device gives way */
  #makesRoom(): boolean {
    const nowMs = this.#options.platform.clock.monotonicMs()
    const fetched = [...this.#followings].flatMap(([id, { receiver, sinceMs }]) =>
      sinceMs === null ? [] : [{ id, forMs: nowMs - sinceMs, sizeBytes: receiver.sizeBytes }],
    )
    if (fetched.length < fetchedCountMax) return true
    const [slowest] = fetched
      .filter(({ id, forMs }) => forMs > graceMs * 2 ** Math.min(this.#gaveWay.get(id) ?? 0, doublingCountMax))
      .toSorted((one, other) => one.sizeBytes / one.forMs - other.sizeBytes / other.forMs)
    if (slowest === undefined) return false
    this.#gaveWay.set(slowest.id, (this.#gaveWay.get(slowest.id) ?? 0) + 1)
    this.#forget(slowest.id)
    return true
  }
}

const setHashOf = (state: TreeState): Bytes | null => summaryOf(state)?.setHash ?? null
const isSameSet = (one: Bytes | null, other: Bytes | null): boolean =>
  one === null || other === null ? one === other : equal(one, other)

const unproven = refused(
  'generationUnproven',
  'A device spoke as if the tree had been taken over, and its owner has not signed that. Nothing was changed.',
)
const otherGeneration = refused(
  'generationOther',
  'A device gave a state of the tree that is of another take-over than the one that it had spoken of. Nothing of it was used.',
)

/** Whether a state is of the generation that a take-over begins, and has gone on from the set that signed it. */
function isBegunBy(state: TreeState, { body }: TakeOverRow, { generation, setHash }: TakeOverBody): boolean {
  const held = readRow(state, 'takeOver', keys.takeOver(generation))
  const summary = summaryOf(state)
  const isHeld = held !== null && equal(held.body, body) && summary?.generation === generation
  return isHeld && descendsFrom(state, summary.setHash, setHash)
}

/** Whether a device belongs to a tree, and has a key to it. */
function isReadableBy(state: TreeState, id: PeerId): boolean {
  const row = [...devicesOf(state)].find(({ device }) => toHex(principalOf(device.fields.credential)) === id)
  const readcaps = accessOf(state, rootBlockId(state.treeId))?.fields.readcaps ?? []
  return row?.dismissed === null && readersOf(readcaps).some((reader) => toHex(reader) === id)
}

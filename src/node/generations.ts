/**
 * Devices of a tree in different generations: who is in the earlier one finds out, and goes on in the later (design §7).
 *
 * What a device says under a later number proves nothing. It is asked for what the root signed, and for its state; that state has
 * to say the same. So nobody but the root can make a device give up the log that it has. What only this device has by then goes
 * along: its outbox keeps it in the very write that changes the generation.
 * @module
 */
import { type Bytes, type Fault, decode, equal, toHex } from '../core/bytes/bytes.ts'
import { type CredentialSet, principalOf, rootClaim } from '../core/crypto/crypto.ts'
import { readersOf } from '../core/cap/cap.ts'
import { type AuthenticatedMap, root } from '../core/merkle/merkle.ts'
import type { Answer, Question } from '../core/message/message.ts'
import {
  type TakeOverBody,
  type TakeOverRow,
  type TreeState,
  accessOf,
  claimsOfSets,
  descendsFrom,
  devicesOf,
  keys,
  readRow,
  setOf,
  summaryOf,
  takeOverBodyWire,
  takeOverDomain,
  takeOverSizeBytesMax,
} from '../core/tree/tree.ts'
import { rootBlockId } from '../core/path/path.ts'
import type { Platform } from '../port/platform.ts'
import type { Cluster } from './cluster.ts'
import { newNodeId } from './cluster/membership.ts'
import { SnapshotReceiver, rowsAfter, snapshotOf } from './cluster/snapshots.ts'
import type { PeerId } from './peers.ts'

export interface GenerationsOptions {
  readonly platform: Pick<Platform, 'clock' | 'crypto' | 'random'>
  readonly cluster: Cluster
  /** This device's. */
  readonly principal: PeerId
  ask(to: PeerId, question: Question): Promise<Answer | null>
  refuse(id: PeerId, fault: Fault): void
}

export class Generations {
  readonly #options: GenerationsOptions
  /** The states that are being told to others. */
  readonly #told = new Map<PeerId, AuthenticatedMap>()
  readonly #receiver: SnapshotReceiver
  #isFollowing = false

  constructor(options: GenerationsOptions) {
    this.#options = options
    this.#receiver = new SnapshotReceiver(
      (to, question) => options.ask(to, question),
      () => options.cluster.state.map,
    )
  }

  /** A device of the tree speaks in a later generation. */
  onLater(from: PeerId): void {
    if (this.#isFollowing) return
    this.#isFollowing = true
    // What fails now is tried again at that device's next word.
    void this.#follow(from)
      .catch(() => {})
      .finally(() => (this.#isFollowing = false))
  }

  /** What the generation of this device began with, and its state now. */
  answer(from: PeerId): Answer {
    const { cluster } = this.#options
    const { generation } = cluster.identity
    const takeOver = readRow(cluster.state, 'takeOver', keys.takeOver(generation))
    if (takeOver === null || summaryOf(cluster.state)?.generation !== generation) return { tag: 'none', value: {} }
    const given = cluster.givenState({ base: cluster.base, map: cluster.state.map })
    if (given === null) return { tag: 'none', value: {} }
    this.#told.set(from, given.map)
    return { tag: 'generation', value: { takeOver, snapshot: snapshotOf(given) } }
  }

  /** The next rows of a state that was asked for; null where it is another one. */
  rowsFor(from: PeerId, { stateRoot, after }: Extract<Question, { tag: 'rows' }>['value']): Answer | null {
    const map = this.#told.get(from)
    return map === undefined || !equal(root(map), stateRoot) ? null : rowsAfter(map, after)
  }

  onDown(id: PeerId): void {
    this.#told.delete(id)
  }

  async #follow(from: PeerId): Promise<void> {
    const { cluster, platform, principal, ask } = this.#options
    const answer = await ask(from, { tag: 'generation', value: {} })
    if (answer?.tag !== 'generation') return
    const { takeOver, snapshot } = answer.value
    const signed = decode(takeOverBodyWire, takeOver.body, takeOverSizeBytesMax)
    if (!signed.ok) return
    const { generation, setHash } = signed.value
    // A state is a lot to ask for; of what is signed by a set that is known here that needs no more.
    if (setOf(cluster.state, setHash) !== null && !(await this.#isByRoot(takeOver, setHash, cluster.state))) return
    const map = await this.#receiver.receive(from, snapshot)
    this.#receiver.forget()
    if (map === null) return
    const passed = await cluster.checkState(map, snapshot)
    if (!passed.ok) return this.#options.refuse(from, passed.fault)
    const after: TreeState = { treeId: cluster.state.treeId, map }
    if (!isBegunBy(after, takeOver, signed.value) || !(await this.#isByRoot(takeOver, setHash, after))) return
    if (!isReadableBy(after, principal)) return
    await cluster.succeed(() => {
      if (cluster.identity.generation >= generation) return null
      const identity = { nodeId: newNodeId(principal, platform.random), generation }
      const { index, term, configuration } = snapshot
      return { identity, base: { index, term, configuration }, map, commands: [] }
    })
  }

  /**
   * Whether the root signed for a generation, by the set in force here or by one that came from it. Who had been replaced there
   * before can not go on with the tree from an earlier state.
   */
  async #isByRoot(takeOver: TakeOverRow, setHash: Bytes, after: TreeState): Promise<boolean> {
    const { cluster, platform } = this.#options
    // A device that holds nothing of the tree yet goes by its name.
    const ownHash = summaryOf(cluster.state)?.setHash ?? cluster.state.treeId
    const claims = claimsOfSets(after)
    if (!claims.ok || !(await platform.crypto.verify(claims.value)).every(Boolean)) return false
    const known = setOf(cluster.state, ownHash)
    if (known !== null && (await this.#isSigned(takeOver, known))) return true
    const later = descendsFrom(after, setHash, ownHash) ? setOf(after, setHash) : null
    return later !== null && (await this.#isSigned(takeOver, later))
  }

  async #isSigned({ body, signature }: TakeOverRow, set: CredentialSet): Promise<boolean> {
    const claim = rootClaim(set, takeOverDomain, body, signature)
    if (!claim.ok) return false
    const [isValid] = await this.#options.platform.crypto.verify([claim.value])
    return isValid === true
  }
}

/** Whether a state is of the generation that a take-over begins. */
function isBegunBy(state: TreeState, { body }: TakeOverRow, { treeId, generation }: TakeOverBody): boolean {
  const held = readRow(state, 'takeOver', keys.takeOver(generation))
  const isHeld = held !== null && equal(held.body, body)
  return isHeld && equal(treeId, state.treeId) && summaryOf(state)?.generation === generation
}

/** Whether a device belongs to a tree, and has a key to it. */
function isReadableBy(state: TreeState, id: PeerId): boolean {
  const row = [...devicesOf(state)].find(({ device }) => toHex(principalOf(device.fields.credential)) === id)
  const readcaps = accessOf(state, rootBlockId(state.treeId))?.fields.readcaps ?? []
  return row?.dismissed === null && readersOf(readcaps).some((reader) => toHex(reader) === id)
}

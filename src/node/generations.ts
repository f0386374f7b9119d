/**
 * Devices of a tree in different generations: who is in the earlier one finds out, and goes on in the later (design §7).
 *
 * What a device says under a later number proves nothing. It is asked for what the root signed, and for its state; that state has
 * to say the same. So nobody but the root can make a device give up the log that it has. What only this device has by then goes
 * along: its outbox keeps it in the very write that changes the generation.
 * @module
 */
import { decode, equal, toHex } from '../core/bytes/bytes.ts'
import { type CredentialSet, principalOf, rootClaim, treeIdOf } from '../core/crypto/crypto.ts'
import { readersOf } from '../core/cap/cap.ts'
import { type AuthenticatedMap, entries, root } from '../core/merkle/merkle.ts'
import type { Answer, Question } from '../core/message/message.ts'
import {
  type TakeOverRow,
  type TreeState,
  accessOf,
  decodeRow,
  devicesOf,
  keys,
  readRow,
  rowKind,
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
import { SnapshotReceiver, rowsAfter, snapshotData } from './cluster/snapshots.ts'
import type { PeerId } from './peers.ts'

export interface GenerationsOptions {
  readonly platform: Pick<Platform, 'clock' | 'crypto' | 'random'>
  readonly cluster: Cluster
  /** This device's. */
  readonly principal: PeerId
  ask(to: PeerId, question: Question): Promise<Answer | null>
}

export class Generations {
  readonly #options: GenerationsOptions
  /** The states that are being told to others. */
  readonly #told = new Map<PeerId, AuthenticatedMap>()
  readonly #receiver: SnapshotReceiver
  #isFollowing = false

  constructor(options: GenerationsOptions) {
    this.#options = options
    this.#receiver = new SnapshotReceiver((to, question) => options.ask(to, question))
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
    const { map } = cluster.state
    this.#told.set(from, map)
    return { tag: 'generation', value: { takeOver, snapshot: { ...cluster.base, data: snapshotData(map) } } }
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
    const known = setInForce(cluster.state)
    if (known !== null && !(await this.#isSigned(takeOver, known))) return
    const map = await this.#receiver.receive(from, snapshot)
    this.#receiver.forget()
    if (map === null || !isWellFormed(map)) return
    const after: TreeState = { treeId: cluster.state.treeId, map }
    const set = known ?? ownSetOf(after)
    const generation = generationIn(after, takeOver)
    if (set === null || generation === null || !(await this.#isSigned(takeOver, set))) return
    if (!isReadableBy(after, principal)) return
    await cluster.succeed(() => {
      if (cluster.identity.generation >= generation) return null
      const identity = { nodeId: newNodeId(principal, platform.random), generation }
      const { index, term, configuration } = snapshot
      return { identity, base: { index, term, configuration }, map, commands: [] }
    })
  }

  async #isSigned({ body, signature }: TakeOverRow, set: CredentialSet): Promise<boolean> {
    const claim = rootClaim(set, takeOverDomain, body, signature)
    if (!claim.ok) return false
    const [isValid] = await this.#options.platform.crypto.verify([claim.value])
    return isValid === true
  }
}

const setInForce = (state: TreeState): CredentialSet | null => {
  const summary = summaryOf(state)
  return summary === null ? null : setOf(state, summary.setSequence)
}

/** What a device goes by that holds nothing of the tree yet, but its name. */
function ownSetOf(state: TreeState): CredentialSet | null {
  const set = setOf(state, 0)
  return set !== null && equal(treeIdOf(set), state.treeId) ? set : null
}

/** Which generation a state is of, where that is the one that a take-over begins; else null. */
function generationIn(state: TreeState, { body }: TakeOverRow): number | null {
  const signed = decode(takeOverBodyWire, body, takeOverSizeBytesMax)
  if (!signed.ok || !equal(signed.value.treeId, state.treeId)) return null
  const { generation } = signed.value
  const held = readRow(state, 'takeOver', keys.takeOver(generation))
  return summaryOf(state)?.generation === generation && held !== null && equal(held.body, body) ? generation : null
}

/** Whether every row is one that the fold could have written, by its form. */
function isWellFormed(map: AuthenticatedMap): boolean {
  const kinds = new Map(Object.entries(rowKind).map(([kind, octet]) => [octet as number, kind as keyof typeof rowKind]))
  try {
    for (const [key, octets] of entries(map)) decodeRow(kinds.get(key[0]!)!, octets)
    return true
  } catch {
    return false
  }
}

/** Whether a device belongs to a tree, and has a key to it. */
function isReadableBy(state: TreeState, id: PeerId): boolean {
  const row = [...devicesOf(state)].find(({ device }) => toHex(principalOf(device.fields.credential)) === id)
  const readcaps = accessOf(state, rootBlockId(state.treeId))?.fields.readcaps ?? []
  return row?.dismissed === null && readersOf(readcaps).some((reader) => toHex(reader) === id)
}

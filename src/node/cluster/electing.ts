/**
 * Who is to vote, and who is to lead: what the one that leads knows of the others, and which change follows from it.
 *
 * The choice itself is made in `membership.ts`. This node has a say in it only while it leads and no other change is under way, since
 * each is counted by the voters of the one before. Whoever is put out leaves the voters first: afterwards nobody talks to it, and it
 * would be missing where votes are counted.
 * @module
 */
import { BlocktreeError, toHex } from '../../core/bytes/bytes.ts'
import { trusted } from '../../core/cap/cap.ts'
import { principalOf } from '../../core/crypto/crypto.ts'
import type { ConfigurationChange, NodeId } from '../../core/raft/raft.ts'
import { type Batch, type Operation, foldBatch } from '../../core/tree/tree.ts'
import type { ClockPort } from '../../port/platform.ts'
import type { PeerId } from '../peers.ts'
import { Absences } from './absences.ts'
import {
  type Electorate,
  appointedPeers,
  changeWithout,
  isCaughtUp,
  isSteady,
  peerOf,
  votesIn,
  wantedChange,
  wantedLeader,
} from './membership.ts'
import type { Moment } from './options.ts'

export interface ElectingOptions {
  readonly clock: ClockPort
  /** This device's principal, hexadecimal. */
  readonly principal: PeerId
  readonly moment: () => Moment
}

/** Somebody is about to be put out. */
export interface Dismissal {
  readonly peer: PeerId
  /** Who wants it so; takes its place where there is no other voter. Nobody where the root does. */
  readonly by: PeerId | null
}

export class Electing {
  readonly #options: ElectingOptions
  /** Under which name each device says that it is here. */
  readonly #present = new Map<PeerId, NodeId>()
  readonly #absences = new Absences()
  /** Who is about to be put out, and so is made a voter no more. */
  readonly #leaving = new Set<PeerId>()
  #isHandingOver = false

  constructor(options: ElectingOptions) {
    this.#options = options
  }

  // --- who is there ---------------------------------------------------------------------------------------------------------

  /** A device is here under a name. */
  come(peer: PeerId, id: NodeId): void {
    this.#present.set(peer, id)
  }

  go(peer: PeerId): void {
    this.#present.delete(peer)
  }

  get isAnybodyHere(): boolean {
    return this.#present.size > 0
  }

  /** Once a tick, of the one that leads. */
  noteAbsences(): void {
    const { raft, identity } = this.#options.moment()
    const isHere = (id: NodeId): boolean => id === identity.nodeId || this.#isHere(id)
    this.#absences.note(raft.configuration.voters, isHere, this.#options.clock.monotonicMs())
  }

  /** Another one leads, who has to see for itself. */
  lostLead(): void {
    this.#leaving.clear()
    this.#absences.forget()
  }

  /** In another generation all say anew under which name they are here. */
  generationLeft(): void {
    this.#present.clear()
  }

  // --- what is to change ----------------------------------------------------------------------------------------------------

  /** null where nothing is to do. */
  get wantedChange(): ConfigurationChange | null {
    const electorate = this.#electorate
    return electorate && wantedChange(electorate)
  }

  /** Who is to lead in this node's place; null where nobody is. */
  get wantedLeader(): NodeId | null {
    const electorate = this.#electorate
    return electorate && wantedLeader(electorate)
  }

  /** From here on others say who votes: one at a time, since each would undo what the other does. */
  beginHandOver(): void {
    if (this.#isHandingOver)
      throw new BlocktreeError(
        'handOverTwice',
        'Another device is just about to decide. Wait a moment, then try again.',
      )
    this.#isHandingOver = true
  }

  endHandOver(): void {
    this.#isHandingOver = false
  }

  /** null where this node has no say in who votes, or has to wait for what is under way. */
  get #electorate(): Electorate | null {
    const { clock, principal, moment } = this.#options
    const { raft, state, identity, link } = moment()
    const { role, configuration } = raft
    if (role !== 'leader' || link === null || this.#isChangeUnderWay) return null
    if (configuration.votersOutgoing.length > 0 || this.#isHandingOver) return null
    const appointed = appointedPeers(state)
    return {
      configuration,
      leader: identity.nodeId,
      present: this.#present,
      isDevice: (id) => id === principal || link.isDevice(id),
      isSteady: (id) => !this.#leaving.has(id) && isSteady(state, id, clock.nowMs()),
      isCaughtUp: (id) => isCaughtUp(raft, id),
      awayMs: (id) => this.#absences.awayMs(id, clock.monotonicMs()),
      // With whoever is put out the choice ends that named it.
      appointed: appointed !== null && [...this.#leaving].every((id) => !appointed.has(id)) ? appointed : null,
    }
  }

  // --- who is put out -------------------------------------------------------------------------------------------------------

  /** Whom an operation puts out when it is folded next; null where it puts out nobody. */
  dismissalBy(operation: Operation, stampMs: number): Dismissal | null {
    if (operation.tag !== 'dismiss') return null
    const batch = { stampMs, operations: [operation] } as Batch
    if (!foldBatch(this.#options.moment().state, trusted(batch)).outcomes[0]!.ok) return null
    const { device, issuer } = operation.value.dismissal.fields
    return { peer: toHex(device), by: issuer.tag === 'node' ? toHex(principalOf(issuer.value.author)) : null }
  }

  /** Whoever is put out votes no more from here on. @returns the change that this takes; null where none can be made now */
  beginLeaving({ peer, by }: Dismissal): ConfigurationChange | null {
    this.#leaving.add(peer)
    const { raft } = this.#options.moment()
    if (this.#isChangeUnderWay || !votesIn(raft.configuration, peer)) return null
    return changeWithout(raft.configuration, peer, by, (id) => this.#isHere(id) && isCaughtUp(raft, id))
  }

  /** Whether somebody is no voter, nor about to become one, and so can be put out. */
  hasLeft({ peer }: Dismissal): boolean {
    return !this.#isChangeUnderWay && !votesIn(this.#options.moment().raft.configuration, peer)
  }

  /** The dismissals among what was folded are done with. */
  folded(operations: readonly Operation[]): void {
    for (const { tag, value } of operations)
      if (tag === 'dismiss') this.#leaving.delete(toHex(value.dismissal.fields.device))
  }

  get #isChangeUnderWay(): boolean {
    const { pendingConfigurationIndex, log } = this.#options.moment().raft
    return pendingConfigurationIndex > log.appliedIndex
  }

  #isHere(id: NodeId): boolean {
    return this.#present.get(peerOf(id)) === id
  }
}

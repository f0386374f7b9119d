/**
 * The network of a group: messages that take time, overtake each other, come twice or never.
 * @module
 */
import type { Message, NodeId } from '../../core/raft/raft.ts'
import type { Random } from '../random.ts'
import type { Timeline } from '../timeline.ts'

export const groupNetFaultNames = ['lost', 'repeated', 'delayed', 'blocked'] as const
export type GroupNetFault = (typeof groupNetFaultNames)[number]

const healthy = { lossChance: 0, repeatChance: 0, delayChance: 0, delayMsMax: 0 }
const isNeverHeld = (): boolean => false
const latencyMs = { min: 1, max: 30 }

export class GroupNetwork {
  readonly faults = { ...healthy }
  readonly counts: Record<GroupNetFault, number> = { lost: 0, repeated: 0, delayed: 0, blocked: 0 }
  readonly #timeline: Timeline
  readonly #random: Random
  readonly #deliver: (message: Message) => boolean
  readonly #report: (message: Message, isReceived: boolean) => void
  readonly #blocked = new Set<string>()
  #isHeld: (message: Message) => boolean = isNeverHeld

  /**
   * @param deliver answers false where nobody is there
   * @param report is told what became of a message
   */
  constructor(
    timeline: Timeline,
    random: Random,
    deliver: (message: Message) => boolean,
    report: (message: Message, isReceived: boolean) => void,
  ) {
    this.#timeline = timeline
    this.#random = random
    this.#deliver = deliver
    this.#report = report
  }

  send(message: Message): void {
    const { faults, counts } = this
    const random = this.#random
    const isRepeated = random.chance(faults.repeatChance)
    for (let count = isRepeated ? 2 : 1; count > 0; count--) {
      const isDelayed = random.chance(faults.delayChance)
      if (isDelayed) counts.delayed++
      const delayMs =
        random.between(latencyMs.min, latencyMs.max) + (isDelayed ? random.spread(1, faults.delayMsMax) : 0)
      this.#timeline.after(delayMs, () => this.#arrive(message))
    }
    if (isRepeated) counts.repeated++
  }

  #arrive(message: Message): void {
    const isBlocked = this.#blocked.has(`${message.from}>${message.to}`) || this.#isHeld(message)
    const isLost = this.#random.chance(this.faults.lossChance)
    if (isBlocked) this.counts.blocked++
    else if (isLost) this.counts.lost++
    this.#report(message, !isBlocked && !isLost && this.#deliver(message))
  }

  block(from: NodeId, to: NodeId): void {
    this.#blocked.add(`${from}>${to}`)
  }
  /** Of all messages those that `isHeld` says of, as they are about to arrive. */
  hold(isHeld: (message: Message) => boolean): void {
    this.#isHeld = isHeld
  }
  heal(): void {
    this.#blocked.clear()
    this.#isHeld = isNeverHeld
    Object.assign(this.faults, healthy)
  }
}

/**
 * The intake of Raft's messages: what brings entries passes gate 1 first, what brings a state is fetched first, and all that may
 * change the log comes one after the other, so that what was checked against the log still finds it as it was.
 * @module
 */
import { type Check, type Fault, ok } from '../../core/bytes/bytes.ts'
import type { AuthenticatedMap } from '../../core/merkle/merkle.ts'
import type { Answer, Question, SentMessage } from '../../core/message/message.ts'
import { type Append, type InstallSnapshot, type Raft, newEntries } from '../../core/raft/raft.ts'
import { type TreeState, checkFollows } from '../../core/tree/tree.ts'
import type { PeerId } from '../peers.ts'
import type { Gate } from './gate.ts'
import { isDecidedByOne } from './membership.ts'
import { SnapshotReceiver } from './snapshots.ts'

export interface IntakeOptions {
  /** As it is now. */
  readonly raft: () => Raft
  readonly gate: Gate
  readonly nowMs: () => number
  readonly state: () => TreeState
  ask(to: PeerId, question: Question): Promise<Answer | null>
  refuse(from: PeerId, fault: Fault): void
  step(message: SentMessage): Check
  /** Steps the message; resolves when its snapshot, whose state is given, is installed or has turned out to be moot. */
  install(message: InstallSnapshot, map: AuthenticatedMap): Promise<Check>
}

export class Intake {
  readonly #options: IntakeOptions
  readonly #receiver: SnapshotReceiver
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: IntakeOptions) {
    this.#options = options
    this.#receiver = new SnapshotReceiver(options.ask, () => options.state().map)
  }

  /** @returns what is wrong with it: its sender is dropped */
  async take(from: PeerId, message: SentMessage): Promise<Check> {
    if (message.kind === 'append') return this.#inTurn(() => this.#takeAppend(from, message))
    if (message.kind !== 'snapshot') return this.#options.step(message)
    // Rows come over bulk, and no heartbeat waits for them.
    void this.#takeSnapshot(from, message).catch(() => {})
    return ok
  }

  /** The state that came is in place. */
  installed(): void {
    this.#receiver.forget()
  }

  async #takeAppend(from: PeerId, message: Append): Promise<Check> {
    const { raft, gate, nowMs, refuse, step } = this.#options
    const isByOne = isDecidedByOne(raft().configuration)
    const passed = await gate.checkEntries(newEntries(raft(), message), nowMs(), isByOne)
    if (passed.ok) return step(message)
    refuse(from, passed.fault)
    return ok
  }

  async #takeSnapshot(from: PeerId, message: InstallSnapshot): Promise<void> {
    const { raft, gate, nowMs, state, refuse, step, install } = this.#options
    const { snapshot, term } = message
    if (term < raft().term || snapshot.index <= raft().log.commitIndex) return void step(message)
    const received = await this.#receiver.receive(from, snapshot)
    if (received === null) return
    if (!received.ok) return refuse(from, received.fault)
    const map = received.value
    const passed = await gate.checkState(map, snapshot, nowMs())
    const taken = await this.#inTurn(async () => {
      // It may have come a second time, while the first was being verified.
      if (snapshot.index <= raft().log.commitIndex) return step(message)
      const follows = passed.ok ? checkFollows(state(), { ...state(), map }) : passed
      return follows.ok ? install(message, map) : follows
    })
    if (taken.ok) return
    this.#receiver.forget()
    refuse(from, taken.fault)
  }

  #inTurn(work: () => Promise<Check>): Promise<Check> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => {})
    return done
  }
}

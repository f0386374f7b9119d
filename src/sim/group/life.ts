/**
 * A member from its start to its end: the pure node, and a host that does what a Ready says in the order that it says.
 * @module
 */
import {
  type Entry,
  type Message,
  type NodeId,
  type Raft,
  type RaftEvent,
  type ReadState,
  type Ready,
  advance,
  createRaft,
  hasReady,
  isPromise,
  standardConfig,
  step,
  takeReady,
} from '../../core/raft/raft.ts'
import type { Random } from '../random.ts'
import type { Timeline } from '../timeline.ts'
import type { GroupBug } from './bugs.ts'
import type { GroupDisk, GroupLog, Stored } from './disk.ts'
import { type Machine, applyTo, decodeMachine, encodeMachine } from './machine.ts'
import type { RegisterOutput } from './registers.ts'
import type { Witness } from './witness.ts'

export const tickMs = 500
export const electionMs = tickMs * standardConfig.electionTicks
export const writeMs = { min: 1, max: 12 }
const tightLimits = { inflightCountMax: 2, messageSizeBytesMax: 100, applyingSizeBytesMax: 300 }
/** Entries in a log before the older half of them gives way to a snapshot. */
const logLengthMax = 48

export interface LifeOptions {
  readonly id: NodeId
  readonly disk: GroupDisk
  readonly timeline: Timeline
  readonly random: Random
  readonly witness: Witness
  readonly bug: GroupBug | null
  /** Whether messages hold little, and few are under way. */
  readonly isTight: boolean
  readonly send: (message: Message) => void
  readonly onCrash: (when: 'before' | 'after') => void
  /** A write was refused, and so it stopped. */
  readonly onRefused: () => void
  /** What was applied in an earlier life, for the bug that goes on from it. */
  readonly machine: Machine | null
}

interface Waiting {
  readonly term: number
  readonly answer: (output: RegisterOutput | null) => void
}

export class Life {
  readonly #options: LifeOptions
  readonly #log: GroupLog
  raft: Raft
  machine: Machine
  isAlive = true
  /** How many writes are left until the process dies, and on which side of one. */
  crash: { writeCount: number; readonly when: 'before' | 'after' } | null = null
  writeMs = writeMs
  #isWriting = false
  #isWorking = false
  #writeCount = 0
  #wakesAtMs = 0
  #lastTickMs: number
  #readCount = 0
  readonly #waiting = new Map<number, Waiting>()
  readonly #reads = new Map<string, (machine: Machine) => void>()
  readonly #ready: ReadState[] = []

  constructor(options: LifeOptions) {
    const { id, disk, random, bug, timeline } = options
    this.#options = options
    const log = (this.#log = disk.open())
    const restored = decodeMachine(log.installed.data)
    this.machine = bug?.appliesTwice && options.machine !== null ? options.machine : restored
    const limits = options.isTight ? tightLimits : {}
    const config = { ...standardConfig, id, ...limits, ...bug?.config }
    this.raft = createRaft(config, log, {
      appliedIndex: log.installed.index,
      electionJitterTicks: this.#jitter(),
      incarnation: random.u32(),
    })
    this.#lastTickMs = timeline.nowMs
    this.#tickSoon()
    this.#work()
  }

  get id(): NodeId {
    return this.#options.id
  }
  get isFrozen(): boolean {
    return this.#options.timeline.nowMs < this.#wakesAtMs
  }
  get isLeader(): boolean {
    return this.isAlive && this.raft.role === 'leader'
  }

  kill(): void {
    this.isAlive = false
  }

  freeze(durationMs: number): void {
    if (this.isAlive) this.#wakesAtMs = Math.max(this.#wakesAtMs, this.#options.timeline.nowMs + durationMs)
  }

  /** Whatever reaches a process that is frozen waits until it wakes. */
  #post(delayMs: number, run: () => void): void {
    const { timeline } = this.#options
    timeline.after(delayMs, () => {
      if (!this.isAlive) return
      if (this.isFrozen) this.#post(this.#wakesAtMs - timeline.nowMs, run)
      else run()
    })
  }

  receive(message: Message): void {
    this.#post(0, () => {
      this.#wake()
      this.step({ kind: 'message', message: this.#options.bug?.received?.(message) ?? message })
    })
  }

  /** Runs in this process as soon as it is awake. */
  ask(run: () => void): void {
    this.#post(0, run)
  }

  // --- time -----------------------------------------------------------------------------------------------------------------

  #tickSoon(): void {
    this.#post(tickMs, () => {
      this.#wake()
      this.step({ kind: 'tick', electionJitterTicks: this.#jitter() })
      this.#tickSoon()
    })
  }

  /** One who leads, and slept longer than an election takes, may be the last to hear that he does not (facts: life in a tab). */
  #wake(): void {
    const { nowMs } = this.#options.timeline
    const hasSlept = nowMs - this.#lastTickMs > electionMs
    this.#lastTickMs = nowMs
    if (hasSlept) this.step({ kind: 'stepDown' })
  }

  #jitter(): number {
    return this.#options.random.below(standardConfig.electionTicks)
  }

  // --- clients --------------------------------------------------------------------------------------------------------------

  /** @returns false where it does not lead. `answer` is told null where the command is known to be lost */
  propose(data: Uint8Array, answer: (output: RegisterOutput | null) => void): boolean {
    if (!this.isLeader || !this.step({ kind: 'propose', commands: [data] }, false)) return false
    const { log, term } = this.raft
    const index = log.tailStart + log.tail.length - 1
    if (this.#options.bug?.answersBeforeCommit) answer({ kind: 'any' })
    else this.#waiting.set(index, { term, answer })
    this.#work()
    return true
  }

  read(answer: (machine: Machine) => void): void {
    const { bug } = this.#options
    if (bug?.readsByLease && this.isLeader) return answer(this.machine)
    const name = bug?.hasOneReadContext ? 'the one' : `${++this.#readCount}`
    const known = this.#reads.get(name)
    this.#reads.set(name, (machine) => (known?.(machine), answer(machine)))
    this.step({ kind: 'readIndex', context: new TextEncoder().encode(name) })
  }

  // --- the node -------------------------------------------------------------------------------------------------------------

  /** @returns whether it was taken */
  step(event: RaftEvent, works = true): boolean {
    const { witness, bug } = this.#options
    if (!this.isAlive) return false
    try {
      const [next, check] = step(this.raft, event)
      this.raft = bug?.stepped?.(next) ?? next
      if (this.raft.role === 'leader') witness.onLeader(this.id, this.raft.term)
      if (works) this.#work()
      return check.ok
    } catch (error) {
      this.#fail(error)
      return false
    }
  }

  #fail(error: unknown): void {
    this.#options.witness.note(`${this.id} failed: ${(error as Error).message}`)
    this.kill()
  }

  #work(): void {
    if (this.#isWriting || this.#isWorking || !this.isAlive || !hasReady(this.raft)) return
    this.#isWorking = true
    try {
      const [taken, ready] = takeReady(this.raft)
      this.raft = taken
      const { bug, random } = this.#options
      for (const message of ready.messages) if (bug?.sendsBeforeWriting || !isPromise(message)) this.#send(message)
      const isEmpty = ready.hardState === null && ready.entries.length === 0 && ready.snapshot === null
      if (isEmpty) this.#finish(ready)
      else {
        this.#isWriting = true
        this.#post(random.between(this.writeMs.min, this.writeMs.max), () => this.#write(ready))
      }
    } catch (error) {
      this.#fail(error)
    }
    this.#isWorking = false
    if (!this.#isWriting && this.isAlive && hasReady(this.raft)) this.#work()
  }

  #write(ready: Ready): void {
    const { bug, witness, onCrash, onRefused } = this.#options
    this.#isWriting = false
    // Another life has the disk by now.
    if (!this.#log.isNewest && !bug?.isUnfenced) return this.kill()
    // What it had promised is not on the disk, so it says nothing any more until it has started again.
    if (this.#log.isFull && !bug?.ignoresRefusals) {
      this.kill()
      return onRefused()
    }
    const dies = this.crash !== null && this.crash.writeCount-- === 0 ? this.crash.when : null
    if (dies === 'before') return this.#die(dies, onCrash)
    const write: Stored = bug?.stored?.(ready, this.#writeCount) ?? ready
    this.#writeCount++
    // A commit index may be forgotten, but not one that changed who votes.
    const isStrict =
      ready.mustSync || ready.snapshot !== null || ready.committed.some(({ kind }) => kind === 'configuration')
    this.#log.write(write, isStrict && !bug?.neverSyncs)
    if (write.hardState !== null) witness.onHardState(this.id, write.hardState)
    witness.onStored(write.entries)
    if (dies === 'after') return this.#die(dies, onCrash)
    try {
      this.#finish(ready)
      this.#compact()
    } catch (error) {
      return this.#fail(error)
    }
    this.#work()
  }
  #die(when: 'before' | 'after', onCrash: LifeOptions['onCrash']): void {
    this.crash = null
    this.kill()
    onCrash(when)
  }

  /** What is due when the write is durable. */
  #finish(ready: Ready): void {
    const { bug } = this.#options
    if (!bug?.sendsBeforeWriting) for (const message of ready.messages) if (isPromise(message)) this.#send(message)
    if (bug?.configuresEarly && this.id.charCodeAt(0) % 2 === 0)
      for (const entry of ready.entries) if (entry.kind === 'configuration') this.#configure(entry)
    if (ready.snapshot !== null && !bug?.keepsMachineAtSnapshot) {
      this.machine = decodeMachine(ready.snapshot.data)
      this.#lose(ready.snapshot.index)
    }
    for (const entry of ready.committed) this.#apply(entry)
    this.#ready.push(...ready.readStates)
    this.raft = advance(this.raft)
    this.#answerReads()
  }

  #send(message: Message): void {
    this.#options.send(this.#options.bug?.sent?.(message) ?? message)
  }

  #configure(entry: Extract<Entry, { readonly kind: 'configuration' }>): void {
    ;[this.raft] = step(this.raft, { kind: 'applyConfiguration', change: entry.change })
  }

  #apply(entry: Entry): void {
    const [machine, output] = applyTo(this.machine, entry)
    this.machine = machine
    this.#options.witness.onApplied(this.id, entry, machine.hash)
    if (entry.kind === 'configuration') this.#configure(entry)
    const waiting = this.#waiting.get(entry.index)
    this.#waiting.delete(entry.index)
    waiting?.answer(waiting.term === entry.term ? output : null)
  }

  /** What came by a snapshot may have been taken or not: nobody here can say. */
  #lose(index: number): void {
    for (const at of this.#waiting.keys()) if (at <= index) this.#waiting.delete(at)
  }

  #answerReads(): void {
    for (const { index, context } of this.#ready.splice(0)) {
      if (index > this.machine.appliedIndex) this.#ready.push({ index, context })
      else {
        const name = new TextDecoder().decode(context)
        this.#reads.get(name)?.(this.machine)
        this.#reads.delete(name)
      }
    }
  }

  #compact(): void {
    const log = this.#log
    if (log.lastIndex() - log.installed.index <= logLengthMax) return
    const { appliedIndex: index } = this.machine
    const term = log.term(index)
    if (term === null || index <= log.installed.index) return
    log.compact({ index, term, configuration: this.raft.configuration, data: encodeMachine(this.machine) })
  }
}

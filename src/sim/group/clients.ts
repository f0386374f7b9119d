/**
 * The clients of a group: each asks for one thing at a time, of whichever member it finds, and notes what it was answered.
 * @module
 */
import type { Random } from '../random.ts'
import type { Operation } from '../linearizability.ts'
import type { Timeline } from '../timeline.ts'
import type { Life } from './life.ts'
import { encodeCommand, readFrom } from './machine.ts'
import type { RegisterInput, RegisterOutput } from './registers.ts'
import type { Witness } from './witness.ts'

const keys = ['a', 'b', 'c', 'd']
const clientCountMax = 6
const thinkMs = { min: 2000, max: 120_000 }
const retryMs = 700
/** After so long a client gives up, and what it asked for may happen at any time or never. */
const patienceMs = 15_000

type History = Operation<RegisterInput, RegisterOutput>[]

export interface ClientsOptions {
  readonly timeline: Timeline
  readonly random: Random
  readonly witness: Witness
  readonly lives: () => readonly Life[]
  readonly onAnswered: (line: string) => void
  readonly clientCount?: number
}

export class Clients {
  readonly history: History = []
  acknowledgedCount = 0
  readonly #options: ClientsOptions
  readonly #timeline: Timeline
  readonly #random: Random
  #instant = 0
  #numberCount = 0
  #areAsking = true
  #wakeAtMs = 0

  constructor(options: ClientsOptions) {
    this.#options = options
    this.#timeline = options.timeline
    this.#random = options.random
    for (let count = options.clientCount ?? clientCountMax; count > 0; count--) this.#thinkThenAsk()
  }

  stop(): void {
    this.#areAsking = false
  }

  /** Nobody begins anything for so long. */
  sleep(durationMs: number): void {
    this.#wakeAtMs = this.#timeline.nowMs + durationMs
  }

  #thinkThenAsk(): void {
    const asleepMs = Math.max(0, this.#wakeAtMs - this.#timeline.nowMs)
    this.#timeline.after(asleepMs + this.#random.spread(thinkMs.min, thinkMs.max), () => {
      if (this.#timeline.nowMs < this.#wakeAtMs) return this.#thinkThenAsk()
      if (this.#areAsking) this.ask(this.#draw(), () => this.#thinkThenAsk())
    })
  }

  #draw(): RegisterInput {
    const key = this.#random.pick(keys)
    const kind = this.#random.weighted({ read: 3, write: 5, swap: 3 })
    if (kind === 'read') return { kind, key }
    const value = `v${++this.#numberCount}`
    if (kind === 'write') return { kind, key, value }
    // What it held a moment ago at some member, so that it fits about as often as not.
    const lives = this.#options.lives()
    const known = lives.length > 0 ? this.#random.pick(lives).machine.values[key] : undefined
    return { kind, key, from: known ?? 'nothing', value }
  }

  /**
   * @param onEnd called once when it is answered, or nobody waits for it any longer
   * @param at the member that is asked; absent: any
   */
  ask(input: RegisterInput, onEnd: (isAnswered: boolean) => void, at?: Life): void {
    const number = ++this.#numberCount
    const calledAt = ++this.#instant
    let isOver = false
    const end = (output: RegisterOutput | null): void => {
      if (isOver) return
      isOver = true
      cancel()
      // A read without an answer says nothing.
      if (output !== null || input.kind !== 'read')
        this.history.push({ input, output, calledAt, returnedAt: output === null ? Infinity : ++this.#instant })
      if (output !== null && input.kind !== 'read') {
        // A swap that did not fit has written nothing.
        if (output.kind !== 'swapped' || output.isSwapped) this.acknowledgedCount++
        this.#options.witness.onAnswered(number)
      }
      if (output !== null) this.#options.onAnswered(`${describe(input, output)} is answered`)
      onEnd(output !== null)
    }
    const cancel = this.#timeline.after(patienceMs, () => end(null))
    const again = (): void => void this.#timeline.after(retryMs, attempt)
    const attempt = (): void => {
      const life = isOver ? null : (at ?? this.#choose(input))
      if (isOver) return
      if (life === null) return again()
      life.ask(() => {
        if (isOver) return
        if (input.kind === 'read') return life.read((machine) => end(readFrom(machine, input.key)))
        const answer = (output: RegisterOutput | null): void => (output === null ? again() : end(output))
        if (!life.propose(encodeCommand({ number, input }), answer)) again()
      })
    }
    attempt()
  }

  /** Writes go to one that leads, as far as it knows; reads to anybody. */
  #choose({ kind }: RegisterInput): Life | null {
    const there = this.#options.lives().filter((life) => life.isAlive && (kind === 'read' || life.isLeader))
    return there.length === 0 ? null : this.#random.pick(there)
  }
}

function describe(input: RegisterInput, output: RegisterOutput): string {
  const { key } = input
  if (input.kind === 'read') return `${key} is ${output.kind === 'value' ? output.value : 'unknown'}`
  if (input.kind === 'write') return `${key} becomes ${input.value}`
  return `${key} becomes ${input.value} where it is ${input.from}: ${output.kind === 'swapped' && output.isSwapped}`
}

/**
 * One life of a node: what a browser calls a worker. It can be frozen and killed at any instant.
 *
 * Whatever reaches the node (a timer, an answer of the store, a call of the page) is posted to its process. Frozen, the process
 * takes everything late and once, in the order in which it was due; dead, it takes nothing any more.
 * @module
 */
import type { Scheduler } from './scheduler.ts'
import type { Cancel } from './timeline.ts'

export class Process {
  readonly scheduler: Scheduler
  /** Resolves once, when the process is killed. */
  readonly died: Promise<void>
  readonly #startedAtMs: number
  readonly #killHooks: (() => void)[] = []
  readonly #freezeHooks: (() => void)[] = []
  #isAlive = true
  #wakesAtMs = 0
  #frozenMs = 0

  constructor(scheduler: Scheduler) {
    this.scheduler = scheduler
    this.#startedAtMs = scheduler.nowMs
    this.died = new Promise((resolve) => this.#killHooks.push(resolve))
  }

  get isAlive(): boolean {
    return this.#isAlive
  }

  get isFrozen(): boolean {
    return this.scheduler.nowMs < this.#wakesAtMs
  }

  /** Time that the process has lived through awake. */
  get awakeMs(): number {
    const nowMs = this.scheduler.nowMs
    const stillFrozenMs = Math.max(0, this.#wakesAtMs - nowMs)
    return nowMs - this.#startedAtMs - (this.#frozenMs - stillFrozenMs)
  }

  /** Runs something in this process after a delay, later where it is frozen then, never where it is dead. */
  post(delayMs: number, run: () => void): Cancel {
    let cancel = this.scheduler.after(delayMs, () => {
      if (!this.#isAlive) return
      if (this.isFrozen) cancel = this.post(this.#wakesAtMs - this.scheduler.nowMs, run)
      else run()
    })
    return () => cancel()
  }

  /** Stops the process for a while. */
  freeze(durationMs: number): void {
    if (!this.#isAlive || this.isFrozen) return
    this.#wakesAtMs = this.scheduler.nowMs + durationMs
    this.#frozenMs += durationMs
    for (const hook of this.#freezeHooks) hook()
  }

  kill(): void {
    if (!this.#isAlive) return
    this.#isAlive = false
    for (const hook of this.#killHooks) hook()
  }

  /** Called at the instant of the death, in the order of registration. */
  onKill(hook: () => void): void {
    this.#killHooks.push(hook)
  }

  /** Called whenever the process is stopped for a while. */
  onFreeze(hook: () => void): void {
    this.#freezeHooks.push(hook)
  }
}

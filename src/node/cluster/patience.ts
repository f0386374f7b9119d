/**
 * How long silence lasts before it counts: five seconds, or half as long again while the one that leads is known to stutter.
 *
 * On a phone, or in a tab that the browser throttles, a leader falls silent for seconds and goes on. Whoever deposes it each time
 * changes nothing for the better: the next one is as slow, and meanwhile nobody decides. Who leads knows its own sleep and those
 * that it leads know its silence, so both sides come to the same.
 * @module
 */
import type { NodeId } from '../../core/raft/raft.ts'

/** A silence of half the shortest wait, after which it spoke all the same. */
const slowMs = 2500
/** How long that is remembered. */
const memoryMs = 5 * 60_000
/** While it is, one tick in so many does not count. */
const passedOver = 3

export class Patience {
  #heard: { readonly from: NodeId; readonly atMs: number } | null = null
  #slowUntilMs = 0
  #tickCount = 0

  /** The one that leads has spoken. @param nowMs by a monotonic clock */
  heard(from: NodeId, nowMs: number): void {
    // Another one leads: what lies between is what it took to find out.
    if (this.#heard?.from === from) this.#silent(nowMs - this.#heard.atMs, nowMs)
    this.#heard = { from, atMs: nowMs }
  }

  /**
   * Time has passed on this node since it last looked. While it slept nobody else was silent.
   * @param limitMs of a sleep in which it may have been replaced
   * @returns whether it has to find out first
   */
  woke(passedMs: number, nowMs: number, limitMs: number, isLeading: boolean): boolean {
    if (passedMs >= slowMs) this.#heard = null
    const isLong = passedMs >= (this.#isSlow(nowMs) ? limitMs * (passedOver / (passedOver - 1)) : limitMs)
    if (isLeading) this.#silent(passedMs, nowMs)
    return isLong
  }

  /** Whether a tick counts against the one that leads. */
  counts(nowMs: number): boolean {
    return !this.#isSlow(nowMs) || ++this.#tickCount % passedOver !== 0
  }

  #silent(forMs: number, nowMs: number): void {
    if (forMs >= slowMs) this.#slowUntilMs = nowMs + memoryMs
  }

  #isSlow(nowMs: number): boolean {
    return nowMs < this.#slowUntilMs
  }
}

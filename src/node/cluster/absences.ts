/**
 * How long the one that leads has missed each of the others that vote.
 * @module
 */
import type { NodeId } from '../../core/raft/raft.ts'

export class Absences {
  /** By its monotonic clock: while it slept itself it missed nobody. */
  readonly #sinceMs = new Map<NodeId, number>()

  /** Once a tick. */
  note(voters: readonly NodeId[], isHere: (id: NodeId) => boolean, nowMs: number): void {
    for (const id of voters)
      if (isHere(id)) this.#sinceMs.delete(id)
      else if (!this.#sinceMs.has(id)) this.#sinceMs.set(id, nowMs)
  }

  /** Another one leads, who has to see for itself. */
  forget(): void {
    this.#sinceMs.clear()
  }

  awayMs(id: NodeId, nowMs: number): number {
    const sinceMs = this.#sinceMs.get(id)
    return sinceMs === undefined ? 0 : nowMs - sinceMs
  }
}

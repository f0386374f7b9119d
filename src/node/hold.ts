/**
 * Hold: which bodies this device keeps and fetches, as its person has said (design §6).
 *
 * Without a quota, and while this device votes, that is all of them. With one, what was written last comes first, and what has no
 * room any more is let go of once a device that votes is known to have it: nothing is ever on no device because of a quota.
 * @module
 */
import { keyOf } from '../core/bytes/bytes.ts'
import { entries } from '../core/merkle/merkle.ts'
import type { BlockId } from '../core/path/path.ts'
import { type TreeState, contentOf, holdPlan, keys } from '../core/tree/tree.ts'
import type { ClockPort } from '../port/platform.ts'
import { peerOf } from './cluster/membership.ts'
import type { Holdings, Lacking } from './holdings.ts'
import type { Replica } from './replica.ts'

/** What changes together is looked at together. */
const refreshDelayMs = 500

export interface HoldOptions {
  readonly clock: ClockPort
  readonly cluster: Pick<Replica, 'state' | 'members'>
  readonly holdings: Holdings
  /** Of this device, hexadecimal. */
  readonly principal: string
  /** Of all that is held; null: no bound. */
  readonly quotaBytes: () => number | null
}

interface Plan {
  readonly state: TreeState
  readonly quotaBytes: number
  /** Blocks, in the order in which they are fetched. */
  readonly ranks: ReadonlyMap<string, number>
}

export class Hold {
  readonly #options: HoldOptions
  #known: Plan | null = null
  #cancel: (() => void) | null = null
  /** Whether a device that votes has said that it holds a block as it is since a stamp. */
  isSafe: (block: BlockId, stampMs: number) => boolean = () => false
  /** What is wanted may be more than before. */
  onWanted: () => void = () => {}
  /** Less is held here than before. */
  onLetGo: () => void = () => {}

  constructor(options: HoldOptions) {
    this.#options = options
    options.holdings.rankOf = (lacking) => this.#rankOf(lacking)
  }

  /** Whether this device decides, and so holds all of it. */
  get isVoter(): boolean {
    const { cluster, principal } = this.#options
    return cluster.members.configuration.voters.some((voter) => peerOf(voter) === principal)
  }

  /** The tree, the quota, or who holds what, has changed. */
  refreshSoon(): void {
    this.#cancel ??= this.#options.clock.after(refreshDelayMs, () => {
      this.#cancel = null
      if (this.#letGo()) this.onLetGo()
      this.onWanted()
    })
  }

  close(): void {
    this.#cancel?.()
  }

  /** null: everything is held. */
  get #plan(): Plan | null {
    const quotaBytes = this.#options.quotaBytes()
    if (quotaBytes === null || this.isVoter) return null
    const { state } = this.#options.cluster
    if (this.#known?.state !== state || this.#known.quotaBytes !== quotaBytes) {
      const { held } = holdPlan(state, 'learner', { kind: 'recent', pinned: [], quotaBytes })
      this.#known = { state, quotaBytes, ranks: new Map(held.map(({ block }, rank) => [keyOf(block), rank])) }
    }
    return this.#known
  }

  #rankOf({ block }: Lacking): number | null {
    const plan = this.#plan
    return plan === null ? 0 : (plan.ranks.get(keyOf(block)) ?? null)
  }

  /** @returns whether there was anything to let go of */
  #letGo(): boolean {
    const plan = this.#plan
    if (plan === null) return false
    const { holdings } = this.#options
    const before = holdings.reportVersion
    for (const [key] of entries(plan.state.map, keys.contents)) {
      const block = key.slice(1)
      if (plan.ranks.has(keyOf(block)) || holdings.isLacking(block)) continue
      const { content, stampMs } = contentOf(plan.state, block)!
      const { bodyRoot, sizeBytes } = content.fields
      if (sizeBytes > 0 && this.isSafe(block, stampMs)) holdings.letGo(block, { bodyRoot, sizeBytes })
    }
    return holdings.reportVersion !== before
  }
}

/**
 * Which state another device is given whole: the newest that is attested, which everybody takes. Without one it is the state at hand,
 * for as long as all who wrote in it may write; afterwards nobody would take it without an attestation, so one is asked for.
 * @module
 */
import type { AuthenticatedMap } from '../../core/merkle/merkle.ts'
import { outlivesWriter } from '../../core/tree/tree.ts'
import type { ClockPort } from '../../port/platform.ts'
import type { Moment } from './options.ts'
import type { GivenState } from './snapshots.ts'

export class Giving {
  readonly #clock: ClockPort
  readonly #moment: () => Moment
  /** One that nobody would take as it is; asked for again and again. */
  #unfit: AuthenticatedMap | null = null

  constructor(clock: ClockPort, moment: () => Moment) {
    this.#clock = clock
    this.#moment = moment
  }

  /**
   * @param since an index that it does not lie before
   * @returns null where there is none now
   */
  given(other: Omit<GivenState, 'attestation'>, since: number): GivenState | null {
    const { link, state } = this.#moment()
    const attested = link?.attested() ?? null
    if (attested !== null && attested.base.index >= since) return attested
    const isUnfit = this.#unfit === other.map || outlivesWriter({ ...state, map: other.map }, null, this.#clock.nowMs())
    if (!isUnfit) return { ...other, attestation: null }
    this.#unfit = other.map
    link?.wantAttested()
    return null
  }
}

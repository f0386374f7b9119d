/**
 * Tells that time stands still because the clock of this device may be wrong, until somebody says that it is right: the owner with
 * one tap.
 * @module
 */
import type { NodeApi, TreeStatus } from '../node/api.ts'
import { sentenceOf } from './fault.ts'
import type { Notices } from './notices.ts'
import { words } from './words.ts'

export class ClockNews {
  readonly #api: NodeApi
  readonly #notices: Notices
  #noticeId: number | null = null

  constructor(api: NodeApi, notices: Notices) {
    this.#api = api
    this.#notices = notices
  }

  heard({ standingTime, removed }: TreeStatus): void {
    const isDue = standingTime !== null && removed === null
    if (!isDue && this.#noticeId !== null) {
      this.#notices.dismiss(this.#noticeId)
      this.#noticeId = null
    }
    if (isDue)
      this.#noticeId ??= this.#notices.news(words.standingTime.text(standingTime), {
        label: words.standingTime.button,
        act: () => this.#confirm(),
      })
  }

  async #confirm(): Promise<void> {
    try {
      await this.#api.confirmClock()
      this.#notices.done(words.standingTime.confirmed)
    } catch (error) {
      this.#notices.problem(sentenceOf(error), { label: words.again, act: () => this.#confirm() })
    }
  }
}

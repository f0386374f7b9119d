/**
 * Tells once that the time of own devices ends soon: a device that nobody renews changes nothing any more.
 * @module
 */
import type { TreeStatus } from '../node/api.ts'
import type { Notices } from './notices.ts'
import { words } from './words.ts'

export class ExpiryNews {
  readonly #notices: Notices
  readonly #look: () => void
  #noticeId: number | null = null

  /** @param look shows the devices */
  constructor(notices: Notices, look: () => void) {
    this.#notices = notices
    this.#look = look
  }

  heard({ expiring, removed }: TreeStatus, nowMs: number): void {
    const isDue = expiring !== null && removed === null
    if (!isDue && this.#noticeId !== null) {
      this.#notices.dismiss(this.#noticeId)
      this.#noticeId = null
    }
    if (isDue)
      this.#noticeId ??= this.#notices.news(words.expiring.text(expiring.firstAtMs, nowMs), {
        label: words.expiring.button,
        act: this.#look,
      })
  }
}

/**
 * Tells of a passkey that was added and does not count yet, on all devices: nobody comes to sign for the tree in silence, and each
 * of them can stop it with one tap.
 * @module
 */
import type { NodeApi, TreeStatus } from '../node/api.ts'
import { sentenceOf } from './fault.ts'
import type { Notices } from './notices.ts'
import { words } from './words.ts'

export class PasskeyNews {
  readonly #api: NodeApi
  readonly #notices: Notices
  #shown: { readonly id: string; readonly noticeId: number } | null = null

  constructor(api: NodeApi, notices: Notices) {
    this.#api = api
    this.#notices = notices
  }

  heard({ root, removed }: TreeStatus): void {
    const pending = removed === null ? (root?.pending ?? null) : null
    if (pending?.id === this.#shown?.id) return
    if (this.#shown !== null) this.#notices.dismiss(this.#shown.noticeId)
    this.#shown = pending && {
      id: pending.id,
      noticeId: this.#notices.news(words.passkeyAdded.text(pending.countsAtMs), {
        label: words.passkeyAdded.stop,
        act: () => this.#stop(),
      }),
    }
  }

  async #stop(): Promise<void> {
    try {
      await this.#api.vetoPasskey(crypto.randomUUID())
      this.#notices.done(words.passkeyAdded.stopped)
    } catch (error) {
      this.#notices.problem(sentenceOf(error), { label: words.again, act: () => this.#stop() })
    }
  }
}

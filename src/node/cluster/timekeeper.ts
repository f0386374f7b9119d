/**
 * Stamps of one that the others can not do without: by its clock, as far as somebody vouches for that.
 *
 * What has an end ends by the stamps, and these never go back: one change under a clock that was set to 2099 by mistake would end all
 * permissions for good. So where the clock is more than a day past the newest stamp, time stands still until another own device, the
 * host of the site or the owner says that the clock is right.
 * @module
 */
import type { Platform } from '../../port/platform.ts'

/** How far the clock may go past the newest stamp, and how far it may differ from that of whoever vouches for it. */
const leapMs = 24 * 60 * 60 * 1000
/** How long a change waits for what the host says: its stamp is what a person reads as its time. */
const patienceMs = 1000
const askAgainMs = 60_000

export interface TimekeeperOptions {
  readonly platform: Pick<Platform, 'clock' | 'siteNowMs'>
  /** Of the newest batch. */
  readonly lastMs: () => number
  /** What waited for a stamp has one now. */
  readonly onStamp: () => void
  /** Time stands still, or goes on again. */
  readonly onChanged: () => void
}

export class Timekeeper {
  readonly #options: TimekeeperOptions
  /** By how much the clock was ahead of the monotonic one when it was known to be right; null: it never was in this life. */
  #rightAheadMs: number | null = null
  #isAsking = false
  #isWaiting = false
  #isStanding = false
  #isClosed = false
  #cancel = (): void => {}

  constructor(options: TimekeeperOptions) {
    this.#options = options
  }

  /** Whether time stands still because nobody vouches for the clock. */
  get isStanding(): boolean {
    return this.#isStanding
  }

  /** Of the next batch. null: not before `onStamp` is called. */
  stamp(): number | null {
    const { platform, lastMs } = this.#options
    if (this.#isTrusted) {
      this.vouch()
      return Math.max(platform.clock.nowMs(), lastMs() + 1)
    }
    if (!this.#isStanding && !this.#isAsking && !this.#isClosed) {
      this.#isWaiting = true
      void this.#ask()
    }
    return this.#isWaiting ? null : lastMs() + 1
  }

  /** Another one says what time it is. */
  hear(atMs: number): void {
    if (Math.abs(atMs - this.#options.platform.clock.nowMs()) < leapMs) this.vouch()
  }

  /** The clock is right. */
  vouch(): void {
    this.#rightAheadMs = this.#aheadMs
    this.#stand(false)
    this.#goOn()
  }

  /** What waits is stamped without an answer. */
  close(): void {
    this.#isClosed = true
    this.#isWaiting = false
    this.#cancel()
  }

  get #aheadMs(): number {
    const { clock } = this.#options.platform
    return clock.nowMs() - clock.monotonicMs()
  }

  get #isTrusted(): boolean {
    const { platform, lastMs } = this.#options
    if (platform.clock.nowMs() <= lastMs() + leapMs) return true
    return this.#rightAheadMs !== null && Math.abs(this.#aheadMs - this.#rightAheadMs) < leapMs
  }

  async #ask(): Promise<void> {
    const { clock, siteNowMs } = this.#options.platform
    this.#isAsking = true
    const cancel = clock.after(patienceMs, () => this.#goOn())
    const atMs = (await siteNowMs?.().catch(() => null)) ?? null
    cancel()
    this.#isAsking = false
    if (atMs !== null) this.hear(atMs)
    if (!this.#isTrusted) this.#stand(true)
    this.#goOn()
  }

  #goOn(): void {
    if (!this.#isWaiting) return
    this.#isWaiting = false
    this.#options.onStamp()
  }

  #stand(isStanding: boolean): void {
    this.#cancel()
    if (this.#isClosed) return
    if (isStanding) this.#cancel = this.#options.platform.clock.after(askAgainMs, () => this.#lookAgain())
    if (isStanding === this.#isStanding) return
    this.#isStanding = isStanding
    this.#options.onChanged()
  }

  #lookAgain(): void {
    if (this.#isTrusted) this.vouch()
    else void this.#ask()
  }
}

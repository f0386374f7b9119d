/**
 * The course by which another recovery card takes the place of the one that counts.
 * @module
 */
import type { CardWords, NodeApi } from '../../node/api.ts'
import { wordsOf } from '../page/recovering.ts'
import type { PasskeyPort } from '../ports.ts'
import { Course } from './course.ts'
import { joinWords } from './words.ts'

export type CardStep =
  | { readonly kind: 'why' }
  | { readonly kind: 'card'; readonly words: readonly string[] }
  | { readonly kind: 'check'; readonly positions: readonly number[] }
  | { readonly kind: 'sign' }
  | { readonly kind: 'done' }

/** It is drawn, shown, and checked; then the old card signs for it. */
export class CardCourse extends Course {
  step: CardStep = { kind: 'why' }
  readonly #api: NodeApi
  #drawn: CardWords | null = null

  /** @param rpId the host that passkeys belong to here */
  constructor(api: NodeApi, passkey: PasskeyPort, rpId: string) {
    super(passkey, rpId)
    this.#api = api
  }

  draw(): Promise<void> {
    return this.attempt(joinWords.card.wait, async () => {
      this.#drawn = await this.#api.drawCard()
      this.seeCardAgain()
    })
  }
  haveCard(): void {
    if (this.#drawn) this.#to({ kind: 'check', positions: this.#drawn.askedPositions })
  }
  seeCardAgain(): void {
    if (this.#drawn) this.#to({ kind: 'card', words: this.#drawn.words })
  }

  /** @param typed the asked words, in the order in which they were asked */
  check(typed: readonly string[]): Promise<void> {
    return this.attempt(joinWords.card.wait, async () => {
      await this.#api.checkCard(typed.map((word) => word.trim().toLowerCase()))
      this.#drawn = null
      this.#to({ kind: 'sign' })
    })
  }

  /** @param typed the words of the old card, in whatever spacing and case */
  confirmByCard(typed: string): Promise<void> {
    return this.answerByCard(typed, async () => {
      await this.#api.finishCard(crypto.randomUUID(), wordsOf(typed))
      this.#to({ kind: 'done' })
    })
  }

  /** Nobody wants it any more. */
  end(): void {
    this.stop()
    this.#drawn = null
    if (this.step.kind !== 'done') void this.#api.abandonCard().catch(() => undefined)
  }

  #to(step: CardStep): void {
    this.step = step
    this.tell()
  }
}

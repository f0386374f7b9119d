/**
 * The course by which another recovery card takes the place of the one that counts.
 * @module
 */
import type { CardWords, NodeApi, PasskeyLine, PlantingChallenge } from '../../node/api.ts'
import type { PasskeyPort } from '../ports.ts'
import { Course, type RootAnswer } from './course.ts'
import { unlockBy } from './passkey-course.ts'
import { joinWords } from './words.ts'

export type CardStep =
  | { readonly kind: 'why' }
  | { readonly kind: 'card'; readonly words: readonly string[] }
  | { readonly kind: 'check'; readonly positions: readonly number[] }
  | { readonly kind: 'sign' }
  | { readonly kind: 'done'; readonly isWaiting: boolean }

/** It is drawn, shown, and checked; then a passkey signs for it, or the old card. */
export class CardCourse extends Course {
  step: CardStep = { kind: 'why' }
  readonly #api: NodeApi
  readonly #passkey: PasskeyPort
  /** Passkeys that can open the owner's keys. */
  readonly #openers: readonly PasskeyLine[]
  #drawn: CardWords | null = null
  #tryCount = 0

  /** @param rpId the host that passkeys belong to here @param known those that count */
  constructor(api: NodeApi, passkey: PasskeyPort, rpId: string, known: readonly PasskeyLine[]) {
    super(passkey, rpId)
    this.#api = api
    this.#passkey = passkey
    this.#openers = known.filter(({ prfSalt }) => prfSalt !== null)
    this.isByCard = !this.canByPasskey
  }

  get canByPasskey(): boolean {
    return this.#openers.length > 0
  }
  get hasSeveral(): boolean {
    return this.#openers.length > 1
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

  /** Two prompts: for opening the owner's keys, and for signing. Each try is with the next of the passkeys, since one may be lost. */
  async confirmByPasskey(): Promise<void> {
    let asked: PlantingChallenge | null = null
    await this.attempt(joinWords.wait.signing, async (signal) => {
      const opener = this.#openers[this.#tryCount++ % this.#openers.length]!
      const unlocked = await unlockBy(this.#passkey, opener, signal)
      try {
        asked = await this.#api.beginCard(unlocked)
      } finally {
        unlocked?.prf.fill(0)
      }
    })
    if (asked === null) return
    if ((asked as PlantingChallenge).challenge === null) return this.fail(joinWords.card.notByPasskey)
    await this.answerByPasskey(asked, (answer) => this.#finish(answer, true))
  }

  /** @param typed the words of the old card, in whatever spacing and case */
  confirmByCard(typed: string): Promise<void> {
    return this.answerByCard(typed, (answer) => this.#finish(answer, false))
  }

  /** Waits no longer for the browser's window. */
  cancelPrompt(): void {
    this.stop()
    this.tell()
  }

  /** Nobody wants it any more. */
  end(): void {
    this.stop()
    this.#drawn = null
    if (this.step.kind !== 'done') void this.#api.abandonCard().catch(() => undefined)
  }

  async #finish(answer: RootAnswer, isWaiting: boolean): Promise<void> {
    await this.#api.finishCard(crypto.randomUUID(), answer)
    this.#to({ kind: 'done', isWaiting })
  }

  #to(step: CardStep): void {
    this.step = step
    this.tell()
  }
}

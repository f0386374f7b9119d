/**
 * The courses that change who signs for the tree: another passkey, with what is asked of the browser for it; and one less.
 * @module
 */
import type { NodeApi, PasskeyCreation, PasskeyLine, PasskeyUnlock, PlantingChallenge } from '../../node/api.ts'
import { wordsOf } from '../page/recovering.ts'
import type { PasskeyPort } from '../ports.ts'
import { codeOf } from '../fault.ts'
import { fromBase64url } from '../../core/bytes/bytes.ts'
import { Course, type RootAnswer } from './course.ts'
import { joinWords } from './words.ts'

/** Another passkey: it is made first, then one that counts, or the card, signs for it. */
export class AdditionCourse extends Course {
  /** Was made, and is not signed for yet. */
  isMade = false
  /** How it ended; null before it did. */
  done: 'waiting' | 'counting' | null = null
  readonly #api: NodeApi
  readonly #passkey: PasskeyPort
  readonly #ownerName: string
  readonly #known: readonly PasskeyLine[]
  /** The same in every try, so that a second try replaces the first one's passkey. */
  readonly #userId = crypto.getRandomValues(new Uint8Array(16))
  #created: PasskeyCreation | null = null

  /** @param rpId the host that passkeys belong to here @param known those that count */
  constructor(api: NodeApi, passkey: PasskeyPort, rpId: string, ownerName: string, known: readonly PasskeyLine[]) {
    super(passkey, rpId)
    this.#api = api
    this.#passkey = passkey
    this.#ownerName = ownerName
    this.#known = known
    this.isByCard = known.length === 0
  }

  /** One prompt of the browser, or two. */
  make(): Promise<void> {
    return this.attempt(joinWords.wait.signing, async (signal) => {
      const salt = await this.#api.plantingSalt()
      const knownIds = this.#known.map(({ id }) => fromBase64url(id)!)
      const ask = { ownerName: this.#ownerName, salt, userId: this.#userId, knownIds, signal }
      this.#created = await this.#passkey.create(ask)
      this.isMade = true
    })
  }

  /** Two prompts at most: for opening the owner's keys, and for signing. */
  async confirmByPasskey(): Promise<void> {
    let asked: PlantingChallenge | null = null
    await this.attempt(joinWords.wait.signing, async (signal) => {
      const unlocked = await this.#unlock(signal)
      try {
        asked = await this.#api.beginPasskey(this.#created!, unlocked)
      } finally {
        unlocked?.prf.fill(0)
      }
      // None of this address could sign.
      if (asked.challenge === null) this.isByCard = true
    })
    if (asked !== null) await this.answerByPasskey(asked, (answer) => this.#finish(answer, 'waiting'))
  }

  /** @param typed the words of the card, in whatever spacing and case */
  confirmByCard(typed: string): Promise<void> {
    return this.answerByCard(typed, async (answer) => {
      await this.#api.beginPasskey(this.#created!, null)
      await this.#finish(answer, 'counting')
    })
  }

  /** Nobody wants it any more. */
  end(): void {
    this.stop()
    this.#forget()
    if (this.done === null) void this.#api.abandonPasskey().catch(() => undefined)
    this.tell()
  }

  /** Without it the new passkey signs all the same. */
  async #unlock(signal: AbortSignal): Promise<PasskeyUnlock | null> {
    const known = this.#known.find(({ prfSalt }) => prfSalt !== null)
    if (known === undefined || this.#created!.prf === null) return null
    const credentialId = fromBase64url(known.id)!
    try {
      const prf = await this.#passkey.unlock(credentialId, known.prfSalt!, signal)
      return prf && { credentialId, prf }
    } catch (error) {
      if (codeOf(error) === 'cancelled') throw error
      return null
    }
  }

  #forget(): void {
    this.#created?.prf?.fill(0)
    this.#created = null
  }

  async #finish(answer: RootAnswer, done: 'waiting' | 'counting'): Promise<void> {
    await this.#api.finishPasskey(crypto.randomUUID(), answer)
    this.#forget()
    this.done = done
  }
}

/** One passkey less, by the card. */
export class RemovalCourse extends Course {
  isDone = false
  readonly #api: NodeApi
  readonly #id: string

  constructor(api: NodeApi, passkey: PasskeyPort, rpId: string, id: string) {
    super(passkey, rpId)
    this.#api = api
    this.#id = id
  }

  /** @param typed the words of the card, in whatever spacing and case */
  confirmByCard(typed: string): Promise<void> {
    return this.answerByCard(typed, async () => {
      await this.#api.removePasskey(crypto.randomUUID(), this.#id, wordsOf(typed))
      this.isDone = true
    })
  }

  /** Nobody wants it any more. */
  end(): void {
    this.stop()
    this.tell()
  }
}

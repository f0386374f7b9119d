/**
 * What the courses share that need the root's word: one deed at a time, what is being waited for, what went wrong.
 *
 * Knows no element; the page draws it.
 * @module
 */
import type { PasskeyAssertion, TakeOverChallenge } from '../../node/api.ts'
import { codeOf, sentenceOf } from '../fault.ts'
import { cardWordCount, wordsOf } from '../page/recovering.ts'
import type { PasskeyPort } from '../ports.ts'
import { words } from '../words.ts'
import { joinWords } from './words.ts'

export type RootAnswer = PasskeyAssertion | readonly string[]

/** Tells its watchers of every change. */
export class Course extends EventTarget {
  /** What is being waited for; empty: nothing. */
  waitingFor = ''
  /** Why the last try did not work; empty: it did. */
  problem = ''
  /** The card is to sign although there is a passkey: it may be lost. */
  isByCard = false
  readonly #passkey: PasskeyPort
  readonly #rpId: string
  #abort: AbortController | null = null

  /** @param rpId the host that passkeys belong to here */
  constructor(passkey: PasskeyPort, rpId: string) {
    super()
    this.#passkey = passkey
    this.#rpId = rpId
  }

  get isBusy(): boolean {
    return this.waitingFor !== ''
  }
  /** Whether a window of the browser is waited for, which may never come. */
  get isAtPrompt(): boolean {
    return this.waitingFor === joinWords.wait.signing
  }

  useCard(): void {
    this.isByCard = true
    this.fail('')
  }

  /** Ends a wait for the passkey; of what is under way at the node no answer is heard any more. */
  protected stop(): void {
    this.#abort?.abort()
    this.#abort = null
    this.waitingFor = ''
    this.problem = ''
  }

  protected async attempt(cause: string, deed: (signal: AbortSignal) => Promise<void>): Promise<void> {
    if (this.isBusy) return
    const abort = (this.#abort = new AbortController())
    this.waitingFor = cause
    this.problem = ''
    this.tell()
    let problem = ''
    try {
      await deed(abort.signal)
    } catch (error) {
      if (codeOf(error) !== 'cancelled') problem = sentenceOf(error)
    }
    // Meanwhile the node may have gone on, or another try begun.
    if (this.#abort !== abort) return
    this.#abort = null
    this.waitingFor = ''
    this.problem = problem
    this.tell()
  }

  /** Shows one prompt of the browser. @param onNotGiven called where it is closed without an answer */
  protected async answerByPasskey(
    { challenge, credentialIds }: TakeOverChallenge,
    send: (answer: RootAnswer) => Promise<void>,
    onNotGiven: () => void = () => {},
  ): Promise<void> {
    if (challenge === null) return
    await this.attempt(joinWords.wait.signing, async (signal) => {
      const asked = this.#passkey.sign({ challenge, credentialIds, rpId: this.#rpId, signal })
      const answer = await asked.catch((error: unknown) => {
        if (!signal.aborted) onNotGiven()
        throw error
      })
      if (!signal.aborted) await send(answer)
    })
  }

  /** @param typed the words of the card, in whatever spacing and case */
  protected async answerByCard(typed: string, send: (answer: RootAnswer) => Promise<void>): Promise<void> {
    const card = wordsOf(typed)
    if (card.length !== cardWordCount) return this.fail(words.recover.cardIncomplete)
    await this.attempt(joinWords.wait.deciding, () => send(card))
  }

  protected fail(problem: string): void {
    this.problem = problem
    this.tell()
  }
  protected tell(): void {
    this.dispatchEvent(new Event('change'))
  }
}

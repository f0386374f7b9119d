/**
 * The course of letting a device in, as far as it is this page's: what is asked of the node, and what came of it. How far it is
 * the node says, to all tabs alike.
 *
 * Knows no element; the page draws it.
 * @module
 */
import type { Inviting, NodeApi } from '../../node/api.ts'
import { codeOf, sentenceOf } from '../fault.ts'
import { cardWordCount, wordsOf } from '../page/recovering.ts'
import type { PasskeyPort } from '../ports.ts'
import { words } from '../words.ts'
import { joinWords } from './words.ts'

/** Tells its watchers of every change. */
export class InviteCourse extends EventTarget {
  /** What is being waited for; empty: nothing. */
  waitingFor = ''
  /** Why the last try did not work; empty: it did. */
  problem = ''
  readonly #api: NodeApi
  readonly #passkey: PasskeyPort
  readonly #rpId: string
  #stage: Inviting['stage'] | null = null
  #abort: AbortController | null = null

  /** @param rpId the host that passkeys belong to here */
  constructor(api: NodeApi, passkey: PasskeyPort, rpId: string) {
    super()
    this.#api = api
    this.#passkey = passkey
    this.#rpId = rpId
  }

  /** The node is at another stage: what was waited for is over, one way or the other. */
  arrive(stage: Inviting['stage'] | null): void {
    if (stage === this.#stage) return
    this.#stage = stage
    this.#abort?.abort()
    this.#abort = null
    this.waitingFor = ''
    this.problem = ''
  }

  begin(): Promise<void> {
    return this.#try(joinWords.wait.code, () => this.#api.invite())
  }

  /** @param typed in whatever spacing. There is one try, so what can not be right is not sent. */
  async typeDigits(typed: string): Promise<void> {
    const digits = typed.replaceAll(/\D/g, '')
    if (digits.length !== 4) return this.#fail(joinWords.invite.digits.incomplete)
    await this.#try(joinWords.wait.deciding, () => this.#api.typeDigits(digits))
  }

  /** Shows one prompt of the browser. */
  async approveByPasskey({ challenge, credentialId }: Extract<Inviting, { stage: 'approval' }>): Promise<void> {
    if (challenge === null || credentialId === null) return
    await this.#try(joinWords.wait.signing, async (signal) => {
      const answer = await this.#passkey.sign({ challenge, credentialId, rpId: this.#rpId, signal })
      if (!signal.aborted) await this.#api.approve(answer)
    })
  }

  /** @param typed the words of the card, in whatever spacing and case */
  async approveByCard(typed: string): Promise<void> {
    const card = wordsOf(typed)
    if (card.length !== cardWordCount) return this.#fail(words.recover.cardIncomplete)
    await this.#try(joinWords.wait.deciding, () => this.#api.approve(card))
  }

  deny(): Promise<void> {
    return this.#try(joinWords.wait.deciding, () => this.#api.approve(null))
  }

  /** Whether a window of the browser is waited for, which may never come. */
  get isAtPrompt(): boolean {
    return this.waitingFor === joinWords.wait.signing
  }

  /** At whatever stage; also puts away what an ended one said. */
  async end(): Promise<void> {
    this.#abort?.abort()
    this.waitingFor = ''
    await this.#try(joinWords.wait.deciding, () => this.#api.endInviting())
  }

  async #try(cause: string, deed: (signal: AbortSignal) => Promise<void>): Promise<void> {
    if (this.waitingFor !== '') return
    const abort = (this.#abort = new AbortController())
    this.waitingFor = cause
    this.problem = ''
    this.#tell()
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
    this.#tell()
  }
  #fail(problem: string): void {
    this.problem = problem
    this.#tell()
  }
  #tell(): void {
    this.dispatchEvent(new Event('change'))
  }
}

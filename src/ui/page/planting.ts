/**
 * The course of planting: which step one is at, and what each answer leads to.
 *
 * Knows no element and no browser; the page draws it. Secrets (the card's words, the passkey's PRF output) are let go of as
 * soon as the node has them.
 * @module
 */
import type { NodeApi, PasskeyCreation, PlantingChallenge } from '../../node/api.ts'
import { codeOf, sentenceOf } from '../fault.ts'
import type { PasskeyPort } from '../ports.ts'
import { words } from '../words.ts'

export type PlantingStep =
  | { readonly kind: 'names' }
  | { readonly kind: 'passkey' }
  | { readonly kind: 'card'; readonly words: readonly string[]; readonly isSecondCard: boolean }
  | { readonly kind: 'check'; readonly positions: readonly number[] }
  | { readonly kind: 'sign'; readonly withPasskey: boolean }
  | { readonly kind: 'moving' }
  | { readonly kind: 'done' }

/** The steps that are counted, in their order. */
export const countedSteps: readonly PlantingStep['kind'][] = ['names', 'passkey', 'card', 'check', 'sign', 'moving']

interface Begun {
  readonly plantingId: string
  readonly words: readonly string[]
  readonly positions: readonly number[]
}

/** Tells its watchers of every change. */
export class Planting extends EventTarget {
  step: PlantingStep = { kind: 'names' }
  /** What is being waited for; empty: nothing. */
  waitingFor = ''
  /** Why the last try did not work; empty: it did. */
  problem = ''
  ownerName = ''
  deviceName = ''
  readonly #api: NodeApi
  readonly #passkey: PasskeyPort
  /** The same in every try, so that a second passkey replaces the first. */
  readonly #userId = crypto.getRandomValues(new Uint8Array(16))
  /** One request id, however often it is tried: a tree is founded once. */
  readonly #requestId = crypto.randomUUID()
  #created: PasskeyCreation | null = null
  #begun: Begun | null = null
  #challenge: PlantingChallenge | null = null
  #abort: AbortController | null = null
  #isSecondCard = false

  constructor(api: NodeApi, passkey: PasskeyPort) {
    super()
    this.#api = api
    this.#passkey = passkey
  }

  name(ownerName: string, deviceName: string): void {
    if (ownerName === '' || deviceName === '') return this.#fail(words.plant.nameMissing)
    this.ownerName = ownerName
    this.deviceName = deviceName
    this.#to({ kind: 'passkey' })
  }

  /** One prompt of the browser, or two. */
  async makePasskey(): Promise<void> {
    await this.#try(words.wait.passkey, async (signal) => {
      const salt = await this.#api.plantingSalt()
      const creation = await this.#passkey.create({
        ownerName: this.ownerName,
        salt,
        userId: this.#userId,
        knownIds: [],
        signal,
      })
      await this.#begin(creation)
    })
  }

  /** Without a passkey, or no longer with the one that would not sign: then the card is a new one. */
  async goOnWithCardAlone(): Promise<void> {
    await this.#try(words.wait.planting, async () => {
      if (this.#begun) {
        await this.#api.abandonPlanting(this.#begun.plantingId)
        this.#begun = null
        this.#isSecondCard = true
      }
      await this.#begin(null)
    })
  }

  haveCard(): void {
    if (this.#begun) this.#to({ kind: 'check', positions: this.#begun.positions })
  }
  seeCardAgain(): void {
    if (this.#begun && this.#begun.words.length > 0)
      this.#to({ kind: 'card', words: this.#begun.words, isSecondCard: this.#isSecondCard })
  }

  /** @param typed the asked words, in the order in which they were asked */
  async check(typed: readonly string[]): Promise<void> {
    const begun = this.#begun
    if (!begun) return
    await this.#try(words.wait.planting, async () => {
      const tidy = typed.map((word) => word.trim().toLowerCase())
      this.#challenge = await this.#api.confirmCard(begun.plantingId, tidy)
      this.#begun = { ...begun, words: [] }
      this.#to({ kind: 'sign', withPasskey: this.#challenge.challenge !== null })
    })
  }

  async sign(): Promise<void> {
    const [begun, challenge] = [this.#begun, this.#challenge]
    if (!begun || !challenge) return
    await this.#try(challenge.challenge ? words.wait.signing : words.wait.founding, async (signal) => {
      const assertion = challenge.challenge
        ? await this.#passkey.sign({
            challenge: challenge.challenge,
            credentialIds: challenge.credentialIds,
            rpId: this.#created?.rpId ?? '',
            signal,
          })
        : null
      // From here on the node works alone; its job says how far it is, and there is no window to wait for.
      this.waitingFor = words.wait.founding
      this.#to({ kind: 'moving' })
      try {
        await this.#api.finishPlanting(this.#requestId, begun.plantingId, assertion)
      } catch (error) {
        this.#to({ kind: 'sign', withPasskey: challenge.challenge !== null })
        throw error
      }
      this.#begun = null
      this.#to({ kind: 'done' })
    })
  }

  /** Whether a window of the browser is waited for, which may never come. */
  get isAtPrompt(): boolean {
    return this.waitingFor === words.wait.passkey || this.waitingFor === words.wait.signing
  }
  /** Waits no longer for the browser's window. */
  cancelPrompt(): void {
    this.#abort?.abort()
  }

  /** Leaves it all; the tree stays as it was. What is moving in already goes on without the page. */
  async abandon(): Promise<void> {
    if (this.step.kind === 'moving') return
    this.#abort?.abort()
    const begun = this.#begun
    this.#begun = null
    if (begun) await this.#api.abandonPlanting(begun.plantingId).catch(() => undefined)
  }

  async #begin(creation: PasskeyCreation | null): Promise<void> {
    const card = await this.#api.beginPlanting(this.ownerName, this.deviceName, creation)
    creation?.prf?.fill(0)
    this.#created = creation
    this.#begun = { plantingId: card.plantingId, words: card.words, positions: card.askedPositions }
    this.seeCardAgain()
  }

  async #try(cause: string, deed: (signal: AbortSignal) => Promise<void>) {
    if (this.waitingFor !== '') return
    this.#abort = new AbortController()
    this.waitingFor = cause
    this.problem = ''
    this.#tell()
    try {
      await deed(this.#abort.signal)
    } catch (error) {
      if (codeOf(error) !== 'cancelled') this.problem = sentenceOf(error)
    }
    this.waitingFor = ''
    this.#tell()
  }
  #fail(problem: string): void {
    this.problem = problem
    this.#tell()
  }
  #to(step: PlantingStep): void {
    this.step = step
    this.problem = ''
    this.#tell()
  }
  #tell(): void {
    this.dispatchEvent(new Event('change'))
  }
}

/**
 * What a page does for its pretend phone: shows a code, plants the tree of a trial, removes what the phone has stored.
 *
 * Knows no element; the element draws it.
 * @module
 */
import type { NodeApi } from '../../node/api.ts'
import { sentenceOf } from '../fault.ts'
import type { PretendPort } from '../ports.ts'
import { demoWords } from './words.ts'

/** Tells its watchers of every change. */
export class Pretending extends EventTarget {
  /** What is being waited for; empty: nothing. */
  waitingFor = ''
  /** Why the last try did not work; empty: it did. */
  problem = ''
  /** The code that the phone was given; empty: none. */
  scannedCode = ''
  isPulled = false
  /** The phone is not shown, since what it has stored is being removed. */
  isAway = false
  readonly #api: NodeApi
  readonly #port: PretendPort
  /** The card of a tree to try with, for as long as this page lives: nobody will ask for it later. */
  #card: readonly string[] = []

  constructor(api: NodeApi, port: PretendPort) {
    super()
    this.#api = api
    this.#port = port
  }

  get hasCard(): boolean {
    return this.#card.length > 0
  }

  begin(): Promise<boolean> {
    return this.#try(demoWords.wait.code, () => this.#api.invite())
  }

  /** The tree of a trial, by the card alone, whose words are answered by this page. */
  plantTrial(): Promise<boolean> {
    return this.#try(demoWords.wait.planting, async () => {
      const { trialOwner, trialDevice } = demoWords
      const { plantingId, words, askedPositions } = await this.#api.beginPlanting(trialOwner, trialDevice, null)
      const asked = askedPositions.map((position) => words[position]!)
      await this.#api.confirmCard(plantingId, asked)
      await this.#api.finishPlanting(crypto.randomUUID(), plantingId, null)
      this.#card = words
      await this.#api.invite()
    })
  }
  approveTrial(): Promise<boolean> {
    return this.#try(demoWords.wait.deciding, () => this.#api.approve(this.#card))
  }

  scanned(code: string): void {
    this.scannedCode = code
    this.#tell()
  }
  setPulled(isPulled: boolean): void {
    this.isPulled = isPulled
    this.#tell()
  }

  /** @param untilHidden resolves when nothing shows the phone any more */
  remove(untilHidden: () => Promise<unknown>): Promise<boolean> {
    return this.#try(demoWords.wait.removing, async () => {
      this.isAway = true
      this.isPulled = false
      this.scannedCode = ''
      this.#tell()
      try {
        await untilHidden()
        await this.#port.remove()
      } finally {
        this.isAway = false
      }
    })
  }

  /** @returns whether it was done */
  async #try(cause: string, deed: () => Promise<void>): Promise<boolean> {
    if (this.waitingFor !== '') return false
    this.waitingFor = cause
    this.problem = ''
    this.#tell()
    try {
      await deed()
    } catch (error) {
      this.problem = sentenceOf(error)
    }
    this.waitingFor = ''
    this.#tell()
    return this.problem === ''
  }
  #tell(): void {
    this.dispatchEvent(new Event('change'))
  }
}

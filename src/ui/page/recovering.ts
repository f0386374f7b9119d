/**
 * The course of recovering: an archive is chosen and looked into, then the words of its card open it.
 *
 * Knows no element; the page draws it.
 * @module
 */
import type { ArchiveSummary, NodeApi } from '../../node/api.ts'
import { codeOf, sentenceOf } from '../fault.ts'
import { words } from '../words.ts'

export type RecoveringStep =
  | { readonly kind: 'choose' }
  | { readonly kind: 'reading' }
  | { readonly kind: 'chosen'; readonly archive: Blob; readonly summary: ArchiveSummary }
  | { readonly kind: 'opening'; readonly archive: Blob; readonly summary: ArchiveSummary }
  /** `signers` are names of devices. */
  | { readonly kind: 'done'; readonly signers: readonly string[] }

/** Tells its watchers of every change. */
export class Recovering extends EventTarget {
  step: RecoveringStep = { kind: 'choose' }
  /** Why the last try did not work; empty: it did. */
  problem = ''
  /** The archive was not taken since nobody, or its exporter alone, vouches for all of it; its owner may say that it is right. */
  isUnattested = false
  readonly #api: NodeApi
  #lastChoice = 0

  constructor(api: NodeApi) {
    super()
    this.#api = api
  }

  get isBusy(): boolean {
    return this.step.kind === 'reading' || this.step.kind === 'opening'
  }

  /** Looks into an archive. Of several choices the last one counts, whichever is read first. */
  async choose(archive: Blob): Promise<void> {
    if (this.step.kind === 'opening' || this.step.kind === 'done') return
    const choice = ++this.#lastChoice
    this.#to({ kind: 'reading' })
    try {
      const summary = await this.#api.inspectArchive(archive)
      if (choice === this.#lastChoice) this.#to({ kind: 'chosen', archive, summary })
    } catch (error) {
      if (choice === this.#lastChoice) this.#to({ kind: 'choose' }, error)
    }
  }

  /**
   * @param card what was typed, in whatever spacing and case
   * @param takesUnattested it is taken though nobody vouches for all of it
   */
  async open(card: string, deviceName: string, takesUnattested = false): Promise<void> {
    const { step } = this
    if (step.kind !== 'chosen') return
    const cardWords = wordsOf(card)
    if (cardWords.length !== cardWordCount) {
      this.problem = words.recover.cardIncomplete
      return this.#tell()
    }
    this.#to({ ...step, kind: 'opening' })
    try {
      const id = crypto.randomUUID()
      const signers = await this.#api.recover(id, step.archive, cardWords, deviceName, takesUnattested)
      this.#to({ kind: 'done', signers })
    } catch (error) {
      this.#to(step, error)
    }
  }

  #to(step: RecoveringStep, error?: unknown): void {
    this.step = step
    this.isUnattested = ['archiveUnattested', 'archiveOfOne'].includes(codeOf(error) ?? '')
    this.problem = error === undefined || codeOf(error) === 'cancelled' ? '' : sentenceOf(error)
    this.#tell()
  }
  #tell(): void {
    this.dispatchEvent(new Event('change'))
  }
}

export const cardWordCount = 12

/** The words of a card as they were typed. */
export const wordsOf = (text: string): readonly string[] =>
  text
    .toLowerCase()
    .split(/[^\p{L}]+/u)
    .filter((word) => word !== '')

/**
 * Brings a tree back from an archive and the words of its recovery card.
 * @module
 */
import { LitElement, html, nothing } from 'lit'
import type { ArchiveSummary } from '../../node/api.ts'
import type { Actions } from '../actions.ts'
import { codeOf, sentenceOf } from '../fault.ts'
import { formatFingerprint, formatMoment } from '../format.ts'
import { type Model, countWithin, rootOf } from '../model.ts'
import { icon } from '../part/icon.ts'
import { pageStyle, shared } from '../part/shared.ts'
import { hashOf } from '../route.ts'
import { words } from '../words.ts'
import { suggestDeviceName } from './device-name.ts'
import { plantStyle } from './plant-page.css.ts'
import '../part/waiting.ts'

type Step =
  | { readonly kind: 'choose' }
  | { readonly kind: 'reading' }
  | { readonly kind: 'open'; readonly archive: Blob; readonly summary: ArchiveSummary }
  | { readonly kind: 'done' }

export class BtRecoverPage extends LitElement {
  static override properties = {
    model: { attribute: false },
    actions: { attribute: false },
    hash: {},
    step: { state: true },
    busy: { state: true },
    problem: { state: true },
    wordCount: { state: true },
  }
  declare model: Model
  declare actions: Actions
  declare hash: string
  declare step: Step
  declare busy: boolean
  declare problem: string
  declare wordCount: number

  static override styles = [shared, pageStyle, plantStyle]

  constructor() {
    super()
    this.step = { kind: 'choose' }
    this.busy = false
    this.problem = ''
    this.wordCount = 0
  }

  override render() {
    return html`<div class="page">
      <h1>${words.recover.title}</h1>
      ${this.#step()}
      ${this.problem ? html`<p class="problem" role="alert">${icon('warn')}<span>${this.problem}</span></p>` : nothing}
      ${this.busy ? html`<bt-waiting .cause=${words.wait.archive}></bt-waiting>` : nothing}
    </div>`
  }

  #step() {
    const { step } = this
    if (step.kind === 'done')
      return html`<p>${words.recover.done}</p>
        <div class="row"><a class="button loud" href=${hashOf('/', this.hash)}>${words.plant.done.button}</a></div>`
    if (this.model.tree?.planted && !this.busy) return html`<p>${words.recover.planted}</p>`
    return html`<p>${words.recover.help}</p>
      <div class="row">
        <button class=${step.kind === 'choose' ? 'loud' : ''} ?disabled=${this.busy} @click=${this.#pick}>
          ${words.recover.choose}
        </button>
      </div>
      <input hidden type="file" accept=".bt" @change=${this.#picked} />
      ${step.kind === 'open' ? this.#open(step.archive, step.summary) : nothing}`
  }

  #open(archive: Blob, summary: ArchiveSummary) {
    const root = rootOf(this.model)
    const line = (term: string, text: string, isFingerprint = false) =>
      html`<div>
        <dt>${term}</dt>
        <dd class=${isFingerprint ? 'mono' : 'number'}><bdi>${text}</bdi></dd>
      </div>`
    return html`<section class="card">
        <h2>${words.recover.summaryTitle}</h2>
        <dl>
          ${line(words.recover.exported, formatMoment(summary.exportedAtMs))}
          ${line(words.recover.contents, words.recover.contentsOf(summary.itemCount, summary.sizeBytes))}
          ${line(words.recover.treeId, formatFingerprint(summary.treeId), true)}
        </dl>
        <p class="quiet small">${words.recover.unverified}</p>
      </section>
      <form novalidate @submit=${(event: SubmitEvent) => this.#recover(event, archive)}>
        <label>
          ${words.recover.card}
          <textarea
            name="card"
            rows="3"
            autocomplete="off"
            autocapitalize="none"
            spellcheck="false"
            aria-describedby="card-help card-count"
            @input=${(event: Event) => (this.wordCount = wordsOf((event.target as HTMLTextAreaElement).value).length)}
          ></textarea>
        </label>
        <p class="quiet small" id="card-help">${words.recover.cardHelp}</p>
        <p class="quiet small number" id="card-count">${words.recover.cardCount(this.wordCount)}</p>
        <label
          >${words.plant.device}<input
            name="device"
            dir="auto"
            autocomplete="off"
            maxlength="60"
            .value=${suggestDeviceName(navigator)}
        /></label>
        ${
          root && countWithin(this.model, root.id) > 0
            ? html`<p class="note">${icon('warn')}<span>${words.recover.replace}</span></p>`
            : nothing
        }
        <div class="row"><button class="loud" ?disabled=${this.busy}>${words.recover.button}</button></div>
      </form>`
  }

  #pick(): void {
    this.renderRoot.querySelector<HTMLInputElement>('input[type=file]')?.click()
  }
  async #picked(event: Event): Promise<void> {
    const input = event.target as HTMLInputElement
    const archive = input.files?.[0]
    input.value = ''
    if (!archive) return
    this.step = { kind: 'reading' }
    await this.#try(async () => {
      const summary = await this.actions.api.inspectArchive(archive)
      this.step = { kind: 'open', archive, summary }
    })
  }
  async #recover(event: SubmitEvent, archive: Blob): Promise<void> {
    event.preventDefault()
    const data = new FormData(event.target as HTMLFormElement)
    const card = wordsOf(String(data.get('card') ?? ''))
    const deviceName = String(data.get('device') ?? '').trim() || suggestDeviceName(navigator)
    if (card.length !== 12) {
      this.problem = words.recover.cardIncomplete
      return
    }
    await this.#try(async () => {
      await this.actions.api.recover(crypto.randomUUID(), archive, card, deviceName)
      this.step = { kind: 'done' }
    })
  }
  async #try(deed: () => Promise<void>): Promise<void> {
    this.busy = true
    this.problem = ''
    try {
      await deed()
    } catch (error) {
      if (this.step.kind === 'reading') this.step = { kind: 'choose' }
      if (codeOf(error) !== 'cancelled') this.problem = sentenceOf(error)
    }
    this.busy = false
  }
}
customElements.define('bt-recover-page', BtRecoverPage)

const wordsOf = (text: string): readonly string[] =>
  text
    .toLowerCase()
    .split(/[^\p{L}]+/u)
    .filter((word) => word !== '')

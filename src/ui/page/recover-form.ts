/**
 * What an archive says of itself, and the form for the words that open it.
 * @module
 */
import { LitElement, css, html, nothing } from 'lit'
import type { ArchiveSummary } from '../../node/api.ts'
import { formatFingerprint, formatMoment, formatSize } from '../format.ts'
import { icon } from '../part/icon.ts'
import { sectionStyle, shared } from '../part/shared.ts'
import { words } from '../words.ts'
import { suggestDeviceName } from './device-name.ts'
import { plantStyle } from './plant-page.css.ts'
import { type Recovering, wordsOf } from './recovering.ts'

export class BtRecoverForm extends LitElement {
  static override properties = {
    recovering: { attribute: false },
    summary: { attribute: false },
    busy: { type: Boolean },
    replaces: { type: Boolean },
    wordCount: { state: true },
  }
  declare recovering: Recovering
  declare summary: ArchiveSummary
  declare busy: boolean
  /** There is something in this browser's tree, which would go. */
  declare replaces: boolean
  declare wordCount: number

  static override styles = [
    shared,
    sectionStyle,
    plantStyle,
    css`
      :host {
        display: grid;
        gap: var(--space-5);
      }
    `,
  ]

  constructor() {
    super()
    this.busy = false
    this.replaces = false
    this.wordCount = 0
  }

  override render() {
    return html`${this.#archive()}
      <form novalidate @submit=${this.#submitted}>
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
        ${this.replaces ? html`<p class="note">${icon('warn')}<span>${words.recover.replace}</span></p>` : nothing}
        <div class="row">
          <button class="loud" ?disabled=${this.busy}>${words.recover.button}</button>
          ${
            this.recovering.isUnattested
              ? html`<button name="unattested" ?disabled=${this.busy}>${words.recover.takeUnattested}</button>`
              : nothing
          }
        </div>
      </form>`
  }

  #archive() {
    const { exportedAtMs, sizeBytes, treeId } = this.summary
    const line = (term: string, text: string, kind: string) =>
      html`<div>
        <dt>${term}</dt>
        <dd class=${kind}><bdi>${text}</bdi></dd>
      </div>`
    return html`<section class="card">
      <h2>${words.recover.summaryTitle}</h2>
      <dl>
        ${line(words.recover.exported, formatMoment(exportedAtMs), 'number')}
        ${line(words.recover.contents, formatSize(sizeBytes), 'number')}
        ${line(words.recover.treeId, formatFingerprint(treeId), 'mono')}
      </dl>
      <p class="quiet small">${words.recover.unverified}</p>
    </section>`
  }

  #submitted(event: SubmitEvent): void {
    event.preventDefault()
    const data = new FormData(event.target as HTMLFormElement)
    const deviceName = String(data.get('device') ?? '').trim() || suggestDeviceName(navigator)
    const takesUnattested = event.submitter?.getAttribute('name') === 'unattested'
    void this.recovering.open(String(data.get('card') ?? ''), deviceName, takesUnattested)
  }
}
customElements.define('bt-recover-form', BtRecoverForm)

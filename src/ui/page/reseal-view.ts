/**
 * Old contents under new keys, after a removal: first what it would take, then the doing, which goes on in the background.
 * @module
 */
import { LitElement, css, html, nothing } from 'lit'
import type { ResealingPreview } from '../../node/api.ts'
import type { Actions } from '../actions.ts'
import { sentenceOf } from '../fault.ts'
import { problemLine } from '../part/problem.ts'
import { sectionStyle, shared } from '../part/shared.ts'
import { words } from '../words.ts'
import '../part/waiting.ts'

export class BtResealView extends LitElement {
  static override properties = {
    actions: { attribute: false },
    preview: { state: true },
    isBusy: { state: true },
    problem: { state: true },
  }
  declare actions: Actions
  /** null before anybody asked. */
  declare preview: ResealingPreview | null
  declare isBusy: boolean
  declare problem: string

  static override styles = [
    shared,
    sectionStyle,
    css`
      ul {
        display: grid;
        gap: var(--space-2);
      }
    `,
  ]

  constructor() {
    super()
    this.preview = null
    this.isBusy = false
    this.problem = ''
  }

  override render() {
    const { preview, isBusy, problem } = this
    const text = words.reseal
    return html`<section class="card" aria-labelledby="title">
      <h2 id="title">${text.title}</h2>
      <p class="quiet">${text.help}</p>
      ${preview ? this.#cost(preview) : nothing} ${problemLine(problem)}
      ${isBusy ? html`<bt-waiting .cause=${text.looking}></bt-waiting>` : nothing}
      <div class="row">
        <button ?disabled=${isBusy} @click=${this.#look}>${preview ? text.again : text.look}</button>
        ${
          preview && preview.fileCount > 0 && !preview.isWanted
            ? html`<button class="loud" ?disabled=${isBusy} @click=${this.#begin}>${text.begin}</button>`
            : nothing
        }
      </div>
    </section>`
  }

  #cost(preview: ResealingPreview) {
    const text = words.reseal
    const away = preview.awayCount > 0 ? html`<p>${text.away(preview.awayCount)}</p>` : nothing
    if (preview.fileCount === 0) return preview.awayCount > 0 ? away : html`<p>${text.nothing}</p>`
    return html`${away}
      <ul role="list" aria-label=${text.costLabel}>
        ${text.cost(preview).map((line) => html`<li class="number">${line}</li>`)}
      </ul>
      ${preview.isWanted ? html`<p>${text.under}</p>` : nothing}`
  }

  readonly #look = (): Promise<void> => this.#attempt(async () => {})
  readonly #begin = (): Promise<void> => this.#attempt(() => this.actions.api.reseal(crypto.randomUUID()))

  /** What is told afterwards is how it is then. */
  async #attempt(deed: () => Promise<void>): Promise<void> {
    this.isBusy = true
    this.problem = ''
    try {
      await deed()
      this.preview = await this.actions.api.previewResealing()
    } catch (error) {
      this.problem = sentenceOf(error)
    } finally {
      this.isBusy = false
    }
  }
}
customElements.define('bt-reseal-view', BtResealView)

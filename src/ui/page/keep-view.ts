/**
 * How long the tree stays in this browser, and the question to the browser to keep it.
 * @module
 */
import { LitElement, html, nothing } from 'lit'
import { icon } from '../part/icon.ts'
import { sectionStyle, shared } from '../part/shared.ts'
import { words } from '../words.ts'

export class BtKeepView extends LitElement {
  static override properties = { persisted: { state: true }, refusal: { state: true } }
  /** null where the browser cannot promise at all; undefined before it has answered. */
  declare persisted: boolean | null | undefined
  declare refusal: string

  static override styles = [shared, sectionStyle]

  constructor() {
    super()
    this.refusal = ''
  }

  override async connectedCallback(): Promise<void> {
    super.connectedCallback()
    this.persisted = (await navigator.storage?.persisted?.()) ?? null
  }

  override render() {
    const { persisted } = this
    const text =
      persisted === null ? words.storage.cannotAsk : persisted ? words.storage.persisted : words.storage.notPersisted
    return html`<section class="card">
      <h2>${words.storage.keepTitle}</h2>
      ${
        persisted === undefined
          ? nothing
          : html`<p class=${persisted ? 'quiet' : 'note'}>${persisted ? nothing : icon('warn')}<span>${text}</span></p>`
      }
      ${persisted === false ? html`<button @click=${this.#ask}>${words.storage.askPersist}</button>` : nothing}
      <p class="quiet small said" role="status">${this.refusal}</p>
    </section>`
  }

  async #ask(): Promise<void> {
    this.persisted = await navigator.storage.persist()
    this.refusal = this.persisted ? '' : words.storage.refused
  }
}
customElements.define('bt-keep-view', BtKeepView)

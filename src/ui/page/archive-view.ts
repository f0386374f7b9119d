/**
 * A copy elsewhere: the whole tree as one archive, once there is a card to open it with.
 * @module
 */
import { LitElement, html, nothing } from 'lit'
import type { Actions } from '../actions.ts'
import { codeOf, sentenceOf } from '../fault.ts'
import { icon } from '../part/icon.ts'
import { problemLine } from '../part/problem.ts'
import { sectionStyle, shared } from '../part/shared.ts'
import { hashOf } from '../route.ts'
import { words } from '../words.ts'

export class BtArchiveView extends LitElement {
  static override properties = {
    actions: { attribute: false },
    planted: { type: Boolean },
    hash: {},
    exported: { state: true },
    problem: { state: true },
  }
  declare actions: Actions
  declare planted: boolean
  declare hash: string
  /** An id once the archive is ready to be downloaded. */
  declare exported: 'no' | 'preparing' | { readonly id: string }
  declare problem: string

  static override styles = [shared, sectionStyle]

  constructor() {
    super()
    this.planted = false
    this.exported = 'no'
    this.problem = ''
  }

  override render() {
    return html`<section class="card">
      <h2>${words.storage.copyTitle}</h2>
      <p class="quiet">${this.planted ? words.storage.copyHelp : words.storage.copyUnplanted}</p>
      <div class="row">${this.planted ? this.#save() : this.#ways()}</div>
      <p class="quiet small" role="status">${typeof this.exported === 'object' ? words.storage.copyReady : nothing}</p>
      ${problemLine(this.problem)}
    </section>`
  }

  #save() {
    const { exported } = this
    if (typeof exported === 'object')
      return html`<button class="loud" @click=${() => this.#download(exported.id)}>
        ${icon('download')}${words.storage.download}
      </button>`
    const isPreparing = exported === 'preparing'
    return html`<button class="loud" ?disabled=${isPreparing} @click=${this.#export}>
      ${isPreparing ? words.storage.copying : words.storage.copy}
    </button>`
  }

  #ways() {
    return html`<a class="button loud" href=${hashOf('/plant', this.hash)}>${words.plant.offer.button}</a>
      <a class="button" href=${hashOf('/recover', this.hash)}>${words.storage.recover}</a>`
  }

  async #export(): Promise<void> {
    this.exported = 'preparing'
    this.problem = ''
    try {
      const id = await this.actions.api.beginExport(crypto.randomUUID())
      this.exported = { id }
      await this.#download(id)
    } catch (error) {
      this.exported = 'no'
      if (codeOf(error) !== 'cancelled') this.problem = sentenceOf(error)
    }
  }

  async #download(id: string): Promise<void> {
    this.problem = ''
    try {
      await this.actions.beginDownload(id)
    } catch (error) {
      // Only the node that prepared it had it, and another one may have followed.
      const isGone = codeOf(error) === 'itemGone'
      if (isGone) this.exported = 'no'
      this.problem = isGone ? words.storage.copyGone : sentenceOf(error)
    }
  }
}
customElements.define('bt-archive-view', BtArchiveView)

/**
 * Keys that outlast quantum computers: whether the devices ask for them, and the way to have them ask (U25).
 * @module
 */
import { LitElement, html, nothing } from 'lit'
import type { TreeStatus } from '../../node/api.ts'
import type { Actions } from '../actions.ts'
import { sentenceOf } from '../fault.ts'
import { icon } from '../part/icon.ts'
import { sectionStyle, shared } from '../part/shared.ts'
import { joinWords } from './words.ts'

const { hybrid: words } = joinWords

export class BtHybrid extends LitElement {
  static override properties = {
    tree: { attribute: false },
    actions: { attribute: false },
    isBusy: { state: true },
  }
  declare tree: TreeStatus
  declare actions: Actions
  declare isBusy: boolean

  static override styles = [shared, sectionStyle]

  constructor() {
    super()
    this.isBusy = false
  }

  override render() {
    const { hybridCount, deviceCount, removed } = this.tree
    if (hybridCount === null) return nothing
    return html`<section class="card" aria-labelledby="hybrid">
      <h2 id="hybrid">${words.title}</h2>
      <p>${words.help}</p>
      ${hybridCount === 0 ? this.#off(removed === null) : this.#on(hybridCount, deviceCount)}
    </section>`
  }

  #off(mayChange: boolean) {
    return html`<p class="quiet small">${words.cost}</p>
      ${
        mayChange
          ? html`<div class="row">
              <button ?disabled=${this.isBusy} @click=${this.#turnOn}>${icon('key')}${words.button}</button>
            </div>`
          : nothing
      }`
  }

  #on(count: number, deviceCount: number) {
    return html`<p class="number" role="status">${words.on(count, deviceCount)}</p>
      <p class="quiet small">${words.before}</p>`
  }

  async #turnOn(): Promise<void> {
    this.isBusy = true
    try {
      await this.actions.api.useHybrid()
    } catch (error) {
      this.actions.notices.problem(sentenceOf(error))
    } finally {
      this.isBusy = false
    }
  }
}
customElements.define('bt-hybrid', BtHybrid)

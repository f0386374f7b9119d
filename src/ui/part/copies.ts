/**
 * The copies badge: on how many devices something is now. Counted, never promised.
 * @module
 */
import { LitElement, css, html } from 'lit'
import { words } from '../words.ts'
import { dotStyle } from './dot.css.ts'
import { shared } from './shared.ts'

export class BtCopies extends LitElement {
  static override properties = { copyCount: { type: Number }, deviceCount: { type: Number }, brief: { type: Boolean } }
  declare copyCount: number
  declare deviceCount: number
  /** In a word, where the sentence stands elsewhere. */
  declare brief: boolean

  static override styles = [
    shared,
    dotStyle,
    css`
      :host {
        display: inline-flex;
      }
      .badge:not(.alone) {
        color: var(--ink-quiet);
      }
      .badge {
        display: inline-flex;
        align-items: center;
        gap: 0.4em;
        font-size: var(--text-1);
      }
    `,
  ]

  constructor() {
    super()
    this.copyCount = 1
    this.deviceCount = 1
    this.brief = false
  }

  override render() {
    const { here, none, many, of } = words.copies
    const text =
      this.copyCount === 0
        ? none
        : this.copyCount === 1
          ? here
          : this.copyCount < this.deviceCount
            ? of(this.copyCount, this.deviceCount)
            : many(this.copyCount)
    return html`<span class="badge ${this.copyCount < 2 ? 'alone' : ''}" title=${text}>
      <span class="dot"></span><span>${this.brief ? words.copies.brief(this.copyCount) : text}</span>
    </span>`
  }
}
customElements.define('bt-copies', BtCopies)

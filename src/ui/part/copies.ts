/**
 * The copies badge: on how many devices something is now. Counted, never promised.
 * @module
 */
import { LitElement, css, html } from 'lit'
import { words } from '../words.ts'
import { shared } from './shared.ts'

export class BtCopies extends LitElement {
  static override properties = { copyCount: { type: Number }, deviceCount: { type: Number }, brief: { type: Boolean } }
  declare copyCount: number
  declare deviceCount: number
  /** Only the dot where the words stand elsewhere; they stay for screen readers. */
  declare brief: boolean

  static override styles = [
    shared,
    css`
      :host {
        display: inline-flex;
      }
      .badge {
        display: inline-flex;
        align-items: center;
        gap: 0.4em;
        color: var(--ink-quiet);
        font-size: var(--text-1);
      }
      .dot {
        inline-size: 0.55em;
        block-size: 0.55em;
        border-radius: 50%;
        background: var(--accent-bright);
        flex: none;
      }
      .alone {
        color: var(--warn);
      }
      .alone .dot {
        background: transparent;
        box-shadow: inset 0 0 0 0.14em var(--warn);
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
      <span class="dot"></span><span class=${this.brief ? 'unseen' : ''}>${text}</span>
    </span>`
  }
}
customElements.define('bt-copies', BtCopies)

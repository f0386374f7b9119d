/**
 * The head of the page: what this is, and where the tree is saved.
 * @module
 */
import { LitElement, css, html, nothing } from 'lit'
import type { NodeState } from '../ports.ts'
import { words } from '../words.ts'
import { dotStyle } from './dot.css.ts'
import { logo, logoStyle } from './logo.ts'
import { shared } from './shared.ts'

export class BtHeader extends LitElement {
  static override properties = {
    home: {},
    state: {},
    sentence: {},
    deviceCount: { type: Number },
    wide: { type: Boolean, reflect: true },
  }
  /** The address of the tree. */
  declare home: string
  declare state: NodeState
  /** What the node says of its state. */
  declare sentence: string
  /** On how many devices the tree is; null while that is not known. */
  declare deviceCount: number | null
  declare wide: boolean

  static override styles = [
    shared,
    logoStyle,
    dotStyle,
    css`
      header {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        justify-content: space-between;
        gap: 0 var(--space-3);
        padding: var(--space-1) var(--space-4);
      }
      :host([wide]) header {
        display: grid;
        gap: var(--space-1);
        padding: var(--space-5) var(--space-4) var(--space-3) var(--space-5);
      }
      .brand {
        display: inline-flex;
        align-items: center;
        gap: var(--space-2);
        min-block-size: var(--touch);
        color: var(--ink);
        font-weight: 650;
        letter-spacing: -0.02em;
        text-decoration: none;
        border-radius: var(--radius-1);
      }
      :host([wide]) .brand {
        font-size: var(--text-3);
      }
      .status {
        display: inline-flex;
        align-items: center;
        gap: 0.45em;
        min-inline-size: 0;
        font-size: var(--text-1);
      }
      .status:not(.alone) {
        color: var(--ink-quiet);
      }
    `,
  ]

  override render() {
    return html`<header>
      <a class="brand" href=${this.home} aria-label=${words.product}>${logo}<span>${words.product}</span></a>
      ${this.#status()}
    </header>`
  }

  #status() {
    const { state, deviceCount } = this
    if (state === 'failed') return nothing
    if (state !== 'here' && state !== 'elsewhere')
      return html`<p class="status" role="status">${this.sentence || words.state[state]}</p>`
    if (deviceCount === null) return nothing
    const text = deviceCount > 1 ? words.copies.savedOn(deviceCount) : words.copies.saved
    return html`<p class="status ${deviceCount > 1 ? '' : 'alone'}" role="status" title=${words.state[state]}>
      <span class="dot"></span><span>${text}</span>
    </p>`
  }
}
customElements.define('bt-header', BtHeader)

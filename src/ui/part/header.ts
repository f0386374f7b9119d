/**
 * The head of the page: what this is, and where the tree is saved.
 * @module
 */
import { LitElement, css, html, nothing } from 'lit'
import type { TreeStatus } from '../../node/api.ts'
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
    tree: { attribute: false },
    wide: { type: Boolean, reflect: true },
  }
  /** The address of the tree. */
  declare home: string
  declare state: NodeState
  /** What the node says of its state. */
  declare sentence: string
  /** null while nothing is known of it. */
  declare tree: TreeStatus | null
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
    const { state, tree } = this
    if (state === 'failed') return nothing
    if (state !== 'here' && state !== 'elsewhere')
      return html`<p class="status" role="status">${this.sentence || words.state[state]}</p>`
    if (tree === null) return nothing
    const { waiting } = tree
    // Nothing more goes to the others from a device that was removed.
    const deviceCount = tree.removed === null ? tree.deviceCount : 1
    const isSafe = deviceCount > 1 && waiting === null
    const text = waiting
      ? words.copies.kept(waiting.changeCount, waiting.deviceNames)
      : deviceCount > 1
        ? words.copies.savedOn(deviceCount)
        : words.copies.saved
    return html`<p class="status ${isSafe ? '' : 'alone'}" role="status" title=${words.state[state]}>
      <span class="dot"></span><span>${text}</span>
    </p>`
  }
}
customElements.define('bt-header', BtHeader)

/**
 * The views that there are: a bar under the thumb, or a rail beside where there is room.
 * @module
 */
import { LitElement, css, html, nothing } from 'lit'
import { type Route, hashOf } from '../route.ts'
import { words } from '../words.ts'
import { type IconName, icon } from './icon.ts'
import { shared } from './shared.ts'

const places: readonly (readonly [Route, IconName])[] = [
  ['/', 'tree'],
  ['/devices', 'devices'],
  ['/trash', 'trash'],
  ['/storage', 'storage'],
]

/** Views that are reached from one of these. */
const roots: Partial<Record<Route, Route>> = { '/audit': '/devices' }

export class BtNav extends LitElement {
  static override properties = { route: {}, hash: {}, wide: { type: Boolean, reflect: true } }
  declare route: Route
  /** The present address, whose profile the others keep. */
  declare hash: string
  declare wide: boolean

  static override styles = [
    shared,
    css`
      nav {
        display: grid;
        grid-auto-flow: column;
        grid-auto-columns: minmax(0, 1fr);
        padding-block-end: env(safe-area-inset-bottom);
        border-block-start: 1px solid var(--line);
        background: var(--surface);
      }
      a {
        display: flex;
        flex-direction: column;
        align-items: center;
        justify-content: center;
        gap: 0.15rem;
        min-block-size: 3.5rem;
        color: var(--ink-quiet);
        font-size: var(--text-1);
        font-weight: 570;
        text-decoration: none;
        outline-offset: -3px;
        -webkit-tap-highlight-color: transparent;
      }
      a[aria-current] {
        color: var(--accent);
      }
      :host([wide]) nav {
        display: grid;
        grid-auto-flow: row;
        gap: var(--space-1);
        padding: 0 var(--space-3);
        border: 0;
        background: none;
      }
      :host([wide]) a {
        flex-direction: row;
        justify-content: start;
        gap: var(--space-3);
        min-block-size: var(--touch);
        padding-inline: var(--space-3);
        border-radius: var(--radius-2);
        font-size: var(--text-2);
        outline-offset: 2px;
      }
      :host([wide]) a[aria-current] {
        background: var(--accent-quiet);
        color: var(--on-accent-quiet);
      }
      @media (hover: hover) {
        :host([wide]) a:not([aria-current]):hover {
          background: var(--hover);
        }
      }
    `,
  ]

  override render() {
    return html`<nav aria-label=${words.nav.label}>
      ${places.map(
        ([route, name]) =>
          html`<a
            href=${hashOf(route, this.hash)}
            aria-current=${this.route === route ? 'page' : roots[this.route] === route ? 'true' : nothing}
          >
            ${icon(name)}<span>${words.nav[route]}</span>
          </a>`,
      )}
    </nav>`
  }
}
customElements.define('bt-nav', BtNav)

/**
 * One thing that the page offers by itself, above everything else.
 * @module
 */
import { LitElement, css, html } from 'lit'
import { type IconName, icon } from './icon.ts'
import { shared } from './shared.ts'

export interface Offer {
  readonly icon: IconName
  readonly text: string
  readonly button: string
  /** null where it was accepted, and takes its time. */
  readonly accept: (() => void) | null
  /** What one may want instead. */
  readonly others?: readonly { readonly button: string; readonly accept: () => void }[]
}

export class BtOffer extends LitElement {
  static override properties = { offer: { attribute: false }, wide: { type: Boolean, reflect: true } }
  declare offer: Offer
  declare wide: boolean

  static override styles = [
    shared,
    css`
      aside {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        justify-content: end;
        gap: var(--space-2) var(--space-3);
        margin: var(--space-2) var(--space-3) 0;
        padding: var(--space-2) var(--space-2) var(--space-2) var(--space-4);
        border-radius: var(--radius-3);
        background: var(--surface);
        border: 1px solid var(--line);
        line-height: 1.35;
        font-size: var(--text-1);
      }
      p {
        flex: 1 1 7rem;
        min-inline-size: 0;
      }
      .icon {
        color: var(--accent);
        font-size: 1.3em;
      }
      /* Where there is room, a strip over picture and list alike. */
      :host([wide]) aside {
        margin: 0;
        padding: var(--space-2) var(--space-4) var(--space-2) var(--space-5);
        border-width: 0 0 1px;
        border-radius: 0;
        font-size: var(--text-2);
      }
      @media print {
        :host {
          display: none;
        }
      }
    `,
  ]

  override render() {
    const { offer } = this
    return html`<aside>
      ${icon(offer.icon)}
      <p>${offer.text}</p>
      ${offer.others?.map(({ button, accept }) => html`<button class="plain" @click=${accept}>${button}</button>`)}
      <button ?disabled=${offer.accept === null} @click=${offer.accept}>${offer.button}</button>
    </aside>`
  }
}
customElements.define('bt-offer', BtOffer)

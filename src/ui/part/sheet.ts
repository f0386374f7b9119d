/**
 * A sheet over the page: from below on a phone, in the middle where there is room.
 *
 * The platform's own dialog keeps the focus inside, closes on Escape and gives the focus back.
 * @module
 */
import { LitElement, css, html } from 'lit'
import { SheetClosedEvent } from '../events.ts'
import { words } from '../words.ts'
import { icon } from './icon.ts'
import { shared } from './shared.ts'

export class BtSheet extends LitElement {
  static override properties = { open: { type: Boolean }, label: {} }
  declare open: boolean
  declare label: string

  static override styles = [
    shared,
    css`
      dialog {
        inline-size: min(100%, 30rem);
        max-inline-size: none;
        max-block-size: min(88dvh, 46rem);
        margin: auto;
        padding: 0;
        border: 0;
        border-radius: var(--radius-3);
        background: var(--surface-raised);
        color: var(--ink);
        box-shadow: var(--shadow);
        overflow: auto;
        overscroll-behavior: contain;
      }
      dialog[open] {
        animation: rise var(--settle) cubic-bezier(0.2, 0.8, 0.2, 1);
      }
      dialog::backdrop {
        background: var(--veil);
      }
      .head {
        position: sticky;
        inset-block-start: 0;
        z-index: 1;
        display: flex;
        align-items: center;
        gap: var(--space-2);
        padding: var(--space-3) var(--space-2) var(--space-2) var(--space-5);
        background: var(--surface-raised);
      }
      h2 {
        flex: 1;
        min-inline-size: 0;
        overflow-wrap: anywhere;
      }
      .content {
        padding: var(--space-1) var(--space-5) calc(var(--space-5) + env(safe-area-inset-bottom));
      }
      @media (max-width: 40rem) {
        dialog {
          inline-size: 100%;
          margin-block-end: 0;
          border-end-start-radius: 0;
          border-end-end-radius: 0;
        }
      }
      @keyframes rise {
        from {
          opacity: 0;
          transform: translateY(1.5rem);
        }
      }
    `,
  ]

  constructor() {
    super()
    this.open = false
    this.label = ''
  }

  override render() {
    return html`<dialog aria-labelledby="label" @close=${this.#closed} @click=${this.#clicked}>
      <div class="head">
        <h2 id="label"><bdi>${this.label}</bdi></h2>
        <button class="plain only-icon" aria-label=${words.close} @click=${this.close}>${icon('close')}</button>
      </div>
      <div class="content"><slot></slot></div>
    </dialog>`
  }

  override updated(): void {
    const dialog = this.#dialog
    if (this.open && !dialog.open) dialog.showModal()
    else if (!this.open && dialog.open) dialog.close()
  }

  close(): void {
    this.#dialog.close()
  }

  get #dialog(): HTMLDialogElement {
    return this.renderRoot.querySelector('dialog')!
  }
  #closed(): void {
    this.open = false
    this.dispatchEvent(new SheetClosedEvent())
  }
  /** Only the backdrop is the dialog itself; everything visible lies in a child of it. */
  #clicked(event: MouseEvent): void {
    if (event.target === this.#dialog) this.close()
  }
}
customElements.define('bt-sheet', BtSheet)

declare global {
  interface HTMLElementTagNameMap {
    'bt-sheet': BtSheet
  }
}

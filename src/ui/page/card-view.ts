/**
 * The recovery card: twelve words, shown once, to be printed or written down.
 * @module
 */
import { LitElement, css, html, nothing } from 'lit'
import { SheetClosedEvent } from '../events.ts'
import { icon } from '../part/icon.ts'
import { shared } from '../part/shared.ts'
import { words } from '../words.ts'

/** Says by a `SheetClosedEvent` that the person has the words. */
export class BtCardView extends LitElement {
  static override properties = {
    words: { attribute: false },
    ownerName: {},
    isSecondCard: { type: Boolean },
    copied: { state: true },
  }
  declare words: readonly string[]
  declare ownerName: string
  /** An earlier card was shown and is void. */
  declare isSecondCard: boolean
  declare copied: string

  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        gap: var(--space-4);
      }
      ol {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(8rem, 1fr));
        gap: var(--space-1) var(--space-4);
        padding: var(--space-5) var(--space-4);
        border-radius: var(--radius-3);
        border: 1px solid var(--line);
        background: var(--surface-raised);
        counter-reset: word;
      }
      li {
        display: flex;
        align-items: baseline;
        gap: var(--space-2);
        padding-block: var(--space-1);
        font-size: var(--text-3);
        font-weight: 570;
        counter-increment: word;
      }
      li::before {
        content: counter(word);
        min-inline-size: 1.5em;
        color: var(--ink-quiet);
        font-size: var(--text-1);
        font-weight: 400;
        font-variant-numeric: tabular-nums;
        text-align: end;
      }
      .paper {
        display: none;
      }
      @media print {
        .screen {
          display: none !important;
        }
        .paper {
          display: block;
        }
        ol {
          border-color: currentColor;
        }
      }
    `,
  ]

  constructor() {
    super()
    this.words = []
    this.ownerName = ''
    this.isSecondCard = false
    this.copied = ''
  }

  override render() {
    const { card } = words.plant
    return html`<h1 tabindex="-1" class="screen">${card.title}</h1>
      <h1 class="paper">${card.printTitle}</h1>
      <p class="screen">${card.help}</p>
      <p class="paper">${card.printHelp}</p>
      ${this.isSecondCard ? html`<p class="note screen">${icon('warn')}<span>${card.replaced}</span></p>` : nothing}
      <ol aria-label=${card.listLabel} translate="no">
        ${this.words.map((word) => html`<li>${word}</li>`)}
      </ol>
      <p class="paper"><bdi>${card.printOwner(this.ownerName, Date.now())}</bdi></p>
      <div class="row screen">
        <button @click=${() => print()}>${icon('print')}${card.print}</button>
        <button @click=${this.#copy}>${icon('copy')}${card.copy}</button>
      </div>
      <p class="quiet small screen" role="status">${this.copied}</p>
      <div class="row screen">
        <button class="loud" @click=${() => this.dispatchEvent(new SheetClosedEvent())}>${card.done}</button>
      </div>`
  }

  override firstUpdated(): void {
    this.renderRoot.querySelector<HTMLElement>('h1')?.focus()
  }

  async #copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.words.join(' '))
      this.copied = words.plant.card.copied
    } catch {
      // Permission, or a page without focus: either way there is paper.
      this.copied = words.plant.card.notCopied
    }
  }
}
customElements.define('bt-card-view', BtCardView)

/**
 * A wait that names its cause: nothing at first, after three seconds the cause, after eight another way.
 * @module
 */
import { LitElement, css, html, nothing } from 'lit'
import { shared } from './shared.ts'

const causeAfterMs = 3000
const otherWayAfterMs = 8000

export class BtWaiting extends LitElement {
  static override properties = { cause: {}, otherWay: {}, stage: { state: true } }
  declare cause: string
  /** What one can do instead; empty where there is nothing. */
  declare otherWay: string
  declare stage: 'short' | 'long' | 'tooLong'
  #timers: ReturnType<typeof setTimeout>[] = []

  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        gap: var(--space-3);
        min-block-size: 2.5rem;
        align-content: center;
        /* In the middle where it stands in the middle of a page. */
        justify-items: inherit;
      }
      .bar {
        block-size: 0.25rem;
        inline-size: 8rem;
        border-radius: var(--radius-round);
        background: linear-gradient(90deg, var(--accent-quiet), var(--accent-bright), var(--accent-quiet)) 0 / 200% 100%;
        animation: flow var(--rest) linear infinite;
      }
      @keyframes flow {
        to {
          background-position: -200% 0;
        }
      }
      @media (prefers-reduced-motion: reduce) {
        .bar {
          animation: none;
        }
      }
    `,
  ]

  constructor() {
    super()
    this.cause = ''
    this.otherWay = ''
    this.stage = 'short'
  }

  override connectedCallback(): void {
    super.connectedCallback()
    this.stage = 'short'
    this.#timers = [
      setTimeout(() => (this.stage = 'long'), causeAfterMs),
      setTimeout(() => (this.stage = 'tooLong'), otherWayAfterMs),
    ]
  }
  override disconnectedCallback(): void {
    super.disconnectedCallback()
    this.#timers.forEach(clearTimeout)
  }

  override render() {
    return html`<div class="bar"></div>
      <div role="status">
        ${this.stage === 'short' ? nothing : html`<p class="quiet">${this.cause}</p>`}
        ${this.stage === 'tooLong' && this.otherWay ? html`<p class="quiet">${this.otherWay}</p>` : nothing}
      </div>`
  }
}
customElements.define('bt-waiting', BtWaiting)

/**
 * What stands in the middle while there is no tree to show: it is still being opened, or it stopped and says why.
 * @module
 */
import { LitElement, css, html } from 'lit'
import { words } from '../words.ts'
import { logo, logoStyle } from './logo.ts'
import { shared } from './shared.ts'
import './waiting.ts'

export class BtStandstill extends LitElement {
  static override properties = { heading: {}, problem: {}, cause: {} }
  declare heading: string
  /** Why it stopped; empty: it is being opened. */
  declare problem: string
  /** What is waited for. */
  declare cause: string

  static override styles = [
    shared,
    logoStyle,
    css`
      :host,
      div {
        display: grid;
        place-content: center;
        justify-items: center;
      }
      div {
        gap: var(--space-4);
        padding: var(--space-5);
        text-align: center;
        text-wrap: balance;
        max-inline-size: var(--measure);
      }
      .logo {
        inline-size: min(5rem, 20vw);
        block-size: min(5rem, 20vw);
      }
    `,
  ]

  override render() {
    if (this.problem)
      return html`<div role="alert">
        ${logo}
        <h1>${this.heading}</h1>
        <p>${this.problem}</p>
        <button class="loud" @click=${() => location.reload()}>${words.reload}</button>
      </div>`
    return html`<div>
      ${logo}
      <h1 class="unseen">${words.state.starting}</h1>
      <bt-waiting .cause=${this.cause} .otherWay=${words.wait.openingLong}></bt-waiting>
    </div>`
  }
}
customElements.define('bt-standstill', BtStandstill)

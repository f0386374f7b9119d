/**
 * What did not get into the tree, each with its reason, and another try.
 * @module
 */
import { LitElement, css, html, nothing } from 'lit'
import type { Adding } from '../adding.ts'
import { words } from '../words.ts'
import { icon } from './icon.ts'
import { shared } from './shared.ts'
import { Watching } from './watching.ts'

const shownMax = 4

export class BtFailures extends LitElement {
  static override properties = { adding: { attribute: false } }
  declare adding: Adding

  static override styles = [
    shared,
    css`
      :host {
        padding-inline-end: var(--space-2);
      }
      div {
        padding-block: var(--space-2);
      }
      .problem {
        margin-block: var(--space-2);
        padding: var(--space-2) var(--space-3);
        overflow-wrap: anywhere;
      }
    `,
  ]

  constructor() {
    super()
    new Watching(this, () => this.adding)
  }

  override render() {
    const { failed } = this.adding
    if (failed.length === 0) return nothing
    const moreCount = failed.length - shownMax
    return html`<div role="alert">
        <h2>${words.jobs.failed(failed.length)}</h2>
        ${failed.slice(0, shownMax).map(
          ({ entry, sentence }) =>
            html`<p class="problem">
              ${icon('warn')}<span
                ><strong><bdi>${entry.name}</bdi></strong
                ><br />${sentence}</span
              >
            </p>`,
        )}
        ${moreCount > 0 ? html`<p class="quiet small">${words.jobs.more(moreCount)}</p>` : nothing}
      </div>
      <p class="row">
        <button @click=${() => this.adding.retryFailed()}>${words.again}</button>
        <button class="plain" @click=${() => this.adding.forgetFailed()}>${words.dismiss}</button>
      </p>`
  }
}
customElements.define('bt-failures', BtFailures)

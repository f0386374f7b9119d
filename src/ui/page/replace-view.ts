/**
 * Chooses what takes the place of a file's content, and says what that costs before it is done.
 * @module
 */
import { LitElement, css, html, nothing } from 'lit'
import { ChosenEvent } from '../events.ts'
import { icon } from '../part/icon.ts'
import { shared } from '../part/shared.ts'
import { words } from '../words.ts'

/** Says by a `ChosenEvent` which file of this device it is to be. */
export class BtReplaceView extends LitElement {
  static override properties = { name: {}, chosen: { state: true } }
  /** Of the file in the tree. */
  declare name: string
  declare chosen: File | null

  static override styles = [
    shared,
    css`
      .with {
        overflow-wrap: anywhere;
      }
      button {
        inline-size: 100%;
      }
    `,
  ]

  constructor() {
    super()
    this.name = ''
    this.chosen = null
  }

  override render() {
    const { chosen } = this
    return html`<div class="stack">
      <p>${words.replace.help(this.name)}</p>
      ${
        chosen === null
          ? nothing
          : html`<p class="with" role="status">
              <bdi>${chosen.name}</bdi>
              <span class="quiet small number">${words.replace.about(chosen.size, chosen.lastModified)}</span>
            </p>`
      }
      <button class=${chosen === null ? 'loud' : ''} @click=${() => this.#input.click()}>
        ${icon('files')}${chosen === null ? words.replace.choose : words.replace.another}
      </button>
      ${
        chosen === null
          ? nothing
          : html`<button class="loud" @click=${() => this.dispatchEvent(new ChosenEvent(chosen))}>
              ${words.replace.button}
            </button>`
      }
      <input hidden type="file" @change=${this.#picked} />
    </div>`
  }

  get #input(): HTMLInputElement {
    return this.renderRoot.querySelector('input')!
  }
  #picked(): void {
    const input = this.#input
    this.chosen = input.files?.[0] ?? this.chosen
    input.value = ''
  }
}
customElements.define('bt-replace-view', BtReplaceView)

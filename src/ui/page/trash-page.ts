/**
 * The trash: what was deleted of late, to be restored or deleted for good.
 * @module
 */
import { LitElement, css, html, nothing } from 'lit'
import type { Item } from '../../node/api.ts'
import type { Actions } from '../actions.ts'
import { formatSize } from '../format.ts'
import { type Model, mayChange, trashLifeMs, trashOf } from '../model.ts'
import { icon } from '../part/icon.ts'
import { pageStyle, sectionStyle, shared } from '../part/shared.ts'
import { words } from '../words.ts'
import '../part/sheet.ts'

export class BtTrashPage extends LitElement {
  static override properties = {
    model: { attribute: false },
    actions: { attribute: false },
    asked: { state: true },
  }
  declare model: Model
  declare actions: Actions
  /** What is about to be deleted for good; null: nothing is asked. */
  declare asked: Item | 'all' | null

  static override styles = [
    shared,
    pageStyle,
    sectionStyle,
    css`
      li {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr) auto auto;
        gap: 0 var(--space-2);
        align-items: center;
        padding-block: var(--space-2);
        border-block-end: 1px solid var(--line);
      }
      li > .icon {
        color: var(--ink-quiet);
      }
      ul {
        inline-size: 100%;
      }
      .about {
        display: flex;
        flex-wrap: wrap;
        gap: 0 var(--space-3);
      }
      .name {
        overflow-wrap: anywhere;
      }
    `,
  ]

  constructor() {
    super()
    this.asked = null
  }

  override render() {
    const items = trashOf(this.model)
    return html`<div class="page">
        <h1>${words.trash.title}</h1>
        <p class="quiet">${words.trash.help}</p>
        ${
          items.length === 0
            ? html`<p class="card">${words.trash.empty}</p>`
            : html`<ul role="list">
                  ${items.map((item) => this.#line(item))}
                </ul>
                ${
                  mayChange(this.model)
                    ? html`<div class="row">
                        <button @click=${() => (this.asked = 'all')}>${icon('trash')}${words.trash.purgeAll}</button>
                      </div>`
                    : nothing
                }`
        }
      </div>
      ${this.#question(items.length)}`
  }

  #line(item: Item) {
    return html`<li>
      ${icon(item.kind)}
      <div>
        <p class="name"><bdi>${item.name}</bdi></p>
        <p class="small quiet number about">
          <span>${words.trash.until((item.trashedAtMs ?? 0) + trashLifeMs)}</span>
          ${item.kind === 'file' ? html`<span>${formatSize(item.sizeBytes)}</span>` : nothing}
        </p>
      </div>
      ${mayChange(this.model) ? this.#deeds(item) : nothing}
    </li>`
  }

  #deeds(item: Item) {
    return html`<button
        class="plain only-icon"
        title=${words.trash.restore}
        aria-label=${words.trash.labelRestore(item.name)}
        @click=${() => this.actions.restore(item)}
      >
        ${icon('restore')}
      </button>
      <button
        class="plain only-icon"
        title=${words.trash.purge}
        aria-label=${words.trash.labelPurge(item.name)}
        @click=${() => (this.asked = item)}
      >
        ${icon('trash')}
      </button>`
  }

  #question(itemCount: number) {
    const { asked } = this
    const label = asked === null ? '' : asked === 'all' ? words.trash.askAll(itemCount) : words.trash.askOne(asked.name)
    return html`<bt-sheet .open=${asked !== null} .label=${label} @bt-sheet-closed=${() => (this.asked = null)}>
      <div class="stack">
        <p>${words.trash.askHelp}</p>
        <div class="row">
          <button class="danger" @click=${this.#purge}>${words.trash.purge}</button>
          <button class="plain" @click=${() => (this.asked = null)}>${words.cancel}</button>
        </div>
      </div>
    </bt-sheet>`
  }

  #purge(): void {
    const { asked } = this
    this.asked = null
    if (asked !== null) void this.actions.purge(asked === 'all' ? null : asked.id)
  }
}
customElements.define('bt-trash-page', BtTrashPage)

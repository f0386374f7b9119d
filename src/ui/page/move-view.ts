/**
 * Chooses the folder that something moves to, or that a link to it is put in, by walking there.
 * @module
 */
import { LitElement, css, html, nothing } from 'lit'
import type { Item } from '../../node/api.ts'
import { type Actions, displayName } from '../actions.ts'
import { GroundEvent } from '../events.ts'
import { type Model, childrenOf, isWithin } from '../model.ts'
import { icon } from '../part/icon.ts'
import { menuStyle } from '../part/menu.css.ts'
import { shared } from '../part/shared.ts'
import { words } from '../words.ts'
import '../part/audience.ts'

/** Says by a `GroundEvent` which folder was chosen. */
export class BtMoveView extends LitElement {
  static override properties = {
    actions: { attribute: false },
    model: { attribute: false },
    item: { attribute: false },
    purpose: {},
    atId: { state: true },
  }
  declare actions: Actions
  declare model: Model
  declare item: Item
  declare purpose: 'move' | 'link'
  declare atId: string

  static override styles = [
    shared,
    menuStyle,
    css`
      .menu {
        max-block-size: 40dvh;
        overflow: auto;
        margin-block-end: var(--space-4);
      }
      .loud {
        inline-size: 100%;
      }
      p {
        padding-block: var(--space-2);
      }
    `,
  ]

  override willUpdate(): void {
    if (!this.model.items.has(this.atId)) this.atId = this.item.parentId ?? ''
  }

  override render() {
    const at = this.model.items.get(this.atId)
    if (!at) return html`<p>${words.item.gone}</p>`
    const folders = childrenOf(this.model, at.id).filter(
      ({ kind, id }) => kind === 'folder' && (id !== this.item.id || this.purpose === 'link'),
    )
    const obstacle = this.purpose === 'move' ? obstacleTo(this.model, this.item, at) : ''
    return html`<ul class="menu" role="list">
        ${
          at.parentId === null
            ? nothing
            : html`<li>
                <button class="plain" @click=${() => (this.atId = at.parentId!)}>
                  ${icon('undo')}${words.move.up}
                </button>
              </li>`
        }
        ${folders.map(
          (folder) =>
            html`<li>
              <button class="plain" @click=${() => (this.atId = folder.id)}>
                ${icon('folder')}<bdi>${folder.name}</bdi>
              </button>
            </li>`,
        )}
      </ul>
      ${folders.length === 0 ? html`<p class="quiet">${words.move.noFolders}</p>` : nothing}
      ${
        this.purpose === 'move' && obstacle === ''
          ? html`<bt-audience .actions=${this.actions} .folderId=${at.id} .itemId=${this.item.id}></bt-audience>`
          : nothing
      }
      <button class="loud" ?disabled=${obstacle !== ''} @click=${() => this.dispatchEvent(new GroundEvent(at.id))}>
        <bdi>${words[this.purpose].here(displayName(this.model, at))}</bdi>
      </button>
      <p class="quiet small" role="status">${obstacle}</p>`
  }
}
customElements.define('bt-move-view', BtMoveView)

function obstacleTo(model: Model, item: Item, folder: Item): string {
  if (folder.id === item.parentId) return words.move.already
  return isWithin(model, item.id, folder.id) ? words.move.inside : ''
}

/**
 * The folders below the ground, down to the root: where the picture was folded away.
 * @module
 */
import { LitElement, css, html, nothing } from 'lit'
import { displayName } from '../actions.ts'
import { GroundEvent } from '../events.ts'
import { type Model, lineage } from '../model.ts'
import { icon } from '../part/icon.ts'
import { shared } from '../part/shared.ts'
import { words } from '../words.ts'

export class BtCrumbs extends LitElement {
  static override properties = { model: { attribute: false }, groundId: {} }
  declare model: Model
  declare groundId: string

  static override styles = [
    shared,
    css`
      ol {
        display: flex;
        align-items: center;
        overflow-x: auto;
        scrollbar-width: none;
        padding: 2px;
      }
      li {
        display: flex;
        align-items: center;
        flex: none;
        max-inline-size: 12rem;
      }
      li > .icon {
        inline-size: 1rem;
        color: var(--ink-quiet);
      }
      .icon:dir(rtl) {
        transform: scaleX(-1);
      }
      button {
        max-inline-size: 100%;
        padding-inline: var(--space-3);
      }
      bdi {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      li:first-child button {
        background: var(--root-fill);
        color: var(--on-root);
      }
      [aria-current] {
        padding-inline: var(--space-3);
        font-weight: 570;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
    `,
  ]

  override render() {
    const line = lineage(this.model, this.groundId)
    if (line.length < 2) return nothing
    return html`<nav aria-label=${words.tree.crumbs}>
      <ol role="list">
        ${line.map((folder, index) => {
          const name = displayName(this.model, folder)
          return html`<li>
            ${index > 0 ? icon('chevron') : nothing}
            ${
              index === line.length - 1
                ? html`<span aria-current="location"><bdi>${name}</bdi></span>`
                : html`<button
                    class="plain"
                    data-folder=${folder.id}
                    @click=${() => this.dispatchEvent(new GroundEvent(folder.id))}
                  >
                    <bdi>${name}</bdi>
                  </button>`
            }
          </li>`
        })}
      </ol>
    </nav>`
  }
}
customElements.define('bt-crumbs', BtCrumbs)

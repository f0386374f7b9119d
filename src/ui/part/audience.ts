/**
 * Who will be able to read what comes into a folder, beside those who read the whole tree, before it does (R-12).
 * @module
 */
import { LitElement, type PropertyValues, css, html, nothing } from 'lit'
import type { ReaderLine } from '../../node/api.ts'
import type { Actions } from '../actions.ts'
import { words } from '../words.ts'
import { icon } from './icon.ts'
import { shared } from './shared.ts'

export class BtAudience extends LitElement {
  static override properties = {
    actions: { attribute: false },
    folderId: {},
    itemId: {},
    names: { state: true },
  }
  declare actions: Actions
  declare folderId: string
  /** What moves there; empty: something new. */
  declare itemId: string
  declare names: readonly string[]

  static override styles = [
    shared,
    css`
      .note {
        margin-block: var(--space-2) var(--space-3);
      }
    `,
  ]

  constructor() {
    super()
    this.folderId = ''
    this.itemId = ''
    this.names = []
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('folderId') || changed.has('itemId')) void this.#ask()
  }

  override render() {
    const { names, itemId } = this
    const { added, moved } = words.audience
    return html`<div role="status">
      ${
        names.length === 0
          ? nothing
          : html`<p class="note">
              ${icon('readers')}<span><bdi>${itemId === '' ? added(names) : moved(names)}</bdi></span>
            </p>`
      }
    </div>`
  }

  async #ask(): Promise<void> {
    const { folderId, itemId } = this
    this.names = []
    // Who can not be named now is found under “Who can read this”, which says so.
    const readers = (id: string): Promise<readonly ReaderLine[]> =>
      id === '' ? Promise.resolve([]) : this.actions.api.readersOf(id).catch(() => [])
    const [there, before] = await Promise.all([readers(folderId), readers(itemId)])
    // Another folder may be looked at by then.
    if (folderId === this.folderId && itemId === this.itemId) this.names = newReaders(there, before)
  }
}
customElements.define('bt-audience', BtAudience)

/** Names of those who read a folder of the tree and not the whole of it, and not yet what comes there. */
function newReaders(there: readonly ReaderLine[], before: readonly ReaderLine[]): readonly string[] {
  const known = new Set(before.map(({ principal }) => principal))
  const news = there.filter(({ through, principal }) => through !== '' && !known.has(principal))
  return [...new Map(news.map(({ principal, who }) => [principal, who || words.readers.unnamed])).values()]
}

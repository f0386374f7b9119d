/**
 * The picture: the tree as it stands, root at the bottom.
 *
 * Every cell is a button, one of them reachable by Tab and the others by arrows, upward into a folder and downward out of it.
 * The list beside it says the same and more.
 * @module
 */
import { LitElement, type PropertyValues, html, nothing, svg } from 'lit'
import { repeat } from 'lit/directives/repeat.js'
import { displayName, sentenceOfItem } from '../actions.ts'
import { ActionsEvent, GroundEvent, UnfoldEvent } from '../events.ts'
import { type Model, childrenOf, writtenSince } from '../model.ts'
import { Room } from '../part/room.ts'
import { shared } from '../part/shared.ts'
import { words } from '../words.ts'
import { insideOf } from './cell.ts'
import { type Rect, depthOf, layout } from './layout.ts'
import { brighten, keyOf, settle, wantsMotion } from './motion.ts'
import { neighbour } from './neighbour.ts'
import { sprout } from './sprout.ts'
import { treeStyle } from './tree.css.ts'

/** In rem, so that larger letters get larger cells. A finger needs 2.75. */
const cellWidthMinRem = 3
const rowHeightMinRem = 3.5
/** High enough for a name that stands. */
const rowHeightMaxRem = 8
/** While something sprouts it is the sprout that is high. */
const lonelyHeightRem = 5
export const groundHeightRem = 5.5

export class BtTree extends LitElement {
  static override properties = { model: { attribute: false }, groundId: {}, currentKey: { state: true } }
  declare model: Model
  declare groundId: string
  /** The cell that Tab reaches. */
  declare currentKey: string
  readonly #room = new Room(this)
  #rects: readonly Rect[] = []
  #rowHeightPx = 0
  #before: ReadonlyMap<string, Rect> = new Map()

  static override styles = [shared, treeStyle]

  constructor() {
    super()
    this.currentKey = ''
  }

  override willUpdate(): void {
    const { widthPx, heightPx, remPx } = this.#room
    this.#rowHeightPx = rowHeight(this.model, this.groundId, heightPx, remPx)
    this.#rects = layout(this.model, this.groundId, widthPx, heightPx, {
      cellWidthMinPx: cellWidthMinRem * remPx,
      rowHeightPx: this.#rowHeightPx,
      groundHeightPx: groundHeightRem * remPx,
    })
    if (!this.#rects.some((rect) => keyOf(rect) === this.currentKey)) this.currentKey = this.groundId
  }

  override render() {
    const { widthPx, heightPx } = this.#room
    const [ground, only] = this.#rects
    const isLonely = childrenOf(this.model, this.groundId).length < 2
    return html`<svg
      role="group"
      aria-label=${words.tree.pictureLabel}
      viewBox="0 0 ${widthPx} ${heightPx}"
      @keydown=${this.#pressed}
    >
      ${ground && isLonely ? sprout(widthPx, ground.y, this.#rowHeightPx, only !== undefined) : nothing}
      ${repeat(this.#rects, keyOf, (rect) => this.#cell(rect))}
    </svg>`
  }

  #cell(rect: Rect) {
    const isRoot = rect.kind === 'item' && rect.item.parentId === null
    const kind = rect.kind === 'fold' ? 'fold' : rect.item.kind
    const hand = { remPx: this.#room.remPx, fontFamily: getComputedStyle(this).fontFamily }
    return svg`<g
      class="cell ${kind} ${rect.depth === 0 ? 'ground' : `row-${Math.min(rect.depth, 3)}`} ${isRoot ? 'root' : ''}"
      role="button"
      tabindex=${keyOf(rect) === this.currentKey ? 0 : -1}
      aria-label=${this.#sentence(rect)}
      data-key=${keyOf(rect)}
      data-folder=${rect.kind === 'item' && rect.item.kind === 'folder' ? rect.item.id : nothing}
      @click=${() => this.#choose(rect)}
      @contextmenu=${(event: Event) => this.#menu(event, rect)}
    >${insideOf(this.model, rect, hand)}</g>`
  }

  override updated(changed: PropertyValues<this>): void {
    const after = new Map(this.#rects.map((rect) => [keyOf(rect), rect]))
    if (wantsMotion() && after.size > 0) {
      settle(this.#rects, this.#before, this.#cellOf)
      const old = changed.get('model')
      if (old && old.items.size > 0) brighten(writtenSince(old, this.model), this.model.items, this.#cellOf)
    }
    this.#before = after
  }

  readonly #cellOf = (key: string): Element | undefined =>
    this.renderRoot.querySelector(`[data-key="${CSS.escape(key)}"]`) ?? undefined

  #sentence(rect: Rect): string {
    if (rect.kind === 'fold') return words.tree.foldedLabel(rect.foldedCount, this.#nameOf(rect.parentId))
    return sentenceOfItem(this.model, rect.item)
  }
  #nameOf(id: string): string {
    const item = this.model.items.get(id)
    return item ? displayName(this.model, item) : ''
  }

  #choose(rect: Rect): void {
    this.currentKey = keyOf(rect)
    if (rect.kind === 'item' && (rect.item.kind !== 'folder' || rect.depth === 0))
      this.dispatchEvent(new ActionsEvent(rect.item.id))
    else if (rect.kind === 'item') this.dispatchEvent(new GroundEvent(rect.item.id))
    // Standing on their own folder they have more room; where they stand on it already, the list has it.
    else if (rect.depth > 1) this.dispatchEvent(new GroundEvent(rect.parentId))
    else this.dispatchEvent(new UnfoldEvent(rect.firstId))
  }
  #menu(event: Event, rect: Rect): void {
    if (rect.kind === 'fold') return
    event.preventDefault()
    this.dispatchEvent(new ActionsEvent(rect.item.id))
  }

  #pressed(event: KeyboardEvent): void {
    const at = this.#rects.find((rect) => keyOf(rect) === this.currentKey)
    if (!at) return
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault()
      this.#choose(at)
      return
    }
    const next = neighbour(this.#rects, at, event.key)
    if (!next) return
    event.preventDefault()
    this.currentKey = keyOf(next)
    void this.updateComplete.then(() => (this.#cellOf(keyOf(next)) as SVGElement | undefined)?.focus())
  }
}
customElements.define('bt-tree', BtTree)

/** Low trees get high rows, so that they fill the picture; high ones the lowest that can be touched and read. */
function rowHeight(model: Model, groundId: string, heightPx: number, remPx: number): number {
  const roomPx = heightPx - groundHeightRem * remPx
  const isLonely = childrenOf(model, groundId).length < 2
  const maxPx = (isLonely ? lonelyHeightRem : rowHeightMaxRem) * remPx
  const rowCountMax = Math.max(1, Math.floor(roomPx / (rowHeightMinRem * remPx)))
  const rowCount = Math.max(1, depthOf(model, groundId, rowCountMax))
  return Math.min(Math.max(roomPx / (rowCount + 0.5), rowHeightMinRem * remPx), maxPx)
}

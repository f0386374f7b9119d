/**
 * The picture: the tree as it stands, root at the bottom.
 *
 * Every cell is a button, one of them reachable by Tab and the others by arrows, upward into a folder and downward out of it.
 * The list beside it says the same and more.
 * @module
 */
import { LitElement, type PropertyValues, html, nothing, svg } from 'lit'
import { repeat } from 'lit/directives/repeat.js'
import { displayName } from '../actions.ts'
import { ActionsEvent, GroundEvent, UnfoldEvent } from '../events.ts'
import { type Model, childrenOf, writtenSince } from '../model.ts'
import { Room } from '../part/room.ts'
import { shared } from '../part/shared.ts'
import { words } from '../words.ts'
import { fit } from './label.ts'
import { type ItemRect, type Rect, depthOf, layout } from './layout.ts'
import { brighten, keyOf, settle, wantsMotion } from './motion.ts'
import { neighbour } from './neighbour.ts'
import { sprout } from './sprout.ts'
import { treeStyle } from './tree.css.ts'

/** In rem, so that larger letters get larger cells. A finger needs 2.75. */
const cellWidthMinRem = 3
const rowHeightMinRem = 3.5
const rowHeightMaxRem = 6
export const groundHeightRem = 5.5
const gapPx = 2
const labelRem = 0.8125
const groundLabelRem = 1.0625

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
    const ground = this.#rects[0]
    return html`<svg
      role="group"
      aria-label=${words.tree.pictureLabel}
      viewBox="0 0 ${widthPx} ${heightPx}"
      @keydown=${this.#pressed}
    >
      ${ground && childrenOf(this.model, this.groundId).length < 2 ? sprout(widthPx, ground.y, this.#rowHeightPx, this.#rects.length > 1) : nothing}
      ${repeat(this.#rects, keyOf, (rect) => this.#cell(rect))}
    </svg>`
  }

  #cell(rect: Rect) {
    const { x, y, width, height, depth } = rect
    const isRoot = rect.kind === 'item' && rect.item.parentId === null
    const kind = rect.kind === 'fold' ? 'fold' : rect.item.kind
    const box = (name: string) =>
      svg`<rect class=${name} x=${x + gapPx / 2} y=${y + gapPx / 2} width=${Math.max(0, width - gapPx)} height=${height - gapPx}></rect>`
    return svg`<g
      class="cell ${kind} ${depth === 0 ? 'ground' : `row-${Math.min(depth, 3)}`} ${isRoot ? 'root' : ''}"
      role="button"
      tabindex=${keyOf(rect) === this.currentKey ? 0 : -1}
      aria-label=${this.#sentence(rect)}
      data-key=${keyOf(rect)}
      data-folder=${rect.kind === 'item' && rect.item.kind === 'folder' ? rect.item.id : nothing}
      @click=${() => this.#choose(rect)}
      @contextmenu=${(event: Event) => this.#menu(event, rect)}
    >${box('box')}${box('glow')}${depth === 0 ? this.#groundLabel(rect as ItemRect) : this.#label(rect)}</g>`
  }

  #label(rect: Rect) {
    const { remPx } = this.#room
    const text = rect.kind === 'fold' ? words.tree.folded(rect.foldedCount) : rect.item.name
    const label = fit(text, rect.width - 0.75 * remPx, `570 ${labelRem * remPx}px ${this.#fontFamily}`)
    const middle = rect.x + rect.width / 2
    const count = rect.kind === 'item' && rect.item.kind === 'folder' ? childrenOf(this.model, rect.item.id).length : 0
    const second = count > 0 && rect.width > 5 * remPx ? words.tree.items(count) : ''
    const y = rect.y + rect.height / 2 + (second ? -0.15 : 0.28) * remPx
    return svg`<text class="name" x=${middle} y=${y} text-anchor="middle">${label}</text>
      ${second ? svg`<text class="count" x=${middle} y=${y + 1.1 * remPx} text-anchor="middle">${second}</text>` : nothing}`
  }

  #groundLabel(rect: ItemRect) {
    const { remPx } = this.#room
    const { tree } = this.model
    const isRoot = rect.item.parentId === null
    const x = rect.x + 1.25 * remPx
    const y = rect.y + rect.height / 2
    // The buttons of the ground stand at its end.
    const room = rect.width - (rect.width > 16.5 * remPx ? 10.25 : 7.75) * remPx
    const name = fit(displayName(this.model, rect.item), room, `650 ${groundLabelRem * remPx}px ${this.#fontFamily}`)
    const device = tree && isRoot ? tree.deviceName : ''
    const items = words.tree.items(childrenOf(this.model, rect.item.id).length)
    const second = fit(
      device ? `${device} · ${items}` : items,
      room - remPx,
      `400 ${labelRem * remPx}px ${this.#fontFamily}`,
    )
    const nodeX = x + 0.3 * remPx
    return svg`<text class="ground-name" x=${x} y=${y - 0.15 * remPx}>${name}</text>
      ${device ? svg`<circle class="node" cx=${nodeX} cy=${y + 0.85 * remPx} r=${0.28 * remPx}><title>${words.tree.nodeHere(device)}</title></circle>` : nothing}
      <text class="count" x=${device ? x + 0.95 * remPx : x} y=${y + 1.15 * remPx}>${second}</text>`
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

  get #fontFamily(): string {
    return getComputedStyle(this).fontFamily
  }

  #sentence(rect: Rect): string {
    if (rect.kind === 'fold') return words.tree.foldedLabel(rect.foldedCount, this.#nameOf(rect.parentId))
    const { item } = rect
    const name = displayName(this.model, item)
    if (item.kind === 'file') return words.tree.cellFile(name, item.sizeBytes)
    return words.tree.cellFolder(name, childrenOf(this.model, item.id).length)
  }
  #nameOf(id: string): string {
    const item = this.model.items.get(id)
    return item ? displayName(this.model, item) : ''
  }

  #choose(rect: Rect): void {
    this.currentKey = keyOf(rect)
    if (rect.kind === 'fold') this.dispatchEvent(new UnfoldEvent(rect.parentId))
    else if (rect.item.kind === 'folder' && rect.depth > 0) this.dispatchEvent(new GroundEvent(rect.item.id))
    else this.dispatchEvent(new ActionsEvent(rect.item.id))
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
  const rowCountMax = Math.max(1, Math.floor(roomPx / (rowHeightMinRem * remPx)))
  const rowCount = Math.max(1, depthOf(model, groundId, rowCountMax))
  return Math.min(Math.max(roomPx / (rowCount + 0.5), rowHeightMinRem * remPx), rowHeightMaxRem * remPx)
}

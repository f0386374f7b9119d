/**
 * What is drawn in a cell of the picture: its box, its name, and what grows on it that has no room for cells of its own.
 * @module
 */
import { nothing, svg } from 'lit'
import { aboutOf, displayName } from '../actions.ts'
import { type Model, childrenOf } from '../model.ts'
import { words } from '../words.ts'
import { type Label, fit, labelOf } from './label.ts'
import type { FoldRect, ItemRect, Rect } from './layout.ts'
import { rulerOf } from './ruler.ts'

/** In what letters the picture is written. */
export interface Hand {
  /** Pixels of one rem. */
  readonly remPx: number
  readonly fontFamily: string
}

const gapPx = 3
const labelRem = 0.8125
const lineRem = 1.05
const groundLabelRem = 1.0625
/** From this width on there is room to say more than the name. */
const secondFromRem = 5

export const insideOf = (model: Model, rect: Rect, hand: Hand) =>
  svg`${box('box', rect)}${rect.kind === 'fold' ? twigs(rect) : nothing}${box('glow', rect)}${
    rect.kind === 'fold'
      ? foldLabel(rect, hand)
      : rect.depth === 0
        ? groundLabel(model, rect, hand)
        : itemLabel(model, rect, hand)
  }`

const box = (kind: string, { x, y, width, height }: Rect) =>
  svg`<rect class=${kind} x=${x + gapPx / 2} y=${y + gapPx / 2} width=${Math.max(0, width - gapPx)} height=${height - gapPx}></rect>`

const twigs = ({ twigs }: FoldRect) =>
  twigs.map(({ kind, x, y, width, height }) => {
    const gap = Math.min(gapPx, width / 3)
    return svg`<rect class="twig ${kind}" x=${x + gap / 2} y=${y + gapPx / 2} width=${width - gap} height=${height - gapPx} rx=${Math.min(9, width / 3)}></rect>`
  })

function foldLabel({ x, y, width, height, foldedCount }: FoldRect, { remPx }: Hand) {
  return svg`<text class="name" x=${x + width / 2} y=${y + height - 0.9 * remPx} text-anchor="middle">${words.tree.folded(foldedCount)}</text>`
}

function itemLabel(model: Model, rect: ItemRect, { remPx, fontFamily }: Hand) {
  const { item, width, height } = rect
  const measure = rulerOf(`570 ${labelRem * remPx}px ${fontFamily}`)
  const paddingPx = 0.5 * remPx
  const second = width > secondFromRem * remPx ? aboutItem(model, rect) : ''
  const roomPx = height - 2 * paddingPx - (second ? lineRem * remPx : 0)
  const label = labelOf(item.name, width - 2 * paddingPx, roomPx, lineRem * remPx, measure)
  return label.isStanding ? standing(rect, label, remPx) : lying(rect, label, second, remPx)
}

function aboutItem(model: Model, { item }: ItemRect): string {
  if (item.kind !== 'folder') return aboutOf(model, item)
  const count = childrenOf(model, item.id).length
  return count > 0 ? words.tree.items(count) : ''
}

function lying({ x, y, width, height }: ItemRect, { lines }: Label, second: string, remPx: number) {
  const middle = x + width / 2
  const lineCount = lines.length + (second ? 1 : 0)
  const first = y + height / 2 + (0.3 - ((lineCount - 1) * lineRem) / 2) * remPx
  const at = (line: number) => first + line * lineRem * remPx
  return svg`${lines.map((line, index) => svg`<text class="name" x=${middle} y=${at(index)} text-anchor="middle">${line}</text>`)}
    ${second ? svg`<text class="count" x=${middle} y=${at(lines.length)} text-anchor="middle">${second}</text>` : nothing}`
}

/** All begin at the foot, so that the eye goes along them as along a shelf. */
function standing({ x, y, width, height }: ItemRect, { lines }: Label, remPx: number) {
  const foot = y + height - 0.75 * remPx
  const first = x + width / 2 + (0.28 - ((lines.length - 1) * lineRem) / 2) * remPx
  return lines.map((line, index) => {
    const at = `${first + index * lineRem * remPx} ${foot}`
    return svg`<text class="name" transform="translate(${at}) rotate(-90)">${line}</text>`
  })
}

function groundLabel(model: Model, rect: ItemRect, { remPx, fontFamily }: Hand) {
  const isRoot = rect.item.parentId === null
  const x = rect.x + 1.25 * remPx
  const y = rect.y + rect.height / 2
  // The buttons of the ground stand at its end.
  const roomPx = rect.width - (rect.width > 16.5 * remPx ? 10.25 : 7.75) * remPx
  const name = fit(displayName(model, rect.item), roomPx, rulerOf(`650 ${groundLabelRem * remPx}px ${fontFamily}`))
  const device = isRoot ? (model.tree?.deviceName ?? '') : ''
  const items = words.tree.items(childrenOf(model, rect.item.id).length)
  const second = device ? words.tree.onDevice(device, items) : items
  const node = svg`<circle class="node" cx=${x + 0.3 * remPx} cy=${y + 0.85 * remPx} r=${0.28 * remPx}><title>${words.tree.nodeHere(device)}</title></circle>`
  return svg`<text class="ground-name" x=${x} y=${y - 0.15 * remPx}>${name}</text>
    ${device ? node : nothing}
    <text class="count" x=${device ? x + 0.95 * remPx : x} y=${y + 1.15 * remPx}>${fit(second, roomPx - remPx, rulerOf(`400 ${labelRem * remPx}px ${fontFamily}`))}</text>`
}

/**
 * One line of the list: what it is, how it is called, and what there is to know at a glance.
 * @module
 */
import { html, nothing } from 'lit'
import { aboutOf, placeOf, sentenceOfItem } from '../actions.ts'
import type { Item } from '../../node/api.ts'
import { formatDay } from '../format.ts'
import { type Model, safetyOf } from '../model.ts'
import { icon } from '../part/icon.ts'
import { words } from '../words.ts'
import type { Row } from './rows.ts'
import { safetyText } from '../part/copies.ts'

/** @param isHit of a search, whose rows do not unfold but say where they are */
export const insideOfRow = (
  model: Model,
  { item, isUnfolded }: Row,
  isHit: boolean,
  name = nameOf(model, item, isHit),
) =>
  html`<span class="fold ${isUnfolded ? 'down' : ''}"
      >${item.kind === 'folder' && !isHit ? icon('chevron') : nothing}</span
    >
    <span class="kind ${item.kind}">${icon(item.kind)}</span>
    ${name}
    <button class="plain only-icon more" tabindex="-1" aria-label=${words.tree.more(item.name)}>
      ${icon('more')}
    </button>`

const nameOf = (model: Model, item: Item, isHit: boolean) => {
  const place = isHit ? placeOf(model, item) : ''
  return html`<span class="texts">
    <span class="name"><bdi>${item.name}</bdi></span>
    <span class="small quiet number about">
      ${place ? html`<span><bdi>${words.list.inFolder(place)}</bdi></span>` : nothing}
      <span>${aboutOf(model, item)}</span>
      <span class="day">${formatDay(item.modifiedAtMs)}</span>
      <bt-copies brief .safety=${safetyOf(model, item.id)} .tree=${model.tree}></bt-copies>
    </span>
  </span>`
}

/** What a screen reader says of the line. */
export function sentenceOfRow(model: Model, item: Item, isHit: boolean): string {
  const about = sentenceOfItem(model, item)
  const safety = safetyOf(model, item.id)
  const copies = safety.isWaiting || safety.copyCount < 2 ? safetyText(safety, model.tree) : ''
  return [about, isHit ? placeOf(model, item) : '', copies].filter((part) => part !== '').join(', ')
}

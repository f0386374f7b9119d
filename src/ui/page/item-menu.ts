/**
 * Which actions a file, a folder, a link and the root have.
 *
 * Pure.
 * @module
 */
import type { Item } from '../../node/api.ts'
import type { IconName } from '../part/icon.ts'
import { words } from '../words.ts'

export type ItemAction = 'open' | 'download' | 'goIn' | 'replace' | 'rename' | 'move' | 'link' | 'readers' | 'trash'

export interface ItemLine {
  readonly action: ItemAction
  readonly icon: IconName
  readonly text: string
}

/**
 * In the order in which they stand.
 * @param mayChange whether this device may change the item
 */
export const itemMenu = (item: Item, mayChange: boolean): readonly ItemLine[] =>
  lines
    .filter(({ action }) => actionsOf(item).includes(action) && (mayChange || !changing.has(action)))
    .map(({ action, icon }) => ({ action, icon, text: words.item[action] }))

const lines: readonly Omit<ItemLine, 'text'>[] = [
  { action: 'open', icon: 'open' },
  { action: 'download', icon: 'download' },
  { action: 'goIn', icon: 'folder' },
  { action: 'replace', icon: 'files' },
  { action: 'rename', icon: 'rename' },
  { action: 'move', icon: 'move' },
  { action: 'link', icon: 'link' },
  { action: 'readers', icon: 'readers' },
  { action: 'trash', icon: 'trash' },
]

const changing: ReadonlySet<ItemAction> = new Set(['replace', 'rename', 'move', 'link', 'trash'])

function actionsOf(item: Item): readonly ItemAction[] {
  if (item.parentId === null) return ['readers']
  switch (item.kind) {
    case 'folder':
      return ['goIn', 'rename', 'move', 'link', 'readers', 'trash']
    case 'file':
      return ['open', 'download', 'replace', 'rename', 'move', 'link', 'readers', 'trash']
    case 'link':
      return ['rename', 'move', 'readers', 'trash']
  }
}

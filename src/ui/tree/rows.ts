/**
 * The rows of the list: a folder's contents, with those of unfolded folders indented below them, or the hits of a search.
 *
 * Pure.
 * @module
 */
import type { Item } from '../../node/api.ts'
import { type Model, childrenOf, search } from '../model.ts'

export interface Row {
  readonly item: Item
  /** 1 for what lies in the ground itself. */
  readonly level: number
  /** Position among its siblings from 1, and how many they are. */
  readonly position: number
  readonly siblingCount: number
  readonly isUnfolded: boolean
}

export function rowsOf(model: Model, groundId: string, unfoldedIds: ReadonlySet<string>): readonly Row[] {
  const rows: Row[] = []
  const visit = (folderId: string, level: number): void => {
    const children = childrenOf(model, folderId)
    children.forEach((item, index) => {
      const isUnfolded = item.kind === 'folder' && unfoldedIds.has(item.id)
      rows.push({ item, level, position: index + 1, siblingCount: children.length, isUnfolded })
      if (isUnfolded) visit(item.id, level + 1)
    })
  }
  visit(groundId, 1)
  return rows
}

export const rowsOfSearch = (model: Model, text: string): readonly Row[] =>
  search(model, text).map((item, index, hits) => ({
    item,
    level: 1,
    position: index + 1,
    siblingCount: hits.length,
    isUnfolded: false,
  }))

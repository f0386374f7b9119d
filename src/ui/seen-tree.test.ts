import { expect, test } from 'vitest'
import { isInPlaceOf } from './seen-tree.ts'

const local = { treeId: '01', isPlanted: false }
const planted = { treeId: '02', isPlanted: true }

test.each([
  { name: 'nothing was seen before', now: local, seen: null, isLost: false },
  { name: 'the same tree', now: local, seen: local, isLost: false },
  { name: 'the same planted tree', now: planted, seen: planted, isLost: false },
  { name: 'planted meanwhile in another tab', now: planted, seen: local, isLost: false },
  { name: 'recovered meanwhile in another tab', now: planted, seen: { treeId: '03', isPlanted: true }, isLost: false },
  { name: 'a new tree for a local one', now: { treeId: '04', isPlanted: false }, seen: local, isLost: true },
  { name: 'a new tree for a planted one', now: { treeId: '04', isPlanted: false }, seen: planted, isLost: true },
])('$name: lost is $isLost', ({ now, seen, isLost }) => expect(isInPlaceOf(now, seen)).toBe(isLost))

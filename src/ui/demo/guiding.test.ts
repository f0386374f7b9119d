import { expect, test } from 'vitest'
import type { Inviting } from '../../node/api.ts'
import { type Guide, type PretendSituation, guideAt } from './guiding.ts'

const own = { treeId: 'aa', isPlanted: true }
const fresh: PretendSituation = {
  own,
  phone: { treeId: 'bb', isPlanted: false },
  inviting: null,
  isScanned: false,
  isPulled: false,
}
const code: Inviting = { stage: 'code', code: 'c', expiresAtMs: 1 }
const asking = { deviceName: 'Phone', principal: 'p' }
const approval: Inviting = {
  stage: 'approval',
  ...asking,
  isLink: false,
  limited: null,
  readable: { folderCount: 0, fileCount: 0, sizeBytes: 0 },
  expiresAtMs: 1,
  challenge: null,
  credentialIds: [],
}

test.each<[string, Partial<PretendSituation>, Guide]>([
  ['first the tree is planted', { own: { treeId: 'aa', isPlanted: false } }, 'plant'],
  ['then a code is shown', {}, 'begin'],
  ['also to a phone that was never opened', { phone: null }, 'begin'],
  ['another code after one that came to nothing', { inviting: { stage: 'ended', code: 'x', message: '' } }, 'begin'],
  ['the phone scans what is shown', { inviting: code }, 'scan'],
  ['and its owner answers there', { inviting: code, isScanned: true }, 'answer'],
  ['until the phone wants to join this tree', { inviting: { stage: 'scanned' } }, 'answer'],
  ['the digits are typed here', { inviting: { stage: 'digits', ...asking }, isScanned: true }, 'digits'],
  ['and the root has its say', { inviting: approval, isScanned: true }, 'approval'],
  ['the tree is on its way', { inviting: { stage: 'admitted', deviceName: 'Phone', isLimited: false } }, 'coming'],
  ['both hold it', { phone: own, inviting: { stage: 'admitted', deviceName: 'Phone', isLimited: false } }, 'share'],
  ['also when the page is opened again', { phone: own }, 'share'],
  ['a cord that is pulled lies between them', { phone: own, isPulled: true }, 'cut'],
  ['a phone of another tree is not let in', { phone: { treeId: 'cc', isPlanted: true }, inviting: code }, 'other'],
])('%s', (_, situation, guide) => expect(guideAt({ ...fresh, ...situation })).toBe(guide))

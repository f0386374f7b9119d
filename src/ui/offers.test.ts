import { expect, test } from 'vitest'
import { type Occasion, offerAt } from './offers.ts'
import { words } from './words.ts'

const none = () => {}
const calm: Occasion = {
  route: '/',
  isPlanted: true,
  newVersion: null,
  lost: null,
  removed: null,
  limited: null,
  lookAtLimits: none,
  save: none,
  bringBack: none,
  forgetLost: none,
  quarantinedCount: 0,
  lookAtQuarantine: none,
  aside: null,
  lookAtAside: none,
  plant: none,
  join: none,
  deviceCount: 2,
  isPhone: false,
  addDevice: none,
  pretend: none,
  isTrial: false,
  install: null,
}
const waiting = { state: 'waiting', use: none } as const

test.each<[string, Partial<Occasion>, string | undefined]>([
  ['nothing while nothing is the matter', {}, undefined],
  ['nothing of a tree that is only tried', { isTrial: true, isPlanted: false, install: none }, undefined],
  ['nothing before the tree is known', { isPlanted: undefined }, undefined],
  ['to look at what the tree did not take', { quarantinedCount: 2, install: none }, 'Look'],
  ['to look at what could not move in', { aside: { fileCount: 1, sizeBytes: 9, trouble: 'No room.' } }, 'Look'],
  ['nothing of what nobody wants moved in yet', { aside: { fileCount: 1, sizeBytes: 9, trouble: null } }, undefined],
  ['to plant a tree that is not', { isPlanted: false }, 'Plant it'],
  ['a second device to a tree that has one', { deviceCount: 1, install: none }, 'Add your phone'],
  ['on a phone, another device', { deviceCount: 1, isPhone: true }, 'Add a device'],
  [
    'on a device that was removed, to save what is there',
    { removed: { by: 'Phone' }, deviceCount: 1 },
    'Save what is here',
  ],
  [
    'to a guest whose folder is gone, to see what that means',
    { limited: { folderName: 'Camera', mayWrite: true, expiresAtMs: 0, folder: 'gone' }, deviceCount: 1 },
    'What now?',
  ],
  ['to save it wherever one looks', { removed: { by: null }, route: '/trash' }, 'Save what is here'],
  ['to install, once it is on two devices', { install: none }, 'Install'],
  ['to plant before to install', { isPlanted: false, install: none }, 'Plant it'],
  [
    'to bring a lost tree back before to plant its successor',
    { isPlanted: false, lost: { isPlanted: true } },
    'Bring it back',
  ],
  [
    'to take note of the loss of one that nothing brings back',
    { isPlanted: false, lost: { isPlanted: false } },
    'I understand',
  ],
  ['a new version before all else', { isPlanted: false, install: none, newVersion: waiting }, 'Use it now'],
  ['a new version in every view', { route: '/trash', newVersion: waiting }, 'Use it now'],
  ['to come along with one that another tab let in', { newVersion: { state: 'letIn', use: none } }, 'Reload'],
  ['nothing else beside other views', { route: '/trash', isPlanted: false, install: none }, undefined],
])('offers %s', (_, occasion, button) => expect(offerAt({ ...calm, ...occasion })?.button).toBe(button))

const othersAt = (occasion: Partial<Occasion>) => offerAt({ ...calm, ...occasion })?.others?.map(({ button }) => button)

test('a new version that was asked in is said to be coming, and is not asked in twice', () =>
  expect(offerAt({ ...calm, newVersion: { state: 'coming', use: none } })).toMatchObject({
    text: words.update.coming.text,
    accept: null,
  }))

test('on a device that was removed, also to see what the tree did not take, wherever that is not seen', () => {
  const removed = { removed: { by: 'Phone' }, quarantinedCount: 2 }
  expect(othersAt(removed)).toEqual(['See 2 changes that the tree did not take'])
  expect(othersAt({ ...removed, route: '/quarantine' })).toEqual([])
  expect(othersAt({ ...removed, quarantinedCount: 0 })).toEqual([])
})

test('where the tree is not planted, there may be one on another device, or one can look first', () =>
  expect(othersAt({ isPlanted: false })).toEqual(['Show me with a pretend phone', 'This is my second device']))

test('who has one device can see what a second one would be', () =>
  expect(othersAt({ deviceCount: 1 })).toEqual(['Show me with a pretend phone']))

test('beside a pretend phone, and inside of one, none is offered', () => {
  expect(othersAt({ deviceCount: 1, pretend: null })).toEqual([])
  expect(othersAt({ isPlanted: false, pretend: null })).toEqual(['This is my second device'])
})

import { expect, test } from 'vitest'
import { type Occasion, offerAt } from './offers.ts'

const none = () => {}
const calm: Occasion = {
  route: '/',
  isPlanted: true,
  useNewVersion: null,
  lost: null,
  bringBack: none,
  forgetLost: none,
  plant: none,
  join: none,
  deviceCount: 2,
  isPhone: false,
  addDevice: none,
  install: null,
}

test.each<[string, Partial<Occasion>, string | undefined]>([
  ['nothing while nothing is the matter', {}, undefined],
  ['nothing before the tree is known', { isPlanted: undefined }, undefined],
  ['to plant a tree that is not', { isPlanted: false }, 'Plant it'],
  ['a second device to a tree that has one', { deviceCount: 1, install: none }, 'Add your phone'],
  ['on a phone, another device', { deviceCount: 1, isPhone: true }, 'Add a device'],
  ['to install, once it is on two devices', { install: none }, 'Install'],
  ['to plant before to install', { isPlanted: false, install: none }, 'Plant it'],
  [
    'to bring a lost tree back before to plant its successor',
    { isPlanted: false, lost: { planted: true } },
    'Bring it back',
  ],
  [
    'to take note of the loss of one that nothing brings back',
    { isPlanted: false, lost: { planted: false } },
    'I understand',
  ],
  ['a new version before all else', { isPlanted: false, install: none, useNewVersion: none }, 'Use it now'],
  ['a new version in every view', { route: '/trash', useNewVersion: none }, 'Use it now'],
  ['nothing else beside other views', { route: '/trash', isPlanted: false, install: none }, undefined],
])('offers %s', (_, occasion, button) => expect(offerAt({ ...calm, ...occasion })?.button).toBe(button))

test('where the tree is not planted, there may be one on another device', () =>
  expect(offerAt({ ...calm, isPlanted: false })?.other?.button).toBe('This is my second device'))

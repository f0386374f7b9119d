/**
 * The sentences around the pretend phone. Beside `ui/words.ts` only because they are fetched with it, after the first paint.
 * @module
 */
import type { Guide } from './guiding.ts'

export const demoWords = {
  title: 'Pretend phone',
  frame: 'The screen of the pretend phone',
  leave: 'Put the phone away',
  pull: 'Pull the cord',
  putBack: 'Put the cord back',

  guide: {
    plant: 'Only a planted tree can have a second device.',
    other: 'This phone is at home in another tree, and two trees are never mixed.',
    begin:
      'A second profile of this browser: its own keys, its own store, real WebRTC between. It joins as a phone would.',
    scan: 'Your device shows a code. Hold the phone before it:',
    answer: 'On the phone: give it a name, then look whose tree it is.',
    digits: 'Type the four digits of the phone on your device. They prove that nobody stands between.',
    approval: 'Your device asks you once what the phone may do.',
    coming: 'It is in. The tree is on its way.',
    share: 'Both hold the tree. Add a file on one, and see it grow on the other.',
    cut: 'The phone is offline: it has no network at all now, and keeps all that it had. Change something here; the phone gets it when the cord is back.',
  } satisfies Record<Guide, string>,
  trialApproval: 'Your device asks for the card of the tree. Of a tree to try this page has it at hand.',
  trial: 'This is a tree to try things with, apart from your own. Nothing that you do here changes yours.',

  button: {
    plant: 'Plant it',
    plantTrial: 'Plant it and show the code',
    tryIt: 'Use a tree to try',
    other: 'Take a new phone',
    begin: 'Show the code',
    scan: 'Scan it with the phone',
    approveTrial: 'Let the phone in',
    tree: 'Go to the tree',
  },
  trialOwner: 'Somebody',
  trialDevice: 'Laptop',

  away: {
    title: 'Put the phone away?',
    stays:
      'It stays in this browser as a second profile, with its copy of the tree, and is there when you ask for a pretend phone again.',
    listed:
      'Where it was let in it is also one of the devices of your tree. Deleting what it stored leaves it in that list.',
    staysTrial:
      'The tree to try with and its phone stay in this browser as profiles of their own, until you delete what they stored.',
    keep: 'Keep it',
    remove: 'Delete what it stored',
    removeTrial: 'Delete both',
  },
  wait: {
    planting: 'Waiting for the tree to be planted.',
    code: 'Waiting for the network.',
    deciding: 'Waiting for the tree to go on.',
    removing: 'Waiting for what the phone stored to be deleted. Another tab may have it open.',
  },
} as const

/**
 * The sentences of the pages of joining. Beside `ui/words.ts` only because they are fetched with those pages, after the first paint.
 * @module
 */
import type { DeviceLine, Extent, GrantLine, RemovalPreview } from '../../node/api.ts'
import { awaitedOf, neededOf } from './deciding.ts'
import { formatCount, formatCountdown, formatDay, formatMoment, formatSize } from '../format.ts'
import { counted, words } from '../words.ts'

const all = new Intl.ListFormat('en')
const passkeys = (count: number): string => counted(count, 'passkey', 'passkeys')
const files = (count: number): string => counted(count, 'file', 'files')

const blocks = (folderCount: number, fileCount: number): string =>
  all.format([
    ...(folderCount > 0 ? [counted(folderCount, 'folder', 'folders')] : []),
    ...(fileCount > 0 ? [files(fileCount)] : []),
  ])

function newKeys({ atOnce, later }: RemovalPreview): string {
  const first = counted(atOnce.folderCount, 'folder gets a new key', 'folders get new keys')
  const rest = blocks(later.folderCount, later.fileCount)
  return rest === '' ? `${first} at once.` : `${first} at once, and in the background ${rest}.`
}

const couldRead = ({ fileCount, sizeBytes }: Extent): string =>
  fileCount === 0 ? 'names of folders' : `up to ${files(fileCount)}, ${formatSize(sizeBytes)} in all`

/** Devices, guests with their folders, and the owner. */
function readersAfter(readers: readonly GrantLine[]): string {
  const names = readers.flatMap(({ device, folderName }) => {
    if (device === null) return []
    const name = device.name || 'a device without a name'
    return folderName === null ? name : `${name} (${folderName === '' ? 'one folder' : `“${folderName}”`})`
  })
  return all.format([...names, 'you with your passkey or recovery card'])
}

const namesOf = (lines: readonly DeviceLine[]): string =>
  all.format(lines.map(({ name, isThis }) => name || (isThis ? 'this device' : 'a device without a name')))

/** As many devices as may decide. */
const inWords = ['none', 'one', 'two', 'three', 'four', 'five', 'six', 'seven'] as const

/** What it means that so many devices decide. */
function rule(count: number): string {
  const needed = neededOf(count)
  const spared = count - needed
  if (count === 1) return 'While it is away, what is changed waits on the device that it was changed on.'
  if (count === 2) return 'Both are needed: while one of them is away, everything waits. One alone waits less often.'
  const may = `Any ${inWords[needed]} of them are enough, so ${inWords[spared]} may be away.`
  return count % 2 === 1 ? may : `${may} With one device less it would be just as many.`
}

const signing = {
  signs: 'Your passkey signs just this; the browser asks once.',
  cardSigns: 'This tree has no passkey: the twelve words of its recovery card sign just this.',
} as const

export const joinWords = {
  wait: {
    devices: 'Waiting for the tree to name its devices.',
    code: 'Waiting for the network: the new device must be able to find this one.',
    site: 'Asking the host of this page where other devices reach it.',
    deciding: 'Waiting for the tree to go on.',
    signing: 'Waiting for the passkey. Its window may be behind this one.',
    scanned: 'It asks its owner whether this is the tree to join. Answer there.',
    admitting: (name: string) => `${name} is being written into the tree.`,
    camera: 'Waiting for the camera. The browser may be asking whether this page may use it.',
    photo: 'Looking for a code in the picture.',
    connecting: 'Looking for the other device. Keep its code in sight.',
    /** @param owner empty: not known yet */
    fetching: (owner: string) =>
      `The tree is on its way from ${owner === '' ? 'its owner' : owner}’s devices. Keep one of them open, and this one.`,
  },

  devices: {
    keep: 'Keep what somebody shares with you',
    title: 'Devices',
    help: 'Each of them holds the tree and goes on without the others.',
    add: 'Add a device',
    listLabel: 'Devices of this tree',
    isThis: 'This device',
    path: ({ path, lastSeenAtMs }: DeviceLine) => {
      switch (path) {
        case 'this':
          return 'Here'
        case 'direct':
          return 'Connected directly'
        case 'relayed':
          return 'Connected through the relay, since no direct way was found; the relay sees sealed bytes only'
        case 'away':
          return lastSeenAtMs === null
            ? 'Away; not seen since the tree was opened here'
            : `Away, last seen ${formatMoment(lastSeenAtMs)}`
      }
    },
    place: 'The whole tree',
    role: { voter: 'Confirms every change', learner: 'Follows every change' },
    held: (sizeBytes: number) => `holds ${formatSize(sizeBytes)}`,
    added: (atMs: number) => `Added ${formatDay(atMs)}`,
    term: (expiresAtMs: number, nowMs: number) =>
      nowMs < expiresAtMs ? `Until ${formatDay(expiresAtMs)}` : `Its time ended ${formatDay(expiresAtMs)}`,
    reported: (atMs: number) => `Refused ${formatMoment(atMs)}`,
    fingerprint: 'Fingerprint',
    unplanted: 'This tree lives in this browser alone. Plant it first; then it can have more devices.',
    join: 'Or join a tree that another device has',
  },

  decider: {
    away: (name: string) => `${name || 'The device that confirms every change'} is away`,
    lastSeen: (atMs: number) => `Last seen ${formatMoment(atMs)}`,
    help: 'What is changed here is kept on this device, and goes into the tree when it is back. Nothing is lost by waiting.',
    open: 'It is gone for good',
    title: (name: string) => `Go on without ${name || 'it'}?`,
    lines: (name: string) => [
      'From now on this device confirms every change, with all that it has. Your other devices are told.',
      `What only ${name || 'the other one'} had seen is not here. If it comes back, that comes in as versions of its own; nothing is overwritten.`,
      `${name || 'It'} stays one of your devices, and follows. If somebody else may have it, remove it afterwards.`,
    ],
    ...signing,
    button: 'Go on with this device',
    cancel: 'Wait for it',
    done: 'This device confirms every change from now on.',
    taken: (count: number) =>
      count === 1
        ? 'Once a device went on without the one that confirmed every change.'
        : `${count} times a device went on without the one that confirmed every change.`,
  },

  deciders: {
    title: 'Who decides',
    now: (lines: readonly DeviceLine[]) =>
      lines.length === 1
        ? `${namesOf(lines)} confirms every change. ${rule(1)}`
        : `${namesOf(lines)} confirm every change together. ${rule(lines.length)}`,
    byTree:
      'The tree sees to that by itself: one device, or three once three of your devices have belonged to the tree for a day and are connected.',
    byOwner: 'You chose that.',
    open: 'Choose who decides',
    next: (lines: readonly DeviceLine[]) =>
      `You chose ${namesOf(lines)}. Until ${lines.length === 1 ? 'it has' : 'they have'} taken over all stays as it is.`,
    awaiting: (lines: readonly DeviceLine[]) => `Waiting for ${namesOf(lines)} to be there.`,
    agreeing: 'Waiting for the devices to agree on that; those that are to decide fetch first what they lack.',
    keep: 'Leave it as it is',
    help: 'A change counts as soon as more than half of the devices that decide have it. The others follow, and hold everything too.',
    which: 'These decide',
    role: { voter: 'Decides now', learner: 'Follows' },
    path: { this: 'Here', direct: 'Connected', relayed: 'Connected', away: 'Away' },
    lines: (own: readonly DeviceLine[], chosen: ReadonlySet<string>) => {
      const count = own.filter(({ principal }) => chosen.has(principal)).length
      if (count === 0) return ['Choose at least one.']
      const missing = awaitedOf(own, chosen)
      const [are, they] = missing.length === 1 ? ['is', 'it is'] : ['are', 'they are']
      return [
        rule(count),
        missing.length > 0
          ? `${namesOf(missing)} ${are} away. Until ${they} there nothing changes, for any of them.`
          : 'All of it changes at once, and nobody has to stop writing.',
        'That holds until you choose again, remove one of them, or go on without them.',
      ]
    },
    button: 'Let these decide',
    leave: 'Leave it to the tree',
    cancel: 'Cancel',
    none: 'Choose at least one device.',
    tooMany: (count: number) => `Choose ${count} devices at most.`,
    waiting: 'Waiting for the devices that decide now to take that in.',
    away: (now: readonly DeviceLine[]) => {
      const there = now.filter(({ path }) => path !== 'away')
      const needed = neededOf(now.length)
      return now.length === 1
        ? `${namesOf(now)} decides, and is away. Without it nothing can be changed in who does.`
        : `${namesOf(now)} decide, and ${inWords[needed]} of them must agree on who does from now on. ${
            there.length === 0
              ? 'None of them is there.'
              : `Only ${namesOf(there)} ${there.length === 1 ? 'is' : 'are'} there.`
          }`
    },
    awayHelp:
      'Choose again when they are back. If they never will be, you can go on without them, with your passkey or card.',
    goOnWithout: (count: number) => (count === 1 ? 'It is gone for good' : 'They are gone for good'),
  },

  handOver: {
    open: 'Let it confirm changes',
    openLabel: (name: string) => `Let ${name} confirm changes`,
    done: (name: string) => `${name} confirms every change from now on.`,
    waiting: (name: string) => `Waiting for ${name} to take that on.`,
  },

  aside: {
    title: (count: number) =>
      count === 1 ? 'A file from before, not in the tree' : `${count} files from before, not in the tree`,
    trouble: (reason: string) =>
      `Not all of it could move into the tree. ${reason} It is tried again when Blocktree starts, and when you bring it along; meanwhile it can be saved from here.`,
    ask: (count: number) => `Bring your ${count === 1 ? 'file' : `${count} files`} along?`,
    help: 'What was on this device before it joined is still in this browser alone. Brought along, it moves into the tree, where all its devices can read it.',
    apart: (size: string) =>
      `${size} in this browser alone, apart from the tree. If the browser’s data is deleted, they are gone.`,
    yes: 'Bring along',
    no: 'Leave out',
    left: 'Left out: it stays in this browser alone. Under Storage it can be saved, brought along later, or deleted.',
    moving: 'On their way into the tree. That goes on by itself.',
    listLabel: 'Files from before',
    save: (name: string) => `Save ${name}`,
    drop: 'Delete for good',
    sure: 'There is no copy anywhere.',
    keep: 'Keep',
  },

  audit: {
    link: 'What was allowed, and when',
    title: 'What was allowed, and when',
    help: 'Read from the tree itself, so each of your devices tells the same. Nothing of it can be changed or deleted.',
    waiting: 'Waiting for the tree to look up who was allowed what.',
    back: 'Back to the devices',
    now: 'Who can read and write now',
    nowHelp: 'Nobody else has a key: not the host of this page, not the relay.',
    past: 'What happened, the newest first',
    owner: (name: string) => `${name || 'The owner'}, by passkey or recovery card`,
    ownerHelp: 'Can always open the whole tree, and alone lets devices in.',
    place: (folderName: string | null) =>
      folderName === null ? 'the whole tree' : folderName === '' ? 'a folder that is gone' : `“${folderName}”`,
    may: (mayWrite: boolean, place: string) => `${mayWrite ? 'Reads and writes' : 'Reads'} ${place}`,
    since: (atMs: number) => `Since ${formatDay(atMs)}`,
    until: (atMs: number) => `until ${formatDay(atMs)}`,
    over: (atMs: number) => `its time ended ${formatDay(atMs)}`,
    removedStill:
      'Was removed; the new key for this place is still to be given. What was written since is under new keys already.',
    event: {
      planted: (name: string) => `The tree was planted on ${name}`,
      admitted: (name: string) => `${name} was let in`,
      extended: (name: string) => `${name} was given more time`,
      removed: (name: string) => `${name} was removed`,
      left: (name: string) => `${name} left`,
      tookOver: (name: string) => `${name} went on without the device that confirmed every change`,
      signersChanged: 'Who signs for this tree was changed',
      appointed: (name: string) => `Who decides was chosen on ${name}`,
    },
    granted: (mayWrite: boolean, place: string, untilMs: number) =>
      `May ${mayWrite ? 'read and write' : 'read'} ${place}, until ${formatDay(untilMs)}`,
    approved: (name: string) => `Approved on ${name}`,
    byCard: 'By passkey or recovery card',
    byDevice: (name: string) => `By ${name}`,
    longer: (untilMs: number, beforeMs: number) => `Until ${formatDay(untilMs)} in place of ${formatDay(beforeMs)}`,
    longerHelp: 'The tree keeps no date of that.',
    signers: (addedCount: number, removedCount: number, isCardReplaced: boolean) =>
      [
        ...(addedCount > 0 ? [`${passkeys(addedCount)} added`] : []),
        ...(removedCount > 0 ? [`${passkeys(removedCount)} removed`] : []),
        ...(isCardReplaced ? ['a new recovery card in the place of the old one'] : []),
      ].join(', ') || 'The passkeys stayed, for another address',
    signedBy: {
      passkey: 'By a passkey, and in 72 hours nobody stopped it',
      recoveryCard: 'By the recovery card, which counts at once',
    },
    tookOverHelp: 'The date is that of the newest change it had then.',
    deciders: (names: readonly string[]) =>
      names.length === 0
        ? 'It was left to the tree, which chooses by itself'
        : `${all.format(names)} ${names.length === 1 ? 'decides' : 'decide'}`,
    appointmentEnded: (atMs: number) =>
      `It ended ${formatMoment(atMs)}: not all of them could decide any more, so the tree chooses by itself`,
    kept: 'It keeps what it had read by then, and has no key for anything since.',
  },

  remove: {
    open: 'Remove',
    openLabel: (name: string) => `Remove ${name}`,
    leaveOpen: 'Leave the tree',
    title: (name: string) => `Remove ${name}?`,
    looking: 'Waiting for the tree to look up what this would do.',
    lines: (name: string, preview: RemovalPreview) => [
      `From now on ${name} can change nothing in this tree, and has no key for anything that is written here. ${newKeys(preview)}`,
      `What ${name} could read until now it may keep: ${couldRead(preview.readable)}. Nobody can take that back, and a file stays sealed as it is until it is next changed.`,
      `What was done on ${name}${preview.lastSeenAtMs === null ? '' : ` since ${formatMoment(preview.lastSeenAtMs)}`} and has not come here is not taken any more. It waits there, to be looked at and saved.`,
      `Afterwards these can read: ${readersAfter(preview.readers)}.`,
      'This cannot be undone. If it was a mistake, delete the site’s data there and let it in again, as a new device.',
      ...(preview.farLinkNames.length === 0 ? [] : [words.removed.farLinks(name, preview.farLinkNames)]),
    ],
    leaveTitle: 'Leave this tree?',
    leaveLines: [
      'From now on nothing that is changed here reaches your other devices, and nothing of theirs comes here.',
      'What is on this device stays on it, readable for whoever uses this browser, until the site’s data is deleted.',
      'This cannot be undone. To join again, delete the site’s data here first: it is then a new device.',
    ],
    button: 'Remove it',
    leave: 'Leave',
    cancel: 'Cancel',
    waiting: 'Waiting for the device that keeps this tree in order. New keys are being given to the others.',
  },

  limited: {
    title: (owner: string) => `You are a guest in ${owner}’s tree`,
    help: 'This device has one folder of it, and sees nothing else. The owner’s devices keep it in order.',
    folder: 'Folder',
    rights: 'This device may',
    until: 'Until',
    over: 'The time of this device has ended. What it has stays readable here; its owner can give it more time.',
    gone: 'The folder was moved or deleted on another device, so nothing new comes and nothing is taken. What is here stays readable; save what you need. To go on, ask to be let in again.',
    trashed:
      'The folder is in the trash of its tree. It will be deleted for good unless it is brought back there; what is here stays readable.',
    away: 'None of the owner’s devices can be reached now. What you change is kept here until one is there.',
    here: 'An owner’s device is there: what you change goes into the tree at once.',
    line: (folder: string, rights: string) =>
      `Limited to ${folder || 'a folder that is gone'}: ${rights.toLowerCase()}`,
  },

  useCard: 'Use the recovery card',
  cardSigns: 'The twelve words of the recovery card sign just this, in place of a passkey.',

  passkeys: {
    title: 'Who signs for this tree',
    name: (position: number) => `Passkey ${position}`,
    kind: (isSynced: boolean) =>
      isSynced
        ? 'Synced: its account may copy it to your other devices'
        : 'Bound to one device or security key, which it never leaves',
    added: (atMs: number) => `Added ${formatDay(atMs)}`,
    card: 'Recovery card',
    cardHelp: 'Its twelve words sign everything, at once, and are the only way to remove a passkey.',
    cardSince: (atMs: number) => `Counts since ${formatDay(atMs)}`,
    cardReplace: 'Replace',
    cardReplaceLabel: 'Replace the recovery card',
    advice: (count: number) =>
      count === 0
        ? 'With a passkey you sign by finger, face or PIN in place of twelve words.'
        : count === 1
          ? 'If you lose this passkey, only the card is left. Add a second one on another device or a security key.'
          : 'If you lose one of them, sign with another, and remove the lost one with the card.',
    cancel: 'Cancel',
    waiting: {
      title: 'A new passkey',
      text: (atMs: number, nowMs: number) =>
        `Counts from ${formatMoment(atMs)}, in ${counted(Math.max(1, Math.round((atMs - nowMs) / 3_600_000)), 'hour', 'hours')}. If you did not add it, stop it: any of your devices can.`,
      stop: 'Stop it',
      stopped: words.passkeyAdded.stopped,
    },
    add: {
      open: 'Add a passkey',
      title: 'Add a passkey',
      help: 'Make it on another device or on a security key, so that you do not lose both at once.',
      prompts: 'The browser asks for it now, perhaps twice.',
      make: 'Make the passkey',
      signs:
        'It is made. Now one that you had before signs for it: the browser asks for that one up to twice. It counts after 72 hours, in which any of your devices can stop it.',
      cardSigns: 'It is made. The twelve words of the recovery card sign for it, and it counts at once.',
      button: 'Sign for it',
      doneWaiting: 'The passkey was added. It counts in 72 hours.',
      doneCounting: 'The passkey was added, and counts from now on.',
    },
    remove: {
      open: 'Remove',
      label: (name: string) => `Remove ${name}`,
      title: (name: string) => `Remove ${name}?`,
      lines: (isLast: boolean) => [
        isLast
          ? 'From now on it signs nothing more for this tree, and the card alone does.'
          : 'From now on it signs nothing more for this tree.',
        'All that it has signed goes on to hold: your devices stay.',
        'The words of the card stay the same; the key behind them is replaced.',
      ],
      cardSigns: 'The twelve words of the recovery card sign just this.',
      button: 'Remove it',
      done: 'The passkey was removed. It signs nothing more for this tree.',
    },
  },

  hybrid: {
    title: 'Keys that outlast quantum computers',
    help: 'Anyone who records today how a key is given to a device might open it once large quantum computers exist. With this, keys are given in a second way as well (X-Wing, with ML-KEM-768), for which no such way is known.',
    cost: 'It costs about 1 KB for each device and each folder that is shared. It holds for keys that are made from then on, on all your devices, and cannot be turned off again. Archives and links into your tree are sealed as before.',
    button: 'Turn it on for all my devices',
    on: (count: number, deviceCount: number) =>
      count >= deviceCount
        ? deviceCount === 1
          ? 'It is on.'
          : 'It is on, on all your devices.'
        : `It is on. ${formatCount(count)} of ${counted(deviceCount, 'device', 'devices')} ask for such keys; the others follow when they are here next.`,
    before:
      'Keys that were given before, and those that a device gets as it joins, stay as they were given until their folder gets the next one, as when a device is removed.',
  },

  card: {
    title: 'A new recovery card',
    help: 'For when somebody may have seen the card, or its paper wears out.',
    lines: [
      'You get twelve new words, and what is in your tree stays as it is.',
      'The old card signs, and counts no more from then on. A passkey that waits for its 72 hours is stopped.',
      'Archives that were exported before open with the old card alone. Export a new one when the new card counts, and remove those.',
      'A lost card cannot be replaced. A passkey alone is not enough for that, so a stolen passkey cannot take the tree. If your card is lost, add a second passkey and keep both safe, keep several devices in the tree, and download what you cannot do without, since archives open with the card alone.',
    ],
    make: 'Make a new card',
    sign: 'The old card signs',
    signHelp: 'The twelve words of the old card sign for the new one, and it counts at once.',
    button: 'Replace the card',
    wait: 'Waiting for the new card.',
    done: 'The card is replaced',
    doneHelp:
      'The new words count from now on. Destroy the old card, and export a new archive: the ones before open with the old card alone.',
    back: 'See who signs for this tree',
    notHere: 'The recovery card can be replaced only on one of your own devices, in a planted tree.',
  },

  extend: {
    open: 'Give it more time',
    openLabel: (name: string) => `Give ${name} more time`,
    title: (name: string) => `More time for ${name}?`,
    help: (folder: string, rights: string) =>
      `It keeps what it has: ${folder || 'its folder'}, ${rights.toLowerCase()}. Choose until when, within 400 days.`,
    until: 'Until',
    dayWrong: 'Choose a day from tomorrow on, within 400 days.',
    goOn: 'Go on',
    ...signing,
    button: 'Give it that time',
    cancel: 'Cancel',
    done: (name: string) => `${name} has more time.`,
  },

  renew: {
    open: 'Renew all',
    title: 'Renew your devices',
    help: 'Each device may change this tree until a day, so that one which is lost and forgotten ends by itself. You sign once for all of them. One that is away gets its new day when it is back, also if the old one has passed by then.',
    which: 'Which of them',
    noneChosen: 'Choose a device.',
    noneLater: 'All that you chose have that time already. Choose a later day.',
    listLabel: 'What you sign',
    line: (name: string, untilMs: number, beforeMs: number) =>
      `${name}: until ${formatDay(untilMs)}, in place of ${formatDay(beforeMs)}`,
    button: 'Renew them',
    done: (count: number) => `${counted(count, 'device has', 'devices have')} more time.`,
    soon: (count: number, firstAtMs: number, nowMs: number) =>
      nowMs < firstAtMs
        ? `The time of ${counted(count, 'device', 'devices')} ends soon, first on ${formatDay(firstAtMs)}. From then on changes made there are not accepted. Renew all, with one signature.`
        : `The time of ${counted(count, 'device', 'devices')} ends soon or has ended, first on ${formatDay(firstAtMs)}. Changes made there since are not accepted. Renew all, with one signature.`,
  },

  invite: {
    code: {
      title: 'Scan this with the new device',
      help: 'Point its camera at the code and open the link. Where Blocktree is open on it already, choose “This is my second device” there.',
      label: 'QR code of the invitation',
      left: (seconds: number) => `Good for ${formatCountdown(seconds)}; then a new one follows by itself.`,
      copy: 'Copy the link instead',
      copied: 'Copied. Send it to your own device only.',
      notCopied: 'The browser did not allow copying.',
      thisComputer: 'A phone cannot reach this address: it is this computer’s own. Below are ways for it to get here.',
      waysTitle: 'Ways for a phone to get here',
      ways: [
        'Put the folder “dist” on any static host, and start with --origin and its address.',
        'Give this computer a host name and a certificate that the phone trusts: --cert, --key and --origin.',
        'Connect the phone by USB, forward this port in chrome://inspect, and open the same address on the phone.',
      ],
      besides: 'Or try it without a phone: a second profile in this browser is a device of its own.',
      beside: 'Open a second profile',
      unsaid: (address: string) =>
        `This host does not say where others reach it. The code leads to ${address}, the address of this page. If the new device cannot open that, there are other ways below.`,
    },
    digits: {
      title: (name: string) => `Type the four digits that ${name} shows`,
      help: 'You have one try. If they do not match, somebody else may have answered, and this invitation ends.',
      label: 'Four digits',
      button: 'Compare',
      incomplete: 'There are four digits.',
    },
    approval: {
      title: (name: string) => `Let ${name} in?`,
      help: 'The digits were right: it is the device in front of you.',
      titleLink: (name: string) => `Share a folder with ${name}?`,
      helpLink:
        'The digits were right: it is the device in front of you. Its owner’s own devices will read the folder that you choose, and nothing else.',
      device: 'Device',
      fingerprint: 'Its fingerprint',
      place: 'Place',
      placeWhole: 'The whole tree',
      rights: 'It may',
      rightsWhole: 'Read the whole tree, and write everywhere',
      contents: 'In there now',
      contentsOf: ({ folderCount, fileCount, sizeBytes }: Extent) =>
        folderCount + fileCount === 0
          ? 'Nothing yet'
          : `${blocks(folderCount, fileCount)}, ${formatSize(sizeBytes)}, the trash included`,
      term: 'Until',
      own: 'Yes, it is my own device',
      no: 'No',
      ...signing,
      card: 'The twelve words of the recovery card',
    },
    choice: {
      question: 'What is it to be?',
      own: 'My own device',
      ownHelp: 'It reads the whole tree, and writes everywhere.',
      limited: 'Limited to one folder',
      limitedHelp: 'It sees that folder and nothing else of the tree, until a day that you choose.',
      place: 'Its folder',
      newFolder: (name: string) => `New: devices / ${name}`,
      rights: 'What it may do there',
      read: 'Read',
      write: 'Read and write',
      rightMissing: 'Choose whether it may read, or read and write.',
      until: 'Until',
      untilHelp: 'Seven days at most for the first time. Under Devices you can give it more later.',
      dayWrong: 'Choose a day from tomorrow on, within seven days.',
      goOn: 'Go on',
      no: 'No',
      change: 'Change this',
      yes: 'Yes, let it in',
      lines: [
        'It reads what is in this folder, and no name and no file beside it. Whoever uses it can keep what it has read.',
        'In its first hour it gets 64 MiB of contents at most, from this device alone. Keep this one open.',
        'Under Devices you can remove it at any time. What is written after that it cannot read.',
      ],
    },
    scanned: 'A device has read the code',
    admitting: 'Letting it in',
    admittingHelp:
      'This is signed for and goes on by itself. A device that is not wanted after all can be taken out right after.',
    admitted: {
      title: (name: string) => `${name} is one of your devices`,
      help: 'What is in the tree is on its way to it. These can read the whole tree now:',
      limitedTitle: (name: string) => `${name} has its folder`,
      limitedHelp: 'It sees what is in the folder from now on. It is none of those that can read the whole tree:',
      done: 'Done',
      more: 'Add another one',
    },
    ended: 'No device was added',
    again: 'Show a new code',
    cancel: 'Cancel',
    back: 'Back to the devices',
  },

  join: {
    ways: {
      title: 'Join your tree',
      help: 'On a device that has the tree, open Devices and press “Add a device”. It shows a code. Read it here:',
      camera: 'Scan with the camera',
      photo: 'Choose a picture of the code',
      link: 'Or paste the link',
      linkButton: 'Use it',
      viewLabel: 'What the camera sees',
      looking: 'Hold the code in the picture.',
      stop: 'Stop the camera',
      stranger: 'That code is no invitation to a tree. Point the camera at the one that your other device shows.',
      notInPhoto: 'No code can be read in this picture. Take it again from nearer, straight and sharp.',
      strangerPhoto: 'The code in this picture is no invitation to a tree.',
      strangerLink: 'This is no invitation to a tree, or not all of it. Copy the link on your other device again.',
    },
    name: {
      title: 'The code was read',
      help: 'Next you see whose tree it is; nothing leaves this device before you say yes.',
      device: 'What should this device be called?',
      deviceHelp: 'Your other devices show this name.',
      pretend: 'Pretend phone',
      missing: 'A name needs at least one character.',
      button: 'Continue',
      other: 'Read another code',
    },
    connecting: 'Reaching the other device',
    confirm: {
      title: 'Join this tree?',
      owner: 'It says that it belongs to',
      shownBy: 'The code is shown by',
      treeId: 'Fingerprint of the tree',
      help: 'Go on only if you see this code on a device of your own now. Whoever sent you a code from elsewhere would see what you put into the tree.',
      yes: 'Join this tree',
      no: 'No',
    },
    confirmLink: {
      title: 'Keep what this tree shares?',
      help: 'A link in your tree will lead to the folder that its owner chooses for you. Go on only if you see this code on that person’s device now.',
      yes: 'Keep it in my tree',
    },
    kept: {
      title: 'It is in your tree',
      help: (owner: string, name: string) =>
        `“${name}” in your tree is a link now, by which each of your own devices sees that folder of ${owner}’s tree.`,
      open: 'Open it',
      ended: 'Nothing was kept',
    },
    digits: {
      title: 'Type these on the other device',
      titleFor: (name: string) => `Type these on ${name}`,
      titleAsked: 'The owner is asked to let you in',
      help: 'It asks for them now, and then asks its owner to let this device in. This page goes on by itself.',
      label: (digits: string) => `Digits: ${[...digits].join(' ')}`,
      asked: {
        pending:
          'The digits were right. The owner of the tree is asked to let this device in. This page goes on by itself.',
        notGiven:
          'The owner of the tree was asked for the passkey and did not give it. Nothing was changed; it can be given on the other device as long as both wait.',
        notValid:
          'What signed on the other device does not let this one in, so it was refused. Nothing was changed; the owner of the tree can sign again there as long as both wait.',
      },
    },
    fetching: {
      title: 'You are in',
      help: 'Where none of its devices comes back, stop waiting: nothing of the tree stays here, and this device is free for another one.',
      stop: 'Stop waiting',
    },
    joined: {
      title: 'Your tree is here',
      help: (owner: string) =>
        `This device is one of ${owner}’s now: it holds the tree, also without a network, and can read and write all of it.`,
      limitedHelp: (owner: string, folder: string) =>
        `This device has the folder “${folder}” of ${owner}’s tree, also without a network, and sees nothing else of it.`,
      button: 'Go to the tree',
    },
    ended: 'This device did not join',
    again: 'Begin anew',
    cancel: 'Cancel',
    planted: {
      title: 'Keep what somebody shares',
      titleRead: 'The code was read',
      help: (owner: string) =>
        `This is ${owner}’s tree. What the owner of another tree shares with you is kept in it as a link. The other one shows a code, under Devices.`,
      keep: 'Keep it in my tree',
      treeOf: (owner: string) => `${owner}’s tree`,
      besideHelp: (owner: string) =>
        `To make this browser a device of the other tree, use a second profile: two trees are never mixed, and this one holds ${owner}’s.`,
      beside: 'Join with a second profile',
      back: 'Back to the tree',
    },
    homeScreen: {
      title: 'First to the home screen',
      help: 'iPhones and iPads clear what a page in the browser keeps after seven days without a visit. An app on the home screen keeps it, and is a device of its own.',
      steps: [
        'Press Share, then “Add to Home Screen”.',
        'Open Blocktree from the home screen.',
        'Choose “This is my second device” there, and scan the code inside it.',
      ],
      anyway: 'Join in this browser anyway',
    },
    inApp: {
      title: 'Open this in your browser',
      help: (app: string) =>
        `This page is open inside ${app === '' ? 'another app' : app}, which forgets what is kept here.`,
      steps: [
        'Open this page in Chrome, Safari or Firefox: by the menu of this window, or with the link below.',
        'Scan the code there, or paste the link. It is good for about two minutes.',
      ],
      copy: 'Copy the link',
      anyway: 'Join in here anyway',
    },
  },
} as const

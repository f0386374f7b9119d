/**
 * Every sentence of the page, in one place, so that it can be read as a text and translated as one.
 *
 * Plain words for a person who knows files and folders and nothing else. A sentence about a failure says what happened and
 * what to do.
 * @module
 */
import type { InterruptedUpload, Job, Quarantined, ReaderLine, ResealingPreview, TreeStatus } from '../node/api.ts'
import type { NodeState } from './ports.ts'
import {
  formatCount,
  formatRoughCount,
  formatDay,
  formatDuration,
  formatMoment,
  formatPercent,
  formatSize,
} from './format.ts'

const plural = new Intl.PluralRules('en')
export const counted = (count: number, one: string, many: string): string =>
  `${formatCount(count)} ${plural.select(count) === 'one' ? one : many}`

const list = new Intl.ListFormat('en')
const choice = new Intl.ListFormat('en', { type: 'disjunction' })
const someOf = (devices: readonly string[]): string =>
  devices.length === 0 ? 'your other devices' : choice.format(devices)

const formatOf = ({ unit }: Job) => (unit === 'items' ? formatCount : formatSize)

export const words = {
  product: 'Blocktree',
  close: 'Close',
  cancel: 'Cancel',
  back: 'Back',
  next: 'Continue',
  again: 'Try again',
  reload: 'Reload',
  dismiss: 'Dismiss',
  unexpected: (message: string) =>
    `Something happened that Blocktree did not expect (${message}). Reload the page; what was saved is safe.`,

  nav: {
    label: 'Views',
    '/': 'Tree',
    '/devices': 'Devices',
    '/trash': 'Trash',
    '/storage': 'Storage',
    '/plant': 'Plant your tree',
    '/recover': 'Recover a tree',
    '/card': 'A new recovery card',
    '/join': 'Join a tree',
    '/fragments': 'Fragments',
    '/quarantine': 'Not taken',
    '/audit': 'What was allowed',
    '/sim': 'Simulator',
    '/shared': 'Shared with you',
    skip: 'Skip to the content',
  },

  state: {
    starting: 'Opening your tree…',
    here: '',
    elsewhere: 'Another tab keeps this tree; this one works through it.',
    moved: 'The tab that kept this tree was closed; this one takes over.',
    failed: 'This tree cannot be opened here.',
  } satisfies Record<NodeState, string>,
  stoppedTitle: 'The tree has stopped',
  failedTitle: 'This tree cannot be opened here',

  copies: {
    here: 'Only on this device',
    none: 'Not on this device',
    brief: (count: number) => counted(count, 'copy', 'copies'),
    many: (count: number) => `On ${counted(count, 'device', 'devices')}`,
    of: (copies: number, devices: number) => `${copies} of ${counted(devices, 'device', 'devices')} hold it all`,
    waiting: 'waiting',
    waitingFor: (devices: readonly string[]) => `Kept on this device, waiting for ${someOf(devices)}`,
    kept: (count: number, devices: readonly string[]) =>
      `${counted(count, 'change', 'changes')} kept here, waiting for ${someOf(devices)}`,
    saved: 'Saved on this device only',
    savedOn: (count: number) => `Saved on ${counted(count, 'device', 'devices')}`,
  },

  tree: {
    title: 'Tree',
    pictureLabel: 'Picture of the tree, its root at the bottom',
    picture: 'Picture',
    list: 'List',
    viewLabel: 'Show as',
    localName: 'Your tree',
    ownedName: (owner: string) => `${owner}’s tree`,
    items: (count: number) => (count === 0 ? 'Empty' : counted(count, 'item', 'items')),
    folded: (count: number) => `+${formatRoughCount(count)}`,
    foldedLabel: (count: number, name: string) => `${counted(count, 'more', 'more')} in ${name}`,
    onDevice: (device: string, items: string) => `${device} · ${items}`,
    nodeHere: (device: string) => `${device} is attached here`,
    crumbs: 'Path to this folder',
    cellFolder: (name: string, count: number) =>
      `${name}, folder, ${count === 0 ? 'empty' : counted(count, 'item', 'items')}`,
    cellLink: (name: string) => `${name}, link`,
    cellFile: (name: string, sizeBytes: number) => `${name}, file, ${formatSize(sizeBytes)}`,
    beginning: 'Here your tree begins',
    beginningHelp: 'What you add is sealed on this device with a key that nobody else has.',
    emptyRoot: 'Nothing has grown here yet',
    emptyFolder: 'This folder is empty',
    /** @param canDrop false where fingers are all there is */
    addHelp: (canDrop: boolean) =>
      canDrop
        ? 'Press Add, drop files anywhere on this page, or paste them.'
        : 'Press Add to bring in files and folders.',
    dropHere: (name: string) => `Let go to add to ${name}`,
    more: (name: string) => `Actions for ${name}`,
  },

  list: {
    label: 'Files and folders',
    help: 'Arrow keys move and unfold. Enter opens, F2 renames, Delete moves to the trash, Space shows all actions.',
    search: 'Search names',
    clear: 'Clear the search',
    hits: (count: number) => (count === 0 ? 'No name contains this' : counted(count, 'name found', 'names found')),
    showMore: (count: number) => `Show ${counted(count, 'more', 'more')}`,
    inFolder: (name: string) => `in ${name}`,
  },

  add: {
    button: 'Add',
    title: (name: string) => `Add to ${name}`,
    files: 'Files from this device',
    folder: 'A whole folder',
    newFolder: 'New folder',
    folderName: 'Name of the folder',
    folderDefault: 'New folder',
    create: 'Create',
    help: 'You can also drop files and folders anywhere on this page, or paste a picture or text.',
    pastedText: (atMs: number) => `Note of ${formatMoment(atMs).replaceAll(/[/\\:]/g, '.')}.txt`,
    pastedFile: (atMs: number, ending: string) => `Pasted ${formatMoment(atMs).replaceAll(/[/\\:]/g, '.')}${ending}`,
    unreadable: (name: string) =>
      `${name} could not be read. It may have been moved, or the browser may not open it; add it with the Add button.`,
    done: (count: number, name: string) => `${counted(count, 'file', 'files')} added to ${name}`,
  },

  item: {
    open: 'Open',
    goIn: 'Show this folder',
    download: 'Download',
    replace: 'New version',
    rename: 'Rename',
    renameTitle: (name: string) => `Rename ${name}`,
    move: 'Move',
    link: 'Make a link',
    readers: 'Who can read this',
    trash: 'Delete',
    changed: (atMs: number) => `Changed ${formatMoment(atMs)}`,
    size: formatSize,
    name: 'Name',
    save: 'Save',
    folder: 'Folder',
    file: 'File',
    gone: 'This is no longer in the tree.',
  },

  open: {
    needsWorker:
      'Files are opened by this page’s service worker, so that nothing of them can reach your tree. It is not in charge of this tab yet: reload the page once, then open the file again.',
    unsupported:
      'This browser has no service worker at this address, so files cannot be opened here. Use https, or localhost.',
  },

  replace: {
    title: (name: string) => `A new version of ${name}`,
    help: (name: string) =>
      `Choose a file of this device. What is in it takes the place of what is in ${name} now, which is then gone. The name stays. If another device changes it meanwhile, both versions are kept.`,
    choose: 'Choose a file',
    another: 'Choose another file',
    about: (sizeBytes: number, modifiedAtMs: number) =>
      `${formatSize(sizeBytes)}, changed ${formatMoment(modifiedAtMs)}`,
    button: 'Replace the content',
    done: (name: string) => `${name} has its new content`,
  },

  move: {
    title: (name: string) => `Move ${name}`,
    here: (name: string) => `Move to ${name}`,
    already: 'It is already here.',
    inside: 'A folder cannot be moved into itself.',
    noFolders: 'No folders in here.',
    up: 'Up',
  },

  audience: {
    added: (names: readonly string[]) => `What is added here can be read by ${list.format(names)} too.`,
    moved: (names: readonly string[]) => `There it can be read by ${list.format(names)} too.`,
  },

  link: {
    about: 'Link',
    title: (name: string) => `A link to ${name}`,
    here: (name: string) => `Put the link in ${name}`,
    made: (name: string, folder: string) => `A link to ${name} is in ${folder} now`,
    leadsTo: 'Leads to',
    looking: 'Looking where it leads …',
    follow: (name: string) => `Go to ${name}`,
    far: 'Leads into somebody else’s tree, to what is shared with you there.',
    openFar: 'Open it',
  },

  far: {
    title: 'Shared with you',
    help: 'This is in somebody else’s tree. It is shown as it is there now; nothing of it is kept on this device.',
    looking: 'Calling the devices of the other tree.',
    empty: 'Nothing is in this folder.',
    path: 'Where this is',
    back: 'Back to your tree',
    link: (name: string) => `Put a link to ${name} in my tree`,
    download: (name: string) => `Download ${name}`,
  },

  undo: {
    button: 'Undo',
    trashed: (name: string) => `${name} is in the trash`,
    renamed: (name: string) => `Renamed to ${name}`,
    moved: (name: string, folder: string) => `${name} is in ${folder} now`,
    left: (seconds: number) => `${formatDuration(seconds)} left`,
    undone: 'Undone',
    failed: (message: string) => `That could not be undone. ${message}`,
  },

  notices: { label: 'Messages' },

  jobs: {
    label: 'Work in progress',
    title: {
      add: (name: string) => `Adding ${name}`,
      move: (name: string) => `Moving ${name}`,
      plant: () => 'Moving your files into the planted tree',
      export: () => 'Preparing the archive',
      import: () => 'Restoring the tree',
      purge: () => 'Deleting for good',
      renew: () => 'Giving new keys after a removal',
      reseal: () => 'Encrypting old contents again',
    },
    progress: (job: Job) => {
      const format = formatOf(job)
      return `${format(job.done)} of ${format(job.total)} · ${formatPercent(job.done, job.total)}`
    },
    rate: (job: Job) => {
      if (job.perSecond === 0) return 'Starting'
      return `${formatOf(job)(job.perSecond)}/s · ${formatDuration((job.total - job.done) / job.perSecond)} left`
    },
    waiting: (count: number) => `${counted(count, 'file waits', 'files wait')}`,
    cancel: (title: string) => `Cancel: ${title}`,
    cancelAll: 'Cancel all',
    more: (count: number) => `and ${counted(count, 'more', 'more')}`,
    failed: (count: number) => `${counted(count, 'file was', 'files were')} not added`,
  },

  interrupted: {
    text: ({ name, storedBytes, sizeBytes }: InterruptedUpload, folder: string) =>
      `Adding ${name} to ${folder} was interrupted. ${formatSize(storedBytes)} of ${formatSize(sizeBytes)} are here already.`,
    help: 'Choose the same file again, and it goes on from there.',
    choose: 'Choose it again',
    labelChoose: (name: string) => `Choose it again: ${name}`,
    giveUp: 'Give it up',
    labelGiveUp: (name: string) => `Give it up: ${name}`,
    another: 'That is another file: its name or its size is not the same.',
  },

  trash: {
    title: 'Trash',
    empty: 'The trash is empty.',
    help: 'What you delete waits here for 30 days. Until then it takes up space and can be restored.',
    restore: 'Restore',
    purge: 'Delete for good',
    purgeAll: 'Empty the trash',
    askOne: (name: string) => `Delete ${name} for good?`,
    askAll: (count: number) => `Delete ${counted(count, 'item', 'items')} for good?`,
    askHelp: 'This cannot be undone, and no copy of it remains in this tree.',
    until: (atMs: number) => `Kept at least until ${formatDay(atMs)}`,
    restored: (name: string) => `${name} is back in its folder`,
    labelRestore: (name: string) => `Restore ${name}`,
    labelPurge: (name: string) => `Delete ${name} for good`,
  },

  notMovedIn: {
    text: 'Not all that was on this device could move into the tree. Nothing is lost: the rest is kept here, apart from it.',
    button: 'Look',
  },

  quarantine: {
    offer: {
      text: (count: number) =>
        `Your tree did not take ${counted(count, 'change', 'changes')} made on this device. Nothing is lost: ${count === 1 ? 'it is' : 'they are'} kept here.`,
      button: 'Look',
    },
    title: 'Not taken by the tree',
    help: 'Made on this device while it was on its own; then the tree refused it. It stays here, and on no other device, until you decide.',
    /** On a device that was removed, where no second try could help. */
    helpRemoved:
      'Made on this device, and on no other: the tree takes nothing more from it. To bring a file into the tree, download it, and add it on a device that belongs to the tree.',
    empty: 'There is nothing that the tree did not take.',
    deed: ({ deed, name }: Quarantined): string => {
      const it = name === '' ? 'Something that is gone' : name
      switch (deed) {
        case 'createFolder':
          return `New folder: ${it}`
        case 'addFile':
          return `New file: ${it}`
        case 'addLink':
          return `New link: ${it}`
        case 'writeFile':
          return `New version: ${it}`
        case 'rename':
          return `New name: ${it}`
        case 'move':
          return `Moved: ${it}`
        case 'trash':
          return `Deleted: ${it}`
        case 'restore':
          return `Restored: ${it}`
        case 'purge':
          return name === '' ? 'Deleted for good' : `Deleted for good: ${it}`
      }
    },
    made: (atMs: number) => `Made ${formatMoment(atMs)}`,
    retry: 'Try again',
    labelRetry: (deed: string) => `Try again: ${deed}`,
    labelDownload: (deed: string) => `Download: ${deed}`,
    discard: 'Give it up',
    labelDiscard: (deed: string) => `Give up: ${deed}`,
    ask: 'Give it up?',
    askHelp: 'This cannot be undone. What it contains is on no other device.',
    retried: 'Tried again. What the tree takes leaves this list.',
    waiting: 'Waiting for the tree to list what it did not take.',
  },

  fragments: {
    title: 'Fragments',
    link: 'Try how a file is kept as fragments',
    help: 'A file can be kept as fragments by others. None of them can read it, and some of them are enough to bring it back. Try it here: everything stays in this page.',
    ofTree: 'A file of this tree',
    noneOfTree: 'None chosen',
    choose: 'Or one from this device',
    limit: (sizeBytes: number) => `Up to ${formatSize(sizeBytes)} can be tried here.`,
    empty: 'This file is empty; there is nothing to keep. Choose another one.',
    making: (share: number) => `Making fragments, ${formatPercent(share, 1)}`,
    restoring: (share: number) => `Bringing the file back, ${formatPercent(share, 1)}`,
    made: (count: number, sizeBytes: number, needed: number) =>
      `${counted(count, 'fragment', 'fragments')} of ${formatSize(sizeBytes)} each; any ${formatCount(needed)} bring the file back.`,
    listLabel: 'Fragments',
    here: (number: number) => `Destroy fragment ${number}`,
    gone: (number: number) => `Fragment ${number} is destroyed`,
    left: (held: number, needed: number) => `${formatCount(held)} left, ${formatCount(needed)} needed`,
    tooFew: (held: number) =>
      `Only ${formatCount(held)} left: too few to bring the file back for certain. Choose it again to make new ones.`,
    destroyMany: (count: number) => `Destroy ${formatCount(count)} at random`,
    restore: 'Bring the file back',
    restored: 'The file is back, with the same hash',
    hash: 'Hash of the content',
    save: 'Save it',
  },

  sim: {
    title: 'Watch devices agree',
    link: 'Watch simulated devices agree, and disturb them',
    help: 'These devices are simulated, and what runs on them is this app’s own node: they share one tree and agree about every change. Close some, cut some off, and see what the others do. Nothing here touches your tree.',
    preparing: (share: number) => `The devices come together, ${formatPercent(share, 1)}`,
    failed: (message: string) => `The simulation stopped (${message}). Begin again, or reload the page.`,
    nobodyLeads: 'Nobody leads',
    stageLabel: 'Devices',
    time: (ms: number) => `${Math.floor(ms / 60_000)}:${String(Math.floor(ms / 1000) % 60).padStart(2, '0')}`,
    paceLabel: 'Pace',
    paces: { 0: 'Pause', 100: '⅒', 1000: '1', 10000: '10' },
    paceLong: { 0: 'Pause', 100: 'A tenth of real time', 1000: 'Real time', 10000: 'Ten times real time' },
    people: 'People write',
    trouble: 'Trouble by itself',
    heal: 'Join the network again',
    roles: { leader: 'leads', voter: 'votes', learner: 'listens' },
    health: { awake: '', frozen: 'asleep', off: 'closed', starting: 'opening' },
    asleep: (ms: number) => `asleep, ${formatCount(Math.ceil(ms / 1000))} s`,
    apart: 'cut off',
    slow: 'slow disk',
    node: (name: string, state: string, term: number) => `${name}: ${state}, term ${formatCount(term)}`,
    chosen: (term: number, index: number, files: number) =>
      `Term ${formatCount(term)}; has taken in ${counted(index, 'change', 'changes')}; shows ${counted(files, 'file', 'files')}.`,
    waiting: (count: number) =>
      `${counted(count, 'change waits', 'changes wait')} here until the others can be reached.`,
    close: 'Close the tab',
    open: 'Open it again',
    freeze: 'Let it sleep for 15 s',
    part: 'Cut it off',
    rejoin: 'Let it through again',
    slowDown: 'Slow its disk',
    speedUp: 'Let its disk be fast again',
    write: 'Add a file',
    choose: 'Choose a device above to disturb it.',
    logs: 'Logs',
    logsHelp:
      'Each square is a change, with the term in which it was written. A full one is decided for this device, an outlined one not yet.',
    entry: (index: number, term: number, isTaken: boolean) =>
      `Change ${formatCount(index)} of term ${formatCount(term)}, ${isTaken ? 'decided' : 'not decided yet'}`,
    legend: 'Messages',
    parcels: { vote: 'election', entries: 'changes', answer: 'answer', heartbeat: 'heartbeat', other: 'other' },
    acknowledged: 'Answered to people',
    elections: 'Leaders so far',
    clock: 'Simulated time',
    rules: 'Broken rules',
    rulesHelp:
      'One leader a term, one vote a term, one change at a place of the log, one state at an index: checked at every message and write.',
    story: 'What happened',
    events: {
      leads: (name: string, term: number) => `${name} leads in term ${formatCount(term)}`,
      killed: (name: string) => `${name} is closed`,
      started: (name: string) => `${name} opens again`,
      parted: (name: string) => `${name} is cut off`,
      rejoined: (name: string) => `${name} gets through again`,
      slowed: (name: string) => `The disk of ${name} is slow`,
      sped: (name: string) => `The disk of ${name} is fast again`,
      froze: (name: string, ms: number) => `${name} sleeps for ${formatCount(ms / 1000)} s`,
      taken: (name: string, file: string, ms: number) => `${name} added “${file}”, decided after ${formatCount(ms)} ms`,
      kept: (name: string, file: string) => `${name} keeps “${file}” until the others can be reached`,
      unanswered: (name: string, file: string) => `${name} was closed before it could answer for “${file}”`,
      healed: 'All get through to each other again',
    },
    scene: 'Another play',
    deviceCount: 'Devices',
    seed: 'Seed',
    seedHelp: 'The same seed with the same devices begins the same play, on every computer.',
    another: 'Another seed',
    again: 'Begin again',
    share: 'Copy the address',
    shared: 'Copied. Whoever opens it sees the same play from its beginning.',
    notShared: (address: string) => `The browser did not allow copying. Pass this address on: ${address}`,
  },

  storage: {
    title: 'Storage',
    // Not every browser says how much there really is.
    used: (used: number, quota: number) =>
      `${formatSize(used)} used of ${formatSize(quota)} that this browser says it allows`,
    barLabel: 'Space used',
    tree: 'In the tree',
    trash: 'In the trash',
    upkeep: 'Upkeep',
    upkeepHelp:
      'Upkeep is versions in waiting, the log, the app itself, and 8 MB that are kept free for deleting things.',
    files: 'Files',
    holdTitle: 'How much of it is here',
    held: (held: number, tree: number) => `${formatSize(held)} of ${formatSize(tree)} of contents are on this device`,
    holdHelp:
      'All names are here always. Of the contents what was changed last comes first; the rest is read from your other devices when they can be reached.',
    holdVoter: 'This device decides on changes, so it keeps everything for now, whatever is chosen here.',
    holdLabel: 'Keep on this device',
    holdAll: 'Everything',
    holdAtMost: (sizeBytes: number) => `At most ${formatSize(sizeBytes)}`,
    keepTitle: 'How long it stays',
    persisted: 'This browser has promised not to clear this tree by itself.',
    notPersisted:
      'This browser may clear this tree when the disk runs low. Ask it to keep the tree, and keep an archive elsewhere.',
    askPersist: 'Ask the browser to keep it',
    refused:
      'The browser did not promise. It usually does once the app is installed or the page bookmarked; then ask again.',
    cannotAsk: 'This browser cannot promise to keep data. Keep an archive elsewhere.',
    copyTitle: 'A copy elsewhere',
    copyHelp:
      'An archive holds the whole tree, sealed: to open it one needs the recovery card. Until there is a second device it is the only second copy.',
    copyUnplanted: 'Plant the tree first: an archive is opened with the recovery card, which planting gives you.',
    copy: 'Save an archive',
    copying: 'Preparing the archive…',
    copyReady: 'The archive is ready.',
    copyGone:
      'The archive that was prepared is not there any more: this tree was opened anew in the meantime. Save it again.',
    download: 'Download the archive',
    recover: 'Restore a tree from an archive',
    keysTitle: 'Whose tree this is',
    owner: 'Owner',
    device: 'This device',
    principal: 'Its fingerprint',
    treeId: 'Fingerprint of the tree',
    stateRoot: 'State of the tree',
    stateRootHelp: 'Devices that show the same characters hold the same tree.',
    attested: (count: number, atMs: number) =>
      `${counted(count, 'device that confirms changes has', 'devices that confirm changes have')} signed what the tree was on ${formatMoment(atMs)}; it is the same here.`,
    contradicted:
      'Your other devices have signed another state of this tree than the one that is here. Export what is here, then delete this site’s data and let this device join anew.',
    unplanted: 'This tree lives in this browser alone, with a key that lives and dies here.',
  },

  reseal: {
    title: 'Old contents under new keys',
    help: 'After a removal whatever is written goes under keys that the removed device never had. What was there before stays sealed as it was until it is next changed. You can have all of it encrypted again.',
    look: 'See what it would take',
    again: 'Look again',
    looking: 'Waiting for the tree to look up how each file is sealed, and to measure how fast this device is.',
    nothing: 'All contents are sealed under keys that no removed device has.',
    costLabel: 'What it would take',
    away: (count: number) =>
      `${formatCount(count)} ${count === 1 ? 'file is' : 'files are'} only on devices that are away now. How ${count === 1 ? 'it is' : 'they are'} sealed can be seen once those are back.`,
    cost: ({ fileCount, sizeBytes, objectCount, seconds }: ResealingPreview) => [
      `${formatCount(fileCount)} ${fileCount === 1 ? 'file' : 'files'}, ${formatSize(sizeBytes)} in ${formatCount(objectCount)} pieces, are read, encrypted and written again, and your other devices fetch them anew. What they were before is deleted a day later, as every older version is.`,
      `That takes this device about ${formatDuration(seconds)}, as fast as it was measured just now, in the background. It goes on after a restart.`,
      'What a removed device holds already it keeps: nobody can take that back. But whoever gets hold of your devices’ storage, or of what passes a relay, cannot open it with the old keys.',
    ],
    begin: 'Encrypt them again',
    under: 'It is under way, and can be cancelled where its progress is shown.',
  },

  expiring: {
    text: (firstAtMs: number, nowMs: number) =>
      nowMs < firstAtMs
        ? `The time of a device of yours ends on ${formatDay(firstAtMs)}. One signature renews all your devices.`
        : `The time of a device of yours ended on ${formatDay(firstAtMs)}. One signature renews all your devices.`,
    button: 'See the devices',
  },

  standingTime: {
    text: ({ clockMs, changedAtMs }: NonNullable<TreeStatus['standingTime']>) =>
      `This device’s clock says ${formatDay(clockMs)}; your tree was last changed on ${formatDay(changedAtMs)}. Nothing in it ends until another of your devices, this site or you say that the clock is right. If it is wrong, set it: nothing is lost.`,
    button: 'The clock is right',
    confirmed: 'Time goes on in the tree, by this device’s clock.',
  },

  passkeyAdded: {
    text: (countsAtMs: number) =>
      `A passkey was added that will sign for this tree from ${formatMoment(countsAtMs)} on. If that was not you, stop it.`,
    stop: 'Stop it',
    stopped: 'The new passkey was stopped. It will never sign for this tree.',
  },

  readers: {
    title: (name: string) => `Who can read ${name}`,
    nobody: 'Nobody else can read this.',
    /** The name of the folder is empty for the root; the time 0 where it is not known. */
    line: ({ through, sinceMs }: ReaderLine) =>
      (through === '' ? 'Holds a key to the whole tree' : `Holds a key to ${through}`) +
      (sinceMs > 0 ? `, since ${formatDay(sinceMs)}` : ''),
    unnamed: 'A device without a name',
    local: 'This browser only. The key never leaves it.',
  },

  install: {
    text: 'Install Blocktree to open it like an app, also without a network.',
    button: 'Install',
  },
  update: {
    waiting: { text: 'A new version is ready.', button: 'Use it now' },
    coming: { text: 'The new version is coming in; this page then reloads.', button: 'Use it now' },
    letIn: {
      text: 'Another tab has let the new version in. Finish what you are doing here, then reload this page.',
      button: 'Reload',
    },
  },

  guestFolder: {
    gone: (folder: string) => `“${folder}” was moved or deleted on another device. What was here stays readable.`,
    trashed: (folder: string) => `“${folder}” was put into the trash on another device. What is here stays readable.`,
    button: 'What now?',
  },

  addDevice: {
    text: (isPhone: boolean) =>
      `Your tree is on this ${isPhone ? 'phone' : 'device'} only. On a second device it outlives this one.`,
    button: (isPhone: boolean) => (isPhone ? 'Add a device' : 'Add your phone'),
  },
  pretend: 'Show me with a pretend phone',
  added: {
    text: (name: string) => `${name} was added to your devices and can read the whole tree.`,
    /** @param folder empty: its name can not be read here */
    limited: (name: string, folder: string) =>
      `${name} was let into ${folder ? `the folder “${folder}”` : 'one folder'} and sees nothing else.`,
    unnamed: 'A device without a name',
    undo: 'Undo',
  },

  tookOver: {
    text: (name: string) =>
      `${name || 'Another of your devices'} went on without the device that confirmed every change, and confirms them now.`,
    button: 'Devices',
  },

  removed: {
    done: (name: string) => `${name} was removed. Whatever is written from now on is under keys that it never had.`,
    farLinks: (name: string, links: readonly string[]) =>
      `${name} can go on to follow your links into other people’s trees: ${links.join(', ')}. Only their owners can take these back. They are told: those whose devices can be reached at once, the others when you next open the link. Ask them to share anew.`,
    /** @param by null: this device left; empty: nobody knows who did it */
    text: (by: string | null) =>
      `${by === null ? 'This device left the tree.' : by === '' ? 'This device was removed from the tree.' : `${by} removed this device from the tree.`} What is here stays readable; nothing new comes, and nothing can be changed.`,
    again: 'To join again, delete this site’s data in the browser first: it is then a new device.',
    againFirst: (count: number) =>
      `Before that, download what you want to keep of ${counted(count, 'change', 'changes')} that the tree did not take: ${count === 1 ? 'it is' : 'they are'} deleted with the rest.`,
    look: (count: number) => `See ${counted(count, 'change', 'changes')} that the tree did not take`,
    button: 'Save what is here',
  },

  wait: {
    page: 'Fetching this page.',
    pageLong: 'Still fetching. Without a network, go back to the tree; it is here.',
    opening: 'Opening the tree takes longer than usual. Another tab may be handing it over, or the disk is busy.',
    openingLong: 'Still waiting. Close other tabs of this page, or reload.',
    storage: 'Waiting for the tree to count its bytes.',
    readers: 'Waiting for the tree to look up the keys.',
    archive: 'Reading the archive.',
    passkeys: 'Asking the browser whether it has passkeys.',
    planting: 'Making keys.',
    passkey: 'Waiting for the browser’s passkey window. It may be behind this one.',
    signing: 'Waiting for the passkey. Its window may be behind this one.',
    founding: 'Founding the tree.',
  },

  lost: {
    planted: {
      text: 'This browser has deleted the tree that was here; what you see is a new one. An archive and the recovery card bring the old one back.',
      button: 'Bring it back',
    },
    local: {
      text: 'This browser has deleted the tree that was here, with all that was in it; what you see is a new one.',
      button: 'I understand',
    },
  },

  plant: {
    title: 'Plant your tree',
    offer: {
      text: 'This tree lives in this browser alone. Plant it to make it yours for good.',
      button: 'Plant it',
      join: 'This is my second device',
    },
    step: (at: number, of: number) => `Step ${at} of ${of}`,
    planted: (owner: string) => `This tree is planted. It belongs to ${owner}.`,
    whyTitle: 'Make this tree yours',
    why: [
      'Until now the key to this tree lives in this browser and dies with it.',
      'Planting makes a root key that only you hold: in a passkey, and on a card of twelve words.',
      'No account, no server, nobody to ask. It takes two minutes.',
    ],
    names: 'Names',
    owner: 'What should your devices call you?',
    ownerHelp: 'A first name will do. Only your own devices see it, and those you invite.',
    device: 'And this device?',
    deviceHelp: 'So that you can tell it from others later.',
    nameMissing: 'A name needs at least one character.',
    passkey: {
      title: 'A passkey keeps the root key',
      here: 'Your browser will ask you to make a passkey, with your finger, face or PIN. It may ask a second time to check that the passkey can also unlock. Later it asks once more, to sign.',
      localhost:
        'This page runs on localhost. A passkey made here works on this computer’s localhost only; the recovery card works everywhere.',
      none: 'This address or this browser has no passkeys. The recovery card alone will hold the root key: whoever has it owns the tree, and without it the tree cannot be recovered.',
      make: 'Make a passkey',
      cardOnly: 'Go on with the card alone',
      cardOnlyHelp: 'With the card alone, the card is the only way back into this tree.',
    },
    card: {
      title: 'Your recovery card',
      help: 'These twelve words bring your tree back if this device is lost. They are shown only now. Print them, or write them down in this order, and keep them where you keep a passport.',
      listLabel: 'The twelve words',
      print: 'Print',
      copy: 'Copy',
      copied: 'Copied. Paste it where only you can read it; the clipboard can be read by other apps.',
      notCopied: 'The browser did not allow copying. Write the words down.',
      done: 'I have them',
      second: 'Going on with the card alone makes a new card; the one that you have is void then.',
      replaced: 'This is a new card. Throw the earlier one away: it opens nothing.',
      printTitle: 'Blocktree recovery card',
      printHelp: 'Whoever has these words and an archive can open this tree. Keep this card like a passport.',
      printOwner: (owner: string, at: number) => `${owner}, ${formatDay(at)}`,
    },
    check: {
      title: 'Check your card',
      help: 'Three of the words, so that you know the card is right.',
      word: (position: number) => `Word ${position}`,
      button: 'Check',
      seeAgain: 'Show the card again',
    },
    sign: {
      title: 'Sign with your passkey',
      help: 'Your passkey now signs that this tree is yours and that this device may write in it. The browser asks once.',
      button: 'Sign and plant',
      cardTitle: 'Plant it',
      cardHelp: 'The recovery key signs that this tree is yours and that this device may write in it.',
      cardButton: 'Plant the tree',
    },
    moving: {
      title: 'Moving in',
      help: 'Your files move into the planted tree. You can go on working; if the page closes, it continues next time.',
    },
    done: {
      title: 'Your tree is planted',
      help: 'Everything in it is sealed with keys that you hold. It is still on this device only: save an archive now and then.',
      button: 'Go to the tree',
      archive: 'Save an archive',
    },
    abandon: 'Stop planting',
  },

  /** By a mark in what the browser says of itself, the more telling ones first. */
  devices: [
    ['iPhone', 'iPhone'],
    ['iPad', 'iPad'],
    ['Android', 'Android'],
    ['CrOS', 'Chromebook'],
    ['Macintosh', 'Mac'],
    ['Windows', 'Windows computer'],
    ['Linux', 'Linux computer'],
  ],
  deviceUnknown: 'This device',

  recover: {
    title: 'Recover a tree',
    help: 'You need an archive of the tree (a file that ends in .bt) and the recovery card of that tree.',
    choose: 'Choose an archive',
    planted:
      'There is already a planted tree in this browser. Recovering would replace it, so it is not offered here. Use another browser profile.',
    summaryTitle: 'This archive',
    exported: 'Saved',
    contents: 'Size',
    treeId: 'Fingerprint',
    unverified: 'These are the archive’s own words; they are checked when the card opens it.',
    card: 'The twelve words of its recovery card',
    cardHelp: 'In their order, with spaces between them.',
    cardCount: (count: number) => `${counted(count, 'word', 'words')} of 12`,
    cardIncomplete: 'A recovery card has twelve words.',
    replace: 'What this browser’s unplanted tree holds now will be replaced. Download first what you want to keep.',
    button: 'Recover the tree',
    takeUnattested: 'Take it all the same',
    done: 'The tree is back, every block of it checked.',
    signed: (names: readonly string[]) =>
      names.length === 1
        ? `All of it was signed by ${names[0] || 'a device'}, which decided about the tree then.`
        : `All of it was signed by ${names.map((name) => name || 'a device').join(', ')}: most of the devices that decided about the tree then.`,
  },
} as const

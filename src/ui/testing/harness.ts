/**
 * The page over a node in memory, for looking at it: `window.node` and `window.shell` are what a script drives.
 * @module
 */
import type { NodeApi } from '../../node/api.ts'
import { BlocktreeError } from '../../core/bytes/bytes.ts'
import type { NodeState, PasskeyPort, UiNode } from '../ports.ts'
import { words } from '../words.ts'
import '../shell.ts'
import { MemoryNode } from './memory-node.ts'

const query = new URLSearchParams(location.search)
const node = new MemoryNode()
const sample = [
  'photos/may/sea at noon.jpg',
  'photos/may/ada.jpg',
  'photos/june/garden.jpg',
  'photos/june/cake.jpg',
  'photos/june/rain.mp4',
  'photos/cover.png',
  'mail/inbox/one.eml',
  'mail/inbox/two.eml',
  'mail/outbox/',
  'work/letter.pdf',
  'work/talks/talk.odp',
  'Welcome.md',
]
if (query.has('grown')) node.grow(sample)
else if (!query.has('bare')) node.grow(['Welcome.md'])
if (query.has('many')) node.grow(Array.from({ length: Number(query.get('many')) }, (_, at) => `heap/file ${at}.txt`))
if (query.has('odd'))
  node.grow(['__proto__/constructor', 'constructor/toString', 'مجلد/صورة.jpg', `${'long '.repeat(30)}name.txt`])
if (query.has('planted'))
  node.tree = {
    ...node.tree,
    isPlanted: true,
    ownerName: 'Ada',
    deviceName: 'Ada’s laptop',
    root: {
      passkeys: [{ id: 'AAAA', isSynced: true, addedAtMs: Date.now(), prfSalt: null }],
      cardSinceMs: Date.now(),
      pending: null,
    },
  }

const watchers = new Set<(state: NodeState, sentence: string) => void>()
const uiNode: UiNode = {
  api: node satisfies NodeApi,
  watch(observer) {
    if (!query.has('waiting')) void node.watch(observer)
    return () => void node.unwatch()
  },
  onState(callback) {
    watchers.add(callback)
    const state = query.has('waiting') ? 'starting' : 'here'
    callback(state, words.state[state])
    return () => watchers.delete(callback)
  },
}
const passkey: PasskeyPort = {
  availability: async () => (query.has('card') ? 'notHere' : 'platform'),
  create: async ({ signal }) => {
    if (query.has('cancel'))
      throw new BlocktreeError('passkeyCancelled', 'The passkey prompt was closed. Nothing was changed; try again.')
    signal.throwIfAborted()
    return {
      credentialId: new Uint8Array(16),
      publicKey: new Uint8Array(65),
      rpId: 'localhost',
      origin: location.origin,
      prf: new Uint8Array(32),
      isSynced: true,
    }
  },
  unlock: async () => new Uint8Array(32),
  sign: async ({ credentialIds: [credentialId] }) => ({
    credentialId: credentialId!,
    authenticatorData: new Uint8Array(37),
    clientDataJson: new Uint8Array(1),
    signature: new Uint8Array(70),
  }),
}

const shell = document.querySelector('bt-shell')!
shell.node = uiNode
shell.seenTree = { recall: () => null, keep: () => {} }
shell.told = { recall: () => 0, keep: () => {} }
shell.passkey = passkey
shell.hostFacts = async () => ({ origins: query.has('public') ? ['https://tree.example'] : [] })
shell.scanner = async () => {
  const { openScanner } = await import('../../edge/qr/page.ts')
  return openScanner(() => new Worker(new URL('../../../workers/scan.worker.ts', import.meta.url), { type: 'module' }))
}
window.addEventListener('hashchange', () => shell.followAddress())
Object.assign(window, {
  node,
  shell,
  tellState: (state: NodeState, sentence: string) => watchers.forEach((watcher) => watcher(state, sentence)),
})

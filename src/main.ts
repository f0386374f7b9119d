/**
 * The page's composition root: registers the service worker, reaches the node, and hands both to the shell.
 * @module
 */
// oxlint-disable-next-line import/default -- Vite builds the worker as a file of its own and gives its address
import nodeWorkerUrl from '../workers/node.worker.ts?worker&url'
// oxlint-disable-next-line import/default -- likewise
import fragmentWorkerUrl from '../workers/fragment.worker.ts?worker&url'
// oxlint-disable-next-line import/default -- likewise
import scanWorkerUrl from '../workers/scan.worker.ts?worker&url'
import { createPasskey, passkeyAvailability, signWithPasskey } from './edge/keys/page.ts'
import { hostRtc } from './edge/net/page.ts'
import { connectNode } from './edge/tab/page.ts'
import { hostFacts, profileOf, registerService, seenTreeOf, startModuleWorker, toldOf } from './edge/web/page.ts'
import { BtShell } from './ui/shell.ts'

/** Not yet in the compiler's library: https://developer.mozilla.org/docs/Web/API/BeforeInstallPromptEvent */
interface InstallPromptEvent extends Event {
  prompt(): Promise<unknown>
}

const profile = profileOf(location.hash)
const shell = document.querySelector('bt-shell')
if (!(shell instanceof BtShell)) throw new Error('"bt-shell" expected in the page')
shell.passkey = { availability: passkeyAvailability, create: createPasskey, sign: signWithPasskey }
// Not part of what the page needs to show itself.
shell.fragments = async () =>
  (await import('./edge/wasm/page.ts')).openFragments(() => startModuleWorker(fragmentWorkerUrl))
shell.scanner = async () => (await import('./edge/qr/page.ts')).openScanner(() => startModuleWorker(scanWorkerUrl))
shell.hostFacts = hostFacts
shell.seenTree = seenTreeOf(profile)
shell.told = toldOf(profile)
shell.node = connectNode(profile, () => {
  const worker = startModuleWorker(nodeWorkerUrl)
  hostRtc(worker)
  return worker
})

void registerService('service.worker.js', (takeOver) => shell.offerUpdate(takeOver))
window.addEventListener('beforeinstallprompt', (event) => {
  event.preventDefault()
  shell.offerInstall(async () => void (await (event as InstallPromptEvent).prompt()))
})
// Another profile is another tree: nothing of this one may stay, and whatever else the address says is left to it.
window.addEventListener('hashchange', () =>
  profileOf(location.hash) === profile ? shell.followAddress() : location.reload(),
)

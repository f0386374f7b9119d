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
// oxlint-disable-next-line import/default -- likewise
import simWorkerUrl from '../workers/sim.worker.ts?worker&url'
import { createPasskey, passkeyAvailability, removeKeys, signWithPasskey, unlockWithPasskey } from './edge/keys/page.ts'
import { type RtcHost, hostRtc } from './edge/net/page.ts'
import { connectNode } from './edge/tab/page.ts'
import {
  followCord,
  forgetNotes,
  hostFacts,
  isFramed,
  pretendProfileOf,
  profileOf,
  registerService,
  seenTreeOf,
  setCord,
  startModuleWorker,
  toldOf,
} from './edge/web/page.ts'
import { trialOverHash, trialProfile } from './ui/route.ts'
import { BtShell } from './ui/shell.ts'

/** Not yet in the compiler's library: https://developer.mozilla.org/docs/Web/API/BeforeInstallPromptEvent */
interface InstallPromptEvent extends Event {
  prompt(): Promise<unknown>
}

const removeProfile = async (each: string): Promise<void> => {
  await (await import('./edge/store/page.ts')).removeStore(each)
  await removeKeys(each)
  forgetNotes(each)
}
// Not by the page that shows it, whose node would have it open.
if (location.hash === trialOverHash) {
  history.replaceState(history.state, '', '#/')
  removeProfile(trialProfile).catch(reportError)
}

const profile = profileOf(location.hash)
const shell = document.querySelector('bt-shell')
if (!(shell instanceof BtShell)) throw new Error('"bt-shell" expected in the page')
shell.passkey = {
  availability: passkeyAvailability,
  create: createPasskey,
  sign: signWithPasskey,
  unlock: unlockWithPasskey,
}
// Not part of what the page needs to show itself.
shell.fragments = async () =>
  (await import('./edge/wasm/page.ts')).openFragments(() => startModuleWorker(fragmentWorkerUrl))
shell.scanner = async () => (await import('./edge/qr/page.ts')).openScanner(() => startModuleWorker(scanWorkerUrl))
shell.stage = async () => {
  const { openStage } = await import('./edge/stage/page.ts')
  return (options, watch) => openStage(() => startModuleWorker(simWorkerUrl), options, watch)
}
shell.hostFacts = hostFacts
shell.seenTree = seenTreeOf(profile)
shell.told = toldOf(profile)
const pretendProfile = pretendProfileOf(profile)
const pretendTree = seenTreeOf(pretendProfile)
shell.pretend = isFramed()
  ? null
  : {
      profile: pretendProfile,
      isTrial: profile === trialProfile,
      tree: pretendTree.recall,
      watch: pretendTree.watch,
      setCord,
      remove: () => removeProfile(pretendProfile),
    }

/** Of the worker that runs now; the cord stays as it is when another follows. */
let rtc: RtcHost | null = null
let isPulled = false
const setOwnCord = async (): Promise<void> => rtc?.cut({ direct: isPulled, relayed: isPulled })
followCord((isPulledNow) => {
  isPulled = isPulledNow
  return setOwnCord()
})
shell.node = connectNode(profile, () => {
  const worker = startModuleWorker(nodeWorkerUrl)
  rtc = hostRtc(worker)
  void setOwnCord()
  return worker
})

void registerService(
  'service.worker.js',
  (takeOver) => shell.offerUpdate(takeOver),
  (reload) => shell.comeAlong(reload),
)
window.addEventListener('beforeinstallprompt', (event) => {
  event.preventDefault()
  shell.offerInstall(async () => void (await (event as InstallPromptEvent).prompt()))
})
// Another profile is another tree: nothing of this one may stay, and whatever else the address says is left to it.
window.addEventListener('hashchange', () =>
  profileOf(location.hash) === profile ? shell.followAddress() : location.reload(),
)

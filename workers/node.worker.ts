/**
 * The node's thread: builds the real platform of a profile and runs the node on it.
 * @module
 */
import * as suite2 from '../src/core/hybrid/hybrid.ts'
import { createClock } from '../src/edge/clock/clock.ts'
import { createCrypto } from '../src/edge/crypto/crypto.ts'
import { createKeys } from '../src/edge/keys/keys.ts'
import { createNet, receiveRtc } from '../src/edge/net/net.ts'
import { createRandom } from '../src/edge/random/random.ts'
import { discard } from '../src/edge/rpc/discard.ts'
import { openStore } from '../src/edge/store/store.ts'
import { hostNode } from '../src/edge/tab/worker.ts'
import { freshOrKeptFacts } from '../src/edge/web/facts.ts'
import { readSiteTime } from '../src/edge/web/site-time.ts'
import { type Meeting, runNode } from '../src/node/node.ts'
import { version } from '../package.json'

// The page's port comes first of all messages.
const rtc = receiveRtc()

/** Not fetched when it is asked for: who asks for it may be another device, and the fetch may fail. */
const hybrid = () => Promise.resolve(suite2)

hostNode(async (profile) => {
  const keys = createKeys(profile, { hybrid })
  const store = await openStore({ profile, deviceKey: await keys.deviceKey() })
  const net = createNet(rtc, keys.transportSecret)
  const crypto = createCrypto({ hybrid })
  const clock = createClock()
  const platform = { store, keys, net, clock, random: createRandom(), crypto, discard, siteNowMs }
  const node = await runNode(platform, {
    deviceName: deviceName(),
    welcomes: true,
    network: { meeting: readMeeting, buildId: version },
  })
  void keepFacts().catch(() => {})
  return {
    api: node.api,
    epoch: store.epoch,
    closed: Promise.race([node.stopped, store.closed]),
    async close() {
      await node.close()
      store.close()
    },
  }
})

const siteAddress = new URL('../', self.location.href)
const factsCache = 'blocktree-host'
const hostTimeoutMs = 10_000

const factsAddress = new URL('relay.json', siteAddress)

/** The first visit is never without the host. A later one may be, and two profiles of this browser meet all the same. */
async function keepFacts(): Promise<void> {
  const cache = await caches.open(factsCache)
  if ((await cache.match(factsAddress)) === undefined) await readMeeting()
}

/** What the host says, or said when it was last reached: devices find each other by a relay that may be there without it. */
async function readMeeting(): Promise<Meeting> {
  const { relays, stun } = await freshOrKeptFacts(
    () => caches.open(factsCache),
    factsAddress,
    () => fetch(factsAddress, { cache: 'no-cache', signal: AbortSignal.timeout(hostTimeoutMs) }),
  )
  return { relays: relays.map(({ url, peerId }) => ({ url: socketAddress(url), peerId })), stun }
}

/** Of the site itself, whose address every host answers. */
function siteNowMs(): Promise<number | null> {
  const signal = AbortSignal.timeout(hostTimeoutMs)
  return readSiteTime(() => fetch(siteAddress, { method: 'HEAD', cache: 'no-store', signal }))
}

/** `http` and `ws` are one host's ways to say whether it encrypts. */
const socketAddress = (url: string): string => new URL(url, siteAddress).href.replace(/^http/, 'ws')

/** Until its owner says otherwise. */
function deviceName(): string {
  return /Mobi|Android|iPhone|iPad/.test(navigator.userAgent) ? 'Phone' : 'Computer'
}

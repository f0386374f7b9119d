/**
 * The node's thread: builds the real platform of a profile and runs the node on it.
 * @module
 */
import { createClock } from '../src/edge/clock/clock.ts'
import { createCrypto } from '../src/edge/crypto/crypto.ts'
import { createKeys } from '../src/edge/keys/keys.ts'
import { createNet, receiveRtc } from '../src/edge/net/net.ts'
import { createRandom } from '../src/edge/random/random.ts'
import { discard } from '../src/edge/rpc/discard.ts'
import { openStore } from '../src/edge/store/store.ts'
import { hostNode } from '../src/edge/tab/worker.ts'
import { runNode } from '../src/node/node.ts'

// The page's port comes first of all messages.
const rtc = receiveRtc()

hostNode(async (profile) => {
  const keys = createKeys(profile)
  const store = await openStore({ profile, deviceKey: await keys.deviceKey() })
  const net = createNet(rtc, keys.transportSecret)
  const platform = { store, keys, net, clock: createClock(), random: createRandom(), crypto: createCrypto(), discard }
  const node = await runNode(platform, { deviceName: deviceName(), welcomes: true })
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

/** Until its owner says otherwise. */
function deviceName(): string {
  return /Mobi|Android|iPhone|iPad/.test(navigator.userAgent) ? 'Phone' : 'Computer'
}

/**
 * The service worker: the shell without a network, ports between tabs, and content from the tree. It is not the node.
 * @module
 */
import { addPlugins, precacheAndRoute } from 'workbox-precaching'
import { createCrypto } from '../src/edge/crypto/crypto.ts'
import { createKeys } from '../src/edge/keys/keys.ts'
import { discard } from '../src/edge/rpc/discard.ts'
import { openStoreReadOnly } from '../src/edge/store/store.ts'
import { brokerPorts } from '../src/edge/tab/broker.ts'
import type { ContentSource } from '../src/edge/web/content.ts'
import { pageHeaders, withHeaders } from '../src/edge/web/headers.ts'
import { heldSource } from '../src/edge/web/held.ts'
import { fallBackToShell, serveContent, takeOverWhenTold } from '../src/edge/web/service.ts'
import { heldContent } from '../src/node/read/read-only.ts'

declare const self: { readonly __WB_MANIFEST: Parameters<typeof precacheAndRoute>[0] }

const reachNode = brokerPorts()
const heldOf = new Map<string, ContentSource>()

/** What this device holds of a profile's tree, for when no tab has it open. */
async function openHeld(profile: string): Promise<ContentSource | null> {
  const known = heldOf.get(profile)
  if (known) return known
  const keys = createKeys(profile)
  const store = await openStoreReadOnly(profile, keys.deviceKey)
  if (!store) return null
  const held = heldSource(heldContent({ store, keys, crypto: createCrypto(), discard }))
  heldOf.set(profile, held)
  void store.closed.then(() => heldOf.delete(profile))
  return held
}

takeOverWhenTold()
// First, so that nothing under a content address is ever looked for elsewhere.
serveContent(async (profile) => (await reachNode(profile)) ?? openHeld(profile))
addPlugins([{ handlerWillRespond: async ({ response }) => withHeaders(response, pageHeaders) }])
precacheAndRoute(self.__WB_MANIFEST, { ignoreURLParametersMatching: [/./] })
fallBackToShell()

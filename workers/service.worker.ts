/**
 * The service worker: the shell without a network, ports between tabs, and content from the tree. It is not the node.
 * @module
 */
import { addPlugins, precacheAndRoute } from 'workbox-precaching'
import { brokerPorts } from '../src/edge/tab/broker.ts'
import { pageHeaders, withHeaders } from '../src/edge/web/headers.ts'
import { fallBackToShell, serveContent, takeOverWhenTold } from '../src/edge/web/service.ts'

declare const self: { readonly __WB_MANIFEST: Parameters<typeof precacheAndRoute>[0] }

takeOverWhenTold()
// First, so that nothing under a content address is ever looked for elsewhere.
serveContent(brokerPorts())
addPlugins([{ handlerWillRespond: async ({ response }) => withHeaders(response, pageHeaders) }])
precacheAndRoute(self.__WB_MANIFEST, { ignoreURLParametersMatching: [/./] })
fallBackToShell()

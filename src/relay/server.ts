/**
 * The server of the site: static files under strict headers, on one port.
 * @module
 */
import { type IncomingMessage, type RequestListener, createServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Relay } from './relay.ts'
import { type RelayAddress, answer, loadSite, pathOf, withHostFacts } from './site.ts'

export { startRelay } from './relay.ts'

export interface ServerOptions {
  /** Of the built site. */
  readonly folder: string
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
  /** Under which the site lies, with a slash at both ends; `/` if not given. */
  readonly base?: string
  /** PEM; without it the server speaks plain http. */
  readonly certificate?: { readonly cert: Uint8Array; readonly key: Uint8Array }
  /** Where others reach this site, as their browsers write it. */
  readonly origins: readonly string[]
  /** Serves `relay` under the base; the site closes without closing it. */
  readonly relay?: Relay
  /** Servers that tell a browser its public address, such as `stun:stun.example:3478`. */
  readonly stun?: readonly string[]
  /** Told of every request before it is answered. */
  readonly onRequest?: (method: string, target: string) => void
}
export interface Server {
  readonly port: number
  /** Ends all connections too. */
  close(): Promise<void>
}

/** @throws what the system says where the port can not be had, with its `code` */
export async function serveSite(options: ServerOptions): Promise<Server> {
  const { folder, host, certificate, base = '/', origins, relay, stun = [], onRequest } = options
  const relays = relay ? relayAddresses(relay.peerId, base, origins) : []
  const site = await withHostFacts(await loadSite(folder), { origins, relays, stun })
  const listener: RequestListener = (request, response) => {
    const { method, target } = requestLine(request)
    onRequest?.(method, target)
    const { status, headers, body } = answer(site, base, { method, target, headers: request.headers })
    response.writeHead(status, { ...headers }).end(method === 'HEAD' ? undefined : body)
  }
  // Copies: Node takes its own kind of octets only.
  const server = certificate
    ? createSecureServer({ cert: Buffer.from(certificate.cert), key: Buffer.from(certificate.key) }, listener)
    : createServer(listener)
  const upgraded = new Set<Duplex>()
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Uint8Array) => {
    const { method, target } = requestLine(request)
    onRequest?.(method, target)
    if (!relay || pathOf(target) !== `${base}${relayName}`) return void socket.destroy()
    upgraded.add(socket)
    socket.once('close', () => upgraded.delete(socket))
    relay.accept(request, socket, head)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, host, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
        for (const socket of upgraded) socket.destroy()
      }),
  }
}

const relayName = 'relay'

/** The first one is for this very page, relative to where it lies; the others are where others reach it. */
const relayAddresses = (peerId: string, base: string, origins: readonly string[]): readonly RelayAddress[] =>
  [relayName, ...origins.map((origin) => `${origin.replace(/^http/, 'ws')}${base}${relayName}`)].map((url) => ({
    url,
    peerId,
  }))

/** Both are there in what a server reads; the type is also that of what a client reads. */
const requestLine = ({ method = '', url = '' }: IncomingMessage): { method: string; target: string } => ({
  method,
  target: url,
})

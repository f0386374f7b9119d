/**
 * The server of the site: static files under strict headers, on one port.
 * @module
 */
import { type IncomingMessage, type RequestListener, createServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { answer, loadSite, withHostFacts } from './site.ts'

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
  const { folder, host, certificate, base = '/', onRequest } = options
  const site = await withHostFacts(await loadSite(folder), options.origins)
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
      }),
  }
}

/** Both are there in what a server reads; the type is also that of what a client reads. */
const requestLine = ({ method = '', url = '' }: IncomingMessage): { method: string; target: string } => ({
  method,
  target: url,
})
